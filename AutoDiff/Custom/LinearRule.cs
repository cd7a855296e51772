using Cotangent.Graph;

namespace Cotangent.AutoDiff.Custom;

/// <summary>A linear function whose transpose its author writes. Its tangent is the function itself.</summary>
/// <param name="name">What errors call the function.</param>
/// <param name="linear">The number of arguments that it is linear in; the others, after them, are fixed.</param>
/// <param name="f">Arguments → results.</param>
/// <param name="transpose">The call, of which the fixed arguments alone mean something, and cotangents of all results → cotangents of
/// the linear arguments.</param>
internal sealed class LinearRule(
    string name, int linear, Func<Node[], Node[]> f, Func<CustomCall, Node[], Node[]> transpose) : CustomRule(name)
{
    public override int LinearArguments => linear;

    /// <inheritdoc/>
    /// <remarks>By the fixed arguments.</remarks>
    public override bool IsWhole => true;

    /// <summary>The function of arguments.</summary>
    public Node[] Call(Node[] arguments) => CustomCall.Make(this, p => (f(p), []), arguments);

    public override Node? Tangent(CustomCall call, int output, Node?[] dx)
    {
        Node? tangent = null;
        if (dx.Take(linear).Any(d => d is not null))
        {
            Node[] at = [.. call.Arguments.Select((x, i) => i < linear ? OrZero(dx[i], x) : x)];
            tangent = Call(at)[output];
        }

        // By the fixed arguments it differentiates as its graph does.
        Dictionary<Node, Node> seeds = [];
        for (int i = linear; i < dx.Length; i++)
        {
            if (dx[i] is { } d) seeds[call.Arguments[i]] = d;
        }

        return seeds.Count == 0 ? tangent : Algebra.Sum(tangent, Forward.Tangents([call.Results[output]], seeds)[0]);
    }

    public override Node?[] Transpose(CustomCall call, Shape along, Node?[] ct)
    {
        Node[] all = [.. call.Results.Select((y, i) => OrZero(ct[i], y))];
        return Checked("transpose", "argument", transpose(call, all), call.Arguments[..linear]);
    }

    protected override CustomRule Batched(BatchMask mask) =>
        new LinearRule(Name, linear, mask.OfArguments(f), mask.OfCotangents(transpose));
}
