using System.Numerics;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Minima and maxima of several operands in one expression, which the SIMD target compares together.</summary>
public class SimdMinMaxTests
{
    private static readonly double[] s_special = [double.NaN, -double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, -2.5, 1e-40];

    public static TheoryData<object, object, int> Cases
    {
        get
        {
            TheoryData<object, object, int> cases = [];
            foreach (Opcode opcode in (Opcode[])[Opcode.Min, Opcode.Max])
            {
                foreach (ScalarType type in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
                {
                    for (int operands = 2; operands <= 5; operands++)
                        cases.Add(opcode, type, operands);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Launch_EveryCombinationOfSpecialValues_IsTheExtremeOrNaN(object opcode, object type, int operands)
    {
        if ((ScalarType)type == ScalarType.Float32)
            Compare((Opcode)opcode, operands, x => (float)x);
        else
            Compare((Opcode)opcode, operands, x => x);
    }

    private static void Compare<T>(Opcode opcode, int operands, Func<double, T> convert)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int items = (int)Math.Pow(s_special.Length, operands);
        T[][] columns = [.. Enumerable.Range(0, operands).Select(k => (T[])[.. Enumerable.Range(0, items)
            .Select(i => convert(s_special[i / (int)Math.Pow(s_special.Length, k) % s_special.Length]))])];
        foreach (bool quick in (bool[])[false, true])
        {
            CpuDevice device = new(1, quick: quick);
            DeviceMemory[] memory = [.. Enumerable.Range(0, operands + 1).Select(_ => device.AllocateMemory(items * Marshal.SizeOf<T>()))];
            for (int k = 0; k < operands; k++)
                device.Write(MemoryMarshal.AsBytes(columns[k].AsSpan()), memory[k], 0);
            ScalarType scalar = typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;
            device.Launch(device.Compile(Chain(opcode, scalar, operands)), LaunchShape.Range(items), [.. memory.Select(m => KernelArgument.Pointer(m))]);
            T[] found = new T[items];
            device.Read(memory[^1], 0, MemoryMarshal.AsBytes(found.AsSpan()));
            for (int i = 0; i < items; i++)
            {
                T expected = columns[0][i];
                for (int k = 1; k < operands; k++)
                    expected = opcode == Opcode.Min ? T.Min(expected, columns[k][i]) : T.Max(expected, columns[k][i]);
                bool isSame = T.IsNaN(expected) ? T.IsNaN(found[i]) : expected == found[i] && T.IsNegative(expected) == T.IsNegative(found[i]);
                if (!isSame)
                    Assert.Fail($"{opcode} of {string.Join(", ", columns.Select(c => c[i]))}: {found[i]}, not {expected}; quick code: {quick}");
            }

            Array.ForEach(memory, m => m.Release());
        }
    }

    /// <summary>The last parameter gets the extreme of the others.</summary>
    private static Kernel Chain(Opcode opcode, ScalarType type, int operands)
    {
        Kernel kernel = new("chain", LaunchKind.Range1D,
            [.. Enumerable.Range(0, operands + 1).Select(k => new Parameter(IrType.Pointer(type, AddressSpace.Global), k))]);
        Builder b = new(kernel.Body);
        Value at = b.Position(Opcode.GlobalIndex), extreme = b.Load(kernel.Parameters[0], at);
        for (int k = 1; k < operands; k++)
            extreme = b.Binary(opcode, extreme, b.Load(kernel.Parameters[k], at));
        b.Store(kernel.Parameters[^1], at, extreme);
        b.Append(new Return());
        return kernel;
    }
}
