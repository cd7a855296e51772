using System.Reflection;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;
using Cotangent.Tests.Kernels.Language;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Atomics, warps, scans and dynamic shared memory at every width, and with two workers.</summary>
public sealed class SimdCollectivesTests
{
    private static readonly Type[] s_corpus =
        [typeof(CorpusAtomics), typeof(CorpusWarps), typeof(CorpusDynamicShared), typeof(CorpusCollectives), typeof(CorpusGroups)];

    public static TheoryData<string, int, int> Cases
    {
        get
        {
            TheoryData<string, int, int> cases = [];
            foreach (string feature in Features.Keys.Order())
            {
                foreach ((int bits, int unroll) in ((int, int)[])[(512, 1), (256, 4), (256, 1), (128, 4), (128, 2), (512, 0), (256, 0), (128, 0)])
                    cases.Add(feature, bits, unroll);
            }

            return cases;
        }
    }

    private static Dictionary<string, MethodInfo> Features => s_corpus
        .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static))
        .Where(m => m.GetCustomAttribute<FeatureAttribute>() is not null).ToDictionary(m => m.Name);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Feature_AnyWidth_GivesPlainResult(string feature, int bits, int unroll) =>
        Features[feature].CreateDelegate<Action<Device>>()(SimdRandomTests.Device(bits, unroll));

    private static void Contend(Index1D i, ArrayView<int> y, ArrayView<float> f, ArrayView<long> l)
    {
        Atomic.Add(ref y[0], 1);
        Atomic.Add(ref y[1 + (i & 3)], i & 7);
        int ticket = Atomic.Add(ref y[5], 2);
        Atomic.Max(ref y[6], ticket);
        Atomic.Xor(ref y[7], i);
        Atomic.Add(ref f[i & 1], 0.5f);
        Atomic.Max(ref l[0], (long)i << 20);
        Atomic.Add(ref l[1], i);
    }

    [Fact]
    public void Atomics_TwoWorkers_LoseNothing()
    {
        const int n = 1 << 18;
        CpuDevice device = new(2);
        Action<Index1D, ArrayView<int>, ArrayView<float>, ArrayView<long>> kernel =
            device.Load<Index1D, ArrayView<int>, ArrayView<float>, ArrayView<long>>(Contend);
        for (int round = 0; round < 5; round++)
        {
            DeviceBuffer<int> y = device.Allocate<int>(new int[8]);
            DeviceBuffer<float> f = device.Allocate<float>(new float[2]);
            DeviceBuffer<long> l = device.Allocate<long>(new long[2]);
            kernel(n, y, f, l);
            int[] sums = [.. Enumerable.Range(0, 4).Select(k => n / 4 * (k + (k + 4)) / 2)];
            Assert.Equal([n, .. sums, 2 * n, 2 * n - 2, 0], y.ToArray());
            Assert.Equal([n * 0.25f, n * 0.25f], f.ToArray());
            Assert.Equal([(n - 1L) << 20, (long)n * (n - 1) / 2], l.ToArray());
        }
    }

    private static void DivergentShuffle(ArrayView<int> y)
    {
        if (Group.IdxX < 8)
            y[Group.IdxX] = Warp.ShuffleXor(Group.IdxX, 1);
    }

    private static void DivergentReduction(ArrayView<int> y)
    {
        if (y[Group.IdxX] > 3)
            return;
        y[Group.IdxX] = Group.ReduceAdd(Group.IdxX);
    }

    private static void DivergentScan(ArrayView<int> y)
    {
        for (int i = Group.IdxX; i < y.IntLength; i += Group.DimX)
            y[i] = GroupExtensions.InclusiveScan<int, AddInt32>(y[i]);
    }

    private static void ManyWarps(ArrayView<int> y) => y[Group.IdxX] = Warp.ShuffleXor(Group.IdxX, 1);

    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public void GroupOperation_DivergentControlFlow_IsRefused(int group) => RefusesDivergence(Device.Cpu, group);

    [FactOn("opencl")]
    public void GroupOperation_DivergentControlFlowOnOpenCl_IsRefused() => RefusesDivergence(Devices.Get("opencl"), 64);

    private static void RefusesDivergence(Device device, int group)
    {
        DeviceBuffer<int> y = device.Allocate<int>(new int[1000]);
        foreach (Action<ArrayView<int>> kernel in (Action<ArrayView<int>>[])[DivergentShuffle, DivergentReduction, DivergentScan])
        {
            KernelCompilationException e = Assert.Throws<KernelCompilationException>(() => device.LoadGrouped(kernel)((1, group), y));
            Assert.Equal("CTG1092", e.Code);
            Assert.Contains(kernel.Method.Name, e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(100)]
    public void Collectives_ByOneItem_HaveTheBitsOfThoseInParallel(int items)
    {
        Kernel kernel = FrontEnd.Compile(typeof(SimdCollectivesTests).GetMethod(nameof(ScanAndReduce), BindingFlags.NonPublic | BindingFlags.Static)!);
        byte[] data = MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, 2 * items).Select(i => MathF.Sin(i) * 10)]).ToArray();
        RandomCase c = new(kernel, LaunchShape.Groups(1, items), [data, null], [0, (ulong)(2 * items)]);
        Assert.Null(c.Difference(c.Interpret(TargetTraits.Resolve(kernel, serialGroups: false)),
            c.Interpret(TargetTraits.Resolve(kernel, serialGroups: true))));
    }

    private readonly struct Decay : IScanReduceOperation<float>
    {
        public float Identity => 0;

        public float Apply(float first, float second) => first * 0.9f + second;

        public void AtomicApply(ref float target, float value) => target = Apply(target, value);
    }

    private static void ScanAndReduce(ArrayView<float> x)
    {
        int i = Group.LinearIndex;
        float scan = GroupExtensions.InclusiveScan<float, Decay>(x[i]);
        float all = GroupExtensions.AllReduce<float, Decay>(x[i]);
        x[i] = scan;
        x[Group.DimX + i] = all;
    }

    private static void RangeShuffle(Index1D i, ArrayView<int> y) => y[i] = Warp.ShuffleXor(i.X, 1);

    private static void RangeDynamic(Index1D i, ArrayView<int> y) => y[i] = SharedMemory.GetDynamic<int>()[0];

    [Fact]
    public void WarpOperation_RangeKernel_IsRefused()
    {
        foreach (Action<Index1D, ArrayView<int>> kernel in (Action<Index1D, ArrayView<int>>[])[RangeShuffle, RangeDynamic])
            Assert.Equal("CTG1012", Assert.Throws<KernelCompilationException>(() => Device.Cpu.Load(kernel)).Code);
    }

    [FactOn("opencl")]
    public void WarpOperation_MoreThan1024Items_IsRefused()
    {
        Device device = Devices.Get("opencl");
        DeviceBuffer<int> y = device.Allocate<int>(4096);
        DeviceException e = Assert.Throws<DeviceException>(() =>
            device.LoadGrouped<ArrayView<int>>(ManyWarps)((1, 2048), y));
        Assert.Equal("CTG3006", e.Code);
    }
}
