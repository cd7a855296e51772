using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Ir;

public class InterpreterTests
{
    private static readonly IrType s_floats = IrType.Pointer(ScalarType.Float32, AddressSpace.Global);

    private static Kernel Make(LaunchKind kind, IrType[] parameters, Action<Builder, Parameter[]> body)
    {
        Parameter[] p = [.. parameters.Select((t, i) => new Parameter(t, i))];
        Kernel kernel = new("test", kind, [.. p]);
        Builder b = new(kernel.Body);
        body(b, p);
        b.Append(new Return());
        Verifier.Verify(kernel);
        return kernel;
    }

    [Fact]
    public void Run_CountedLoop_SumsTheRow()
    {
        Kernel kernel = Make(LaunchKind.Range1D, [s_floats, s_floats, ScalarType.Int32], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value start = b.Mul(i, p[2]);
            b.Store(p[1], i, b.For(Constant.Of(0), p[2], Constant.Of(1), [Constant.Of(0f)],
                (k, s) => [b.Add(s[0], b.Load(p[0], b.Add(start, k)))])[0]);
        });
        HostMemory x = HostMemory.Of(1f, 2, 3, 4, 5, 6);
        HostMemory y = HostMemory.Of(0f, 0);
        Interpreter.Run(kernel, LaunchShape.Range(2),
            [KernelArgument.Pointer(x), KernelArgument.Pointer(y), KernelArgument.Scalar(3)]);
        Assert.Equal([6f, 15], y.Read<float>());
    }

    [Fact]
    public void Run_LoopThatSwapsItsParameters_MovesAtOnce()
    {
        Kernel kernel = Make(LaunchKind.Range1D, [s_floats], (b, p) =>
        {
            Value[] last = [.. b.For(Constant.Of(0), Constant.Of(3), Constant.Of(1),
                [Constant.Of(1f), Constant.Of(2f)], (_, s) => [s[1], s[0]])];
            b.Store(p[0], Constant.Of(0), last[0]);
            b.Store(p[0], Constant.Of(1), last[1]);
        });
        HostMemory x = HostMemory.Of(0f, 0);
        Interpreter.Run(kernel, LaunchShape.Range(1), [KernelArgument.Pointer(x)]);
        Assert.Equal([2f, 1], x.Read<float>());
    }

    [Fact]
    public void Run_SharedMemoryWithBarriers_ReversesEachGroup()
    {
        Kernel kernel = Make(LaunchKind.Grouped, [s_floats], (b, p) =>
        {
            Value shared = b.Allocate(ScalarType.Float32, AddressSpace.Shared, 4);
            Value i = b.Position(Opcode.GroupIndex);
            Value g = b.Position(Opcode.GlobalIndex);
            b.Store(shared, i, b.Load(p[0], g));
            b.Barrier();
            b.Store(p[0], g, b.Load(shared, b.Sub(Constant.Of(3), i)));
        });
        HostMemory x = HostMemory.Of(0f, 1, 2, 3, 4, 5, 6, 7);
        Interpreter.Run(kernel, LaunchShape.Groups(2, 4), [KernelArgument.Pointer(x)]);
        Assert.Equal([3f, 2, 1, 0, 7, 6, 5, 4], x.Read<float>());
    }

    [Fact]
    public void Run_GroupAdd_AddsInTheFixedTree()
    {
        Kernel kernel = Make(LaunchKind.Grouped, [s_floats], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            b.Store(p[0], i, b.GroupReduce(Opcode.GroupAdd, b.Load(p[0], i)));
        });
        float[] v = [1e8f, 1, -1e8f, 3, 0.1f, 7, 9];
        HostMemory x = HostMemory.Of<float>(v);
        Interpreter.Run(kernel, LaunchShape.Groups(1, 7), [KernelArgument.Pointer(x)]);
        float expected = ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + v[3]);
        Assert.All(x.Read<float>(), s => Assert.Equal(expected, s));
    }

    [Fact]
    public void Run_GroupBroadcast_GivesThatItemsValue()
    {
        Kernel kernel = Make(LaunchKind.Grouped, [s_floats], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            b.Store(p[0], i, b.Append(new Instruction(Opcode.GroupBroadcast, ScalarType.Float32, b.Load(p[0], i),
                Constant.Of(2))));
        });
        HostMemory x = HostMemory.Of(0f, 1, 2, 3);
        Interpreter.Run(kernel, LaunchShape.Groups(1, 4), [KernelArgument.Pointer(x)]);
        Assert.Equal([2f, 2, 2, 2], x.Read<float>());
    }

    [Fact]
    public void Run_BarrierThatSomeItemsMiss_Throws()
    {
        Kernel kernel = Make(LaunchKind.Grouped, [], (b, _) =>
            b.If(b.Compare(Opcode.Less, b.Position(Opcode.GroupIndex), Constant.Of(1)), () => b.Barrier()));
        Assert.Contains("do not all come",
            Assert.Throws<InterpreterException>(() => Interpreter.Run(kernel, LaunchShape.Groups(1, 2), [])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LoadBeyondTheMemory_ThrowsWithKernelAndIndex()
    {
        Kernel kernel = Make(LaunchKind.Range1D, [s_floats], (b, p) => b.Load(p[0], b.Position(Opcode.GlobalIndex)));
        InterpreterException e = Assert.Throws<InterpreterException>(() =>
            Interpreter.Run(kernel, LaunchShape.Range(3), [KernelArgument.Pointer(HostMemory.Of(1f, 2))]));
        Assert.Contains("Kernel 'test': index 2", e.Message, StringComparison.Ordinal);
        Assert.Contains(">>  %1 = load", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AtomicAdd_ReturnsTheOldValue()
    {
        IrType ints = IrType.Pointer(ScalarType.Int32, AddressSpace.Global);
        Kernel kernel = Make(LaunchKind.Range1D, [ints, ints], (b, p) =>
            b.Store(p[1], b.Position(Opcode.GlobalIndex), b.AtomicAdd(p[0], Constant.Of(0), Constant.Of(2))));
        HostMemory count = HostMemory.Of(5);
        HostMemory old = HostMemory.Of(0, 0, 0);
        Interpreter.Run(kernel, LaunchShape.Range(3), [KernelArgument.Pointer(count), KernelArgument.Pointer(old)]);
        Assert.Equal([11], count.Read<int>());
        Assert.Equal([5, 7, 9], old.Read<int>());
    }
}
