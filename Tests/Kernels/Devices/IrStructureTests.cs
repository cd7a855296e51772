using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests;

/// <summary>Control flow, memory, groups and arguments of IR kernels on every device, against the
/// interpreter.</summary>
public class IrStructureTests
{
    private static readonly IrType s_ints = IrCase.Global(ScalarType.Int32);
    private static readonly IrType s_floats = IrCase.Global(ScalarType.Float32);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void ControlFlow_EveryShapeOfExit_HasTheInterpretersValues(string device) => IrCase.CheckAll(device,
    [
        EarlyReturn(), BreakOutOfTwoLoops(), ContinueOuterLoop(), BlockWithValue(), SwappingLoop(), PointerThroughLoop(), EmptyArms(),
    ]);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Memory_EverySpaceAndWidth_HasTheInterpretersValues(string device) => IrCase.CheckAll(device,
    [
        LocalArray(), NarrowStorage(), PointerArithmetic(), CastPointers(), ScalarArguments(),
    ]);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Range_TwoAndThreeDimensions_RunsEachItemOnce(string device) => IrCase.CheckAll(device,
    [
        Range(LaunchKind.Range2D, LaunchShape.Range(37, 5)), Range(LaunchKind.Range2D, LaunchShape.Range(1, 300)),
        Range(LaunchKind.Range3D, LaunchShape.Range(3, 7, 11)), Range(LaunchKind.Range3D, LaunchShape.Range(65, 2, 3)),
        Range(LaunchKind.Range1D, LaunchShape.Range(1)), Range(LaunchKind.Range1D, LaunchShape.Range(0)),
    ]);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Group_SharedMemoryAndReductions_HaveTheInterpretersBits(string device)
    {
        Kernel reduce = GroupReductions();
        IrCase.CheckAll(device,
        [
            .. from size in (Index3D[])[new(1, 1, 1), new(7, 1, 1), new(64, 1, 1), new(5, 4, 3)]
               let items = 3 * size.Size
               select new IrCase(reduce, LaunchShape.Groups(new(3, 1, 1), size), Floats(items), Ints(items),
                   new float[3 * items], new int[3 * items]),
            SharedReverse(), UniformLoopWithBarriers(),
        ]);
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Group_OfAKnownSize_HasTheInterpretersBits(string device) => IrCase.CheckAll(device,
    [
        .. from size in (Index3D[])[new(1, 1, 1), new(20, 1, 1), new(32, 1, 1), new(48, 1, 1), new(64, 1, 1), new(5, 4, 5), new(128, 1, 1), new(200, 1, 1)]
           let items = 2 * size.Size
           select new IrCase(GroupReductions(size), LaunchShape.Groups(new(2, 1, 1), size), Floats(items), Ints(items),
               new float[3 * items], new int[3 * items]),
    ]);

    [Fact]
    public void Group_OfAnotherThanTheKnownSize_IsRefused()
    {
        CompiledKernel kernel = Device.Cpu.Compile(GroupReductions(new Index3D(64, 1, 1)));
        DeviceMemory memory = Device.Cpu.AllocateMemory(1 << 12);
        KernelArgument argument = KernelArgument.Pointer(memory);
        DeviceException refusal = Assert.Throws<DeviceException>(() =>
            Device.Cpu.Launch(kernel, LaunchShape.Groups(1, 32), [argument, argument, argument, argument]));
        Assert.Equal("CTG3006", refusal.Code);
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void AtomicAdd_EveryTypeAndSpace_AddsAll(string device) => IrCase.CheckAll(device,
    [
        .. from type in (ScalarType[])[ScalarType.Int32, ScalarType.UInt32, ScalarType.Int64, ScalarType.UInt64,
               ScalarType.Float32, ScalarType.Float64]
           select Histogram(type),
    ]);

    private static float[] Floats(int n) => [.. Enumerable.Range(0, n).Select(i => MathF.Sin(i) * 10)];

    private static int[] Ints(int n) => [.. Enumerable.Range(0, n).Select(i => (i * 7919 % 101) - 50)];

    private static IrCase EarlyReturn()
    {
        Kernel kernel = IrCase.Build("early_return", LaunchKind.Range1D, [s_ints], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            If odd = new(b.Compare(Opcode.Equal, b.Binary(Opcode.And, i, Constant.Of(1)), Constant.Of(1)));
            b.Within(odd.Then, () => b.Append(new Return()));
            b.Within(odd.Else, () => b.Append(new Break(odd)));
            b.Append(odd);
            b.Store(p[0], i, Constant.Of(5));
        });
        return new IrCase(kernel, LaunchShape.Range(50), Ints(50));
    }

    // for i: for j: if (x[j] == i) leave both with (i, j), else if i·j > 90 leave the inner
    private static IrCase BreakOutOfTwoLoops()
    {
        Kernel kernel = IrCase.Build("break_two", LaunchKind.Range1D, [s_ints, s_ints], (b, p) =>
        {
            Value id = b.Position(Opcode.GlobalIndex);
            Block found = new(ScalarType.Int32, ScalarType.Int32);
            b.Within(found.Body, () =>
            {
                b.For(Constant.Of(0), Constant.Of(20), Constant.Of(1), [], (i, _) =>
                {
                    Loop inner = new([Constant.Of(0)]);
                    b.Within(inner.Body, () =>
                    {
                        Value j = inner.Parameters[0];
                        Leave(b.Compare(Opcode.GreaterEqual, j, Constant.Of(30)), inner);
                        Leave(b.Compare(Opcode.Equal, b.Load(p[0], b.Add(j, id)), i), found, i, j);
                        Leave(b.Compare(Opcode.Greater, b.Mul(i, j), Constant.Of(90)), inner);
                        b.Append(new Continue(inner, b.Add(j, Constant.Of(1))));
                    });
                    b.Append(inner);
                    return [];
                });
                b.Append(new Break(found, Constant.Of(-1), Constant.Of(-2)));
            });
            b.Append(found);
            b.Store(p[1], b.Mul(id, Constant.Of(2)), found.Results[0]);
            b.Store(p[1], b.Add(b.Mul(id, Constant.Of(2)), Constant.Of(1)), found.Results[1]);

            void Leave(Value condition, Structured target, params Value[] values)
            {
                If test = new(condition);
                b.Within(test.Then, () => b.Append(new Break(target, [.. values])));
                b.Within(test.Else, () => b.Append(new Break(test)));
                b.Append(test);
            }
        });
        return new IrCase(kernel, LaunchShape.Range(40), Ints(70), new int[80]);
    }

    // The inner loop goes on with the outer one as soon as it meets a negative number; what follows the inner loop is
    // skipped.
    private static IrCase ContinueOuterLoop()
    {
        Kernel kernel = IrCase.Build("continue_outer", LaunchKind.Range1D, [s_ints, s_ints], (b, p) =>
        {
            Value id = b.Position(Opcode.GlobalIndex);
            Loop outer = new([Constant.Of(0), Constant.Of(0)], ScalarType.Int32);
            b.Within(outer.Body, () =>
            {
                Value i = outer.Parameters[0];
                Value sum = outer.Parameters[1];
                Value next = b.Add(i, Constant.Of(1));
                If done = new(b.Compare(Opcode.GreaterEqual, i, Constant.Of(5)));
                b.Within(done.Then, () => b.Append(new Break(outer, sum)));
                b.Within(done.Else, () => b.Append(new Break(done)));
                b.Append(done);
                Value total = b.For(Constant.Of(0), Constant.Of(4), Constant.Of(1), [sum], (j, s) =>
                {
                    Value x = b.Load(p[0], b.Add(id, b.Add(b.Mul(i, Constant.Of(4)), j)));
                    If negative = new(b.Compare(Opcode.Less, x, Constant.Of(0)));
                    b.Within(negative.Then, () => b.Append(new Continue(outer, next, s[0])));
                    b.Within(negative.Else, () => b.Append(new Break(negative)));
                    b.Append(negative);
                    return [b.Add(s[0], x)];
                })[0];
                b.Append(new Continue(outer, next, b.Mul(total, Constant.Of(3))));
            });
            b.Append(outer);
            b.Store(p[1], id, outer.Results[0]);
        });
        return new IrCase(kernel, LaunchShape.Range(60), Ints(100), new int[60]);
    }

    private static IrCase BlockWithValue()
    {
        Kernel kernel = IrCase.Build("block_value", LaunchKind.Range1D, [s_ints, s_ints], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value x = b.Load(p[0], i);
            Block block = new(ScalarType.Int32, ScalarType.Bool);
            b.Within(block.Body, () =>
            {
                If small = new(b.Compare(Opcode.Less, x, Constant.Of(-10)));
                b.Within(small.Then, () => b.Append(new Break(block, Constant.Of(1), Constant.Of(true))));
                b.Within(small.Else, () =>
                {
                    If middle = new(b.Compare(Opcode.Less, x, Constant.Of(10)));
                    b.Within(middle.Then, () => b.Append(new Break(block, x, Constant.Of(false))));
                    b.Within(middle.Else, () => b.Append(new Break(small)));
                    b.Append(middle);
                    b.Append(new Unreachable());
                });
                b.Append(small);
                b.Append(new Break(block, Constant.Of(100), Constant.Of(true)));
            });
            b.Append(block);
            b.Store(p[1], i, b.Add(block.Results[0], b.Convert(block.Results[1], ScalarType.Int32)));
        });
        return new IrCase(kernel, LaunchShape.Range(90), Ints(90), new int[90]);
    }

    private static IrCase SwappingLoop()
    {
        Kernel kernel = IrCase.Build("swap", LaunchKind.Range1D, [s_ints, s_ints], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value[] last = [.. b.For(Constant.Of(0), b.Binary(Opcode.And, i, Constant.Of(7)), Constant.Of(1),
                [b.Load(p[0], i), i, Constant.Of(3)], (k, s) => [s[1], b.Add(s[2], k), s[0]])];
            b.Store(p[1], i, b.Add(b.Mul(last[0], Constant.Of(10000)), b.Add(b.Mul(last[1], Constant.Of(100)), last[2])));
        });
        return new IrCase(kernel, LaunchShape.Range(33), Ints(33), new int[33]);
    }

    private static IrCase PointerThroughLoop()
    {
        Kernel kernel = IrCase.Build("pointers", LaunchKind.Range1D, [s_ints, s_ints, s_ints], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value[] last = [.. b.For(Constant.Of(0), i, Constant.Of(1), [p[0], p[1]], (_, s) => [s[1], s[0]])];
            b.Store(p[2], i, b.Load(b.Append(new Instruction(Opcode.PointerAdd, s_ints, last[0], i)), Constant.Of(1)));
        });
        return new IrCase(kernel, LaunchShape.Range(20), Ints(21), new int[21], new int[20]);
    }

    private static IrCase EmptyArms()
    {
        Kernel kernel = IrCase.Build("empty_arms", LaunchKind.Range1D, [s_ints], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            b.If(b.Compare(Opcode.Greater, i, Constant.Of(3)), () => { });
            b.If(b.Compare(Opcode.Greater, i, Constant.Of(6)), [], () => [], () =>
            {
                b.Store(p[0], i, i);
                return [];
            });
        });
        return new IrCase(kernel, LaunchShape.Range(12), Ints(12));
    }

    private static IrCase LocalArray()
    {
        Kernel kernel = IrCase.Build("local_array", LaunchKind.Range1D, [s_ints, s_ints], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value local = b.Allocate(ScalarType.Int32, AddressSpace.Local, 8);
            b.For(Constant.Of(0), Constant.Of(8), Constant.Of(1), [], (k, _) =>
            {
                b.Store(local, k, b.Load(p[0], b.Add(i, k)));
                return [];
            });
            Value x = b.Load(local, b.Binary(Opcode.And, b.Load(p[0], i), Constant.Of(7)));
            b.Store(p[1], i, x);
        });
        return new IrCase(kernel, LaunchShape.Range(40), Ints(48), new int[40]);
    }

    private static IrCase NarrowStorage()
    {
        ScalarType[] types =
        [
            ScalarType.Bool, ScalarType.Int8, ScalarType.UInt8, ScalarType.Int16, ScalarType.UInt16, ScalarType.Float16,
            ScalarType.BFloat16,
        ];
        Kernel kernel = IrCase.Build("narrow", LaunchKind.Range1D, [s_floats, .. types.Select(IrCase.Global), s_floats], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value x = b.Load(p[0], i);
            Value sum = Constant.Of(0f);
            for (int k = 0; k < types.Length; k++)
            {
                Value old = b.Convert(b.Load(p[k + 1], i), ScalarType.Float32);
                b.Store(p[k + 1], i, b.Convert(b.Add(x, old), types[k]));
                sum = b.Add(sum, old);
            }

            b.Store(p[^1], i, sum);
        });
        bool[] bools = [.. Enumerable.Range(0, 64).Select(i => i % 3 == 0)];
        return new IrCase(kernel, LaunchShape.Range(64), Floats(64), bools, new sbyte[64], new byte[64], new short[64], new ushort[64],
            Enumerable.Range(0, 64).Select(i => (ushort)(i * 250)).ToArray(), new ushort[64], new float[64]);
    }

    private static IrCase PointerArithmetic()
    {
        Kernel kernel = IrCase.Build("pointer_add", LaunchKind.Range1D, [s_ints], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value at = b.Append(new Instruction(Opcode.PointerAdd, s_ints, p[0], b.Convert(i, ScalarType.Int64)));
            b.Store(at, Constant.Of(16L), b.Load(at, Constant.Of(0)));
        });
        return new IrCase(kernel, LaunchShape.Range(16), Ints(32));
    }

    // Writes floats through an int pointer and reads them back as floats: the C compiler must not assume that types do
    // not alias.
    private static IrCase CastPointers()
    {
        Kernel kernel = IrCase.Build("pointer_cast", LaunchKind.Range1D, [s_floats, s_floats], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value words = b.Append(new Instruction(Opcode.PointerCast, s_ints, p[0]));
            Value sum = b.For(Constant.Of(0), Constant.Of(4), Constant.Of(1), [Constant.Of(0f)], (_, s) =>
            {
                Value before = b.Load(p[0], i);
                b.Store(words, i, b.Add(b.Load(words, i), Constant.Of(1 << 20)));
                return [b.Add(s[0], b.Sub(b.Load(p[0], i), before))];
            })[0];
            b.Store(p[1], i, sum);
        });
        return new IrCase(kernel, LaunchShape.Range(50), Floats(50), new float[50]);
    }

    private static IrCase ScalarArguments()
    {
        ScalarType[] types =
        [
            ScalarType.Bool, ScalarType.Int32, ScalarType.UInt32, ScalarType.Int64, ScalarType.UInt64, ScalarType.Float32,
            ScalarType.Float64,
        ];
        Kernel kernel = IrCase.Build("scalars", LaunchKind.Range1D,
            [IrCase.Global(ScalarType.Float64), .. types.Select(t => (IrType)t)], (b, p) =>
            {
                for (int k = 0; k < types.Length; k++)
                    b.Store(p[0], Constant.Of(k), b.Convert(p[k + 1], ScalarType.Float64));
            });
        return new IrCase(kernel, LaunchShape.Range(1), new double[7], true, -5, 4000000000u, -1L << 40, ulong.MaxValue, 1.5f, -2.25);
    }

    private static IrCase Range(LaunchKind kind, LaunchShape shape)
    {
        Kernel kernel = IrCase.Build($"range_{kind}", kind, [s_ints], (b, p) =>
        {
            Value x = b.Position(Opcode.GlobalIndex, Axis.X);
            Value y = kind == LaunchKind.Range1D ? Constant.Of(0) : b.Position(Opcode.GlobalIndex, Axis.Y);
            Value z = kind == LaunchKind.Range3D ? b.Position(Opcode.GlobalIndex, Axis.Z) : Constant.Of(0);
            Value width = b.Position(Opcode.GlobalExtent, Axis.X);
            Value height = kind == LaunchKind.Range1D ? Constant.Of(1) : b.Position(Opcode.GlobalExtent, Axis.Y);
            Value index = b.Add(x, b.Mul(width, b.Add(y, b.Mul(height, z))));
            b.Store(p[0], index, b.Add(b.Load(p[0], index), b.Add(x, b.Add(b.Mul(y, Constant.Of(100)), b.Mul(z, Constant.Of(10000))))));
        });
        return new IrCase(kernel, shape, Ints(Math.Max(1, shape.Extent.Size)));
    }

    private static Kernel GroupReductions(Index3D group)
    {
        Kernel any = GroupReductions();
        Kernel kernel = new(any.Name, any.Kind, any.Parameters) { Group = group };
        kernel.Body.Nodes.AddRange(any.Body.Nodes);
        return kernel;
    }

    private static Kernel GroupReductions() => IrCase.Build("group_reductions", LaunchKind.Grouped,
        [s_floats, s_ints, s_floats, s_ints], (b, p) =>
        {
            Value size = b.Mul(b.Position(Opcode.GroupExtent, Axis.X),
                b.Mul(b.Position(Opcode.GroupExtent, Axis.Y), b.Position(Opcode.GroupExtent, Axis.Z)));
            Value item = b.Add(b.Position(Opcode.GroupIndex, Axis.X), b.Mul(b.Position(Opcode.GroupExtent, Axis.X),
                b.Add(b.Position(Opcode.GroupIndex, Axis.Y),
                    b.Mul(b.Position(Opcode.GroupExtent, Axis.Y), b.Position(Opcode.GroupIndex, Axis.Z)))));
            Value i = b.Add(b.Mul(b.Position(Opcode.GridIndex), size), item);
            Value last = b.Sub(size, Constant.Of(1));
            Value x = b.Load(p[0], i);
            Value y = b.Load(p[1], i);
            Keep(p[2], b.GroupReduce(Opcode.GroupAdd, x), b.GroupReduce(Opcode.GroupMin, x), Broadcast(x));
            Keep(p[3], b.GroupReduce(Opcode.GroupAdd, y), b.GroupReduce(Opcode.GroupMax, y), Broadcast(y));

            Value Broadcast(Value value) => b.Append(new Instruction(Opcode.GroupBroadcast, value.Type, value, last));

            void Keep(Value pointer, params Value[] values)
            {
                for (int v = 0; v < values.Length; v++)
                    b.Store(pointer, b.Add(b.Mul(i, Constant.Of(values.Length)), Constant.Of(v)), values[v]);
            }
        });

    private static IrCase SharedReverse()
    {
        Kernel kernel = IrCase.Build("shared_reverse", LaunchKind.Grouped, [s_ints, s_ints], (b, p) =>
        {
            Value shared = b.Allocate(ScalarType.Int32, AddressSpace.Shared, 32);
            Value item = b.Position(Opcode.GroupIndex);
            Value i = b.Position(Opcode.GlobalIndex);
            b.Store(shared, item, b.Load(p[0], i));
            b.Barrier();
            b.Store(p[1], i, b.Load(shared, b.Sub(Constant.Of(31), item)));
        });
        return new IrCase(kernel, LaunchShape.Groups(5, 32), Ints(160), new int[160]);
    }

    // A prefix sum by doubling: barriers in a loop, a varying If between them.
    private static IrCase UniformLoopWithBarriers()
    {
        Kernel kernel = IrCase.Build("scan", LaunchKind.Grouped, [s_ints], (b, p) =>
        {
            Value shared = b.Allocate(ScalarType.Int32, AddressSpace.Shared, 64);
            Value item = b.Position(Opcode.GroupIndex);
            Value i = b.Position(Opcode.GlobalIndex);
            b.Store(shared, item, b.Load(p[0], i));
            b.For(Constant.Of(0), Constant.Of(6), Constant.Of(1), [Constant.Of(1)], (_, state) =>
            {
                b.Barrier();
                Value other = b.If(b.Compare(Opcode.GreaterEqual, item, state[0]), [ScalarType.Int32],
                    () => [b.Load(shared, b.Sub(item, state[0]))], () => [Constant.Of(0)])[0];
                b.Barrier();
                b.Store(shared, item, b.Add(b.Load(shared, item), other));
                return [b.Mul(state[0], Constant.Of(2))];
            });
            b.Store(p[0], i, b.Load(shared, item));
        });
        return new IrCase(kernel, LaunchShape.Groups(3, 64), Ints(192));
    }

    // Small whole numbers, so that any order of additions gives the same bits. Group counts go through shared memory.
    private static IrCase Histogram(ScalarType type)
    {
        Kernel kernel = IrCase.Build($"histogram_{type.Name()}", LaunchKind.Grouped, [s_ints, IrCase.Global(type)], (b, p) =>
        {
            Value shared = b.Allocate(type, AddressSpace.Shared, 8);
            Value item = b.Position(Opcode.GroupIndex);
            b.If(b.Compare(Opcode.Less, item, Constant.Of(8)), () => b.Store(shared, item, Constant.Of(type, 0)));
            b.Barrier();
            Value bin = b.Binary(Opcode.And, b.Load(p[0], b.Position(Opcode.GlobalIndex)), Constant.Of(7));
            b.AtomicAdd(shared, bin, Constant.Of(type, 3));
            b.Barrier();
            b.If(b.Compare(Opcode.Less, item, Constant.Of(8)), () => b.AtomicAdd(p[1], item, b.Load(shared, item)));
        });
        Array counts = type.Size() == 4 ? new int[8] : new long[8];
        return new IrCase(kernel, LaunchShape.Groups(6, 64), Ints(384), counts);
    }
}
