using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Every known surprise of capture and replay: each ends in the right value or an exception.</summary>
public class CaptureFootgunTests
{
    private static Tensor Vector(params float[] x) => Tensor.From(x, Device.Cpu);

    [Fact]
    public void TensorTakenFromACell_BeforeItIsOverwritten_KeepsItsValue()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) => { p.Value += g; return p.Value * 2; });
        Tensor initial = p.Value;
        step.Invoke(Vector(1));
        Tensor taken = p.Value;
        step.Invoke(Vector(1));
        step.Invoke(Vector(1));
        Assert.Equal([1f], initial.ToArray<float>());
        Assert.Equal([2f], taken.ToArray<float>());
        Assert.Equal([4f], p.Value.ToArray<float>());
    }

    [Fact]
    public void LazyTensorOfACell_ComputedAfterTheOverwrite_SeesTheOldValue()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) => p.Value += g);
        step.Invoke(Vector(1));
        Tensor lazy = p.Value * 10;
        step.Invoke(Vector(1));
        step.Invoke(Vector(1));
        Assert.Equal([20f], lazy.ToArray<float>());
    }

    [Fact]
    public void NewValueReturned_IsNotOverwrittenByTheNextCall()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) => p.Value += g);
        Tensor first = step.Invoke(Vector(1));
        step.Invoke(Vector(1));
        Assert.Equal([2f], first.ToArray<float>());
        Assert.Equal([3f], p.Value.ToArray<float>());
    }

    [Fact]
    public void OldValueReturned_KeepsItsValue()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> step = Jit
            .Compile((Tensor g) => { Tensor old = p.Value; p.Value = old + g; return old; });
        Tensor a = step.Invoke(Vector(1)), b = step.Invoke(Vector(1)), c = step.Invoke(Vector(1));
        Assert.Equal([1f], a.ToArray<float>());
        Assert.Equal([2f], b.ToArray<float>());
        Assert.Equal([3f], c.ToArray<float>());
    }

    [Fact]
    public void CellReturnedUnchanged_ThenOverwrittenByAnotherFunction_KeepsItsValue()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) => { p.Value += g; return g * 2; });
        CompiledFunction<Tensor> peek = Jit.Compile(() => p.Value);
        step.Invoke(Vector(1));
        Tensor seen = peek.Invoke();
        step.Invoke(Vector(1));
        Assert.Equal([2f], seen.ToArray<float>());
    }

    [Fact]
    public void TwoCellsSwapped_HoldEachOthersValue()
    {
        State a = new(Vector(1)), b = new(Vector(2));
        CompiledFunction<Tensor, Tensor> swap = Jit
            .Compile((Tensor x) => { (a.Value, b.Value) = (b.Value, a.Value); return x + 1; });
        CompiledFunction<Tensor, Tensor> step = Jit
            .Compile((Tensor x) => { a.Value += x; b.Value += x; return x * 2; });
        for (int i = 0; i < 3; i++)
        {
            step.Invoke(Vector(1));
            swap.Invoke(Vector(0));
        }

        Assert.Equal([5f], a.Value.ToArray<float>());
        Assert.Equal([4f], b.Value.ToArray<float>());
    }

    [Fact]
    public void SameValueInTwoCells_StaysIndependent()
    {
        State a = new(Vector(1)), b = new(Vector(5));
        CompiledFunction<Tensor, Tensor> both = Jit
            .Compile((Tensor x) => { a.Value = x + 1; b.Value = a.Value; return x * 2; });
        CompiledFunction<Tensor, Tensor> one = Jit.Compile((Tensor x) => { a.Value += x; return x * 2; });
        both.Invoke(Vector(1));
        one.Invoke(Vector(10));
        one.Invoke(Vector(10));
        Assert.Equal([22f], a.Value.ToArray<float>());
        Assert.Equal([2f], b.Value.ToArray<float>());
    }

    [Fact]
    public void ArgumentStoredInACell_IsNotOverwritten()
    {
        State a = new(Vector(1));
        CompiledFunction<Tensor, Tensor> keep = Jit.Compile((Tensor x) => { a.Value = x; return x + 1; });
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor x) => { a.Value += x; return x * 2; });
        Tensor argument = Vector(7);
        keep.Invoke(argument);
        step.Invoke(Vector(1));
        step.Invoke(Vector(1));
        Assert.Equal([7f], argument.ToArray<float>());
        Assert.Equal([9f], a.Value.ToArray<float>());
    }

    [Fact]
    public void CellRead_AfterItsNewValueIsComputed_StillSeesTheOldOne()
    {
        // The new value is used by a reduction of both: no order of steps may mix them up.
        State p = new(Vector(1, 2, 3));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) =>
        {
            Tensor old = p.Value;
            p.Value = old.Flip(0) + g;
            return (old * p.Value).Sum() + old.Sum();
        });
        step.Invoke(Vector(0, 0, 0));
        Assert.Equal(3 + 4 + 3 + 6, step.Invoke(Vector(0, 0, 0)).Item<float>());
        Assert.Equal([1f, 2, 3], p.Value.ToArray<float>());
    }

    [Fact]
    public void FunctionThatThrows_LeavesCellsAlone()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) =>
        {
            p.Value += g;
            throw new InvalidDataException("half way");
        });
        Assert.Throws<InvalidDataException>(() => step.Invoke(Vector(1)));
        Assert.Equal([1f], p.Value.ToArray<float>());
        Assert.Equal(0, p.Version);
    }

    [Fact]
    public void ReadingATracedValue_Throws()
    {
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor x) => x.Item<float>() > 0 ? x : -x);
        Assert.Throws<TracedValueException>(() => f.Invoke(Vector(1)));
    }

    [Fact]
    public void TracedTensor_KeptAfterTheTrace_CannotBeRead()
    {
        Tensor? leaked = null;
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor x) => leaked = x + 1);
        f.Invoke(Vector(1));
        Assert.Throws<TracedValueException>(() => leaked!.ToArray<float>());
    }

    [Fact]
    public void CapturedCSharpNumber_KeepsItsValueFromTheTrace()
    {
        float c = 2;
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor x) => x * c);
        f.Invoke(Vector(1));
        c = 3;
        Assert.Equal([2f], f.Invoke(Vector(1)).ToArray<float>());
    }

    [Fact]
    public void WrongShapeForACell_ThrowsAtTheAssignment()
    {
        State p = new(Vector(1));
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor x) => p.Value = x);
        Assert.Throws<ShapeMismatchException>(() => f.Invoke(Vector(1, 2)));
    }

    [Fact]
    public void SameTensorTwice_IsNoAlias()
    {
        CompiledFunction<Tensor, Tensor, Tensor> f = Jit.Compile((x, y) => x - y * 2);
        Tensor t = Vector(3);
        Assert.Equal([-3f], f.Invoke(t, t).ToArray<float>());
        Assert.Equal([1f], f.Invoke(t, Vector(1)).ToArray<float>());
    }
}
