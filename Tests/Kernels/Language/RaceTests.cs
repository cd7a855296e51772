using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>The Debug device with DetectRaces and RandomOrder.</summary>
public class RaceTests
{
    private static readonly Device s_races = Device.Open("debug", new DeviceOptions { DetectRaces = true });

    private static void Reverse(ArrayView<int> x, int withBarrier)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        int i = Group.IdxX;
        shared[i] = x[Grid.GlobalX];
        if (withBarrier != 0)
            Group.Barrier();
        x[Grid.GlobalX] = shared[Group.DimX - 1 - i];
    }

    [Fact]
    public void SharedMemory_ReadWithoutBarrier_IsARace()
    {
        Action<KernelConfig, ArrayView<int>, int> reverse = s_races.LoadGrouped<ArrayView<int>, int>(Reverse);
        DeviceBuffer<int> x = s_races.Allocate<int>([1, 2, 3, 4, 5, 6, 7, 8]);
        reverse(new KernelConfig(2, 4), x, 1);
        Assert.Equal([4, 3, 2, 1, 8, 7, 6, 5], x.ToArray());

        KernelRaceException e = Assert.Throws<KernelRaceException>(() => reverse(new KernelConfig(2, 4), x, 0));
        Assert.Equal("CTG3013", e.Code);
        Assert.Contains("'RaceTests_Reverse'", e.Message, StringComparison.Ordinal);
        Assert.Contains("element 2 of shared memory", e.Message, StringComparison.Ordinal);
        Assert.Contains("item (1, 0, 0) of group (0, 0, 0) reads and item (2, 0, 0) of group (0, 0, 0) writes", e.Message,
            StringComparison.Ordinal);
    }

    private static void Shift(Index1D i, ArrayView<int> x)
    {
        if (i.X + 1 < x.Length)
            x[i] = x[i.X + 1];
    }

    [Fact]
    public void GlobalMemory_NeighbourReadInPlace_IsARace()
    {
        DeviceBuffer<int> x = s_races.Allocate<int>([1, 2, 3]);
        KernelRaceException e = Assert.Throws<KernelRaceException>(() => s_races.Load<Index1D, ArrayView<int>>(Shift)(3, x));
        Assert.Contains("item (0, 0, 0) reads and item (1, 0, 0) writes element 1 of x", e.Message, StringComparison.Ordinal);
    }

    private static void CountInto(Index1D i, ArrayView<int> x, ArrayView<int> flag)
    {
        Atomic.Add(ref x[0], 1);
        flag[0] = 1;
    }

    [Fact]
    public void AtomicsAndEqualWrites_AreNoRaces()
    {
        DeviceBuffer<int> x = s_races.Allocate<int>([0]), flag = s_races.Allocate<int>([0]);
        s_races.Load<Index1D, ArrayView<int>, ArrayView<int>>(CountInto)(5, x, flag);
        Assert.Equal([5], x.ToArray());
    }

    private static void AddOrRead(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        if (i.X == 2)
            y[0] = x[0];
        else
            Atomic.Add(ref x[0], 1);
    }

    [Fact]
    public void PlainReadBesideAtomic_IsARace()
    {
        DeviceBuffer<int> x = s_races.Allocate<int>([0]), y = s_races.Allocate<int>([0]);
        KernelRaceException e = Assert.Throws<KernelRaceException>(
            () => s_races.Load<Index1D, ArrayView<int>, ArrayView<int>>(AddOrRead)(3, x, y));
        Assert.Contains("atomically changes", e.Message, StringComparison.Ordinal);
    }

    private static void PassOn(ArrayView<int> x)
    {
        if (Group.IdxX == 0 && Grid.IdxX == 0)
            x[0] = 7;
        Group.Barrier();
        if (Group.IdxX == 1 && Grid.IdxX == 1)
            x[1] = x[0];
    }

    [Fact]
    public void GlobalMemory_BetweenGroups_NoBarrierOrders()
    {
        DeviceBuffer<int> x = s_races.Allocate<int>([0, 0]);
        Action<KernelConfig, ArrayView<int>> kernel = s_races.LoadGrouped<ArrayView<int>>(PassOn);
        KernelRaceException e = Assert.Throws<KernelRaceException>(() => kernel(new KernelConfig(2, 2), x));
        Assert.Contains("item (1, 0, 0) of group (1, 0, 0) reads element 0 of x", e.Message, StringComparison.Ordinal);
        kernel(new KernelConfig(1, 2), x);
    }

    private static void Order(Index1D i, ArrayView<int> order, ArrayView<int> next) => order[Atomic.Add(ref next[0], 1)] = i;

    [Fact]
    public void RandomOrder_IsTheSeedsAndCoversAll()
    {
        int[] Run(int? seed)
        {
            Device device = Device.Open("debug", new DeviceOptions { RandomOrder = seed });
            DeviceBuffer<int> order = device.Allocate<int>(new int[20]), next = device.Allocate<int>([0]);
            device.Load<Index1D, ArrayView<int>, ArrayView<int>>(Order)(20, order, next);
            return order.ToArray();
        }

        int[] inOrder = [.. Enumerable.Range(0, 20)];
        Assert.Equal(inOrder, Run(null));
        Assert.NotEqual(inOrder, Run(1));
        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
        Assert.Equal(inOrder, Run(1).Order());
    }

    [Fact]
    public void Open_OfADeviceWithoutOrder_RefusesRaces()
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Open("cpu", new DeviceOptions { DetectRaces = true }));
        Assert.Equal("CTG3007", e.Code);
    }
}
