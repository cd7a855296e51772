using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Kernels compiled for values: which are kept, and what a launch costs.</summary>
public sealed class SpecialisationTests
{
    private static void Fill(Index1D i, ArrayView<int> y, SpecializedValue<int> value) => y[i] = value;

    private static void Empty(Index1D i, ArrayView<int> y, SpecializedValue<int> size)
    {
        int[] a = new int[size];
        y[i] = a.Length;
    }

    [Theory]
    [InlineData("interpreter")]
    [InlineData("cpu")]
    public void Launch_SameOrKnownValues_AllocatesNothing(string id)
    {
        Device device = Devices.Get(id);
        DeviceBuffer<int> y = device.Allocate<int>(2);
        Action<Index1D, ArrayView<int>, SpecializedValue<int>> fill = device.Load<Index1D, ArrayView<int>, SpecializedValue<int>>(Fill);
        for (int i = 0; i < 6; i++)
            fill(id == "cpu" ? 2 : 0, y.View, SpecializedValue.New(i % 2));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            fill(id == "cpu" ? 2 : 0, y.View, SpecializedValue.New(i / 50));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Launch_ManyValues_KeepsTheLastAndStaysRight()
    {
        Device device = Devices.Get("interpreter");
        DeviceBuffer<int> y = device.Allocate<int>(1);
        Action<Index1D, ArrayView<int>, SpecializedValue<int>> fill = device.Load<Index1D, ArrayView<int>, SpecializedValue<int>>(Fill);
        for (int i = 0; i < 100; i++)
        {
            fill(1, y, SpecializedValue.New(i * i));
            Assert.Equal([i * i], y.ToArray());
        }

        fill(1, y, SpecializedValue.New(3));
        Assert.Equal([3], y.ToArray());
    }

    [Fact]
    public void Launch_RefusedValue_LeavesTheOthersWorking()
    {
        Device device = Devices.Get("interpreter");
        DeviceBuffer<int> y = device.Allocate<int>(1);
        Action<Index1D, ArrayView<int>, SpecializedValue<int>> kernel = device.Load<Index1D, ArrayView<int>, SpecializedValue<int>>(Empty);
        kernel(1, y, SpecializedValue.New(4));
        Assert.Equal("CTG1011", Assert.Throws<KernelCompilationException>(() => kernel(1, y, SpecializedValue.New(0))).Code);
        kernel(1, y, SpecializedValue.New(5));
        Assert.Equal([5], y.ToArray());
    }

    [Fact]
    public void Launch_ManyThreads_EachGetsItsValue()
    {
        Device device = Devices.Get("cpu");
        Action<Index1D, ArrayView<int>, SpecializedValue<int>> fill = device.Load<Index1D, ArrayView<int>, SpecializedValue<int>>(Fill);
        Parallel.For(0, 32, i =>
        {
            DeviceBuffer<int> y = device.Allocate<int>(1);
            fill(1, y, SpecializedValue.New(i % 5));
            Assert.Equal([i % 5], y.ToArray());
        });
    }

    [Fact]
    public void Load_CapturesThatTheKernelDoesNotRead_DoNotMatter()
    {
        Device device = Devices.Get("interpreter");
        float scale = 2;
        DeviceBuffer<float> y = device.Allocate<float>(1);
        Action launch = () => device.Load<Index1D, ArrayView<float>>((i, v) => v[i] = scale)(1, y);
        launch();
        Assert.Equal([2], y.ToArray());
    }
}
