using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>An implicit function of trees as one of nodes: the unknowns of a tree of several tensors are joined to one vector.</summary>
internal sealed class ImplicitFunction<TResult, TArgument>(
    Func<TResult, TArgument, TResult> residual, Func<TResult, TArgument, TResult> solver, ImplicitOptions options, bool isSymmetric)
{
    public TResult Call(TResult start, TArgument theta)
    {
        Tensor[] parts = Trees.Flatten(start), arguments = Trees.Flatten(theta);
        Node[] inputs = [Joined(parts), .. arguments.Select(t => t.Node)];
        Implicit.RequireFloat(inputs[0]);
        (ClosedGraph graph, Node[] captured) = ClosedGraph.Of("implicit function", p => Joined(
            "the residual", parts, residual(Split(start, parts, p[0]), Argument(theta, p[1..]))), inputs);
        RootCall call = new(graph, (x, p) => Joined("the solver", parts, solver(Split(start, parts, x), Argument(theta, p))),
            arguments.Length, options, isSymmetric);
        return Split(start, parts, new Node(Ops.HostCall, [.. inputs, .. captured], call));
    }

    private static TArgument Argument(TArgument like, Node[] nodes) => Trees.Rebuild(like, [.. nodes.Select(n => new Tensor(n))]);

    private static Node Joined(string what, Tensor[] like, TResult tree)
    {
        Tensor[] parts = Trees.Flatten(tree);
        if (parts.Length != like.Length) throw new ShapeMismatchException(
            $"Implicit: {what} returned {parts.Length} tensors for an unknown of {like.Length}.");
        for (int i = 0; i < parts.Length; i++) Implicit.RequireLike(what, parts[i].Node, like[i].Node);
        return Joined(parts);
    }

    private static Node Joined(Tensor[] parts)
    {
        if (parts.Length == 1) return parts[0].Node;
        if (parts.Length == 0) throw new ShapeMismatchException("Implicit: the unknown has no tensor.");
        if (parts.FirstOrDefault(t => t.DType != parts[0].DType) is { } other) throw new DTypeMismatchException(
            $"Implicit: the unknown has tensors of {parts[0].DType} and {other.DType}; give them one dtype.");
        return Make.Concat(0, [.. parts.Select(t => Make.Reshape(t.Node, [checked((int)t.Size)]))]);
    }

    private static TResult Split(TResult like, Tensor[] parts, Node x)
    {
        if (parts.Length == 1) return Trees.Rebuild(like, [new Tensor(x)]);
        Tensor[] split = new Tensor[parts.Length];
        int at = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            int size = checked((int)parts[i].Size);
            split[i] = new Tensor(Make.Reshape(Make.Slice(x, [at], [size], [1]), parts[i].Shape));
            at += size;
        }

        return Trees.Rebuild(like, split);
    }
}
