using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Shared memory of the launch's size.</summary>
public static class CorpusDynamicShared
{
    private static void Reverse(ArrayView<float> x, ArrayView<float> y, ArrayView<long> lengths)
    {
        ArrayView<float> tile = SharedMemory.GetDynamic<float>();
        int i = Grid.GlobalIndex.X;
        tile[Group.IdxX] = x[i];
        Group.Barrier();
        y[i] = tile[tile.IntLength - 1 - Group.IdxX];
        if (i == 0)
        {
            lengths[0] = tile.Length;
            lengths[1] = SharedMemory.GetDynamic<byte>().Length;
            lengths[2] = SharedMemory.GetDynamic<Triple>().Length;
        }
    }

    private struct Triple
    {
        public double A;
        public int B;
        public float C;
    }

    [Feature]
    public static void DynamicSharedMemory(Device d)
    {
        Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<long>> kernel =
            d.LoadGrouped<ArrayView<float>, ArrayView<float>, ArrayView<long>>(Reverse);
        foreach (int group in (int[])[1, 7, 33, 100])
        {
            float[] x = [.. Enumerable.Range(0, 3 * group).Select(i => (float)i)];
            DeviceBuffer<float> y = d.Allocate<float>(3 * group);
            DeviceBuffer<long> lengths = d.Allocate<long>(3);
            kernel(new KernelConfig(3, group, SharedMemoryConfig.RequestDynamic<float>(group)), d.Allocate<float>(x), y, lengths);
            Assert.Equal(x.Select((_, i) => (float)(i / group * group + group - 1 - i % group)), y.ToArray());
            Assert.Equal([group, 4L * group, group / 4], lengths.ToArray());
        }
    }

    private static void Both(ArrayView<int> y)
    {
        ArrayView<int> fixedSize = SharedMemory.Allocate<int>(64);
        ArrayView<Triple> dynamic = SharedMemory.GetDynamic<Triple>();
        int t = Group.IdxX;
        fixedSize[t] = t;
        dynamic[t] = new Triple { A = t * 2, B = t * 3, C = t * 4 };
        Group.Barrier();
        int other = (t + 1) % Group.DimX;
        Triple found = dynamic[other];
        y[t] = fixedSize[other] + (int)found.A + found.B + (int)found.C;
    }

    [Feature]
    public static void DynamicBesideStaticSharedMemory(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(64);
        d.LoadGrouped<ArrayView<int>>(Both)(new KernelConfig(1, 64, SharedMemoryConfig.RequestDynamic<Triple>(64)), y);
        Assert.Equal(Enumerable.Range(0, 64).Select(t => (t + 1) % 64 * 10), y.ToArray());
    }

    [Feature]
    public static void DynamicSharedMemory_TooMuch_IsRefused(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(64);
        KernelConfig config = new(1, 64, SharedMemoryConfig.RequestDynamic<double>((int)(d.MaxSharedMemoryPerGroup / sizeof(double))));
        DeviceException e = Assert.Throws<DeviceException>(() => d.LoadGrouped<ArrayView<int>>(Both)(
            config with { SharedMemoryConfig = SharedMemoryConfig.RequestDynamic<double>(100_000_000) }, y));
        Assert.Equal("CTG3006", e.Code);
        Assert.Contains($"{800_000_000:N0} bytes", e.Message, StringComparison.Ordinal);
        Assert.Contains($"at most {d.MaxSharedMemoryPerGroup:N0}", e.Message, StringComparison.Ordinal);
        if (d.Id != "debug")
        {
            Assert.Contains(nameof(Both), e.Message, StringComparison.Ordinal);
            Assert.Throws<DeviceException>(() => d.LoadGrouped<ArrayView<int>>(Both)(config, y));
        }
    }
}
