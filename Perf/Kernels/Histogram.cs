using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>256 bins: shared counters a group, then global ones. By hand there is no vector form; four tables keep equal
/// neighbours apart.</summary>
internal static unsafe class Histogram
{
    private const int Bins = 256;
    private const int Groups = 64;

    private static void Count(ArrayView<byte> data, ArrayView<int> bins)
    {
        ArrayView<int> counts = SharedMemory.Allocate<int>(Bins);
        counts[Group.IdxX] = 0;
        Group.Barrier();
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < data.IntLength; i += Grid.DimX * Group.DimX)
            Atomic.Add(ref counts[(int)data[i]], 1);
        Group.Barrier();
        Atomic.Add(ref bins[Group.IdxX], counts[Group.IdxX]);
    }

    public static Contest[] Cases(Lab lab)
    {
        const int N = 1 << 20;
        DeviceBuffer<byte> data = lab.Bytes(N);
        DeviceBuffer<int> bins = lab.Empty<int>(Bins);
        Action<KernelConfig, ArrayView<byte>, ArrayView<int>> kernel = lab.Device.LoadGrouped<ArrayView<byte>, ArrayView<int>>(Count);
        byte* from = Lab.Pointer(data);
        int* to = Lab.Pointer(bins);
        int part = N / Groups;
        return
        [
            new Contest("histogram, 256 bins, 1 M bytes")
            {
                Ours = () => kernel((Groups, Bins), data, bins),
                Hand = (first, end) => CountByHand(from + first * part, (end - first) * part, to),
                Plain = (first, end) => CountPlain(from + first * part, (end - first) * part, to),
                Units = Groups,
                Reset = Lab.Clear(bins),
                Result = () => Lab.Numbers(bins),
                Tolerance = 0,
                Work = N,
            },
        ];
    }

    private static void CountByHand(byte* data, int n, int* bins)
    {
        int* tables = stackalloc int[4 * Bins];
        new Span<int>(tables, 4 * Bins).Clear();
        for (int i = 0; i < n; i += 8)
        {
            ulong eight = *(ulong*)(data + i);
            tables[(byte)eight]++;
            tables[Bins + (byte)(eight >> 8)]++;
            tables[2 * Bins + (byte)(eight >> 16)]++;
            tables[3 * Bins + (byte)(eight >> 24)]++;
            tables[(byte)(eight >> 32)]++;
            tables[Bins + (byte)(eight >> 40)]++;
            tables[2 * Bins + (byte)(eight >> 48)]++;
            tables[3 * Bins + (byte)(eight >> 56)]++;
        }

        for (int i = 0; i < Bins; i++)
            Interlocked.Add(ref bins[i], tables[i] + tables[Bins + i] + tables[2 * Bins + i] + tables[3 * Bins + i]);
    }

    private static void CountPlain(byte* data, int n, int* bins)
    {
        int* table = stackalloc int[Bins];
        new Span<int>(table, Bins).Clear();
        for (int i = 0; i < n; i++)
            table[data[i]]++;
        for (int i = 0; i < Bins; i++)
            Interlocked.Add(ref bins[i], table[i]);
    }
}
