using System.Globalization;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>Where the launches of one checked kernel report a failed check: a <see cref="FaultRecord"/> in the device's memory. Held by
/// one launch at a time.</summary>
internal sealed class FaultMemory(Device device)
{
    private readonly DeviceBuffer<int> _record = device.Allocate<int>(new int[FaultRecord.Size]);

    /// <summary>What the kernel's last parameter points to.</summary>
    public ArrayView<int> View => _record.View;

    /// <summary>Waits for the launch and throws what it reported.</summary>
    /// <exception cref="KernelIndexException">An index was out of range.</exception>
    public void Check(Kernel kernel)
    {
        Span<int> record = stackalloc int[FaultRecord.Size];
        _record.CopyTo(record);
        if (record[FaultRecord.Count] == 0)
            return;
        CheckSite site = kernel.Sites[record[FaultRecord.Site]];
        long index = Wide(record, FaultRecord.Index), length = Wide(record, FaultRecord.Length);
        record.Clear();
        _record.CopyFrom(record);
        throw new KernelIndexException(kernel.Name, site.View, index.ToString(CultureInfo.InvariantCulture),
            length.ToString(CultureInfo.InvariantCulture), site.Place);
    }

    private static long Wide(ReadOnlySpan<int> record, int at) => (uint)record[at] | ((long)record[at + 1] << 32);
}
