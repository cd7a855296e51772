using System.Collections.Immutable;
using System.Text;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>The places in source files that a function's text names by <c>.loc</c>.</summary>
/// <remarks>Files are numbered by module, so a function's own text has a mark before its numbers, which <see cref="Number"/>
/// replaces.</remarks>
internal sealed class PtxLines
{
    private const string Mark = ".loc $";

    private readonly List<string> _files = [];
    private SourceLine? _last;

    /// <summary>The files, by number.</summary>
    public ImmutableArray<string> Files => [.. _files];

    /// <summary>The directive for an instruction, if its place is known and another than the last.</summary>
    public string? Next(Origin? origin)
    {
        if (origin is null || Place.Find(origin.Method, origin.Offset) is not { } line || line == _last)
            return null;
        _last = line;
        int file = _files.IndexOf(line.File);
        if (file < 0)
        {
            file = _files.Count;
            _files.Add(line.File);
        }

        return $"{Mark}{file} {line.Line} {line.Column}";
    }

    /// <summary>A function's text with the numbers that its files have in a list; files that it lacks are added.</summary>
    public static string Number(PtxFunction function, List<string> files)
    {
        if (function.Files.IsEmpty)
            return function.Text;
        StringBuilder text = new(function.Text);
        for (int i = 0; i < function.Files.Length; i++)
        {
            int number = files.IndexOf(function.Files[i]);
            if (number < 0)
            {
                number = files.Count;
                files.Add(function.Files[i]);
            }

            text.Replace($"{Mark}{i} ", $".loc {number + 1} ");
        }

        return text.ToString();
    }
}
