using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Passes;

/// <summary>Loops of loads, four rounds at a time: the same rounds in the same order.</summary>
public class LoadUnrollingTests
{
    private const int Length = 40;

    private static readonly IrType s_floats = IrType.Pointer(ScalarType.Float32, AddressSpace.Global);

    [Theory]
    [InlineData(0, 40, 1)]
    [InlineData(3, 40, 1)]
    [InlineData(0, 39, 4)]
    [InlineData(0, 3, 1)]
    [InlineData(5, 5, 2)]
    [InlineData(7, 2, 3)]
    [InlineData(0, int.MinValue, 5)]
    [InlineData(10, int.MinValue + 2, 5)]
    public void Loop_AnyBounds_HasTheSameSum(int start, int end, int step)
    {
        Kernel kernel = Sum(step);
        Kernel unrolled = LoadUnrolling.Unroll(kernel);
        Verifier.Verify(unrolled);
        Assert.Equal(5, Loads(unrolled));
        Assert.Equal(Run(kernel, start, end), Run(unrolled, start, end));
    }

    [Fact]
    public void Loop_ThatStores_StaysAsItIs()
    {
        Kernel kernel = Make(1, (b, x, i, sum) =>
        {
            Value next = b.Add(sum, b.Load(x, i));
            b.Store(x, i, next);
            return next;
        });
        Assert.Equal(1, Loads(LoadUnrolling.Unroll(kernel)));
    }

    [Theory]
    [InlineData(0, 40)]
    [InlineData(2, 37)]
    public void Loop_WhoseStoresAreFinal_LoadsFourBeforeItStores(int start, int end)
    {
        Kernel kernel = Make(1, (b, x, i, sum) =>
        {
            Value value = b.Load(x, i);
            b.Store(x, i, b.Mul(value, Constant.Of(3f)));
            return b.Add(sum, value);
        }, storesAreFinal: true);
        Kernel unrolled = LoadUnrolling.Unroll(kernel);
        Verifier.Verify(unrolled);
        Assert.Equal(5, Loads(unrolled));
        string order = string.Concat(unrolled.Body.Descendants().OfType<Instruction>()
            .Select(n => n.Opcode switch { Opcode.Load => "l", Opcode.Store => "s", _ => "" }));
        Assert.Equal("llll" + "ssss" + "ls" + "s", order);
        Assert.Equal(Run(kernel, start, end), Run(unrolled, start, end));
    }

    [Fact]
    public void Loop_WithoutLoads_StaysAsItIs()
    {
        Kernel kernel = Make(1, (b, _, i, sum) => b.Add(sum, b.Convert(i, ScalarType.Float32)));
        Kernel unrolled = LoadUnrolling.Unroll(kernel);
        Assert.Single(unrolled.Body.Descendants(), n => n is Loop);
    }

    private static Kernel Sum(int step) => Make(step, (b, x, i, sum) => b.Add(sum, b.Load(x, i)));

    private static Kernel Make(int step, Func<Builder, Value, Value, Value, Value> round, bool storesAreFinal = false)
    {
        Parameter x = new(s_floats, 0), result = new(s_floats, 1), start = new(ScalarType.Int32, 2), end = new(ScalarType.Int32, 3);
        Kernel kernel = new("sum", LaunchKind.Range1D, [x, result, start, end]) { StoresAreFinal = storesAreFinal };
        Builder b = new(kernel.Body);
        Value sum = b.For(start, end, Constant.Of(step), [Constant.Of(0.1f)], (i, carried) => [round(b, x, i, carried[0])])[0];
        b.Store(result, Constant.Of(0), sum);
        b.Append(new Return());
        return kernel;
    }

    private static int Loads(Kernel kernel) => kernel.Body.Descendants().Count(n => n is Instruction { Opcode: Opcode.Load });

    private static float Run(Kernel kernel, int start, int end)
    {
        HostMemory x = HostMemory.Of([.. Enumerable.Range(0, Length).Select(i => MathF.Sin(i))]), result = HostMemory.Of(0f);
        Interpreter.Run(kernel, LaunchShape.Range(1),
            [KernelArgument.Pointer(x), KernelArgument.Pointer(result), KernelArgument.Scalar(start), KernelArgument.Scalar(end)]);
        return result.Read<float>()[0];
    }
}
