using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Transcendentals;

/// <summary>The library as the compiler expands it is the C# method, bit for bit.</summary>
public class XMathLoweringTests
{
    public static TheoryData<string> Functions => [.. Enum.GetNames<MathFunction>()];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Pipeline_CallOnSingles_GivesTheMethodsBits(string name)
    {
        double[] points = [.. Points()];
        float[] x = [.. points.Select(p => (float)p)];
        float[] y = [.. x.Reverse()];
        HostMemory result = Run(Enum.Parse<MathFunction>(name), ScalarType.Float32, HostMemory.Of<float>(x),
            HostMemory.Of<float>(y), x.Length);
        Assert.Equal(x.Select((v, i) =>
            Expected(name, ScalarType.Float32, BitConverter.SingleToUInt32Bits(v),
                BitConverter.SingleToUInt32Bits(y[i]))),
            result.Read<float>().Select(v => (ulong)BitConverter.SingleToUInt32Bits(float.IsNaN(v) ? float.NaN : v)));
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Pipeline_CallOnDoubles_GivesTheMethodsBits(string name)
    {
        double[] x = [.. Points()];
        double[] y = [.. x.Reverse()];
        HostMemory result = Run(Enum.Parse<MathFunction>(name), ScalarType.Float64, HostMemory.Of<double>(x),
            HostMemory.Of<double>(y), x.Length);
        Assert.Equal(x.Select((v, i) =>
            Expected(name, ScalarType.Float64, BitConverter.DoubleToUInt64Bits(v),
                BitConverter.DoubleToUInt64Bits(y[i]))),
            result.Read<double>().Select(v => BitConverter.DoubleToUInt64Bits(double.IsNaN(v) ? double.NaN : v)));
    }

    private static ulong Expected(string name, ScalarType type, ulong x, ulong y)
    {
        ulong bits = MathLibrary.Evaluate(Enum.Parse<MathFunction>(name), type, x, y);
        bool single = type == ScalarType.Float32;
        bool isNaN = single ? float.IsNaN(BitConverter.UInt32BitsToSingle((uint)bits))
            : double.IsNaN(BitConverter.UInt64BitsToDouble(bits));
        return !isNaN ? bits : single ? BitConverter.SingleToUInt32Bits(float.NaN)
            : BitConverter.DoubleToUInt64Bits(double.NaN);
    }

    private static HostMemory Run(MathFunction function, ScalarType type, HostMemory x, HostMemory y, int count)
    {
        IrType pointer = IrType.Pointer(type, AddressSpace.Global);
        Kernel kernel = new("call", LaunchKind.Range1D, [new Parameter(pointer, 0), new Parameter(pointer, 1)]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex);
        Value first = b.Load(kernel.Parameters[0], i);
        Value second = b.Load(kernel.Parameters[1], i);
        b.Store(kernel.Parameters[1], i,
            function is MathFunction.Pow or MathFunction.Atan2 ? b.Call(function, first, second)
                : b.Call(function, first));
        b.Append(new Return());
        Kernel lowered = Pipeline.Run(kernel, new() { Verify = true });
        Assert.DoesNotContain(lowered.Body.Descendants(), n => n is Instruction { Opcode: Opcode.Call });
        Interpreter.Run(lowered, LaunchShape.Range(count), [KernelArgument.Pointer(x), KernelArgument.Pointer(y)]);
        return y;
    }

    private static IEnumerable<double> Points()
    {
        Random random = new(5);
        double[] specials = [0, -0.0, 1, -1, 0.5, -2, double.NaN, double.PositiveInfinity, double.NegativeInfinity,
            1e-40, -1e-310, 88.7, -103.9, 709.7,
            -745, 1e7, -3e30, 1e300, 3, 2];
        return specials.Concat(Enumerable.Range(0, 60).Select(_ =>
            (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4))));
    }
}
