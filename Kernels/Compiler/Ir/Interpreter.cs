using StepKind = Cotangent.Kernels.Ir.InterpreterProgram.StepKind;

namespace Cotangent.Kernels.Ir;

/// <summary>Runs IR on host memory, slowly and obviously: the oracle for the targets and the passes.</summary>
/// <remarks>Range items run one after the other, X fastest. The items of a group each run until they finish or come to
/// a barrier or a group operation; when all wait at the same one it is done and they go on. The order is fixed, so runs
/// are reproducible.</remarks>
internal sealed class Interpreter
{
    private readonly InterpreterProgram _program;
    private readonly Cell[] _initial;
    private readonly LaunchShape _shape;
    private readonly byte _fill;
    private readonly Action<Index3D, Value, ulong>? _observe;
    private readonly Random? _order;
    private readonly RaceDetector? _races;
    private readonly Dictionary<Instruction, Memory> _shared = new(ReferenceEqualityComparer.Instance);
    private Index3D _grid;
    private int _epoch;
    private Memory? _dynamic;

    private Interpreter(Kernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments, byte fill,
        Action<Index3D, Value, ulong>? observe, int? seed, bool detectRaces)
    {
        _order = seed is { } start ? new Random(start) : null;
        _races = detectRaces ? new RaceDetector() : null;
        _program = new InterpreterProgram(kernel);
        _shape = shape;
        _fill = fill;
        _observe = observe;
        _initial = new Cell[_program.SlotCount];
        foreach ((int slot, ulong bits) in _program.Constants)
        {
            _initial[slot] = new Cell(bits);
        }

        for (int i = 0; i < arguments.Length; i++)
        {
            _initial[_program.Slot(kernel.Parameters[i])] = new Cell((ulong)arguments[i].Bits,
                arguments[i].Memory is { } memory ? new Memory(memory) : null);
        }
    }

    private Kernel Kernel => _program.Kernel;

    /// <summary>Runs a launch to its end.</summary>
    /// <param name="kernel">A verified kernel.</param>
    /// <param name="shape">The launch.</param>
    /// <param name="arguments">One a parameter; memory must be readable by the host.</param>
    /// <param name="fill">What fresh shared and local memory holds; the default makes every float a NaN, to find reads
    /// before writes.</param>
    /// <param name="observe">Told the index of the work item (in its group if there are groups), a value and its bits,
    /// each time an instruction or a break makes it.</param>
    /// <param name="seed">Items and groups run in an order drawn from it; null: in order.</param>
    /// <param name="detectRaces">Throw at the first access that races with an earlier one, see
    /// <see cref="RaceDetector"/>.</param>
    /// <exception cref="InterpreterException">The kernel did what it must not: an access out of bounds, a diverging
    /// barrier.</exception>
    /// <exception cref="KernelRaceException">Work items race.</exception>
    public static void Run(Kernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments,
        byte fill = 0xFF, Action<Index3D, Value, ulong>? observe = null, int? seed = null, bool detectRaces = false)
    {
        if (arguments.Length != kernel.Parameters.Length)
        {
            throw new ArgumentException(
                $"Kernel '{kernel.Name}' takes {kernel.Parameters.Length} arguments, not {arguments.Length}.",
                nameof(arguments));
        }

        Interpreter interpreter = new(kernel, shape, arguments, fill, observe, seed, detectRaces);
        if (kernel.Kind == LaunchKind.Grouped)
        {
            interpreter.RunGroups();
        }
        else
        {
            interpreter.RunRange();
        }
    }

    private void RunRange()
    {
        foreach (Index3D index in Shuffled(Indices(_shape.Extent)))
        {
            Item item = new([.. _initial], index);
            Resume(item);
        }
    }

    private void RunGroups()
    {
        foreach (Index3D grid in Shuffled(Indices(_shape.Grid)))
        {
            _grid = grid;
            _epoch = 0;
            _shared.Clear();
            _dynamic = null;
            RunGroup([.. Indices(_shape.Group).Select(i => new Item([.. _initial], i))]);
        }
    }

    private void RunGroup(Item[] items)
    {
        while (true)
        {
            foreach (Item item in Shuffled(items))
            {
                Resume(item);
            }

            Instruction? meeting = items.Length > 0 ? items[0].Waiting : null;
            if (items.FirstOrDefault(i => i.Waiting != meeting) is { } other)
            {
                throw Fault(meeting ?? other.Waiting!, "the items of a group do not all come to this operation");
            }

            if (meeting is null)
            {
                return;
            }

            Meet(meeting, items);
        }
    }

    private void Meet(Instruction node, Item[] items)
    {
        InterpreterProgram.Step step = _program.Steps[items[0].Position];
        if (node.Opcode.IsShuffle())
        {
            Shuffle(node, step, items);
        }
        else if (node.Opcode == Opcode.GroupBroadcast)
        {
            uint source = (uint)items[0].Cells[step.Sources[1]].Bits;
            if (source >= items.Length || items.Any(i => (uint)i.Cells[step.Sources[1]].Bits != source))
            {
                throw Fault(node, "the broadcasting item does not exist or is not the same for all items");
            }

            Give(items, step.Destinations[0], items[source].Cells[step.Sources[0]].Bits);
        }
        else if (node.Opcode == Opcode.Barrier)
        {
            _epoch++;
        }
        else
        {
            ulong[] values = [.. items.Select(i => i.Cells[step.Sources[0]].Bits)];
            Give(items, step.Destinations[0], Reduce(node.Opcode, node.Type.Scalar, values));
        }

        foreach (Item item in items)
        {
            item.Waiting = null;
            item.Position++;
        }
    }

    private static void Shuffle(Instruction node, InterpreterProgram.Step step, Item[] items)
    {
        ulong[] values = [.. items.Select(i => i.Cells[step.Sources[0]].Bits)];
        for (int i = 0; i < items.Length; i++)
        {
            long source = (int)items[i].Cells[step.Sources[1]].Bits;
            if (node.Opcode == Opcode.WarpShuffle)
            {
                source = source is >= 0 and < Opcodes.WarpSize ? i / Opcodes.WarpSize * Opcodes.WarpSize + source : i;
            }

            items[i].Cells[step.Destinations[0]] = new Cell(values[source >= 0 && source < items.Length ? source : i]);
        }
    }

    private static void Give(Item[] items, int slot, ulong bits)
    {
        foreach (Item item in items)
        {
            item.Cells[slot] = new Cell(bits);
        }
    }

    /// <summary>The tree that Opcode.GroupAdd's documentation fixes.</summary>
    private static ulong Reduce(Opcode opcode, ScalarType type, ulong[] values)
    {
        for (int s = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)values.Length) / 2; s >= 1; s /= 2)
        {
            for (int i = 0; i < s && i + s < values.Length; i++)
            {
                values[i] = Semantics.Combine(opcode, type, values[i], values[i + s]);
            }
        }

        return values[0];
    }

    /// <summary>Runs one item until it finishes (Waiting is null) or has to wait for its group.</summary>
    private void Resume(Item item)
    {
        Cell[] moved = [];
        while (!item.Finished)
        {
            InterpreterProgram.Step step = _program.Steps[item.Position];
            switch (step.Kind)
            {
                case StepKind.Execute:
                    Instruction node = (Instruction)step.Node;
                    if (node.Opcode >= Opcode.Barrier)
                    {
                        item.Waiting = node;
                        return;
                    }

                    item.Cells[step.Destinations[0]] = Execute(item, node, step.Sources);
                    _observe?.Invoke(item.Index, node, item.Cells[step.Destinations[0]].Bits);
                    item.Position++;
                    break;
                case StepKind.JumpIfFalse:
                    item.Position = item.Cells[step.Sources[0]].Bits != 0 ? item.Position + 1 : step.Target;
                    break;
                case StepKind.Move:
                    moved = [.. step.Sources.Select(s => item.Cells[s])];
                    for (int i = 0; i < moved.Length; i++)
                    {
                        item.Cells[step.Destinations[i]] = moved[i];
                        if (step.Node is Break leave)
                        {
                            _observe?.Invoke(item.Index, leave.Target.Results[i], moved[i].Bits);
                        }
                    }

                    item.Position = step.Target;
                    break;
                case StepKind.Finish:
                    item.Finished = true;
                    break;
                default:
                    throw Fault(step.Node, "control came to an unreachable place");
            }
        }
    }

    private Cell Execute(Item item, Instruction node, int[] sources)
    {
        Cell x = sources.Length > 0 ? item.Cells[sources[0]] : default;
        Cell y = sources.Length > 1 ? item.Cells[sources[1]] : default;
        Cell z = sources.Length > 2 ? item.Cells[sources[2]] : default;
        Cell w = sources.Length > 3 ? item.Cells[sources[3]] : default;
        switch (node.Opcode)
        {
            case Opcode.Select:
                return x.Bits != 0 ? y : z;
            case Opcode.Call:
                return new Cell(MathLibrary.Evaluate(node.Function, node.Type.Scalar, x.Bits, y.Bits));
            case >= Opcode.GlobalIndex and <= Opcode.GridExtent:
                return new Cell((uint)Position(item, node.Opcode, node.Axis));
            case >= Opcode.Load and <= Opcode.AtomicCompareExchange:
                return Access(item, node, x, y, z.Bits, w.Bits);
            case Opcode.Fence:
            case Opcode.SerialGroups or Opcode.MatrixUnits:
                return default; // false; and items run one after the other
            case Opcode.DynamicShared:
                return new Cell(0, _dynamic ??= new Memory(_shape.SharedBytes, _fill));
            case Opcode.DynamicSharedSize:
                return new Cell((uint)_shape.SharedBytes);
            case Opcode.PointerAdd:
                return new Cell(x.Bits + (ulong)(Index(node, y.Bits) * node.Type.Scalar.Size()), x.Memory);
            case Opcode.PointerCast:
                return x;
            case Opcode.Allocate:
                return new Cell(0, Allocate(node));
            default:
                return new Cell(Semantics.Evaluate(node, [x.Bits, y.Bits, z.Bits]));
        }
    }

    private Memory Allocate(Instruction node)
    {
        int bytes = node.Count * node.Type.Scalar.Size();
        if (node.Type.Space == AddressSpace.Local)
        {
            return new Memory(bytes, _fill);
        }

        if (!_shared.TryGetValue(node, out Memory? memory))
        {
            _shared[node] = memory = new Memory(bytes, _fill);
        }

        return memory;
    }

    private Cell Access(Item item, Instruction node, Cell pointer, Cell index, ulong value, ulong replacement)
    {
        Memory memory = pointer.Memory ?? throw Fault(node, "the pointer points nowhere");
        ScalarType type = node.Operands[0].Type.Scalar;
        int size = type.Size();
        long element = Index(node, index.Bits);
        Int128 offset = (Int128)(long)pointer.Bits + (Int128)element * size;
        if (offset < 0 || offset + size > memory.Length)
        {
            throw Fault(node, $"index {element} (byte {offset}) is outside the memory's {memory.Length} bytes");
        }

        if (_races is not null && node.Operands[0].Type.Space != AddressSpace.Local)
            CheckRaces(item, node, memory, (long)offset, size, value);
        ulong old = node.Opcode == Opcode.Store ? 0 : memory.Read((long)offset, size);
        if (node.Opcode != Opcode.Load)
        {
            memory.Write((long)offset, size, node.Opcode switch
            {
                Opcode.Store or Opcode.AtomicExchange => value,
                Opcode.AtomicCompareExchange => old == value ? replacement : old,
                _ => Semantics.Combine(node.Opcode, type, old, value),
            });
        }

        return new Cell(old);
    }

    private void CheckRaces(Item item, Instruction node, Memory memory, long offset, int size, ulong value)
    {
        AccessKind kind = node.Opcode == Opcode.Load ? AccessKind.Read
            : node.Opcode == Opcode.Store ? AccessKind.Write : AccessKind.Atomic;
        RaceDetector.Actor actor = Kernel.Kind == LaunchKind.Grouped ? new(_grid, item.Index, _epoch) : new(item.Index, default, 0);
        if (_races!.Access(memory.Identity, offset, size, actor, kind, value) is { } other)
            throw new KernelRaceException(Kernel, NameOf(memory), offset / size, (actor, kind), other);
    }

    /// <summary>What the source calls the memory.</summary>
    private string NameOf(Memory memory)
    {
        foreach (Parameter parameter in Kernel.Parameters)
        {
            if (_initial[_program.Slot(parameter)].Memory is { } given && given.Identity == memory.Identity)
                return parameter.Name ?? $"argument {parameter.Index}";
        }

        return "shared memory";
    }

    private IEnumerable<T> Shuffled<T>(IEnumerable<T> items)
    {
        if (_order is null)
            return items;
        T[] array = [.. items];
        _order.Shuffle(array);
        return array;
    }

    private static long Index(Instruction node, ulong bits) =>
        node.Operands[1].Type.Scalar == ScalarType.Int32 ? (int)bits : (long)bits;

    private int Position(Item item, Opcode opcode, Axis axis) => opcode switch
    {
        Opcode.GlobalIndex when Kernel.Kind == LaunchKind.Grouped =>
            At(_grid, axis) * At(_shape.Group, axis) + At(item.Index, axis),
        Opcode.GlobalIndex or Opcode.GroupIndex => At(item.Index, axis),
        Opcode.GlobalExtent => At(_shape.Extent, axis),
        Opcode.GroupExtent => At(_shape.Group, axis),
        Opcode.GridIndex => At(_grid, axis),
        _ => At(_shape.Grid, axis),
    };

    private static int At(Index3D index, Axis axis) => axis switch
    {
        Axis.X => index.X,
        Axis.Y => index.Y,
        _ => index.Z,
    };

    private static IEnumerable<Index3D> Indices(Index3D extent)
    {
        for (int z = 0; z < extent.Z; z++)
        {
            for (int y = 0; y < extent.Y; y++)
            {
                for (int x = 0; x < extent.X; x++)
                {
                    yield return new Index3D(x, y, z);
                }
            }
        }
    }

    private InterpreterException Fault(INode node, string fault) =>
        new($"Kernel '{Kernel.Name}': {fault}.\n{Printer.Print(Kernel, node)}");

    /// <summary>A value at run time: bits, and for a pointer its memory (Bits is then the byte offset).</summary>
    private readonly record struct Cell(ulong Bits, Memory? Memory = null);

    /// <summary>One work item's state.</summary>
    private sealed class Item(Cell[] cells, Index3D index)
    {
        public Cell[] Cells { get; } = cells;

        public Index3D Index { get; } = index;

        public int Position { get; set; }

        public bool Finished { get; set; }

        public Instruction? Waiting { get; set; }
    }

    /// <summary>Bytes with a known length: device memory, or the interpreter's own.</summary>
    private sealed unsafe class Memory
    {
        private readonly byte* _pointer;

        // Kept so that what _pointer points to lives as long as this: a pinned array or the device's memory.
        private readonly object _owner;

        public Memory(DeviceMemory memory)
        {
            if (memory.HostPointer == 0 && memory.ByteLength > 0)
            {
                throw new ArgumentException($"The interpreter cannot read memory of {memory.Device}.");
            }

            _owner = memory;
            _pointer = (byte*)memory.HostPointer;
            Length = memory.ByteLength;
        }

        public Memory(int bytes, byte fill)
        {
            byte[] array = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
            array.AsSpan().Fill(fill);
            _owner = array;
            _pointer = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
            Length = bytes;
        }

        public long Length { get; }

        /// <summary>The same for all that is the same memory.</summary>
        public object Identity => _owner;

        public ulong Read(long offset, int size)
        {
            ulong bits = 0;
            new ReadOnlySpan<byte>(_pointer + offset, size).CopyTo(new Span<byte>(&bits, size));
            GC.KeepAlive(_owner);
            return bits;
        }

        public void Write(long offset, int size, ulong bits)
        {
            new ReadOnlySpan<byte>(&bits, size).CopyTo(new Span<byte>(_pointer + offset, size));
            GC.KeepAlive(_owner);
        }
    }
}

/// <summary>A kernel did under the interpreter what no kernel may do.</summary>
internal sealed class InterpreterException(string message) : Exception(message);
