using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

// Cotangent.Interop is also a namespace, which comes first in code within namespace Cotangent.
using Interop = Cotangent.Kernels.Interop;

/// <summary>Views and buffers on the host: what is checked, and the names for ILGPU's users.</summary>
public sealed class ViewTests
{
    private static readonly string[] s_devices = ["debug", "interpreter", .. Devices.Hardware];

    public static TheoryData<string> AllDevices => [.. s_devices.Where(d => d is "interpreter" || Devices.Runs(d))];

    private static ArrayView<float> View(int length) => Device.Debug.Allocate<float>(length).View;

    private static void Overrun(Index2D i, ArrayView2D<float, Stride2D.DenseX> y) => y[i.X + 1, i.Y] = 1;

    private static void Scale(Index1D i, ArrayView<float> x, float by) => x[i] *= by;

    private static void Number(ArrayView<int> x) => x[Grid.GlobalIndex.X] = Group.IdxX;

    private static void Long(LongIndex1D i, ArrayView<float> x) => x[i] = 1;

    private static void NoField(Index1D i, ArrayView<int> x) => x[i] = Interop.OffsetOf<Index2D>("Width");

    private static void VaryingTile(ArrayView<int> x) => x[0] = SharedMemory.Allocate2DDenseX<int>(new Index2D(4, Group.DimX))[0, 0];

    private static void Copy(Index2D i, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseY> y) => y[i] = x[i];

    [Fact]
    public void View_IndexInsideMemoryButOutsideExtent_ThrowsOnDebug()
    {
        DeviceBuffer2D<float, Stride2D.DenseX> y = Device.Debug.Allocate2DDenseX<float>((3, 4));
        KernelIndexException e = Assert.Throws<KernelIndexException>(
            () => Device.Debug.Load<Index2D, ArrayView2D<float, Stride2D.DenseX>>(Overrun)((3, 4), y));
        Assert.Equal(("(3, 0)", "(3, 4)"), (e.Index, e.Length));
    }

    [Fact]
    public void View_ExtentBeyondMemory_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => View(11).As2DDenseXView((3, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => View(12).As2DDenseXView((-3, -4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => View(12).As1DView(5, new Stride1D.General(3)));
        Assert.Equal(13, View(13).As1DView(5, new Stride1D.General(3)).Length);
        Assert.Equal(12, View(12).As2DDenseXView((3, 4)).Length);
        Assert.Equal(0, View(0).As3DDenseXYView((3, 0, 4)).Length);
    }

    [Fact]
    public void View_PartOutside_Throws()
    {
        ArrayView2D<float, Stride2D.DenseX> view = View(12).As2DDenseXView((3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.SubView(new Index2D(1, 1), new Index2D(3, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.SubView(new Index2D(-1, 0), new Index2D(1, 1)));
        Assert.Equal(5, view.SubView(new Index2D(1, 1), new Index2D(2, 2)).Length);
    }

    [Fact]
    public void View_NotDenseTakenAsDense_Throws()
    {
        ArrayView2D<float, Stride2D.General> view = View(12).As2DView((2, 2), new Stride2D.General(2, 6));
        Assert.Throws<InvalidOperationException>(() => view.AsDenseX());
        Assert.Throws<InvalidOperationException>(() => view.To1DView());
        Assert.Throws<InvalidOperationException>(() => View(12).As1DView(4, new Stride1D.General(2)).AsDense());
        Assert.Throws<ArgumentOutOfRangeException>(() => View(12).As2DPitchedXView((2, 2), 6));
    }

    [Fact]
    public void View_Misaligned_CannotBeCast()
    {
        ArrayView<byte> bytes = Device.Debug.Allocate<byte>(17).View;
        Assert.Equal(4, bytes.Cast<float>().Length);
        Assert.Throws<InvalidOperationException>(() => bytes.SubView(2).Cast<float>());
        Assert.Equal(7, bytes.SubView(2).Cast<short>().Length);
    }

    [Fact]
    public void LongIndex_BeyondInt_Throws()
    {
        Assert.Throws<OverflowException>(() => new LongIndex2D(1, 1L << 31).ToIntIndex());
        Assert.Equal((1, 2), new LongIndex2D(1, 2).ToIntIndex().ToValueTuple());
        Device device = Devices.Get("interpreter");
        DeviceException e = Assert.ThrowsAny<DeviceException>(
            () => device.Load<LongIndex1D, ArrayView<float>>(Long)(1L << 31, device.Allocate<float>(1)));
        Assert.Equal("CTG3006", e.Code);
    }

    [Fact]
    public void Kernel_WithoutSuchFieldOrExtent_IsRefused()
    {
        Device device = Devices.Get("interpreter");
        KernelCompilationException e = Assert.Throws<KernelCompilationException>(() => device.Load<Index1D, ArrayView<int>>(NoField));
        Assert.Contains("CTG1008", e.Code, StringComparison.Ordinal);
        Assert.Contains("has no field 'Width'", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<KernelCompilationException>(() => device.LoadGrouped<ArrayView<int>>(VaryingTile));
        Assert.Equal("CTG1011", e.Code);
    }

    [Theory]
    [MemberData(nameof(AllDevices))]
    public void View_HostCopies_MoveExactlyTheView(string id)
    {
        Device device = Devices.Get(id);
        DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, 10)]);
        DeviceBuffer<int> y = device.Allocate<int>(new int[4]);
        x.View.SubView(3, 2).CopyFrom([30, 40]);
        x.View.SubView(1, 4).CopyTo(y.View);
        Assert.Equal([1, 2, 30, 40], y.ToArray());
        x.View.SubView(8).Clear();
        Assert.Equal([7, 0, 0], x.View.SubView(7).ToArray());
        Assert.Throws<ArgumentException>(() => x.View.CopyTo(y.View));
        Assert.Throws<InvalidOperationException>(() => ArrayView<int>.Empty.CopyTo([]));
    }

    [Theory]
    [MemberData(nameof(AllDevices))]
    public void IlgpuNames_AsItsUsersWriteThem_Work(string id)
    {
        Device accelerator = Devices.Get(id);
        using DeviceBuffer<float> buffer = accelerator.Allocate1D<float>(4);
        buffer.CopyFromCPU([1, 2, 3, 4]);
        Action<Index1D, ArrayView<float>, float> kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, float>(Scale);
        kernel((int)buffer.Length, buffer.View, 2f);
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<float>, float>(Scale, 64)(buffer.IntExtent, buffer.View, 2f);
        accelerator.Synchronize();
        Assert.Equal([4, 8, 12, 16], buffer.GetAsArray1D());
        buffer.View.SubView(1, 2).MemSetToZero();
        float[] target = new float[4];
        buffer.CopyToCPU(target);
        Assert.Equal([4, 0, 0, 16], target);

        using DeviceBuffer<int> numbers = accelerator.Allocate1D(new int[6]);
        accelerator.LoadStreamKernel<ArrayView<int>>(Number)(new KernelConfig(2, 3), numbers.View);
        Assert.Equal([0, 1, 2, 0, 1, 2], numbers.GetAsArray1D());

        float[,] values = { { 1, 2, 3 }, { 4, 5, 6 } };
        using DeviceBuffer2D<float, Stride2D.DenseX> x = accelerator.Allocate2DDenseX(values);
        using DeviceBuffer2D<float, Stride2D.DenseY> y = accelerator.Allocate2DDenseY<float>(new Index2D(2, 3));
        accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseY>>(Copy)(
            x.IntExtent, x.View, y.View);
        Assert.Equal(values, y.GetAsArray2D());
        Assert.Equal([1, 4, 2, 5, 3, 6], x.Elements.ToArray());
        Assert.Throws<ArgumentException>(() => x.CopyFromCPU(new float[3, 2]));
        y.MemSetToZero();
        Assert.Equal(new float[2, 3], y.GetAsArray2D());
    }

    [TheoryOn("cpu")]
    [InlineData("cpu", 64)]
    [InlineData("interpreter", 0)] // which itself allocates: an empty range
    public void Launch_ViewsOfTwoDimensions_AllocatesNothing(string id, int width)
    {
        Device device = Devices.Get(id);
        using DeviceBuffer2D<float, Stride2D.DenseX> x = device.Allocate2DDenseX<float>((64, 4));
        using DeviceBuffer2D<float, Stride2D.DenseY> y = device.Allocate2DDenseY<float>((64, 4));
        Action<Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseY>> copy =
            device.Load<Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseY>>(Copy);
        for (int i = 0; i < 100; i++)
            copy((width, 4), x.View, y.View);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            copy((width, 4), x.View, y.View);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
