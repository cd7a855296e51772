using System.Collections.Immutable;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Ir;

/// <summary>A kernel with a launch and the arguments' data: what <see cref="RandomKernels"/> makes.</summary>
/// <param name="Kernel">A verified kernel without races.</param>
/// <param name="Shape">A launch that keeps within the buffers.</param>
/// <param name="Buffers">One entry a parameter: the initial bytes of a pointer's memory, null for a scalar.</param>
/// <param name="Scalars">One entry a parameter: a scalar's bits.</param>
internal sealed record RandomCase(Kernel Kernel, LaunchShape Shape, ImmutableArray<byte[]?> Buffers,
    ImmutableArray<ulong> Scalars)
{
    /// <summary>The buffers after a run of the interpreter, of this kernel or of one made from it.</summary>
    public byte[]?[] Interpret(Kernel? kernel = null, Action<Index3D, Value, ulong>? observe = null)
    {
        HostMemory?[] memories = [.. Buffers.Select(b => b is null ? null : HostMemory.Of<byte>(b))];
        Interpreter.Run(kernel ?? Kernel, Shape, Arguments(memories), observe: observe);
        return [.. memories.Select(m => m?.Bytes.ToArray())];
    }

    /// <summary>The buffers after a run on a device.</summary>
    public byte[]?[] RunOn(Device device) => RunOn(device, device.Compile(Kernel));

    /// <summary>As <see cref="RunOn(Device)"/>, with the kernel already compiled (in a batch, say).</summary>
    public byte[]?[] RunOn(Device device, CompiledKernel compiled)
    {
        DeviceMemory?[] memories = [.. Buffers.Select(b => b is null ? null : device.AllocateMemory(b.Length))];
        for (int i = 0; i < memories.Length; i++)
        {
            if (memories[i] is { } memory)
            {
                device.Write(Buffers[i], memory, 0);
            }
        }

        device.Launch(compiled, Shape, Arguments(memories));
        byte[]?[] results = [.. memories.Select(m => m is null ? null : new byte[m.ByteLength])];
        for (int i = 0; i < memories.Length; i++)
        {
            if (memories[i] is { } memory)
            {
                device.Read(memory, 0, results[i]);
                memory.Release();
            }
        }

        return results;
    }

    /// <summary>Where two runs' buffers differ, or null. All NaNs count as equal: their payloads are open.</summary>
    public string? Difference(byte[]?[] expected, byte[]?[] actual)
    {
        for (int p = 0; p < expected.Length; p++)
        {
            if (expected[p] is not { } left || actual[p] is not { } right)
            {
                continue;
            }

            ScalarType type = Kernel.Parameters[p].Type.Scalar;
            int size = type.Size();
            for (int i = 0; i < left.Length / size; i++)
            {
                ulong x = Bits(left, i, size);
                ulong y = Bits(right, i, size);
                if (x != y && !(IsNaN(type, x) && IsNaN(type, y)))
                {
                    return $"parameter {p}, element {i} ({type.Name()}): expected {Show(type, x)}, got {Show(type, y)}";
                }
            }
        }

        return null;
    }

    private KernelArgument[] Arguments(DeviceMemory?[] memories) =>
        [.. memories.Select((m, i) => m is null ? KernelArgument.Raw(Scalars[i]) : KernelArgument.Pointer(m))];

    private static ulong Bits(byte[] bytes, int index, int size)
    {
        ulong bits = 0;
        for (int i = size - 1; i >= 0; i--)
        {
            bits = bits << 8 | bytes[index * size + i];
        }

        return bits;
    }

    private static bool IsNaN(ScalarType type, ulong bits) => type switch
    {
        ScalarType.Float32 => float.IsNaN(BitConverter.UInt32BitsToSingle((uint)bits)),
        ScalarType.Float64 => double.IsNaN(BitConverter.UInt64BitsToDouble(bits)),
        _ => false,
    };

    private static string Show(ScalarType type, ulong bits) =>
        $"{Printer.Literal(new Constant(type, bits))} (0x{bits:x})";
}
