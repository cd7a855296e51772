using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Buffers and typed launches.</summary>
public sealed class LoadingTests
{
    private static readonly string[] s_devices = ["debug", "interpreter", "cpu"];

    public static TheoryData<string> HostDevices => [.. s_devices.Where(d => d != "cpu" || Devices.Runs(d))];

    private static void Fill(Index1D i, ArrayView<float> y, float value) => y[i] = value;

    private static void FillGrouped(ArrayView<float> y, float value) => y[Grid.GlobalIndex.X] = value;

    private static void Overrun(Index1D i, ArrayView<float> y) => y[i + 1] = 1;

    private static void FailInGroup(ArrayView<int> y)
    {
        if (Group.IdxX == 3)
            y[1000] = 1;
        Group.Barrier();
        y[Group.IdxX] = 1;
    }

    private static void Many(Index1D i, ArrayView<int> y, int a, int b, int c, int d, int e, int f, int g, int h, int j, int k, int l) =>
        y[i] = a + b * 10 + c * 100 + d + e + f + g + h + j + k + l;

    [Theory]
    [MemberData(nameof(HostDevices))]
    public void Launch_EmptyRange_DoesNothing(string id)
    {
        Device device = Devices.Get(id);
        DeviceBuffer<float> y = device.Allocate<float>([1, 2]);
        device.Load<Index1D, ArrayView<float>, float>(Fill)(0, y, 7);
        device.LoadGrouped<ArrayView<float>, float>(FillGrouped)((0, 4), y, 7);
        Assert.Equal([1, 2], y.ToArray());
    }

    [Theory]
    [MemberData(nameof(HostDevices))]
    public void Launch_NegativeRange_Throws(string id)
    {
        Device device = Devices.Get(id);
        DeviceBuffer<float> y = device.Allocate<float>(2);
        Assert.Equal("CTG3006", Assert.ThrowsAny<DeviceException>(
            () => device.Load<Index1D, ArrayView<float>, float>(Fill)(-1, y, 7)).Code);
        Assert.Equal("CTG3006", Assert.ThrowsAny<DeviceException>(
            () => device.LoadGrouped<ArrayView<float>, float>(FillGrouped)((-1, 4), y, 7)).Code);
        Assert.Equal("CTG3006", Assert.ThrowsAny<DeviceException>(
            () => device.LoadGrouped<ArrayView<float>, float>(FillGrouped)((1, 0), y, 7)).Code);
    }

    [Theory]
    [MemberData(nameof(HostDevices))]
    public void Launch_TwelveParameters_PassesEach(string id)
    {
        Device device = Devices.Get(id);
        DeviceBuffer<int> y = device.Allocate<int>(2);
        device.Load<Index1D, ArrayView<int>, int, int, int, int, int, int, int, int, int, int, int>(Many)(
            2, y, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        Assert.Equal([381, 381], y.ToArray());
    }

    [Fact]
    public void Launch_MemoryOfAnotherDevice_Throws()
    {
        DeviceBuffer<float> y = Device.Debug.Allocate<float>(2);
        Device interpreter = Devices.Get("interpreter");
        Assert.Equal("CTG3008", Assert.ThrowsAny<DeviceException>(
            () => interpreter.Load<Index1D, ArrayView<float>, float>(Fill)(2, y, 7)).Code);
    }

    [Fact]
    public void Launch_Again_AllocatesNothing()
    {
        Device device = Devices.Get("interpreter");
        DeviceBuffer<float> y = device.Allocate<float>(2);
        Action<Index1D, ArrayView<float>, float> fill = device.Load<Index1D, ArrayView<float>, float>(Fill);
        for (int i = 0; i < 3; i++)
            fill(0, y.View, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            fill(0, y.View, i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Debug_IndexOutsideView_ThrowsWithIndexAndLength()
    {
        DeviceBuffer<float> y = Device.Debug.Allocate<float>(2);
        KernelIndexException e = Assert.Throws<KernelIndexException>(
            () => Device.Debug.Load<Index1D, ArrayView<float>>(Overrun)(2, y));
        Assert.Equal(("2", "2"), (e.Index, e.Length));
    }

    [Fact]
    public void Debug_ItemFailsBeforeBarrier_ThrowsItsExceptionAndDoesNotHang()
    {
        DeviceBuffer<int> y = Device.Debug.Allocate<int>(8);
        Action<KernelConfig, ArrayView<int>> kernel = Device.Debug.LoadGrouped<ArrayView<int>>(FailInGroup);
        Assert.Throws<KernelIndexException>(() => kernel((2, 8), y));
        DeviceBuffer<float> z = Device.Debug.Allocate<float>(8);
        Device.Debug.LoadGrouped<ArrayView<float>, float>(FillGrouped)((2, 4), z, 3);
        Assert.All(z.ToArray(), v => Assert.Equal(3, v));
    }

    [Fact]
    public void Group_OutsideKernel_SaysSo() =>
        Assert.Contains("inside a kernel", Assert.Throws<InvalidOperationException>(() => Group.IdxX).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(HostDevices))]
    public void Buffer_CopyOfOtherLength_ThrowsWithBothLengths(string id)
    {
        DeviceBuffer<float> y = Devices.Get(id).Allocate<float>(3);
        ArgumentException e = Assert.Throws<ArgumentException>(() => y.CopyFrom(new float[4]));
        Assert.Contains("4 elements and the buffer 3", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => y.CopyTo(new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Devices.Get(id).Allocate<float>(-1));
    }

    [Theory]
    [MemberData(nameof(HostDevices))]
    public void Buffer_Disposed_CannotBeUsed(string id)
    {
        Device device = Devices.Get(id);
        DeviceBuffer<float> y = device.Allocate<float>([1, 2, 3]);
        ArrayView<float> view = y;
        y.Dispose();
        y.Dispose();
        Assert.Throws<ObjectDisposedException>(() => y.ToArray());
        Assert.Throws<ObjectDisposedException>(() => Devices.Get("interpreter").Load<Index1D, ArrayView<float>, float>(Fill)(1, view, 1));
    }

    [Fact]
    public void Buffer_OnlyViewKept_StaysAlive()
    {
        ArrayView<float> view = MakeView();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Device.Debug.Load<Index1D, ArrayView<float>, float>(Fill)(4, view, 2);
        Assert.Equal(2, view[3]);
    }

    [Fact]
    public void Buffers_Dropped_AreFinalised()
    {
        for (int i = 0; i < 2000; i++)
            _ = Device.Debug.Allocate<byte>(1 << 20);
    }

    [Fact]
    public void View_SubViewOutside_Throws()
    {
        ArrayView<float> view = Device.Debug.Allocate<float>(4).View;
        Assert.Throws<ArgumentOutOfRangeException>(() => view.SubView(3, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.SubView(-1, 1));
        Assert.Equal(1, view.SubView(3).Length);
    }

    private static ArrayView<float> MakeView() => Device.Debug.Allocate<float>(4).View;
}
