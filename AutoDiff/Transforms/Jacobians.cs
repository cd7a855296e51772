using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Which way a Jacobian is made: its columns at once, its rows at once, or the fewer of them.</summary>
internal enum JacobianMode
{
    Forward,
    Reverse,
    Cheaper,
}

/// <summary>Whole Jacobians: a derivative as a linear map, applied to a batch of all basis vectors.</summary>
internal static class Jacobians
{
    /// <summary>The derivatives of each output by each argument: shape [output's axes, argument's axes].</summary>
    public static Node[][] Of(
        string transform, JacobianMode mode, Func<Node[], Node[]> f, Node[] arguments, IReadOnlyList<string>? names = null)
    {
        Trace trace = new(transform, f, arguments, names);
        foreach (Node y in trace.Outputs) Transforms.RequireFloat(transform, y);
        bool forward = mode == JacobianMode.Forward
            || (mode == JacobianMode.Cheaper && arguments.Sum(x => x.Shape.Size) <= trace.Outputs.Sum(y => y.Shape.Size));
        Node?[] blocks = trace.Bind(forward ? Columns(trace) : Rows(trace));
        return [.. trace.Outputs.Select((y, i) => arguments.Select((x, k) => blocks[i * arguments.Length + k]
            ?? Algebra.Number(y, 0, [.. y.Shape, .. x.Shape])).ToArray())];
    }

    /// <summary>The vectors of the standard basis of a node's space: shape [size, node's axes].</summary>
    public static Node Basis(Node like)
    {
        int size = checked((int)like.Shape.Size);
        Node row = new(Ops.Iota, [], new IotaAttributes([size, size], 0, DType.Int32), like.Device);
        Node column = Make.Iota([size, size], 1, DType.Int32);
        return Make.Reshape(Make.Cast(Make.Binary(Ops.Equal, row, column), like.DType), [size, .. like.Shape]);
    }

    /// <summary>Block by block, rows of blocks first; null is zero.</summary>
    private static Node?[] Columns(Trace trace)
    {
        int outputs = trace.Outputs.Length, arguments = trace.Placeholders.Count;
        Node?[] blocks = new Node?[outputs * arguments];
        for (int k = 0; k < arguments; k++)
        {
            Node x = trace.Placeholders[k], dx = Like(x, "tangent");
            Node?[] tangents = Forward.Tangents(trace.Outputs, new Dictionary<Node, Node> { [x] = dx });
            Node?[] batched = OnBasis(tangents, dx);
            for (int i = 0; i < outputs; i++)
            {
                if (batched[i] is not { } columns) continue;
                Node y = trace.Outputs[i];
                blocks[i * arguments + k] = Make.Reshape(
                    BatchedGraph.MoveAxis(columns, 0, y.Shape.Rank), [.. y.Shape, .. x.Shape]);
            }
        }

        return blocks;
    }

    private static Node?[] Rows(Trace trace)
    {
        List<Node?> blocks = [];
        foreach (Node y in trace.Outputs)
        {
            Node ct = Like(y, "cotangent");
            Node?[] batched = OnBasis(trace.Linearize([y]).Transpose([ct]), ct);
            blocks.AddRange(batched.Select((rows, k) =>
                rows is null ? null : Make.Reshape(rows, [.. y.Shape, .. trace.Placeholders[k].Shape])));
        }

        return [.. blocks];
    }

    /// <summary>Nodes linear in a placeholder, for each basis vector in its place. What does not depend on it is 0.</summary>
    private static Node?[] OnBasis(Node?[] linear, Node placeholder)
    {
        Node basis = Basis(placeholder);
        Dictionary<Node, Node> seeds = new() { [placeholder] = basis };
        Queue<Node?> batched = new(BatchedGraph.Of([.. linear.OfType<Node>()], seeds, basis.Shape[0]));
        return [.. linear.Select(n => n is null ? null : batched.Dequeue())];
    }

    private static Node Like(Node x, string name) => Make.Input(x.Shape, x.DType, x.Device, name, x.IsAnywhere);
}
