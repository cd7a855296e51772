using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Kernels on devices that check indices: the same exception everywhere, and the process lives.</summary>
public class CheckedTests
{
    private static readonly string[] s_hardware = [.. Devices.Hardware];

    /// <summary>Devices that run compiled kernels.</summary>
    public static TheoryData<string> Compiled => ["interpreter", .. s_hardware.Where(Devices.Runs)];

    /// <summary>Those, and the one that runs the C# method.</summary>
    public static TheoryData<string> Everywhere => ["debug", "interpreter", .. s_hardware.Where(Devices.Runs)];

    private static Device Open(string id) => Device.Open(id, new DeviceOptions { Checked = true });

    private static KernelIndexException Fails(string view, string index, string length, Action launch)
    {
        KernelIndexException e = Assert.Throws<KernelIndexException>(launch);
        Assert.Equal(("CTG3012", view, index, length), (e.Code, e.View, e.Index, e.Length));
        Assert.Contains($"'{e.Kernel}' indexed {view} at {index}", e.Message, StringComparison.Ordinal);
        return e;
    }

    private static void Shift(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i.X + 1];

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void Load_BeyondTheEnd_NamesKernelViewIndexAndLength(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, 100)]), y = device.Allocate<int>(new int[100]);
        Action<Index1D, ArrayView<int>, ArrayView<int>> shift = device.Load<Index1D, ArrayView<int>, ArrayView<int>>(Shift);

        KernelIndexException e = Fails("x", "100", "100", () => shift(100, x, y));
        Assert.Equal("CheckedTests_Shift", e.Kernel);
        if (id != "debug")
            Assert.Contains("CheckedTests.cs:", e.Message, StringComparison.Ordinal);

        // The device goes on.
        shift(99, x, y);
        Assert.Equal([.. Enumerable.Range(1, 99)], y.ToArray()[..99]);
    }

    private static void StoreBelow(Index1D i, ArrayView<int> x) => x[i.X - 1] = 7;

    [Theory]
    [MemberData(nameof(Compiled))]
    public void Store_BelowTheStart_IsLeftOut(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>(new int[40]);
        Fails("x", "-1", "40", () => device.Load<Index1D, ArrayView<int>>(StoreBelow)(1, x));
        Assert.Equal(new int[40], x.ToArray());
        Fails("x", "-1", "40", () => device.Load<Index1D, ArrayView<int>>(StoreBelow)(40, x));
        Assert.Equal([.. Enumerable.Repeat(7, 39), 0], x.ToArray());
    }

    private static void CountAt(Index1D i, ArrayView<int> keys, ArrayView<int> counts) => Atomic.Add(ref counts[keys[i]], 1);

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void Atomic_OutOfRange_IsLeftOut(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> keys = device.Allocate<int>([0, 1, 1, 2, 1 << 30]), counts = device.Allocate<int>(new int[3]);
        Fails("counts", "1073741824", "3",
            () => device.Load<Index1D, ArrayView<int>, ArrayView<int>>(CountAt)(5, keys, counts));
        Assert.Equal([1, 2, 1], counts.ToArray());
    }

    private static void Empty(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = x[i];

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void EmptyView_AnyIndex_IsOutOfRange(string id)
    {
        Device device = Open(id);
        DeviceBuffer<float> x = device.Allocate<float>(0), y = device.Allocate<float>(4);
        Fails("x", "0", "0", () => device.Load<Index1D, ArrayView<float>, ArrayView<float>>(Empty)(1, x, y));
    }

    private static void InGroup(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(8);
        shared[Group.IdxX] = x[Grid.GlobalX];
        Group.Barrier();
        x[Grid.GlobalX] = shared[Group.IdxX];
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void SharedMemory_OutOfRange_IsNamed(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, 9)]);
        KernelIndexException e = Assert.Throws<KernelIndexException>(
            () => device.LoadGrouped<ArrayView<int>>(InGroup)(new KernelConfig(1, 9), x));
        Assert.Equal((id == "debug" ? "shared or local memory" : "shared memory", "8", "8"), (e.View, e.Index, e.Length));
    }

    private struct Image
    {
        public ArrayView<float> Pixels { get; init; }

        public int Width;
    }

    private static void Brighten(Index2D i, Image image) => image.Pixels[i.Y * image.Width + i.X] += 1;

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void ViewInAStruct_IsNamedByItsPath(string id)
    {
        Device device = Open(id);
        DeviceBuffer<float> pixels = device.Allocate<float>(new float[12]);
        Image image = new() { Pixels = pixels.View, Width = 4 };
        Fails("image.Pixels", "12", "12", () => device.Load<Index2D, Image>(Brighten)(new Index2D(1, 4), image));
    }

    private static void Transpose(Index2D i, ArrayView2D<int, Stride2D.DenseX> x) => x[i.Y, i.X] = 1;

    [Theory]
    [MemberData(nameof(Compiled))]
    public void View2D_CoordinateOutsideItsExtent_IsOutOfRangeEvenWhereMemoryIs(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> memory = device.Allocate<int>(new int[12]);
        ArrayView2D<int, Stride2D.DenseX> x = new(memory.View, new LongIndex2D(3, 4), new Stride2D.DenseX(3));
        // (3, 0) would be the element of (0, 1).
        KernelIndexException e = Assert.Throws<KernelIndexException>(
            () => device.Load<Index2D, ArrayView2D<int, Stride2D.DenseX>>(Transpose)(new Index2D(1, 4), x));
        Assert.Equal(("axis X of x", "3", "3"), (e.View, e.Index, e.Length));
        Assert.Equal([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], memory.ToArray());
    }

    private static void Parts(Index1D i, ArrayView<int> x, int start, int length) => x.SubView(start, length)[i] = 5;

    [Theory]
    [MemberData(nameof(Compiled))]
    public void SubView_OutsideTheView_IsOutOfRange(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>(new int[8]);
        Action<Index1D, ArrayView<int>, int, int> parts = device.Load<Index1D, ArrayView<int>, int, int>(Parts);
        Fails("part of x", "9", "9", () => parts(1, x, 9, 1));
        Fails("length of a part of x", "5", "5", () => parts(1, x, 4, 5));
        Fails("x", "4", "4", () => parts(5, x, 4, 4));
        Assert.Equal([0, 0, 0, 0, 5, 5, 5, 5], x.ToArray());
    }

    private static void InArray(Index1D i, ArrayView<int> x)
    {
        int[] digits = new int[4];
        for (int k = 0; k < x[i]; k++)
            digits[k] = k;
        x[i] = digits[3];
    }

    [Theory]
    [MemberData(nameof(Compiled))]
    public void Array_OutOfRange_IsNamed(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([4, 3, 4]);
        Action<Index1D, ArrayView<int>> kernel = device.Load<Index1D, ArrayView<int>>(InArray);
        kernel(3, x);
        Assert.Equal([3, 0, 3], x.ToArray());
        x.CopyFrom([4, 5, 4]);
        Fails("an array", "4", "4", () => kernel(3, x));
    }

    private static void Captures(Index1D i, ArrayView<int> x)
    {
    }

    [Fact]
    public void SpecialisedAndCapturedKernels_AreCheckedToo()
    {
        Device device = Open("cpu");
        DeviceBuffer<int> x = device.Allocate<int>(new int[8]);
        int step = 3;
        Action<Index1D, ArrayView<int>> kernel = device.Load<Index1D, ArrayView<int>>((i, y) => y[i.X * step] = 1);
        Fails("y", "9", "8", () => kernel(4, x));
        device.Load<Index1D, ArrayView<int>>(Captures)(8, x);
    }

    [Fact]
    public void ConstantIndicesInRange_CostNothing()
    {
        Kernel Compile(Action<Index1D, ArrayView<int>> kernel) => FrontEnd.Compile(kernel.Method, isChecked: true);
        Assert.Empty(Compile(LocalConstant).Sites.Where(s => s.View == "local memory"));
        Assert.Single(Compile(LocalConstant).Sites);
        Assert.Empty(Compile(Captures).Sites);
    }

    private static void LocalConstant(Index1D i, ArrayView<int> x)
    {
        ArrayView<int> local = LocalMemory.Allocate<int>(2);
        local[0] = i;
        local[1] = 2 * i;
        x[i] = local[0] + local[1];
    }
}
