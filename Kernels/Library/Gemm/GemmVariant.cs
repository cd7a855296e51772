using System.Reflection;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>The kernels for matrix products, by the elements of C of one group.</summary>
internal enum GemmMethod
{
    /// <summary><see cref="TiledGemm"/>: 64 × 64, with half the shared memory: for devices that have no more.</summary>
    Tiled,

    /// <summary><see cref="RegisterGemm"/>: 64 × 64.</summary>
    Register64,

    /// <summary><see cref="RegisterGemm"/>: 128 × 128. Single precision.</summary>
    Register128,

    /// <summary><see cref="MatrixUnitGemm"/>: 128 × 128, of rounded elements.</summary>
    MatrixUnits,

    /// <summary><see cref="SkinnyGemm"/>: 8 × 32, for few rows.</summary>
    Skinny,
}

/// <summary>One compiled form of a matrix product.</summary>
/// <param name="Method">Which kernel.</param>
/// <param name="Type">The elements.</param>
/// <param name="TermsOfA">Consecutive terms of the sum lie side by side in A.</param>
/// <param name="TermsOfB">Consecutive terms of the sum lie side by side in B.</param>
/// <param name="Precision">What matrix units round to.</param>
internal readonly record struct GemmVariant(GemmMethod Method, ScalarType Type, bool TermsOfA = false, bool TermsOfB = false,
    MatMulPrecision Precision = MatMulPrecision.Float32)
{
    /// <summary>Groups of 128 × 128 from which a GPU is busy with them: it has about as many processors.</summary>
    private const int EnoughGroups = 96;

    /// <summary>How much less a multiply-add costs in a group of 128 × 128, which reads shared memory half as often.</summary>
    private const double GainOfLargeTiles = 1.5;

    /// <summary>Rows and columns of C from which matrix units pay: with fewer, most of a tile's work is thrown away.</summary>
    private const int SmallestForMatrixUnits = 32;

    private delegate void Kernel<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, GemmShape shape)
        where T : unmanaged;

    /// <summary>Rows and columns of C of one group.</summary>
    public (int Rows, int Columns) Tile => Method switch
    {
        GemmMethod.Register128 or GemmMethod.MatrixUnits => (128, 128),
        GemmMethod.Skinny => (SkinnyGemm.Rows, SkinnyGemm.Columns),
        _ => (64, 64),
    };

    /// <summary>Elements of C of one item.</summary>
    public int ElementsOfItem => Tile.Rows * Tile.Columns / (Group.X * Group.Y);

    /// <summary>Items of a group.</summary>
    public Index3D Group => Method switch
    {
        GemmMethod.Tiled => new(TiledGemm.Side, TiledGemm.Side, 1),
        GemmMethod.Skinny => new(SkinnyGemm.Items, 1, 1),
        _ => new(RegisterGemm.Items, 1, 1),
    };

    /// <summary>Bytes of shared memory of a group.</summary>
    public int SharedBytes => Type.Size() * Method switch
    {
        GemmMethod.Tiled => TiledGemm.SharedElements,
        GemmMethod.Register64 => RegisterGemm.SharedElements<float, Block4x4<float>>(),
        GemmMethod.MatrixUnits => MatrixUnitGemm.SharedElements,
        GemmMethod.Skinny => SkinnyGemm.SharedElements,
        _ => RegisterGemm.SharedElements<float, Block8x8<float>>(),
    };

    /// <summary>What a GPU runs a problem with: the large tiles where there are enough of them and little of them is empty.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="hasMatrixUnits">Whether the device has what rounded elements are for.</param>
    public static GemmMethod MethodFor(in GemmProblem problem, bool hasMatrixUnits = false)
    {
        if (hasMatrixUnits && problem is { Type: ScalarType.Float32, Precision: not MatMulPrecision.Float32 }
            && Math.Min(problem.M, problem.N) >= SmallestForMatrixUnits)
        {
            return GemmMethod.MatrixUnits;
        }

        if (problem.Type != ScalarType.Float32)
            return GemmMethod.Register64;
        double large = Tiles(problem.M, 128) * (double)Tiles(problem.N, 128) * problem.Batch0 * problem.Batch1;
        double small = Tiles(problem.M, 64) * (double)Tiles(problem.N, 64) * problem.Batch0 * problem.Batch1;
        return large >= EnoughGroups && 4 * large <= GainOfLargeTiles * small ? GemmMethod.Register128 : GemmMethod.Register64;
    }

    /// <summary>The form of a kernel that suits a problem's layouts.</summary>
    public static GemmVariant For(GemmMethod method, in GemmProblem problem) => problem.Type switch
    {
        not (ScalarType.Float32 or ScalarType.Float64) => throw new ArgumentException(
            $"A matrix product of {problem.Type} does not exist; the types are Float32 and Float64.", nameof(problem)),
        _ when method == GemmMethod.Tiled => new(method, problem.Type),
        _ => new(method, problem.Type, problem.A.Column == 1, problem.B.Row == 1,
            method == GemmMethod.MatrixUnits ? problem.Precision : MatMulPrecision.Float32),
    };

    /// <summary>Groups of a launch, and items of a group.</summary>
    public KernelConfig Config(in GemmProblem problem) => new(
        new Index3D(Tiles(problem.N, Tile.Columns), Tiles(problem.M, Tile.Rows), problem.Batch0 * problem.Batch1), Group);

    /// <summary>Compiles it.</summary>
    public CompiledKernel Compile(Device device) => device.Compile(Build());

    /// <summary>Its IR, with what is known of its launches.</summary>
    public Ir.Kernel Build() => FrontEnd.Compile(KernelMethod).InGroups(Group, GroupsAtOnce);

    // Large blocks take so many registers that a few more would leave room for one group only. In bfloat16 they do not fit twice.
    private int GroupsAtOnce => Method == GemmMethod.Register128 || Precision == MatMulPrecision.Tf32 ? 2 : 0;

    /// <summary>The C# method.</summary>
    public MethodInfo KernelMethod => Precision switch
    {
        MatMulPrecision.Tf32 => MethodOf<Tf32Word>(),
        MatMulPrecision.BFloat16 => MethodOf<BFloat16Word>(),
        _ => Type == ScalarType.Float32 ? MethodOf<float, SingleElement>() : MethodOf<double, DoubleElement>(),
    };

    private static int Tiles(int extent, int tile) => (int)(((long)extent + tile - 1) / tile);

    private MethodInfo MethodOf<TWord>()
        where TWord : struct, IMatrixWord
    {
        Kernel<float> method = (TermsOfA, TermsOfB) switch
        {
            (true, true) => MatrixUnitGemm.Multiply<TWord, TermByTerm, TermByTerm>,
            (true, false) => MatrixUnitGemm.Multiply<TWord, TermByTerm, LaneByLane>,
            (false, true) => MatrixUnitGemm.Multiply<TWord, LaneByLane, TermByTerm>,
            _ => MatrixUnitGemm.Multiply<TWord, LaneByLane, LaneByLane>,
        };
        return method.Method;
    }

    private MethodInfo MethodOf<T, TElement>()
        where T : unmanaged
        where TElement : struct, IGemmElement<T> => Method switch
        {
            GemmMethod.Tiled => ((Kernel<T>)TiledGemm.Multiply<T, TElement>).Method,
            GemmMethod.Skinny => MethodOfSkinny<T, TElement>(),
            GemmMethod.Register64 => MethodOf<T, TElement, Block4x4<T>>(),
            _ => MethodOf<T, TElement, Block8x8<T>>(),
        };

    private MethodInfo MethodOfSkinny<T, TElement>()
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
    {
        Kernel<T> method = (TermsOfA, TermsOfB) switch
        {
            (true, true) => SkinnyGemm.Multiply<T, TElement, TermByTerm, TermByTerm>,
            (true, false) => SkinnyGemm.Multiply<T, TElement, TermByTerm, LaneByLane>,
            (false, true) => SkinnyGemm.Multiply<T, TElement, LaneByLane, TermByTerm>,
            _ => SkinnyGemm.Multiply<T, TElement, LaneByLane, LaneByLane>,
        };
        return method.Method;
    }

    private MethodInfo MethodOf<T, TElement, TBlock>()
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TBlock : struct, IRegisterBlock<T>
    {
        Kernel<T> method = (TermsOfA, TermsOfB) switch
        {
            (true, true) => RegisterGemm.Multiply<T, TElement, TBlock, TermByTerm, TermByTerm>,
            (true, false) => RegisterGemm.Multiply<T, TElement, TBlock, TermByTerm, LaneByLane>,
            (false, true) => RegisterGemm.Multiply<T, TElement, TBlock, LaneByLane, TermByTerm>,
            _ => RegisterGemm.Multiply<T, TElement, TBlock, LaneByLane, LaneByLane>,
        };
        return method.Method;
    }
}
