using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Graph;

// Matrices are the last two axes; the axes before them count the matrices of a batch, and all inputs have the same ones.
internal static partial class Ops
{
    /// <summary>triangular_solve(a, b): x with op(A)·x = b for triangular A, op and triangle by <see cref="TriangularAttributes"/>; the
    /// other triangle of A is not read. a […, n, n], b […, n, k] → […, n, k]. Float32, Float64.</summary>
    public static readonly Op TriangularSolve = new("triangular_solve", OpKind.Routine)
    {
        Infer = (x, _) => (RightSides("triangular_solve", x[0], x[1]), Real("triangular_solve", x)),
        Whole = (n, x) => MatrixOracle.Each(n, x, (a, b) => MatrixOracle.TriangularSolve(
            a, b, n.Shape[^2], n.Shape[^1], n.Get<TriangularAttributes>())),
        Routine = (device, n) => n.DType == DType.Float64
            ? new TriangularSolveRoutine<double>(device, n)
            : new TriangularSolveRoutine<float>(device, n),
    };

    /// <summary>cholesky(a): lower triangular L with positive diagonal and A = L·Lᵀ, for symmetric positive definite A, of which the
    /// upper triangle is read. NaN on and below the diagonal if A is not positive definite. Derivatives are those along
    /// symmetric directions. […, n, n] → […, n, n]. Float32, Float64.</summary>
    public static readonly Op Cholesky = new("cholesky", OpKind.Routine)
    {
        Infer = (x, _) => (Square("cholesky", x[0]), Real("cholesky", x)),
        Whole = (n, x) => MatrixOracle.Each(n, x, (a, _) => MatrixOracle.Cholesky(a, n.Shape[^1])),
        Routine = (device, n) => n.DType == DType.Float64 ? new CholeskyRoutine<double>(device, n) : new CholeskyRoutine<float>(device, n),
    };

    /// <summary>lu(a): P·A = L·U by partial pivoting, see <see cref="LuAttributes"/>: L below the diagonal (its diagonal of ones is not
    /// stored) and U in one matrix, the pivots, the permutation. The pivot of a column is its first element of largest absolute
    /// value. […, m, n] → […, m, n], Int32 […, min(m, n)], Int32 […, m]. Float32, Float64.</summary>
    public static readonly Op Lu = new("lu", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            Shape shape = Matrix("lu", x[0]);
            DType type = Real("lu", x);
            return ((LuAttributes)a!).Output switch
            {
                LuAttributes.Pivots => ([.. shape.SkipLast(2), Math.Min(shape[^2], shape[^1])], DType.Int32),
                LuAttributes.Permutation => ([.. shape.SkipLast(1)], DType.Int32),
                _ => (shape, type),
            };
        },
        Whole = (n, x) => MatrixOracle.Each(n, x, (a, _) =>
            MatrixOracle.Lu(a, n.Inputs[0].Shape[^2], n.Inputs[0].Shape[^1])[n.Get<LuAttributes>().Output]),
        Routine = (device, n) => n.Inputs[0].DType == DType.Float64
            ? new LuRoutine<double, MaxDouble>(device, n)
            : new LuRoutine<float, MaxFloat>(device, n),
    };

    /// <summary>solve(a, lu, permutation, b): x with A·x = b, or Aᵀ·x = b by <see cref="SolveAttributes"/>, from the factors of A.
    /// Derivatives are those with respect to a and b: lu and permutation count as what <see cref="Lu"/> gives for a. a and lu
    /// […, n, n], permutation […, n], b […, n, k] → […, n, k]. Float32, Float64.</summary>
    public static readonly Op Solve = new("solve", OpKind.Routine)
    {
        Infer = (x, _) =>
        {
            Shape shape = RightSides("solve", x[0], x[3]);
            if (x[1].Shape != x[0].Shape || !x[2].Shape.SequenceEqual(x[0].Shape.SkipLast(1)))
                throw new ShapeMismatchException(
                    $"solve: factors {x[1].Shape} and permutations {x[2].Shape} do not fit matrices {x[0].Shape}.");
            CheckIndices("solve", x[2]);
            return (shape, Real("solve", [x[0], x[1], x[3]]));
        },
        Whole = (n, x) => MatrixOracle.Each(n, x, slices => MatrixOracle.Solve(
            slices[1], slices[2], slices[3], n.Shape[^2], n.Shape[^1], n.Get<SolveAttributes>().Transpose)),
        Routine = (device, n) => n.DType == DType.Float64 ? new SolveRoutine<double>(device, n) : new SolveRoutine<float>(device, n),
    };

    /// <summary>qr(a): A = Q·R, see <see cref="QrAttributes"/>: k = min(m, n) orthonormal columns, and an upper triangle with a diagonal
    /// that is not negative. […, m, n] → […, m, k], […, k, n]. Float32, Float64.</summary>
    public static readonly Op Qr = new("qr", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            Shape shape = Matrix("qr", x[0]);
            int k = Math.Min(shape[^2], shape[^1]);
            return (((QrAttributes)a!).Output == QrAttributes.Q
                ? [.. shape.SkipLast(1), k]
                : [.. shape.SkipLast(2), k, shape[^1]], Real("qr", x));
        },
        Whole = (n, x) => MatrixOracle.Each(n, x, (a, _) =>
            MatrixOracle.Qr(a, n.Inputs[0].Shape[^2], n.Inputs[0].Shape[^1])[n.Get<QrAttributes>().Output]),
        Routine = (device, n) => n.DType == DType.Float64
            ? new QrRoutine<double, AddDouble, MaxDouble>(device, n)
            : new QrRoutine<float, AddFloat, MaxFloat>(device, n),
    };

    /// <summary>eigh(a): A·v = λ·v for symmetric A, see <see cref="EighAttributes"/>: eigenvalues in ascending order, orthonormal
    /// eigenvectors as columns, the first of whose large elements is positive. Derivatives are those along symmetric
    /// directions. […, n, n] → […, n], […, n, n]. Float32, Float64.</summary>
    public static readonly Op Eigh = new("eigh", OpKind.Routine)
    {
        Infer = (x, a) => (((EighAttributes)a!).Output == EighAttributes.Values
            ? [.. Square("eigh", x[0]).SkipLast(1)]
            : Square("eigh", x[0]), Real("eigh", x)),
        Whole = (n, x) => MatrixOracle.Each(n, x, (a, _) => MatrixOracle.Eigh(a, n.Shape[^1])[n.Get<EighAttributes>().Output]),
        Routine = (device, n) => n.DType == DType.Float64
            ? new EighRoutine<double, AddDouble, MaxDouble>(device, n)
            : new EighRoutine<float, AddFloat, MaxFloat>(device, n),
    };

    /// <summary>svd(a): A = U·diag(S)·Vᵀ, see <see cref="SvdAttributes"/>: k = min(m, n) singular values in descending order and
    /// orthonormal vectors; the first large element of each column of U is positive. […, m, n] → […, m, k], […, k],
    /// […, k, n]. Float32, Float64.</summary>
    public static readonly Op Svd = new("svd", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            Shape shape = Matrix("svd", x[0]);
            int k = Math.Min(shape[^2], shape[^1]);
            DType type = Real("svd", x);
            return ((SvdAttributes)a!).Output switch
            {
                SvdAttributes.U => ([.. shape.SkipLast(1), k], type),
                SvdAttributes.Values => ([.. shape.SkipLast(2), k], type),
                _ => ([.. shape.SkipLast(2), k, shape[^1]], type),
            };
        },
        Whole = (n, x) => MatrixOracle.Each(n, x, (a, _) =>
            MatrixOracle.Svd(a, n.Inputs[0].Shape[^2], n.Inputs[0].Shape[^1])[n.Get<SvdAttributes>().Output]),
        Routine = (device, n) => n.DType == DType.Float64
            ? new SvdRoutine<double, AddDouble, MaxDouble>(device, n)
            : new SvdRoutine<float, AddFloat, MaxFloat>(device, n),
    };

    private static Shape Matrix(string op, Node x) => x.Shape.Rank >= 2
        ? x.Shape
        : throw new ShapeMismatchException($"{op}: {x.Shape} is no matrix: it needs two axes.");

    private static Shape Square(string op, Node x) => Matrix(op, x) is var shape && shape[^1] == shape[^2]
        ? shape
        : throw new ShapeMismatchException(
            $"{op}: {x.Shape} holds matrices of {x.Shape[^2]} rows and {x.Shape[^1]} columns; they must be square.");

    private static Shape RightSides(string op, Node a, Node b)
    {
        Shape matrices = Square(op, a);
        return b.Shape.Rank == matrices.Rank && b.Shape.SkipLast(1).SequenceEqual(matrices.SkipLast(1))
            ? b.Shape
            : throw new ShapeMismatchException(
                $"{op}: right sides {b.Shape} do not fit matrices {a.Shape}: all axes but the last must agree.");
    }

    private static DType Real(string op, IReadOnlyList<Node> inputs) =>
        Require(inputs, op, t => t is DType.Float32 or DType.Float64, "Float32 or Float64");
}
