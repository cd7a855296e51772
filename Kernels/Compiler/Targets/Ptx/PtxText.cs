using System.Text;

namespace Cotangent.Kernels.Targets;

/// <summary>The lines of a function's body, and its registers and labels.</summary>
internal sealed class PtxText
{
    private static readonly string[] s_registerTypes = ["pred", "b16", "b32", "b64", "f32", "f64"];

    private readonly List<string> _lines = [];
    private readonly Dictionary<string, int> _registers = [];
    private int _labels;

    /// <summary>A new register.</summary>
    public string NewRegister(string type)
    {
        int number = _registers.GetValueOrDefault(type) + 1;
        _registers[type] = number;
        return PtxTypes.Prefix(type) + number;
    }

    public string NewLabel() => $"$L{_labels++}";

    /// <summary>One instruction, without its semicolon.</summary>
    public void Emit(string instruction) => _lines.Add($"\t{instruction};");

    /// <summary>An instruction <c>opcode d, operands</c> whose result is a new register.</summary>
    public string Compute(string type, string opcode, params ReadOnlySpan<string> operands)
    {
        string result = NewRegister(type);
        Emit($"{opcode} {result}, {string.Join(", ", operands)}");
        return result;
    }

    /// <summary>A line that is no instruction.</summary>
    public void Directive(string line) => _lines.Add($"\t{line}");

    public void Label(string label) => _lines.Add($"{label}:");

    public void Branch(string label) => Emit($"bra {label}");

    public void BranchIf(string predicate, string label) => Emit($"@{predicate} bra {label}");

    public void BranchUnless(string predicate, string label) => Emit($"@!{predicate} bra {label}");

    /// <summary>The declarations of the registers, then the lines.</summary>
    public string Finish()
    {
        StringBuilder text = new();
        foreach (string type in s_registerTypes)
        {
            if (_registers.TryGetValue(type, out int count))
                text.Append($"\t.reg .{type} {PtxTypes.Prefix(type)}<{count + 1}>;\n");
        }

        for (int i = 0; i < _lines.Count; i++)
        {
            if (!IsJumpToNext(i))
                text.Append(_lines[i]).Append('\n');
        }

        return text.ToString();
    }

    private bool IsJumpToNext(int line)
    {
        if (!_lines[line].StartsWith("\tbra ", StringComparison.Ordinal))
            return false;
        ReadOnlySpan<char> target = _lines[line].AsSpan(5).TrimEnd(';');
        for (int i = line + 1; i < _lines.Count && _lines[i].EndsWith(':'); i++)
        {
            if (target.SequenceEqual(_lines[i].AsSpan().TrimEnd(':')))
                return true;
        }

        return false;
    }
}
