using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>Whether loops and choices are linear in some of their inputs: their functions decide.</summary>
internal static class ControlLinearity
{
    /// <summary>True if an output depends on the inputs that vary.</summary>
    public static bool Varies(Node n, bool[] varies) => n.Attributes switch
    {
        ScanAttributes scan => ScanSplit.FindLinear(ScanCall.Of(n), varies).Outputs.Contains(scan.Output),
        CondAttributes cond => varies[0] || cond.Bodies.Any(b => DependsOn(b, cond.Output, varies[1..])),
        _ => varies.Contains(true),
    };

    /// <summary>What keeps a call from being linear in the inputs that vary; null if nothing does.</summary>
    public static string? FirstFault(Node n, bool[] varies) => n.Attributes switch
    {
        ScanAttributes scan => OfScan(ScanCall.Of(n), scan.Output, varies),
        CondAttributes => OfCond(n, varies),
        _ => "while: it has no transpose; use Flow.Scan or Flow.ForLoop for a known number of rounds",
    };

    private static string? OfScan(ScanCall scan, int output, bool[] varies)
    {
        (bool[] linear, _) = ScanSplit.FindLinear(scan, varies);
        int[] carries = [.. Enumerable.Range(0, scan.Carries.Length).Where(c => linear[c])];
        if (Inside("scan", scan.Body, [.. carries.Append(output).Distinct()], linear) is { } inside) return inside;
        foreach (int c in carries)
        {
            if (!varies[c] && Algebra.Fill(scan.Carries[c]) is not 0) return "scan: it adds to a first carry, " +
                $"{scan.Carries[c].DType}{scan.Carries[c].Shape}, that is a constant and not zero";
        }

        return null;
    }

    private static string? OfCond(Node n, bool[] varies)
    {
        CondAttributes cond = n.Get<CondAttributes>();
        if (varies[0]) return "cond: its predicate varies";
        return Inside("cond", cond.IfTrue, [cond.Output], varies[1..]) ?? Inside("cond", cond.IfFalse, [cond.Output], varies[1..]);
    }

    private static string? Inside(string op, SubGraph body, int[] outputs, bool[] varies) =>
        Linearity.FirstFault([.. outputs.Select(o => body.Outputs[o])], [.. body.Inputs.Where((_, i) => varies[i])]) is { } fault
            ? $"{fault}, in a {op}"
            : null;

    private static bool DependsOn(SubGraph body, int output, bool[] varies) =>
        Dependents.Of([body.Outputs[output]], [.. body.Inputs.Where((_, i) => varies[i])]).Contains(body.Outputs[output]);
}
