using System.Runtime.InteropServices;
using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>Elements on their way between the host and devices, as bytes and as float64 numbers.</summary>
internal static class HostData
{
    /// <summary>A leaf of data with these bytes.</summary>
    public static Node Leaf(ReadOnlySpan<byte> bytes, Shape shape, DType type, Device device) =>
        new(shape, type, Store(bytes, device));

    /// <summary>Bytes copied to a device.</summary>
    public static Storage Store(ReadOnlySpan<byte> bytes, Device device)
    {
        Storage storage = new(device.AllocateMemory(bytes.Length), bytes.Length);
        if (!bytes.IsEmpty) device.Write(bytes, storage.Memory, storage.ByteOffset);
        return storage;
    }

    /// <summary>A realised node's bytes copied to another device.</summary>
    public static Storage Copy(Node n, Device device)
    {
        Storage from = n.Storage ?? throw new InvalidOperationException($"{n} is not realised.");
        long bytes = n.Shape.Size * n.DType.Size();
        Storage to = new(device.AllocateMemory(bytes), bytes);
        Device.CopyAcross(from.Memory, from.ByteOffset, to.Memory, to.ByteOffset, bytes);
        GC.KeepAlive(from); // its owner's finaliser releases the memory
        return to;
    }

    /// <summary>Copies a realised node's bytes to the host.</summary>
    public static void Read(Node n, Span<byte> destination)
    {
        Storage storage = n.Storage ?? throw new InvalidOperationException($"{n} is not realised.");
        if (!destination.IsEmpty) storage.Device.Read(storage.Memory, storage.ByteOffset, destination);
        GC.KeepAlive(storage); // its owner's finaliser releases the memory
    }

    /// <summary>A realised node's elements as numbers (int64 beyond 2^53 rounds).</summary>
    public static double[] ToDoubles(Node n)
    {
        byte[] bytes = new byte[n.Shape.Size * n.DType.Size()];
        Read(n, bytes);
        return ToDoubles(n.DType, bytes);
    }

    /// <summary>Elements as numbers.</summary>
    public static double[] ToDoubles(DType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DType.Bool or DType.UInt8 => Widen<byte>(bytes, x => x),
        DType.Int32 => Widen<int>(bytes, x => x),
        DType.UInt32 => Widen<uint>(bytes, x => x),
        DType.Int64 => Widen<long>(bytes, x => x),
        DType.Float16 => Widen<Half>(bytes, x => (double)x),
        DType.BFloat16 => Widen<ushort>(bytes, x => BFloat16Bits.ToSingle(x)),
        DType.Float32 => Widen<float>(bytes, x => x),
        _ => Widen<double>(bytes, x => x),
    };

    /// <summary>Numbers as elements, converted as Cast does.</summary>
    public static byte[] FromDoubles(DType type, ReadOnlySpan<double> values) => type switch
    {
        DType.Bool or DType.UInt8 => Narrow(values, x => (byte)Ops.Convert(type, x)),
        DType.Int32 => Narrow(values, x => (int)x),
        DType.UInt32 => Narrow(values, x => (uint)x),
        DType.Int64 => Narrow(values, x => (long)x),
        DType.Float16 => Narrow(values, x => (Half)x),
        DType.BFloat16 => Narrow(values, x => BFloat16Bits.FromSingle((float)x)),
        DType.Float32 => Narrow(values, x => (float)x),
        _ => Narrow(values, x => x),
    };

    private static double[] Widen<T>(ReadOnlySpan<byte> bytes, Func<T, double> convert) where T : unmanaged
    {
        ReadOnlySpan<T> elements = MemoryMarshal.Cast<byte, T>(bytes);
        double[] result = new double[elements.Length];
        for (int i = 0; i < result.Length; i++) result[i] = convert(elements[i]);
        return result;
    }

    private static byte[] Narrow<T>(ReadOnlySpan<double> values, Func<double, T> convert) where T : unmanaged
    {
        T[] elements = new T[values.Length];
        for (int i = 0; i < elements.Length; i++) elements[i] = convert(values[i]);
        return MemoryMarshal.AsBytes(elements.AsSpan()).ToArray();
    }
}
