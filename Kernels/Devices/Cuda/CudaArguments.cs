namespace Cotangent.Kernels.Cuda;

/// <summary>Arguments as the driver takes them: a pointer to each value. The list ends in a null, which the driver does not need.</summary>
internal static unsafe class CudaArguments
{
    /// <summary>A list of this length is enough for most launches.</summary>
    public const int FewPointers = 64;

    /// <summary>Issues a launch, given 8 bytes a parameter. Returns the CUresult.</summary>
    public static int Launch(CudaApi api, nint function, in CudaLaunch launch, ReadOnlySpan<ulong> slots, nint stream)
    {
        void** few = stackalloc void*[FewPointers];
        void*[]? more = slots.Length < FewPointers ? null : new void*[slots.Length + 1];
        fixed (ulong* values = slots)
        fixed (void** many = more)
        {
            void** list = Point(more is null ? few : many, values, slots.Length);
            return api.LaunchKernel(function, (uint)launch.Grid.X, (uint)launch.Grid.Y, (uint)launch.Grid.Z,
                (uint)launch.Group.X, (uint)launch.Group.Y, (uint)launch.Group.Z, (uint)launch.SharedBytes, stream, list, null);
        }
    }

    /// <summary>Fills a list of one pointer more than there are values.</summary>
    public static void** Point(void** pointers, ulong* values, int count)
    {
        for (int i = 0; i < count; i++)
            pointers[i] = values + i;
        pointers[count] = null;
        return pointers;
    }
}
