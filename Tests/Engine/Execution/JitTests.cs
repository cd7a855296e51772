using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

public class JitTests
{
    private static Tensor Vector(params float[] x) => Tensor.From(x, Device.Cpu);

    [Fact]
    public void Invoke_SameShapes_TracesOnce()
    {
        CompiledFunction<Tensor, Tensor> f = Jit.Compile(x => x * x + 1);
        Assert.Equal([2f, 5], f.Invoke(Vector(1, 2)).ToArray<float>());
        Assert.Equal([10f, 17], f.Invoke(Vector(3, 4)).ToArray<float>());
        Assert.Equal(1, f.TraceCount);
    }

    [Fact]
    public void Invoke_OtherShape_TracesAgainAndSaysWhy()
    {
        CompiledFunction<Tensor, Tensor> f = Jit.Compile(x => x + 1);
        f.Invoke(Vector(1, 2));
        f.Invoke(Vector(1, 2, 3));
        Assert.Equal(2, f.TraceCount);
        Assert.Contains("trace 2: the argument is Float32[3] on cpu; it was Float32[2] on cpu", f.Report(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Invoke_CSharpNumbersAsTensors_AreArguments()
    {
        CompiledFunction<Tensor, Tensor, Tensor> f = Jit.Compile((x, rate) => x * rate);
        Assert.Equal([2f, 4], f.Invoke(Vector(1, 2), 2f).ToArray<float>());
        Assert.Equal([0.5f, 1], f.Invoke(Vector(1, 2), 0.5f).ToArray<float>());
        Assert.Equal([-3f, -6], f.Invoke(Vector(1, 2), Tensor.Scalar(-3, DType.Float32, Device.Cpu)).ToArray<float>());
        Assert.Equal(2, f.TraceCount);
    }

    [Fact]
    public void Invoke_WeakNumber_TakesTheTensorsDType()
    {
        CompiledFunction<Tensor, Tensor, Tensor> f = Jit.Compile((x, rate) => x * rate);
        Tensor y = f.Invoke(Tensor.From(new[] { 1.0, 3.0 }, Device.Cpu), 0.1);
        Assert.Equal(DType.Float64, y.DType);
        Assert.Equal([0.1, 3 * 0.1], y.ToArray<double>());
    }

    [Fact]
    public void Invoke_IntegerThatDoesNotFitTheTensors_ThrowsAsWithoutCompiling()
    {
        Tensor bytes = Tensor.From<byte>([250, 3]), words = Tensor.From<uint>([7]), flags = Tensor.From([true]);
        CompiledFunction<Tensor, Tensor, Tensor> sum = Jit.Compile((Tensor x, Tensor k) => x + k);
        Assert.Equal<byte>([253, 6], sum.Invoke(bytes, 3).ToArray<byte>());
        Assert.Throws<DTypeMismatchException>(() => bytes + 300);
        Assert.Throws<DTypeMismatchException>(() => sum.Invoke(bytes, 300));
        Assert.Throws<DTypeMismatchException>(() => sum.Invoke(words, -1));
        Assert.Equal([7u], sum.Invoke(words, 0).ToArray<uint>());

        CompiledFunction<Tensor, Tensor, Tensor> chosen = Jit.Compile((Tensor x, Tensor k) => Flow.Cond(flags[0], (Tensor y) => y * k, y => y, x));
        Assert.Equal<byte>([244, 6], chosen.Invoke(bytes, 2).ToArray<byte>());
        Assert.Throws<DTypeMismatchException>(() => chosen.Invoke(bytes, 256));
    }

    [Fact]
    public void Invoke_OtherConstantArgument_TracesAgain()
    {
        CompiledFunction<Tensor, float, Tensor> f = Jit.Compile((Tensor x, float c) => x * c + 0.25f);
        f.Invoke(Vector(1, 2), 3.5f);
        Assert.Equal([4.75f, 9.25f], f.Invoke(Vector(1, 2), 4.5f).ToArray<float>());
        Assert.Contains("argument 1 is the constant 4.5; it was the constant 3.5", f.Report(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Invoke_NegativeZeroConstant_IsNotZero()
    {
        CompiledFunction<Tensor, float, Tensor> f = Jit.Compile((Tensor x, float c) => x / c);
        Assert.Equal([float.PositiveInfinity], f.Invoke(Vector(1), 0f).ToArray<float>());
        Assert.Equal([float.NegativeInfinity], f.Invoke(Vector(1), -0f).ToArray<float>());
    }

    [Fact]
    public void Invoke_ConstantInARecord_IsPartOfTheSignature()
    {
        CompiledFunction<(Tensor X, int Power), Tensor> f = Jit
            .Compile(((Tensor X, int Power) a) => a.Power == 2 ? a.X * a.X : a.X);
        Assert.Equal([9f], f.Invoke((Vector(3), 2)).ToArray<float>());
        Assert.Equal([3f], f.Invoke((Vector(3), 1)).ToArray<float>());
    }

    [Fact]
    public void Invoke_Trees_ReturnsTrees()
    {
        CompiledFunction<Dictionary<string, Tensor>, (Tensor Sum, Tensor[] Parts)> f = Jit.Compile(
            (Dictionary<string, Tensor> p) => (p["a"] + p["b"], new[] { p["a"] * 2, p["b"] }));
        (Tensor sum, Tensor[] parts) = f
            .Invoke(new Dictionary<string, Tensor> { ["a"] = Vector(1), ["b"] = Vector(2) });
        Assert.Equal(3, sum.Item<float>());
        Assert.Equal(2, parts[0].Item<float>());
        Assert.Equal(2, parts[1].Item<float>());
    }

    [Fact]
    public void Invoke_InsideAnotherCompiledFunction_IsPartOfIt()
    {
        CompiledFunction<Tensor, Tensor> inner = Jit.Compile(x => x + 1);
        CompiledFunction<Tensor, Tensor> outer = Jit.Compile(x => inner.Invoke(x) * 2);
        Assert.Equal([4f], outer.Invoke(Vector(1)).ToArray<float>());
        Assert.Equal(0, inner.TraceCount);
    }

    [Fact]
    public void Invoke_CapturedTensor_IsAnInputByReference()
    {
        Tensor w = Vector(2, 3);
        Tensor lazy = w * 10;
        CompiledFunction<Tensor, Tensor> f = Jit.Compile(x => x * w + lazy);
        Assert.Equal([22f, 33], f.Invoke(Vector(1, 1)).ToArray<float>());
        Assert.NotNull(lazy.Node.Storage);
        Assert.Equal([24f, 36], f.Invoke(Vector(2, 2)).ToArray<float>());
    }

    [Fact]
    public void Invoke_CellsReadAndWritten_AreUpdatedInPlace()
    {
        State p = new(Vector(1, 2)), m = new(Tensor.Zeros([2], DType.Float32, Device.Cpu));
        CompiledFunction<Tensor, Tensor, Tensor> step = Jit.Compile((g, rate) =>
        {
            m.Value = m.Value * 0.5f + g;
            p.Value -= rate * m.Value;
            return p.Value.Sum();
        });
        Assert.Equal(1.0f + 2 - 2 * 0.1f, step.Invoke(Vector(1, 1), 0.1f).Item<float>(), 1e-5f);
        Assert.Equal(2.8f - 2 * 0.15f, step.Invoke(Vector(1, 1), 0.1f).Item<float>(), 1e-5f);

        // The cells own their memory now: it stays where it is.
        Cotangent.Graph.Storage before = p.OwnStorage!;
        step.Invoke(Vector(1, 1), 0.1f);
        Assert.Same(before, p.OwnStorage);
        Assert.Equal(1, step.TraceCount);
        Assert.Equal(3, p.Version);
    }

    [Fact]
    public void Invoke_FunctionOfCellsAlone_Works()
    {
        State n = new(Tensor.Scalar(0, DType.Int32, Device.Cpu));
        CompiledFunction<Tensor> next = Jit.Compile(() => n.Value += 1);
        for (int i = 1; i <= 5; i++) Assert.Equal(i, next.Invoke().Item<int>());
    }

    [Fact]
    public void Invoke_Cancelled_ChangesNoCell()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) => p.Value += g);
        step.Invoke(Vector(1));
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => step.Invoke(Vector(1), source.Token));
        Assert.Equal([2f], p.Value.ToArray<float>());
    }

    [Fact]
    public void Replay_OfRandomGraphs_IsTheFreshResultBitForBit()
    {
        for (int seed = 1000; seed < 1040; seed++)
        {
            Tensor[] data = [];
            Tensor[] Function(Tensor[] x)
            {
                int next = 0;
                (_, Cotangent.Graph.Node[] outputs) = RandomGraphs
                    .Make(seed, 20, DType.Float32, false, shape => x.Length > 0
                    ? x[next++].Node
                    : Add(Tensor.From(RandomGraphs.Elements(seed + data.Length, shape.Size), shape, Device.Cpu)).Node);
                return [.. outputs.Select(o => new Tensor(o))];
            }

            Tensor Add(Tensor t)
            {
                data = [.. data, t];
                return t;
            }

            // All outputs in one plan, as in the compiled function: where a kernel ends decides what contracts to an fma.
            Tensor[] fresh = Function([]);
            Executor.Realize([.. fresh.Select(t => t.Node)]);
            CompiledFunction<Tensor[], Tensor[]> compiled = Jit.Compile((Tensor[] x) => Function(x));
            compiled.Invoke(data);
            Tensor[] replayed = compiled.Invoke(data);
            for (int i = 0; i < fresh.Length; i++) Assert.Equal(fresh[i].ToBytes(), replayed[i].ToBytes());
        }
    }

    [Fact]
    public async Task Invoke_FromManyThreads_IsRight()
    {
        CompiledFunction<Tensor, Tensor> f = Jit.Compile(x => (x * x).Sum());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(k => Task.Run(() =>
        {
            for (int i = 0; i < 50; i++) Assert.Equal(2f * k * k, f.Invoke(Vector(k, k)).Item<float>());
        })));
    }
}
