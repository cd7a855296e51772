using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Cuda;

/// <summary>How items of a range are put into groups.</summary>
internal static class CudaGroups
{
    private const int Preferred = 256;
    private const int Smallest = 64;

    /// <summary>The group size with which a multiprocessor holds most items at once; of several the preferred one, then the
    /// larger.</summary>
    /// <param name="activeGroups">Groups of a size that a multiprocessor holds; 0 if it cannot run them.</param>
    public static int BestSize(Func<int, int> activeGroups)
    {
        int best = Smallest, most = 0;
        foreach (int size in (int[])[Preferred, 512, 1024, 128, Smallest])
        {
            int items = size * activeGroups(size);
            if (items > most)
                (best, most) = (size, items);
        }

        return best;
    }

    /// <summary>The group of a range launch: a power of two along each axis, as many as fit along X first, the axis of consecutive
    /// memory. Small ranges get small groups, so that every multiprocessor has one.</summary>
    public static Index3D Of(CudaCode code, CudaInfo info, Index3D extent)
    {
        int left = Math.Min(code.BestGroupSize, PowerOfTwo(code.MaxGroupSize));
        double items = (double)extent.X * extent.Y * extent.Z;
        while (left > Smallest && items < (double)left * info.Multiprocessors)
            left /= 2;

        int x = Along(extent.X, info.MaxGroup.X, ref left);
        int y = Along(extent.Y, info.MaxGroup.Y, ref left);
        int z = Along(extent.Z, info.MaxGroup.Z, ref left);
        return new Index3D(x, y, z);
    }

    /// <summary>The groups of a range, counted along X alone as the PTX target expects.</summary>
    /// <exception cref="DeviceException">CTG3006: there are more than the device launches.</exception>
    public static Index3D Count(Kernel kernel, CudaInfo info, Index3D extent, Index3D group)
    {
        UInt128 groups = (UInt128)Ceiling(extent.X, group.X) * Ceiling(extent.Y, group.Y) * Ceiling(extent.Z, group.Z);
        if (groups > (UInt128)info.MaxGrid.X)
        {
            throw new DeviceException("CTG3006", $"Kernel '{kernel.Name}' was launched over {DeviceChecks.Text(extent)} items, in {groups} groups " +
                $"of {DeviceChecks.Text(group)}; {info.Name} launches at most {info.MaxGrid.X:N0}. Launch it in parts. " +
                "See docs/diagnostics.md#CTG3006");
        }

        return new Index3D((int)groups, 1, 1);
    }

    private static uint Ceiling(int extent, int size) => ((uint)extent + (uint)size - 1) / (uint)size;

    private static int PowerOfTwo(int most) => 1 << System.Numerics.BitOperations.Log2((uint)most);

    private static int Along(int extent, int limit, ref int left)
    {
        int size = 1;
        while (size < extent && 2 * size <= Math.Min(left, limit))
            size *= 2;

        left /= size;
        return size;
    }
}
