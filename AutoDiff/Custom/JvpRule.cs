using Cotangent.Graph;

namespace Cotangent.AutoDiff.Custom;

/// <summary>A function whose tangents its author writes. Reverse mode transposes what he wrote.</summary>
/// <param name="name">What errors call the function.</param>
/// <param name="jvp">The call, tangents of all arguments → tangents of all results.</param>
internal sealed class JvpRule(string name, Func<CustomCall, Node[], Node[]> jvp) : CustomRule(name)
{
    public override Node? Tangent(CustomCall call, int output, Node?[] dx)
    {
        // The rule sees a placeholder for each tangent. It is linear in them, so that its own derivative along the tangents that are not
        // zero is its value there: zeros go through it as nothing at all.
        Node[] placeholders = [.. call.Arguments.Select((x, i) => x.DType.IsFloat() ? CustomCall.Like(x, $"tangent {i}") : Algebra.Like(x, 0))];
        Node?[] dy = Checked("jvp", "result", jvp(call, placeholders), call.Results);
        if (dy[output] is not { } tangent) return null;
        Dictionary<Node, Node> seeds = [];
        for (int i = 0; i < dx.Length; i++)
        {
            if (dx[i] is { } d) seeds[placeholders[i]] = d;
        }

        if (Linearity.FirstFault([tangent], [.. placeholders.Where(p => p.Op == Ops.Input)]) is { } fault) throw new CustomDerivativeException(
            $"{Name}: its jvp is not linear in the tangents: {fault}.");
        return Forward.Tangents([tangent], seeds)[0];
    }

    protected override CustomRule Batched(BatchMask mask) => new JvpRule(Name, mask.OfTangents(jvp));
}
