using Cotangent.Kernels;

namespace Cotangent.Optimizers;

/// <summary>Packs a tree of parameters into one flat vector a dtype, so that an update is one launch over all of them.
/// Parameters with weight decay come first: where decay ends is one comparison of the index.</summary>
internal sealed class ParameterArena<TTree>
{
    private readonly TTree _like;
    private readonly string[] _names;
    private readonly Shape[] _shapes;

    /// <param name="tree">The parameters.</param>
    /// <param name="decays">Name and value of a parameter → whether weight decay applies to it.</param>
    public ParameterArena(TTree tree, Func<string, Tensor, bool> decays)
    {
        _like = tree;
        _names = Trees.Names(tree);
        Tensor[] leaves = Trees.Flatten(tree);
        _shapes = [.. leaves.Select(t => t.Shape)];
        for (int i = 0; i < leaves.Length; i++)
        {
            if (!leaves[i].DType.IsFloat())
            {
                throw new OptimizerException($"The parameter '{_names[i]}' is {leaves[i].DType}{leaves[i].Shape}; parameters are floating. " +
                    "Keep what is not trained outside the tree of parameters.");
            }
        }

        Device = CommonDevice(leaves);
        bool[] decay = [.. leaves.Select((t, i) => decays(_names[i], t))];
        Segments = [.. Enumerable.Range(0, leaves.Length)
            .GroupBy(i => leaves[i].DType)
            .Select(g => new ArenaSegment(g.Key, Device, [.. g.Where(i => decay[i])], [.. g.Where(i => !decay[i])], _shapes))];
    }

    /// <summary>Where the parameters are.</summary>
    public Device Device { get; }

    public IReadOnlyList<ArenaSegment> Segments { get; }

    public IReadOnlyList<string> Names => _names;

    /// <summary>The tensors of a tree like the parameters, one vector a segment.</summary>
    public Tensor[] Pack(TTree tree, string what) => Pack(Trees.Flatten(tree), what);

    /// <summary>As <see cref="Pack(TTree, string)"/>, of the tensors in the order of the tree.</summary>
    public Tensor[] Pack(Tensor[] leaves, string what)
    {
        if (leaves.Length != _shapes.Length)
            throw new OptimizerException($"The {what} have {leaves.Length} tensors; the parameters have {_shapes.Length}.");

        foreach (ArenaSegment segment in Segments)
        {
            foreach (int i in segment.Leaves)
            {
                if (leaves[i].Shape != _shapes[i] || leaves[i].DType != segment.DType)
                {
                    throw new OptimizerException($"The {what} have {leaves[i].DType}{leaves[i].Shape} for '{_names[i]}'; the parameter is " +
                        $"{segment.DType}{_shapes[i]}.");
                }
            }
        }

        return [.. Segments.Select(s => Tensor.Concat(0, [.. s.Leaves.Select(i => leaves[i].Reshape(-1))]))];
    }

    /// <summary>The tree of views of the segments' vectors.</summary>
    public TTree Unpack(IReadOnlyList<Tensor> vectors) => Trees.Rebuild(_like, Leaves(vectors));

    /// <summary>The views of the segments' vectors, in the order of the tree.</summary>
    public Tensor[] Leaves(IReadOnlyList<Tensor> vectors)
    {
        Tensor[] leaves = new Tensor[_shapes.Length];
        for (int s = 0; s < Segments.Count; s++)
        {
            int offset = 0;
            foreach (int i in Segments[s].Leaves)
            {
                int size = (int)_shapes[i].Size;
                leaves[i] = vectors[s][offset..(offset + size)].Reshape(_shapes[i]);
                offset += size;
            }
        }

        return leaves;
    }

    private Device CommonDevice(Tensor[] leaves)
    {
        // Numbers, such as zeros that nobody has read yet, go where the others are.
        int first = Array.FindIndex(leaves, t => !t.Node.IsAnywhere);
        if (first < 0) return leaves.Length > 0 ? leaves[0].Device : Device.Default;
        int other = Array.FindIndex(leaves, t => !t.Node.IsAnywhere && t.Device != leaves[first].Device);
        return other < 0
            ? leaves[first].Device
            : throw new OptimizerException($"The parameter '{_names[first]}' is on {leaves[first].Device.Id} and '{_names[other]}' on " +
                $"{leaves[other].Device.Id}. Move one with .To(device) first.");
    }
}
