using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Perf.Ptx;

/// <summary>Programs whose kernels the table lists: every entry point of the library, and graphs that fuse in each of the ways the engine
/// has.</summary>
internal static class PtxCatalogue
{
    private const int Count = 9000;

    /// <summary>Topics, and what has a device compile their kernels.</summary>
    public static IReadOnlyList<(string Topic, Action<Device> Run)> Topics { get; } = [.. Library(), .. Fused()];

    private static IEnumerable<(string, Action<Device>)> Library() =>
    [
        ("reduce", d => { Reduction.Reduce<float, AddFloat>(d, Zeros<float>(d)); Reduction.Reduce<int, MaxInt32>(d, Zeros<int>(d)); }),
        ("scan", d => { Scan.Inclusive<float, AddFloat>(d, Zeros<float>(d), Zeros<float>(d)); Scan.Exclusive<int, AddInt32>(d, Zeros<int>(d), Zeros<int>(d)); }),
        ("scan, own operation", d => Scan.Inclusive<float, Larger>(d, Zeros<float>(d), Zeros<float>(d))),
        ("histogram", d => Histogram.Count(d, Zeros<int>(d), d.Allocate<int>(256))),
        ("histogram, many bins", d => Histogram.Count(d, Zeros<int>(d), d.Allocate<int>(50_000))),
        ("radix sort", d => RadixSort.Keys<uint, AscendingUInt32>(d, Zeros<uint>(d), Zeros<uint>(d))),
        ("radix sort, pairs", d =>
            RadixSort.Pairs<float, int, DescendingFloat>(d, Zeros<float>(d), Zeros<int>(d), Zeros<float>(d), Zeros<int>(d))),
        ("top-k", d => TopK.Find<float, DescendingFloat>(d, Zeros<float>(d), d.Allocate<float>(10), d.Allocate<int>(10))),
        ("compaction", d => Compaction.Where<float, Positive>(d, Zeros<float>(d), default, Zeros<float>(d), d.Allocate<int>(1))),
        ("compaction of nothing", d => Compaction.Where<float, Positive>(d, d.Allocate<float>(0), default, Zeros<float>(d), d.Allocate<int>(1))),
        ("segmented reduce", d =>
            SegmentedReduction.Reduce<float, AddFloat>(d, Zeros<float>(d), d.Allocate<int>([0, 10, Count]), d.Allocate<float>(2))),
        ("segmented reduce, short", d => SegmentedReduction.Reduce<float, AddFloat>(d, Zeros<float>(d),
            d.Allocate<int>([.. Enumerable.Range(0, 1001)]), d.Allocate<float>(1000))),
        ("gather", d => GatherScatter.Gather<float>(d, Zeros<float>(d), Zeros<int>(d), Zeros<float>(d))),
        ("scatter", d => GatherScatter.Scatter<float>(d, Zeros<float>(d), d.Allocate<int>([.. Enumerable.Range(0, Count)]), Zeros<float>(d))),
        ("transpose", d => Transposition.Transpose<float>(d, Zeros<float>(d), Zeros<float>(d), 90, 100)),
        ("random", d =>
        {
            RandomFill.Bits(d, 1, 2, Zeros<uint>(d));
            RandomFill.Uniform(d, 1, 2, Zeros<float>(d));
            RandomFill.Normal(d, 1, 2, Zeros<float>(d));
        }),
        ("gemm", Gemm),
        ("flash attention", FlashAttentions),
        ("logit tiles", d => _ = (new LogitTileLauncher(d, 64, MatMulPrecision.Float32), new LogitTileLauncher(d, 128, MatMulPrecision.Float32))),
        ("logit tiles, rounded", d => _ = (new LogitTileLauncher(d, 128, MatMulPrecision.Tf32), new LogitTileLauncher(d, 128, MatMulPrecision.BFloat16))),
        ("gradient filter", CrossEntropyFilter),
        ("segments", d => _ = new Segments(d, Count, 100)),
        ("row sort", d => _ = new RowSort<float, SmallestFirst<float>>(d, 2, Count, 3)),
        ("cumulative", d => _ = (new Cumulative<float, CumulativeSum<float>>(d, 2, Count, 1, isReverse: false),
            new Cumulative<float, CumulativeRecurrence<float>>(d, 2, 30, 3, isReverse: true))),
        ("gram norms", d => _ = new GramNorms<float, WidenSingle>(d, new GramProblem(2, 9, 5, 5))),
        ("outer norms", d => _ = (new OuterNorms<float, SingleElement, WidenSingle>(d, new GramProblem(2, 9, 5, 5)),
            new OuterNorms<double, DoubleElement, WidenDouble>(d, new GramProblem(2, 9, 5, 5)))),
        ("clipped sum", ClippedSum),
        ("cholesky", d => _ = new CholeskyFactorisation<float>(d)),
        ("lu", d => _ = (new LuFactorisation<float, MaxFloat>(d), new LuSolver<float>(d))),
        ("qr", d => _ = new QrFactorisation<float, AddFloat, MaxFloat>(d)),
        ("eigh", d => _ = new SymmetricEigensolver<float, AddFloat, MaxFloat>(d)),
        ("svd", d => _ = new SingularValueSolver<float, AddFloat, MaxFloat>(d)),
        ("triangular solve", d => _ = new TriangularSolver<float>(d)),
    ];

    private static IEnumerable<(string, Action<Device>)> Fused() =>
    [
        ("axpy", d => (Values(d, 1000) * 2 + Values(d, 1000)).Realize()),
        ("gelu chain", d => (Values(d, 30, 20) + Values(d, 20)).Gelu().Realize()),
        ("row sum", d => Values(d, 40, 300).Sum(1).Realize()),
        ("column sum", d => Values(d, 300, 40).Sum(0).Realize()),
        ("softmax", d => Values(d, 40, 300).Softmax().Realize()),
        ("softmax, short rows", d => Values(d, 40, 17).Softmax().Realize()),
        ("layer norm", d => Nn.LayerNorm(Values(d, 40, 128), Values(d, 128), Values(d, 128), 1e-5).Realize()),
        ("layer norm gradient", d => Diff.Grad((Tensor x) =>
            Nn.LayerNorm(x, Values(d, 128), Values(d, 128), 1e-5).Square().Sum())(Values(d, 40, 128)).Realize()),
        ("attention", d => Nn.Attention(Values(d, 2, 2, 8, 16), Values(d, 2, 2, 8, 16), Values(d, 2, 2, 8, 16), causal: true).Realize()),
        ("cross entropy", d => Nn.CrossEntropy(Values(d, 20, 50), Tensor.From(new int[20], d)).Realize()),
        ("cross entropy gradient", d => Diff.Grad((Tensor x) => Nn.CrossEntropy(x, Tensor.From(new int[20], d)))(Values(d, 20, 50)).Realize()),
        ("linear cross entropy", d => Diff.Grad((Tensor e, Tensor c) => CrossEntropy.Linear(e, c, Tensor.From(new int[20], d), new()
        {
            Bias = Values(d, 50), Softcap = 5, LabelSmoothing = 0.1, ZLoss = 0.1, Accumulation = GradientAccumulation.Kahan,
        }))(Values(d, 20, 16), Values(d, 50, 16)).Item1.Realize()),
        ("linear cross entropy, Hessian product", d => Diff.Hvp((Tensor e) => CrossEntropy.Linear(e, Values(d, 50, 16), Tensor.From(new int[20], d)),
            Values(d, 20, 16), Values(d, 20, 16)).Realize()),
        ("linear cross entropy, tangent", d => Diff.Jvp((Tensor e) => CrossEntropy.Linear(e, Values(d, 50, 16), Tensor.From(new int[20], d)),
            Values(d, 20, 16), Values(d, 20, 16)).Tangent.Realize()),
        ("embedding gradient", d => Diff.Grad((Tensor x) => x.Gather(Tensor.From(new int[20], d)).Square().Sum())(Values(d, 30, 16)).Realize()),
        ("embedding gradient, sorted", d => Diff.Grad((Tensor x) => x.Gather(Tensor.From([.. Enumerable.Range(0, 600).Select(i => i * 7 % 90)], [600], d))
            .Square().Sum())(Values(d, 1500, 16)).Realize()),
        ("permute", d => Values(d, 4, 30, 20).Permute(2, 0, 1).Realize()),
        ("random normal", d => new RandomKey(1, d).Normal([1000]).Realize()),
    ];

    private static DeviceBuffer<T> Zeros<T>(Device device) where T : unmanaged => device.Allocate<T>(new T[Count]);

    private static Tensor Values(Device device, params int[] shape) =>
        Tensor.From([.. Enumerable.Range(0, shape.Aggregate(1, (x, y) => x * y)).Select(i => i % 17 * 0.1f)], Shape.Create(shape), device);

    private static void Gemm(Device device)
    {
        foreach (GemmMethod method in new[] { GemmMethod.Tiled, GemmMethod.Register64, GemmMethod.Register128 })
            new GemmVariant(method, ScalarType.Float32, TermsOfA: true).Compile(device);
        new GemmVariant(GemmMethod.Register64, ScalarType.Float64, TermsOfA: true).Compile(device);
        new GemmVariant(GemmMethod.Skinny, ScalarType.Float32, TermsOfA: true).Compile(device);
        new GemmVariant(GemmMethod.Skinny, ScalarType.Float32, TermsOfA: true, TermsOfB: true).Compile(device);
        foreach (MatMulPrecision precision in new[] { MatMulPrecision.Tf32, MatMulPrecision.BFloat16 })
            new GemmVariant(GemmMethod.MatrixUnits, ScalarType.Float32, TermsOfA: true, Precision: precision).Compile(device);
    }

    private static void ClippedSum(Device device)
    {
        ClippedSumProblem problem = new(2, 9, 5, 5, ClipRule.AtMost, 0);
        _ = (new TiledClippedSum<float, SingleElement, WidenSingle>(device, problem, 64), new TiledClippedSum<float, SingleElement, WidenSingle>(device, problem, 128),
            new TiledClippedSum<double, DoubleElement, WidenDouble>(device, problem, 64));
    }

    private static void CrossEntropyFilter(Device device)
    {
        Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, CrossEntropyBlock, CrossEntropyTiles, float,
            float> test = CrossEntropyFilterKernels.Test<float, SingleFunctions>;
        Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<int>, CrossEntropyBlock, CrossEntropyTiles, int> clear =
            CrossEntropyFilterKernels.Clear;
        Action<Index1D, ArrayView<int>, ArrayView<int>, CrossEntropyTiles, int> count = CrossEntropyFilterKernels.Count;
        Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<byte>, CrossEntropyBlock, float> keep =
            CrossEntropyClassKernels.Keep<float, SingleFunctions>;
        Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<float>, int, int> gather = CrossEntropyClassKernels.Gather;
        Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<float>, int, int> addTo = CrossEntropyClassKernels.AddTo;
        device.Prepare(test, clear, count, keep, gather, addTo);
    }

    private static void FlashAttentions(Device device)
    {
        AttentionProblem problem = new() { Batch = 1, Heads = 2, KeyHeads = 1, Queries = 9, Keys = 9, Width = 64, Values = 64, Scale = 1, DropoutBatch = 1 };
        foreach (AttentionKernel kernel in Enum.GetValues<AttentionKernel>())
            FlashAttention.Create(device, problem, hasDropout: true, kernel);
    }

    private readonly struct Larger : IScanReduceOperation<float>
    {
        public float Identity => float.NegativeInfinity;

        public float Apply(float first, float second) => first > second ? first : second;

        public void AtomicApply(ref float target, float value) => Atomic.Max(ref target, value);
    }

    private readonly struct Positive : IPredicate<float>
    {
        public bool Test(float value) => value > 0;
    }
}
