using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Whole kernels: the loops over rows, vectors and groups around the body, the positions, and the scratch memory.
internal sealed partial class SimdEmitter
{
    private const int ScratchArgument = 1;
    private const int RowFromArgument = 2;
    private const int RowToArgument = 3;
    private const int FromArgument = 4;
    private const int ToArgument = 5;

    // Scratch memory of a thread: slots for operations done lane by lane, then the kernel's own arrays.
    private const int SlotBytes = 512;
    private const int OperandSlot = 0;
    private const int MaskSlot = 4 * SlotBytes;
    private const int ResultSlot = 5 * SlotBytes;
    private const int FirstArray = 6 * SlotBytes;

    private readonly Dictionary<(Instruction, int Row), int> _arrays = [];
    private readonly LocalBuilder?[] _position = new LocalBuilder?[3];
    private readonly LocalBuilder?[] _extent = new LocalBuilder?[3];

    /// <summary>Bytes of scratch memory that a thread needs.</summary>
    public int ScratchBytes { get; private set; } = FirstArray;

    /// <summary>The emitted statements, for people.</summary>
    public string Listing => _il.Listing;

    /// <summary>The slot of the arguments with the launch's extent or grid along an axis; parameters come first.</summary>
    public static int ExtentSlot(Kernel kernel, Axis axis) => kernel.Parameters.Length + (int)axis;

    /// <summary>The slot with the address of the table of item positions (grouped kernels): all X, then all Y, then all Z.</summary>
    public static int TableSlot(Kernel kernel) => kernel.Parameters.Length + 3;

    /// <summary>The number of arguments of a compiled kernel.</summary>
    public static int SlotCount(Kernel kernel) => kernel.Parameters.Length + 5;

    /// <summary>The slot with the bytes of shared memory that the launch adds. It ends where the scratch memory begins; what lies
    /// before is <see cref="DynamicRoom"/>.</summary>
    public static int DynamicSharedSlot(Kernel kernel) => kernel.Parameters.Length + 4;

    /// <summary>Bytes before the scratch memory that so much dynamic shared memory takes.</summary>
    public static int DynamicRoom(int bytes) => (bytes + 63) & ~63;

    public void EmitKernel()
    {
        foreach (Parameter parameter in _kernel.Parameters)
        {
            PushSlot(parameter.Index);
            EmitScalarLoad(parameter.Type.IsPointer ? ScalarType.Int64 : parameter.Type.Scalar);
            _il.Store(Define(parameter).Locals[0]);
        }

        for (int axis = 0; axis < 3; axis++)
        {
            PushSlot(ExtentSlot(_kernel, (Axis)axis));
            _il.Op(OpCodes.Ldind_I4);
            _il.Store(_extent[axis] = _il.Take(typeof(int)));
            _position[axis] = _il.Take(typeof(int));
        }

        if (_kernel.Kind == LaunchKind.Grouped)
            EmitGroups();
        else
            EmitRows();
        // Stores past the caches are not ordered with later ones otherwise.
        if (_target.Streaming && Sse.IsSupported)
            _il.Call(typeof(Sse).GetMethod(nameof(Sse.StoreFence))!);
        _il.Op(OpCodes.Ret);
    }

    private void PushSlot(int slot)
    {
        _il.Argument(0);
        _il.AddBytes(8 * slot);
    }

    // Range kernels.

    /// <summary>for each row: full groups of lanes, then one masked group.</summary>
    private void EmitRows()
    {
        Label head = _il.Label();
        Label end = _il.Label();
        LocalBuilder row = _il.Take(typeof(int));
        _il.Argument(RowFromArgument);
        _il.Store(row);
        _il.Mark(head);
        _il.Load(row);
        _il.Argument(RowToArgument);
        _il.Branch(OpCodes.Bge, end);
        EmitTiledRows(row, head);
        EmitSplit(row, _extent[(int)Axis.Y]!, _position[(int)Axis.Y]!, _position[(int)Axis.Z]!);
        EmitRow();
        Increment(row, 1);
        _il.Branch(OpCodes.Br, head);
        _il.Mark(end);
    }

    /// <summary>low = number % extent, high = number / extent.</summary>
    private void EmitSplit(LocalBuilder number, LocalBuilder extent, LocalBuilder low, LocalBuilder high)
    {
        _il.Load(number);
        _il.Load(extent);
        _il.Op(OpCodes.Div);
        _il.Store(high);
        _il.Load(number);
        _il.Load(high);
        _il.Load(extent);
        _il.Op(OpCodes.Mul);
        _il.Op(OpCodes.Sub);
        _il.Store(low);
    }

    private void Increment(LocalBuilder local, int step)
    {
        _il.Load(local);
        _il.Int(step);
        _il.Op(OpCodes.Add);
        _il.Store(local);
    }

    private void EmitRow()
    {
        LocalBuilder x = _position[(int)Axis.X]!;
        Label body = _il.Label();
        Label test = _il.Label();
        Label end = _il.Label();
        _il.LongArgument(FromArgument);
        _il.Store(x);
        if (_target.Quick)
        {
            EmitMaskedRow(x);
            return;
        }

        _il.Branch(OpCodes.Br, test);
        _il.Mark(body);
        EmitBodyOnce(null);
        Increment(x, Lanes);
        _il.Mark(test);
        _il.Load(x);
        _il.LongArgument(ToArgument);
        _il.Int(Lanes);
        _il.Op(OpCodes.Sub);
        _il.Branch(OpCodes.Ble, body);

        _il.Load(x);
        _il.LongArgument(ToArgument);
        _il.Branch(OpCodes.Bge, end);
        _il.Note(0, $"the last items, masked:");
        EmitMaskedItems(x);
        _il.Mark(end);
    }

    /// <summary>All groups of lanes from x under masks, so that the body stands in the code once.</summary>
    private void EmitMaskedRow(LocalBuilder x)
    {
        Label body = _il.Label();
        Label test = _il.Label();
        _il.Branch(OpCodes.Br, test);
        _il.Mark(body);
        EmitMaskedItems(x);
        Increment(x, Lanes);
        _il.Mark(test);
        _il.Load(x);
        _il.LongArgument(ToArgument);
        _il.Branch(OpCodes.Blt_Un, body); // x may have passed the largest Int32
    }

    /// <summary>The body for the items from x of a row, as many as the lanes hold.</summary>
    private void EmitMaskedItems(LocalBuilder x)
    {
        LocalBuilder[] mask = TakeMask();
        EmitTailMask(mask, () =>
        {
            _il.LongArgument(ToArgument);
            _il.Load(x);
            _il.Op(OpCodes.Sub);
        });
        EmitBodyOnce(new Mask(mask, nonEmpty: true));
        _il.Give(mask);
    }

    /// <summary>Lanes below a number are active.</summary>
    private void EmitTailMask(LocalBuilder[] mask, Action pushCount)
    {
        for (int i = 0; i < mask.Length; i++)
        {
            _il.Call(_isa.Property("Indices", typeof(int)));
            pushCount();
            _il.Int(i * _isa.Lanes);
            _il.Op(OpCodes.Sub);
            _il.Call(_isa.Broadcast(typeof(int)));
            _il.Call(_isa.Method("LessThan", typeof(int), 2));
            _il.Store(mask[i]);
        }
    }

    private void EmitBodyOnce(Mask? mask)
    {
        _return = _il.Label();
        _mask = mask;
        _keptMasks.Push([]);
        EmitRegion(_kernel.Body);
        foreach (LocalBuilder[] kept in _keptMasks.Pop())
            _il.Give(kept);
        _il.Mark(_return);
    }

    // Positions.

    private Shape ShapeOfPosition(Instruction x)
    {
        if (x.Opcode is not (Opcode.GlobalIndex or Opcode.GroupIndex))
            return Shape.Uniform;
        if (_kernel.Kind != LaunchKind.Grouped)
            return x.Axis == Axis.X ? Shape.Linear : Shape.Uniform;
        return ShapeOfGroupIndex(x.Axis);
    }

    /// <summary>Pushes a uniform position, or lane 0 of a linear one.</summary>
    private void PushPosition(Instruction x)
    {
        int axis = (int)x.Axis;
        switch (x.Opcode)
        {
            case Opcode.GlobalIndex when _kernel.Kind != LaunchKind.Grouped:
            case Opcode.GridIndex:
                _il.Load(_position[axis]!);
                break;
            case Opcode.GlobalExtent or Opcode.GridExtent:
                _il.Load(_extent[axis]!);
                break;
            case Opcode.GroupExtent:
                _il.Int(GroupExtent(x.Axis));
                break;
            case Opcode.GroupIndex:
                PushGroupIndex(x.Axis);
                break;
            default:
                PushGroupStart(x.Axis);
                PushGroupIndex(x.Axis);
                _il.Op(OpCodes.Add);
                break;
        }
    }

    /// <summary>Pushes the size of the launch's shared memory, or the address where it starts.</summary>
    private void PushDynamicShared(Instruction x)
    {
        if (x.Opcode == Opcode.DynamicShared)
        {
            PushScratch(0);
            _il.Op(OpCodes.Conv_U8);
        }

        PushSlot(DynamicSharedSlot(_kernel));
        _il.Op(OpCodes.Ldind_I4);
        if (x.Opcode == Opcode.DynamicSharedSize)
            return;
        _il.Int(63);
        _il.Op(OpCodes.Add);
        _il.Int(~63);
        _il.Op(OpCodes.And);
        _il.Op(OpCodes.Conv_I8);
        _il.Op(OpCodes.Sub);
    }

    private void EmitAllocate(Instruction x)
    {
        bool local = x.Type.Space == AddressSpace.Local;
        (Instruction, int) key = (x, local ? _locations.Row : 0);
        if (!_arrays.TryGetValue(key, out int offset))
            _arrays[key] = offset = Reserve(x.Count * x.Type.Scalar.Size() * (local ? Lanes : 1));
        PushScratch(offset);
        _il.Op(OpCodes.Conv_U8);
        _il.Store(Define(x).Locals[0]);
    }
}
