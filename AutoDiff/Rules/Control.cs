using Cotangent.AutoDiff.Control;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Loops and choices differentiate as loops and choices of derivatives. A loop of unknown length has no transpose.</summary>
internal static class Control
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Scan] = Rule.OfCalls(ScanDerivative.Jvp, ScanTranspose.Transpose),
        [Ops.While] = Rule.OfCalls(WhileDerivative.Jvp, WhileDerivative.Transpose, isForwardOnly: true),
        [Ops.Cond] = Rule.OfCalls(CondDerivative.Jvp, CondDerivative.Transpose),
    };
}
