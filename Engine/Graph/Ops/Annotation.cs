namespace Cotangent.Graph;

// Ops that say something about a value without changing it. Transforms read them; of those that are transparent a program keeps
// nothing, so that what they hold besides the value is never computed for them.
internal static partial class Ops
{
    /// <summary>The same value, as the edge of a region that transforms look at, or under a name that they know.</summary>
    public static readonly Op Named = new("named", OpKind.Annotation)
    {
        Infer = (x, _) => (x[0].Shape, x[0].DType),
        Whole = (_, x) => x[0],
        IsTransparent = true,
    };

    /// <summary>A result of a function with a derivative of its own: the value, then what its derivative is made from, see
    /// <see cref="CustomAttributes"/>.</summary>
    public static readonly Op Custom = new("custom", OpKind.Annotation)
    {
        Infer = (x, _) => (x[0].Shape, x[0].DType),
        Whole = (_, x) => x[0],
        IsTransparent = true,
    };

    /// <summary>The tangent of such a result as a linear function of the arguments' tangents whose transpose is its own: the value,
    /// then the tangents, then what the function's node has after its value.</summary>
    public static readonly Op CustomTangent = new("custom_tangent", OpKind.Annotation)
    {
        Infer = (x, _) => (x[0].Shape, x[0].DType),
        Whole = (_, x) => x[0],
        IsTransparent = true,
    };

    /// <summary>The value of the first input, to be read only when the others are known: what is computed from it is not the
    /// same subexpression as what is computed from the input itself, and is scheduled later.</summary>
    public static readonly Op Barrier = new("barrier", OpKind.Annotation)
    {
        Infer = (x, _) => (x[0].Shape, x[0].DType),
        Whole = (_, x) => x[0],
    };

    /// <summary>determinant(x, a, lu, permutation): x, which is det(A), or log|det(A)| by <see cref="DeterminantAttributes"/>, and whose
    /// derivative is taken by a, with the factors that made x.</summary>
    public static readonly Op Determinant = new("determinant", OpKind.Annotation)
    {
        IsTransparent = true,
        Infer = (x, _) => (x[0].Shape, x[0].DType),
        Whole = (_, x) => x[0],
    };

    /// <summary>A value that does not exist, for a reason: graphs may hold it, planning to compute it throws.</summary>
    public static readonly Op Refused = new("refused", OpKind.Leaf)
    {
        Infer = (_, a) => (((RefusedAttributes)a!).Shape, ((RefusedAttributes)a).DType),
    };
}
