using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Graph;

/// <summary>How an op is scheduled and fused.</summary>
internal enum OpKind : byte
{
    /// <summary>No inputs: data, a placeholder, a number, an iota.</summary>
    Leaf,

    /// <summary>Result element i depends on element i of each input; all shapes are equal.</summary>
    Elementwise,

    /// <summary>Result element i is one element of an input, or 0: an index map, no arithmetic.</summary>
    Movement,

    /// <summary>Combines elements along axes.</summary>
    Reduce,

    /// <summary>A matrix product.</summary>
    Contraction,

    /// <summary>Gather and scatter-add: an index map that depends on data.</summary>
    Indexing,

    /// <summary>A C# kernel of the user's: a step of its own.</summary>
    Kernel,

    /// <summary>A step of its own, written by hand, of one or several outputs: a sort, a factorisation, a loop.</summary>
    Routine,

    /// <summary>C# code that runs before the program: programs have none.</summary>
    HostCall,

    /// <summary>The value of the first input; what else there is says something about it.</summary>
    Annotation,
}

/// <summary>One operation of the closed op set: its name, its shape and dtype rule, its slow float64 value and how it fuses.
/// How it differentiates is AutoDiff's business. Instances live in <see cref="Ops"/> only.</summary>
internal sealed class Op(string name, OpKind kind)
{
    /// <summary>The name in dumps and error messages.</summary>
    public string Name { get; } = name;

    public OpKind Kind { get; } = kind;

    /// <summary>Inputs, attributes → shape and dtype of the result; throws a typed exception for operands that do not fit.</summary>
    public required Func<IReadOnlyList<Node>, Attributes?, (Shape Shape, DType DType)> Infer { get; init; }

    /// <summary>Elementwise ops: the float64 meaning of one element (integers and bools as numbers; attributes from the node).</summary>
    public Func<Node, double[], double>? Element { get; init; }

    /// <summary>Other ops: the float64 meaning of the whole result from the whole inputs, row-major.</summary>
    public Func<Node, double[][], double[]>? Whole { get; init; }

    /// <summary>Elementwise ops: the IR of one element, operands and result in the compute types of the dtypes.</summary>
    public Func<Node, Builder, Value[], Value>? Emit { get; init; }

    /// <summary>Routine ops: makes what computes the call that a node is an output of. Called when a plan is made.</summary>
    public Func<Device, Node, Routine>? Routine { get; init; }

    /// <summary>Routine ops: whether a call reads an input wherever its rows lie. It then gets views of what is stored, with the strides of all axes but
    /// the last, whose elements lie side by side, and no copies; see <see cref="Graph.Routine.SetStrides"/>.</summary>
    public Func<Device, Node, int, bool>? ReadsViews { get; init; }

    /// <summary>Annotations that programs do not have: the first input stands for the node, the others are for transforms.</summary>
    public bool IsTransparent { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
