using System.Collections.Immutable;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Ir;

public class VerifierTests
{
    private static readonly ImmutableArray<Parameter> s_parameters =
        [new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0), new(ScalarType.Int32, 1),
            new(ScalarType.Float32, 2)];

    private static void Fails(string fault, Action<Builder> build, LaunchKind kind = LaunchKind.Range1D,
        bool ends = true)
    {
        Kernel kernel = new("k", kind, s_parameters);
        Builder b = new(kernel.Body);
        build(b);
        if (ends)
        {
            b.Append(new Return());
        }

        KernelCompilationException e = Assert.Throws<KernelCompilationException>(() => Verifier.Verify(kernel, "test"));
        Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        Assert.Equal("CTG9999", e.Code);
    }

    [Fact]
    public void Verify_MixedOperandTypes_Throws() =>
        Fails("Add does not take (i32, f32) to i32", b => b.Binary(Opcode.Add, s_parameters[1], s_parameters[2]));

    [Fact]
    public void Verify_ArithmeticOnANarrowType_Throws() =>
        Fails("Neg does not take (i8) to i8", b => b.Unary(Opcode.Neg, b.Convert(s_parameters[1], ScalarType.Int8)));

    [Fact]
    public void Verify_BitwiseAtomicOnFloats_Throws() => Fails("AtomicXor does not take (f32 global*, i32, f32) to f32",
        b => b.Atomic(Opcode.AtomicXor, s_parameters[0], s_parameters[1], s_parameters[2]));

    [Fact]
    public void Verify_ShuffleInARangeKernel_Throws() => Fails("WarpShuffle exists in grouped kernels only",
        b => b.Exchange(Opcode.WarpShuffle, s_parameters[2], s_parameters[1]));

    [Fact]
    public void Verify_RegionWithoutTerminator_Throws() =>
        Fails("does not end in a terminator", b => b.Add(s_parameters[1], s_parameters[1]), ends: false);

    [Fact]
    public void Verify_TerminatorInTheMiddle_Throws() => Fails("before the end", b => b.Append(new Return()));

    [Fact]
    public void Verify_ValueUsedOutsideItsRegion_Throws() => Fails("not visible", b =>
    {
        Value? inner = null;
        b.If(Constant.Of(true), () => inner = b.Add(s_parameters[1], s_parameters[1]));
        b.Add(inner!, inner!);
    });

    [Fact]
    public void Verify_BreakOutOfANodeThatDoesNotEnclose_Throws() => Fails("does not enclose", b =>
    {
        Block first = new();
        b.Within(first.Body, () => b.Append(new Break(first)));
        b.Append(first);
        Block second = new();
        b.Within(second.Body, () => b.Append(new Break(first)));
        b.Append(second);
    });

    [Fact]
    public void Verify_WrongArguments_Throws()
    {
        Fails("0 arguments are given where the target takes 1", b =>
            b.If(Constant.Of(true), [ScalarType.Int32], () => [], () => []));
        Fails("argument 0 is f32 where the target takes i32",
            b => b.If(Constant.Of(true), [ScalarType.Int32], () => [s_parameters[2]], () => [s_parameters[1]]));
    }

    [Fact]
    public void Verify_BarrierInARangeKernel_Throws() => Fails("grouped kernels only", b => b.Barrier());

    [Fact]
    public void Verify_GlobalExtentInAGroupedKernel_Throws() =>
        Fails("range kernels only", b => b.Position(Opcode.GlobalExtent), LaunchKind.Grouped);

    [Fact]
    public void Verify_AllocateInANestedRegion_Throws() =>
        Fails("outermost", b => b.If(Constant.Of(true), () => b.Allocate(ScalarType.Float32, AddressSpace.Local, 4)));

    [Fact]
    public void Verify_ParameterWithAnotherIndex_Throws() => Assert.Throws<KernelCompilationException>(() =>
    {
        Kernel kernel = new("k", LaunchKind.Range1D, [new Parameter(ScalarType.Int32, 1)]);
        kernel.Body.Nodes.Add(new Return());
        Verifier.Verify(kernel);
    });
}
