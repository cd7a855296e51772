using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Failed checks whose index reaches the access through control flow: nothing is written, the launch throws.</summary>
public class CheckedFlowTests
{
    private static readonly string[] s_hardware = [.. Devices.Hardware];

    public static TheoryData<string> Compiled => ["interpreter", .. s_hardware.Where(Devices.Runs)];

    private static Device Open(string id) => Device.Open(id, new DeviceOptions { Checked = true });

    private static void StoresThroughReference(Index1D i, ArrayView<int> x, ArrayView<int> y, int at)
    {
        ref int r = ref (i.X % 2 == 0 ? ref x[at] : ref y[i]);
        r += 7;
    }

    [Theory]
    [MemberData(nameof(Compiled))]
    public void Store_ThroughAReferenceThatWasChosen_IsLeftOut(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([1, 2, 3]), y = device.Allocate<int>(new int[40]);
        KernelIndexException e = Assert.Throws<KernelIndexException>(() =>
            device.Load<Index1D, ArrayView<int>, ArrayView<int>, int>(StoresThroughReference)(40, x, y, 5));
        Assert.Equal(("x", "5", "3"), (e.View, e.Index, e.Length));
        Assert.Equal([1, 2, 3], x.ToArray());
        Assert.Equal([.. Enumerable.Range(0, 40).Select(i => i % 2 * 7)], y.ToArray());
    }

    [Theory]
    [MemberData(nameof(Compiled))]
    public void Store_ToAnEmptyPartThroughAReference_LeavesItsNeighbourAlone(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([1, 2, 3]), y = device.Allocate<int>(new int[40]);
        Assert.Throws<KernelIndexException>(() =>
            device.Load<Index1D, ArrayView<int>, ArrayView<int>, int>(StoresThroughReference)(40, x.View.SubView(1, 0), y, 0));
        Assert.Equal([1, 2, 3], x.ToArray());
    }

    private static void StoresAlongALoop(Index1D i, ArrayView<int> x, int start)
    {
        ref int r = ref x[start];
        for (int k = 0; k < 4; k++)
        {
            r += 100;
            r = ref x[start + k];
        }
    }

    [Theory]
    [MemberData(nameof(Compiled))]
    public void Store_ThroughAReferenceThatMovesInALoop_IsLeftOut(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([1, 2, 3, 4, 5]);
        Assert.Throws<KernelIndexException>(() => device.Load<Index1D, ArrayView<int>, int>(StoresAlongALoop)(1, x, -2));
        // k = 0 and 1 leave it below the start; it is at 0 when the loop is in its last round.
        Assert.Equal([101, 2, 3, 4, 5], x.ToArray());
    }

    private static void OddEntry(Index1D i, ArrayView<int> x, ArrayView<int> y, int at)
    {
        ArrayView<int> part = i.X % 2 == 0 ? x.SubView(at, 1) : y.SubView(i, 1);
        part[0] = 9;
    }

    [Theory]
    [MemberData(nameof(Compiled))]
    public void Store_ToAPartThatWasChosen_IsLeftOut(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([1, 2, 3]), y = device.Allocate<int>(new int[40]);
        Assert.Throws<KernelIndexException>(() =>
            device.Load<Index1D, ArrayView<int>, ArrayView<int>, int>(OddEntry)(40, x, y, 3));
        Assert.Equal([1, 2, 3], x.ToArray());
        Assert.Equal([.. Enumerable.Range(0, 40).Select(i => i % 2 * 9)], y.ToArray());
    }

    public struct Views
    {
        public ArrayView<int> X;
        public ArrayView<int> Y;
    }

    private static void GroupSum(Views v, int shift)
    {
        ArrayView<int> tile = SharedMemory.Allocate<int>(48);
        int i = Group.LinearIndex;
        tile[i + shift] = v.X[i];
        Group.Barrier();
        int sum = 0;
        for (int k = 0; k <= i; k++)
            sum += tile[k];
        Group.Barrier();
        v.Y[i] = sum + Group.ReduceMax(v.X[i]);
    }

    [Theory]
    [MemberData(nameof(Compiled))]
    public void Group_WithBarriersAndViewsInAStruct_IsChecked(string id)
    {
        Device device = Open(id);
        DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, 48)]), y = device.Allocate<int>(new int[48]);
        Views views = new() { X = x, Y = y };
        Action<KernelConfig, Views, int> kernel = device.LoadGrouped<Views, int>(GroupSum);
        kernel(new KernelConfig(new Index3D(1, 1, 1), new Index3D(6, 8, 1)), views, 0);
        int[] sums = [.. Enumerable.Range(0, 48).Select(i => (i * (i + 1) / 2) + 47)];
        Assert.Equal(sums, y.ToArray());
        KernelIndexException e = Assert.Throws<KernelIndexException>(() =>
            kernel(new KernelConfig(new Index3D(1, 1, 1), new Index3D(6, 8, 1)), views, 1));
        Assert.Equal(("shared memory", "48", "48"), (e.View, e.Index, e.Length));
        kernel(new KernelConfig(new Index3D(1, 1, 1), new Index3D(6, 8, 1)), views, 0);
        Assert.Equal(sums, y.ToArray());
    }
}
