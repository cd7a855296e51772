using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Kernels.Targets;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>The exponentials' product with two powers of two as one scaling.</summary>
public class ScaledPowersTests
{
    [Theory]
    [InlineData(MathFunction.Exp)]
    [InlineData(MathFunction.Exp2)]
    public void Find_InAnExponential_WritesOneScalingAndNoShifts(object function)
    {
        Kernel found = ScaledPowers.Find(Lowered((MathFunction)function));
        Instruction[] instructions = [.. found.Body.Descendants().OfType<Instruction>()];
        Assert.Single(instructions, x => x.Opcode == Opcode.Scale);
        Assert.DoesNotContain(instructions, x => x.Opcode is Opcode.ShiftLeft or Opcode.ShiftRight or Opcode.BitCast);
        Verifier.Verify(found, "scaled powers");
    }

    [Fact]
    public void Find_WhereNothingBoundsTheExponent_LeavesTheKernel()
    {
        Kernel kernel = new("products", LaunchKind.Range1D, [new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0)]);
        Builder b = new(kernel.Body);
        Value at = b.Position(Opcode.GlobalIndex), x = b.Load(kernel.Parameters[0], at);
        Value bits = b.Append(new Instruction(Opcode.BitCast, ScalarType.Int32, b.Add(x, Constant.Of(ScalarType.Float32, 12583166f))));
        Value half = b.Binary(Opcode.ShiftRight, bits, Constant.Of(1));
        b.Store(kernel.Parameters[0], at, b.Mul(b.Mul(x, Power(half)), Power(b.Sub(bits, half))));
        b.Append(new Return());
        Assert.Same(kernel, ScaledPowers.Find(kernel));

        Value Power(Value exponent) =>
            b.Append(new Instruction(Opcode.BitCast, ScalarType.Float32, b.Binary(Opcode.ShiftLeft, exponent, Constant.Of(23))));
    }

    [Fact]
    public void Exp_OfAllKindsOfNumbers_HasTheBitsOfTheMethod()
    {
        // Every 4,099th float: subnormal results, overflow, NaN, infinities.
        float[] x = [.. Enumerable.Range(0, 1 << 20).Select(i => BitConverter.Int32BitsToSingle(unchecked(i * 4099)))];
        float[] y = Tensor.From(x, [x.Length], Device.Cpu).Exp().ToArray<float>();
        for (int i = 0; i < x.Length; i++)
        {
            float expected = XMath.Exp(x[i]);
            if (!(float.IsNaN(expected) ? float.IsNaN(y[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(y[i])))
                Assert.Fail($"exp({x[i]:R}): {y[i]:R}, not {expected:R}");
        }
    }

    private static Kernel Lowered(MathFunction function)
    {
        Kernel kernel = new("function", LaunchKind.Range1D, [new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0)]);
        Builder b = new(kernel.Body);
        Value at = b.Position(Opcode.GlobalIndex);
        b.Store(kernel.Parameters[0], at, b.Call(function, b.Load(kernel.Parameters[0], at)));
        b.Append(new Return());
        return Pipeline.Run(kernel);
    }
}
