using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Custom;

/// <summary>A function whose cotangents its author writes. Its tangent is a linear node that reverse mode transposes by that rule;
/// forward mode transposes the rule itself, where it is linear.</summary>
/// <param name="name">What errors call the function.</param>
/// <param name="vjp">The call, cotangents of all results → cotangents of all arguments.</param>
internal sealed class VjpRule(string name, Func<CustomCall, Node[], Node[]> vjp) : CustomRule(name)
{
    private sealed record Made(CustomCall Call, Node?[] Dx, Node[] Values);

    // The results of one call are asked for one after the other.
    private Made? _last;

    public override Node? Tangent(CustomCall call, int output, Node?[] dx)
    {
        if (_last is not { } made || !made.Call.IsSame(call) || !made.Dx.SequenceEqual(dx)) _last = made = new Made(call, dx, Values(call, dx));
        return call.Tangent(this, output, made.Values[output], dx);
    }

    public override Node?[] Transpose(CustomCall call, Shape along, Node?[] ct)
    {
        Node?[] back = Back(call, [.. call.Results.Select((y, i) => OrZero(ct[i], y))]);
        return [.. along.Select(i => back[i])];
    }

    protected override CustomRule Batched(BatchMask mask) => new VjpRule(Name, mask.OfCotangents(vjp));

    private Node?[] Back(CustomCall call, Node[] ct) => Checked("vjp", "argument", vjp(call, ct), call.Arguments);

    /// <summary>The tangents of the results in forward mode.</summary>
    private Node[] Values(CustomCall call, Node?[] dx)
    {
        Node[] ct = [.. call.Results.Select((y, i) => CustomCall.Like(y, $"cotangent {i}"))];
        Node?[] back = Back(call, ct);
        Node?[] outputs = [.. back.Select((x, i) => dx[i] is null ? null : x)];
        try
        {
            if (Linearity.FirstFault([.. outputs.OfType<Node>()], ct) is { } fault) return Refuse($"its vjp is not linear: {fault}");
            Node?[] values = LinearMap.OfLinear(ct, outputs).Transpose(dx);
            return [.. call.Results.Select((y, i) => OrZero(values[i], y))];
        }
        catch (CotangentException e)
        {
            return Refuse(e.Message);
        }

        Node[] Refuse(string reason) => [.. call.Results.Select(y => new Node(Ops.Refused, [],
            new RefusedAttributes(y.Shape, y.DType, () => Refusal(reason)), y.Device))];
    }

    private CustomDerivativeException Refusal(string reason) => new(
        $"{Name}: forward mode through a function with a vjp transposes the vjp, which cannot be done here ({reason}). Use reverse mode (Grad, " +
        "Vjp, JacRev), or give the function's tangents: CustomJvp.");
}
