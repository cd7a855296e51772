using System.Text.RegularExpressions;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>One instruction of PTX text.</summary>
internal sealed record PtxInstruction(string Text, int Guard, bool GuardIsNegated, string[] Opcode, string[] Operands);

/// <summary>One entry of a PTX module, taken apart.</summary>
internal sealed partial class PtxEntry
{
    private PtxEntry()
    {
    }

    public required string Name { get; init; }

    /// <summary>Offset of each parameter in the argument block, by name.</summary>
    public Dictionary<string, int> Parameters { get; } = [];

    /// <summary>Sizes of the parameters, in order.</summary>
    public List<int> ParameterSizes { get; } = [];

    /// <summary>Arrays: true for shared, and the offset in the space's memory.</summary>
    public Dictionary<string, (bool Shared, int Offset)> Arrays { get; } = [];

    public int SharedBytes { get; private set; }

    public int LocalBytes { get; private set; }

    public Dictionary<string, int> Registers { get; } = [];

    public Dictionary<string, int> Labels { get; } = [];

    public List<PtxInstruction> Instructions { get; } = [];

    /// <summary>The entry with a name.</summary>
    public static PtxEntry Parse(string module, string name)
    {
        PtxEntry entry = new() { Name = name };
        int start = module.IndexOf($".entry {name}(", StringComparison.Ordinal);
        int open = module.IndexOf("\n{\n", start, StringComparison.Ordinal);
        int close = module.IndexOf("\n}\n", open, StringComparison.Ordinal);
        foreach (Match match in ParameterPattern().Matches(module[start..open]))
        {
            int size = int.Parse(match.Groups[1].ValueSpan) / 8;
            int offset = (entry.ParameterSizes.Count) * 8;
            entry.Parameters.Add(match.Groups[2].Value, offset);
            entry.ParameterSizes.Add(size);
        }

        foreach (string line in module[(open + 3)..close].Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            entry.Parse(line);
        return entry;
    }

    private void Parse(string line)
    {
        if (line.StartsWith(".loc ", StringComparison.Ordinal))
            return;
        if (line.EndsWith(':'))
        {
            Labels.Add(line[..^1], Instructions.Count);
            return;
        }

        if (line.StartsWith(".reg", StringComparison.Ordinal))
        {
            Match match = RegisterPattern().Match(line);
            for (int i = 0; i < int.Parse(match.Groups[2].ValueSpan); i++)
                Registers.Add(match.Groups[1].Value + i, Registers.Count);
            return;
        }

        if (ArrayPattern().Match(line) is { Success: true } array)
        {
            bool shared = array.Groups[1].Value == "shared";
            int bytes = (int.Parse(array.Groups[3].ValueSpan) + 15) / 16 * 16;
            Arrays.Add(array.Groups[2].Value, (shared, shared ? SharedBytes : LocalBytes));
            if (shared)
                SharedBytes += bytes;
            else
                LocalBytes += bytes;
            return;
        }

        string text = line.TrimEnd(';');
        int guard = -1;
        bool negated = false;
        if (text.StartsWith('@'))
        {
            int space = text.IndexOf(' ', StringComparison.Ordinal);
            negated = text[1] == '!';
            guard = Registers[text[(negated ? 2 : 1)..space]];
            text = text[(space + 1)..];
        }

        string[] parts = text.Split(' ', 2);
        string[] operands = parts.Length == 1 ? [] : [.. OperandPattern().Matches(parts[1]).Select(m => m.Value)];
        Instructions.Add(new PtxInstruction(line, guard, negated, parts[0].Split('.'), operands));
    }

    [GeneratedRegex(@"\.param \.[a-z](\d+) (\w+)")]
    private static partial Regex ParameterPattern();

    [GeneratedRegex(@"\.reg \.\w+ (%\w+)<(\d+)>")]
    private static partial Regex RegisterPattern();

    [GeneratedRegex(@"^\.(shared|local) \.align 16 \.b8 (\w+)\[(\d+)\]")]
    private static partial Regex ArrayPattern();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,\s]+")]
    private static partial Regex OperandPattern();
}
