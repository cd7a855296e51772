using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>Eigenvalues, ascending, and eigenvectors of a batch of symmetric matrices.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <typeparam name="TAdd">The sum of two elements.</typeparam>
/// <typeparam name="TMax">The maximum of two elements.</typeparam>
internal sealed class SymmetricEigensolver<T, TAdd, TMax>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TAdd : struct, IScanReduceOperation<T>
    where TMax : struct, IScanReduceOperation<T>
{
    /// <summary>How far the shift is above the bound of the norm: so much that the least singular value is not small.</summary>
    private const double Margin = 1.25;

    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, int, T> _shift;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, int, int, int, T> _orthogonalise;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, int> _rayleigh;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, T> _place;

    public SymmetricEigensolver(Device device)
    {
        Action<ArrayView<T>, ArrayView<T>, int, T> shift = EighKernels.Shift<T, TAdd, TMax>;
        Action<ArrayView<T>, ArrayView<T>, int, int, int, T> orthogonalise = JacobiKernels.Orthogonalise<T, TAdd>;
        Action<ArrayView<T>, ArrayView<T>, ArrayView<T>, int> rayleigh = EighKernels.Rayleigh<T, TAdd>;
        Action<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, T> place = EighKernels.Place<T, TMax>;
        device.Prepare(shift, orthogonalise, rayleigh, place);
        _shift = device.LoadGrouped(shift);
        _orthogonalise = device.LoadGrouped(orthogonalise);
        _rayleigh = device.LoadGrouped(rayleigh);
        _place = device.LoadGrouped(place);
    }

    /// <summary>Elements of scratch memory.</summary>
    public static long Scratch(int batch, int n) => (long)batch * n * (n + 1);

    /// <summary>Writes both.</summary>
    /// <param name="a">n × n matrices.</param>
    /// <param name="values">n a matrix.</param>
    /// <param name="vectors">n × n a matrix: column i belongs to value i.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    /// <param name="batch">The number of matrices.</param>
    /// <param name="n">Their order.</param>
    public void Solve(ArrayView<T> a, ArrayView<T> values, ArrayView<T> vectors, ArrayView<T> scratch, int batch, int n)
    {
        int items = MatrixProducts.Items(n);
        ArrayView<T> w = scratch.SubView(0, a.Length), quotients = scratch.SubView(a.Length, (long)batch * n);
        KernelConfig matrices = (batch, items), rows = (checked(n * batch), items);
        _shift(matrices, a, w, n, T.CreateTruncating(Margin));
        _orthogonalise(matrices, w, w.SubView(0, 0), n, n, 0, JacobiTolerance.Of<T>(n));
        _rayleigh(rows, a, w, quotients, n);
        _place(rows, w, quotients, values, vectors, n, T.CreateTruncating(JacobiTolerance.Near));
    }
}

/// <summary>When Jacobi's rotations end.</summary>
internal static class JacobiTolerance
{
    /// <summary>Elements that are at least so large in proportion may carry a vector's sign.</summary>
    public const double Near = 0.9;

    /// <summary>The cosine of rows that count as orthogonal: what rounding leaves of a sum of so many products.</summary>
    public static T Of<T>(int length)
        where T : unmanaged, IFloatingPointIeee754<T> => T.Sqrt(T.CreateTruncating(length)) * (T.BitIncrement(T.One) - T.One);
}
