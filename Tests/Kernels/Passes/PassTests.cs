using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Passes;

/// <summary>What each pass achieves on small kernels.</summary>
public class PassTests
{
    private static readonly IrType s_floats = IrType.Pointer(ScalarType.Float32, AddressSpace.Global);

    private static Kernel Make(Action<Builder, Parameter, Parameter> body, LaunchKind kind = LaunchKind.Range1D)
    {
        Parameter x = new(s_floats, 0);
        Parameter n = new(ScalarType.Int32, 1);
        Kernel kernel = new("test", kind, [x, n]);
        Builder b = new(kernel.Body);
        body(b, x, n);
        b.Append(new Return());
        Verifier.Verify(kernel);
        return kernel;
    }

    private static int Count<T>(Kernel kernel) => kernel.Body.Descendants().Count(n => n is T);

    private static int Count(Kernel kernel, Opcode opcode) =>
        kernel.Body.Descendants().Count(n => n is Instruction i && i.Opcode == opcode);

    [Fact]
    public void Folding_IfOnAConstantWithInnerBreaks_KeepsOnlyThatArm()
    {
        Kernel kernel = Make((b, x, n) => b.If(Constant.Of(true), () => b.Store(x, n, Constant.Of(1f))));
        Kernel after = Folding.Fold(kernel);
        Assert.Equal(0, Count<If>(after));
        Assert.Equal(1, Count(after, Opcode.Store));
    }

    [Fact]
    public void StoreMerging_SameElementInBothArms_BecomesOneStoreOfASelect()
    {
        Kernel kernel = Make((b, x, n) =>
        {
            Value v = b.Load(x, n);
            b.If(b.Compare(Opcode.Less, v, Constant.Of(0f)), [],
                () => { b.Store(x, b.Add(n, Constant.Of(1)), b.Mul(v, Constant.Of(2f))); return []; },
                () => { b.Store(x, b.Add(n, Constant.Of(1)), v); return []; });
        });
        Kernel after = IfConversion.Convert(StoreMerging.Merge(kernel));
        Verifier.Verify(after);
        Assert.Equal(0, Count<If>(after));
        Assert.Equal(1, Count(after, Opcode.Store));
        Assert.Equal(1, Count(after, Opcode.Select));
    }

    [Fact]
    public void StoreMerging_LoadAfterTheStore_StaysInItsArm()
    {
        Kernel kernel = Make((b, x, n) =>
        {
            Value v = b.Load(x, n);
            Value again = b.If(b.Compare(Opcode.Less, v, Constant.Of(0f)), [ScalarType.Float32],
                () => { b.Store(x, n, Constant.Of(2f)); return [b.Load(x, n)]; },
                () => { b.Store(x, n, v); return [v]; })[0];
            b.Store(x, Constant.Of(0), again);
        });
        Assert.Equal(3, Count(StoreMerging.Merge(kernel), Opcode.Store));
    }

    [Fact]
    public void Folding_FloatZeroProductAndSum_AreKept()
    {
        Kernel kernel = Make((b, x, n) => b.Store(x, n, b.Add(b.Mul(b.Load(x, n), Constant.Of(0f)), Constant.Of(0f))));
        Kernel after = Folding.Fold(kernel);
        Assert.Equal(1, Count(after, Opcode.Mul));
        Assert.Equal(1, Count(after, Opcode.Add));
    }

    [Fact]
    public void DeadCode_ParameterThatOnlyFeedsItself_GoesWithItsLoop()
    {
        Kernel kernel = Make((b, x, n) =>
            b.For(Constant.Of(0), n, Constant.Of(1), [Constant.Of(0f)], (_, s) => [b.Add(s[0], b.Load(x, n))]));
        Kernel after = DeadCode.Remove(kernel);
        Assert.Equal(0, Count<Loop>(after));
        Assert.Single(after.Body.Nodes);
    }

    [Fact]
    public void DeadCode_LoopThatMayNotEnd_Stays()
    {
        Kernel kernel = Make((b, x, n) =>
        {
            Loop loop = new([]);
            b.Within(loop.Body, () =>
            {
                b.If(b.Compare(Opcode.Less, b.Load(x, n), Constant.Of(0f)), () =>
                    b.Append(new Break(loop)), fallsThrough: false);
                b.Append(new Continue(loop));
            });
            b.Append(loop);
        });
        Assert.Equal(1, Count<Loop>(DeadCode.Remove(kernel)));
    }

    [Fact]
    public void CommonSubexpressions_LoadAcrossAStore_IsNotMerged()
    {
        Kernel kernel = Make((b, x, n) =>
        {
            Value first = b.Add(b.Load(x, n), b.Load(x, n));
            b.Store(x, n, first);
            b.Store(x, n, b.Add(first, b.Load(x, n)));
        });
        Assert.Equal(2, Count(CommonSubexpressions.Merge(kernel), Opcode.Load));
    }

    [Fact]
    public void CommonSubexpressions_ValueOfOneArm_DoesNotServeTheOther()
    {
        Kernel kernel = Make((b, x, n) => b.If(b.Compare(Opcode.Less, n, Constant.Of(5)), [],
            () => { b.Store(x, b.Mul(n, n), Constant.Of(0f)); return []; }, () =>
                { b.Store(x, b.Mul(n, n), Constant.Of(1f)); return []; }));
        Kernel after = CommonSubexpressions.Merge(kernel);
        Verifier.Verify(after);
        Assert.Equal(2, Count(after, Opcode.Mul));
    }

    [Fact]
    public void Pipeline_RegisterTile_HasNoLocalArrayLeft()
    {
        // for i < 4: tile[i] = 0; for k < n: for i < 4: tile[i] += x[k]·x[i]; for i < 4: x[i] = tile[i]
        Kernel kernel = Make((b, x, n) =>
        {
            Value tile = b.Allocate(ScalarType.Float32, AddressSpace.Local, 4);
            void Four(Action<Value> body) =>
                b.For(Constant.Of(0), Constant.Of(4), Constant.Of(1), [], (i, _) => { body(i); return []; });
            Four(i => b.Store(tile, i, Constant.Of(0f)));
            b.For(Constant.Of(0), n, Constant.Of(1), [], (k, _) =>
            {
                Four(i => b.Store(tile, i, b.Add(b.Load(tile, i), b.Mul(b.Load(x, k), b.Load(x, i)))));
                return [];
            });
            Four(i => b.Store(x, i, b.Load(tile, i)));
        });
        Kernel after = Pipeline.Run(kernel, new() { Verify = true });
        Assert.Equal(0, Count(after, Opcode.Allocate));
        Assert.Equal(1, Count<Loop>(after));
        Assert.Equal(4, Count(after, Opcode.Fma));
        Assert.Equal(4, Count(after, Opcode.Store));
        Assert.Equal(5, after.Body.Nodes.OfType<Loop>().Single().Parameters.Length);

        HostMemory data = HostMemory.Of(1f, 2, 3, 4, 5, 6);
        Interpreter.Run(after, LaunchShape.Range(1), [KernelArgument.Pointer(data), KernelArgument.Scalar(3)]);
        Assert.Equal([6f, 12, 18, 24, 5, 6], data.Read<float>());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(32, 32)]
    [InlineData(33, 1)]
    public void Unrolling_ConstantTrips_RepeatsTheBodyWithinTheLimit(int trips, int stores)
    {
        Kernel kernel = Make((b, x, _) =>
            b.For(Constant.Of(0), Constant.Of(trips), Constant.Of(1), [], (i, _) =>
                { b.Store(x, i, Constant.Of(1f)); return []; }));
        Kernel after = Folding.Fold(Unrolling.Unroll(kernel));
        Assert.Equal(stores, Count(after, Opcode.Store));
        Assert.Equal(trips > 32 ? 1 : 0, Count<Loop>(after));
        Assert.Equal(0, Count<Block>(after));
    }

    [Fact]
    public void FmaContraction_ProductUsedTwice_StaysAProduct()
    {
        Kernel kernel = Make((b, x, n) =>
        {
            Value a = b.Load(x, n);
            Value shared = b.Mul(a, a);
            b.Store(x, n, b.Add(shared, b.Sub(b.Mul(a, Constant.Of(3f)), shared)));
        });
        Kernel after = DeadCode.Remove(FmaContraction.Contract(kernel));
        Assert.Equal(1, Count(after, Opcode.Mul));
        Assert.Equal(1, Count(after, Opcode.Fma));
    }

    [Fact]
    public void IfConversion_SmallPureArms_BecomeSelects()
    {
        Kernel kernel = Make((b, x, n) =>
            b.Store(x, n, b.If(b.Compare(Opcode.Less, n, Constant.Of(5)), [ScalarType.Float32],
            () => [b.Convert(n, ScalarType.Float32)], () => [Constant.Of(2f)])[0]));
        Kernel after = IfConversion.Convert(kernel);
        Assert.Equal(0, Count<If>(after));
        Assert.Equal(1, Count(after, Opcode.Select));
    }

    [Fact]
    public void IfConversion_ArmThatLoads_StaysGuarded()
    {
        Kernel kernel = Make((b, x, n) =>
            b.Store(x, n, b.If(b.Compare(Opcode.Less, n, Constant.Of(5)), [ScalarType.Float32],
            () => [b.Load(x, n)], () => [Constant.Of(2f)])[0]));
        Assert.Equal(1, Count<If>(IfConversion.Convert(kernel)));
    }

    [Fact]
    public void LoopInvariants_ProductOfOuterValues_LeavesTheLoop()
    {
        Kernel kernel = Make((b, x, n) => b.For(Constant.Of(0), n, Constant.Of(1), [], (i, _) =>
        {
            b.Store(x, b.Add(b.Mul(n, n), i), Constant.Of(1f));
            return [];
        }));
        Kernel after = LoopInvariants.Hoist(kernel);
        Verifier.Verify(after);
        Assert.Contains(after.Body.Nodes, node => node is Instruction { Opcode: Opcode.Mul });
    }

    [Fact]
    public void Pipeline_Dump_SeesEveryPass()
    {
        List<string> stages = [];
        Pipeline.Run(Make((_, _, _) => { }), new() { Dump = (name, _) => stages.Add(name) });
        Assert.Equal(["input", .. Pipeline.Standard.Select(p => p.Name)], stages);
    }
}
