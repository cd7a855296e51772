using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests;

/// <summary>One launch of an IR kernel: arguments are arrays (read and written) or scalars. The same on the interpreter
/// and a device.</summary>
internal sealed class IrCase(Kernel kernel, LaunchShape shape, params object[] arguments)
{
    public Kernel Kernel => kernel;

    /// <summary>A verified kernel.</summary>
    public static Kernel Build(string name, LaunchKind kind, IrType[] parameters, Action<Builder, Parameter[]> body)
    {
        Parameter[] p = [.. parameters.Select((t, i) => new Parameter(t, i))];
        Kernel kernel = new(name, kind, [.. p]);
        Builder b = new(kernel.Body);
        body(b, p);
        b.Append(new Return());
        Verifier.Verify(kernel);
        return kernel;
    }

    /// <summary>A pointer to global memory.</summary>
    public static IrType Global(ScalarType element) => IrType.Pointer(element, AddressSpace.Global);

    /// <summary>The arrays after the interpreter ran, as bytes.</summary>
    public byte[][] Expected()
    {
        HostMemory?[] memory = [.. arguments.Select(a => a is Array array ? HostMemory.Of<byte>(Bytes(array)) : null)];
        Interpreter.Run(kernel, shape, [.. arguments.Zip(memory, Argument)]);
        return [.. memory.Where(m => m is not null).Select(m => m!.Bytes.ToArray())];
    }

    /// <summary>The arrays after a device ran. Each stands at an odd place of a larger block, whose other bytes must
    /// not change.</summary>
    public byte[][] Actual(Device device, CompiledKernel compiled)
    {
        const int margin = 64;
        DeviceMemory?[] memory = new DeviceMemory?[arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is Array array)
            {
                byte[] bytes = Bytes(array);
                memory[i] = device.AllocateMemory(bytes.Length + 2 * margin);
                byte[] padding = new byte[margin];
                Array.Fill(padding, (byte)0xA5);
                device.Write(padding, memory[i]!, 0);
                device.Write(bytes, memory[i]!, margin);
                device.Write(padding, memory[i]!, margin + bytes.Length);
            }
        }

        device.Launch(compiled, shape, [.. arguments.Zip(memory, (a, m) => Argument(a, m, margin))]);
        List<byte[]> results = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (memory[i] is not { } m)
                continue;

            byte[] all = new byte[m.ByteLength];
            device.Read(m, 0, all);
            Assert.All(all[..margin].Concat(all[^margin..]), b => Assert.Equal(0xA5, b));
            results.Add(all[margin..^margin]);
            m.Release();
        }

        return [.. results];
    }

    /// <summary>Fails unless the device computes the interpreter's bits; any NaN equals any NaN.</summary>
    public void Check(Device device, CompiledKernel compiled)
    {
        byte[][] expected = Expected();
        byte[][] actual = Actual(device, compiled);
        ScalarType[] types = [.. kernel.Parameters.Where(p => p.Type.IsPointer).Select(p => p.Type.Scalar)];
        for (int i = 0; i < expected.Length; i++)
        {
            if (FirstDifference(types[i], expected[i], actual[i]) is { } difference)
                Assert.Fail($"{kernel.Name} on {device.Id}: array {i} {difference}\n{Printer.Print(kernel)}\n{compiled.Listing}");
        }
    }

    /// <summary>Compiles and checks one case.</summary>
    public void Check(string device) => Check(Devices.Get(device), Devices.Get(device).Compile(kernel));

    /// <summary>Compiles all cases together and checks each.</summary>
    public static void CheckAll(string device, IReadOnlyList<IrCase> cases)
    {
        Device d = Devices.Get(device);
        IReadOnlyList<CompiledKernel> compiled = d.CompileBatch([.. cases.Select(c => c.Kernel)]);
        Assert.All(cases.Zip(compiled), pair => pair.First.Check(d, pair.Second));
    }

    private static KernelArgument Argument(object argument, DeviceMemory? memory) => Argument(argument, memory, 0);

    private static KernelArgument Argument(object argument, DeviceMemory? memory, long offset) => argument switch
    {
        float x => KernelArgument.Scalar(x),
        double x => KernelArgument.Scalar(x),
        int x => KernelArgument.Scalar(x),
        uint x => KernelArgument.Raw(x),
        long x => KernelArgument.Scalar(x),
        ulong x => KernelArgument.Raw(x),
        bool x => KernelArgument.Raw(x ? 1u : 0u),
        _ => KernelArgument.Pointer(memory!, offset),
    };

    private static byte[] Bytes(Array array)
    {
        byte[] bytes = new byte[Buffer.ByteLength(array)];
        Buffer.BlockCopy(array, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private static string? FirstDifference(ScalarType type, byte[] expected, byte[] actual)
    {
        int size = type.Size();
        for (int i = 0; i < expected.Length; i += size)
        {
            ReadOnlySpan<byte> x = expected.AsSpan(i, size);
            ReadOnlySpan<byte> y = actual.AsSpan(i, size);
            if (!x.SequenceEqual(y) && !(IsNaN(type, x) && IsNaN(type, y)))
                return $"element {i / size}: expected {Show(type, x)}, got {Show(type, y)}";
        }

        return null;
    }

    private static bool IsNaN(ScalarType type, ReadOnlySpan<byte> x) => type switch
    {
        ScalarType.Float16 => Half.IsNaN(MemoryMarshal.Read<Half>(x)),
        ScalarType.BFloat16 => (MemoryMarshal.Read<ushort>(x) & 0x7FFF) > 0x7F80,
        ScalarType.Float32 => float.IsNaN(MemoryMarshal.Read<float>(x)),
        ScalarType.Float64 => double.IsNaN(MemoryMarshal.Read<double>(x)),
        _ => false,
    };

    private static string Show(ScalarType type, ReadOnlySpan<byte> x) => type switch
    {
        ScalarType.Float32 => $"{MemoryMarshal.Read<float>(x):R}",
        ScalarType.Float64 => $"{MemoryMarshal.Read<double>(x):R}",
        ScalarType.Int32 => $"{MemoryMarshal.Read<int>(x)}",
        ScalarType.Int64 => $"{MemoryMarshal.Read<long>(x)}",
        _ => "",
    } + $" (0x{Convert.ToHexStringLower([.. x.ToArray().Reverse()])})";
}
