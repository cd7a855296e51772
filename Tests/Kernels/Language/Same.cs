using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Compares a device with the C# method itself (Device.Debug), bit for bit.</summary>
internal static class Same
{
    /// <summary>Runs a kernel that writes <paramref name="width"/> values an item; returns what the device wrote.</summary>
    public static T[] AsDebug<TIndex, T>(Device d, TIndex extent, int width, Action<TIndex, ArrayView<T>> kernel)
        where TIndex : struct, IIndex
        where T : unmanaged
    {
        T[] actual = Run(d);
        Assert.Equal(Bits(Run(Device.Debug)), Bits(actual));
        return actual;

        T[] Run(Device device)
        {
            DeviceBuffer<T> y = device.Allocate<T>(new T[extent.LongSize * width]);
            device.Load(kernel)(extent, y);
            return y.ToArray();
        }
    }

    /// <summary>The same for a grouped kernel that writes <paramref name="length"/> values.</summary>
    public static T[] AsDebugGroups<T>(Device d, KernelConfig size, int length, Action<ArrayView<T>> kernel)
        where T : unmanaged
    {
        T[] actual = Run(d);
        Assert.Equal(Bits(Run(Device.Debug)), Bits(actual));
        return actual;

        T[] Run(Device device)
        {
            DeviceBuffer<T> y = device.Allocate<T>(new T[length]);
            device.LoadGrouped(kernel)(size, y);
            return y.ToArray();
        }
    }

    // All NaNs are one: a device may choose its own.
    private static ulong[] Bits<T>(T[] values)
        where T : unmanaged => values switch
        {
            float[] x => [.. x.Select(v => float.IsNaN(v) ? ulong.MaxValue : BitConverter.SingleToUInt32Bits(v))],
            double[] x => [.. x.Select(v => double.IsNaN(v) ? ulong.MaxValue : BitConverter.DoubleToUInt64Bits(v))],
            int[] x => [.. x.Select(v => (ulong)v)],
            _ => [.. MemoryMarshal.Cast<T, ulong>(values)],
        };
}
