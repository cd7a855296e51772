using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>The places of a loop's carries, which go from round to round without being copied where that can be avoided.</summary>
/// <remarks>
/// <para>A carry is read where the last round left it and written to its other place: the call's output memory and a scratch buffer take
/// turns. Where the body's plan reads all of the old value before it writes the new one, the output memory alone serves. A carry that is
/// stacked too is read from the stack; one that becomes an unchanged slice or constant is read from there.</para>
/// <para>What could go wrong silently is that a place is overwritten while it is still to be read. All that a round overwrites is a
/// carry's other place, or its own where <see cref="NestedProgram.CanOverwrite"/> allows it, which the plan checker confirms; a carry
/// that becomes another carry unchanged is copied before the round.</para>
/// </remarks>
internal sealed class LoopCarries
{
    private const long Alignment = 64;

    private readonly Slot[] _slots;
    private readonly KernelArgument[] _current;

    /// <summary>Chooses places.</summary>
    /// <param name="body">The program of a round.</param>
    /// <param name="graph">Its graph: the first outputs are the next values of the first inputs.</param>
    /// <param name="count">The number of carries.</param>
    /// <param name="isStacked">True for output buffers that the loop places itself.</param>
    /// <param name="scratch">Where scratch memory that nobody uses begins.</param>
    public LoopCarries(NestedProgram body, SubGraph graph, int count, Func<int, bool> isStacked, long scratch)
    {
        _slots = new Slot[count];
        _current = new KernelArgument[count];
        ScratchEnd = Align(scratch);
        Dictionary<int, int> inPlace = [];
        for (int c = 0; c < count; c++)
        {
            Slot slot = SlotOf(body, count, c, isStacked);
            slot.Bytes = graph.Inputs[c].Shape.Size * graph.Inputs[c].DType.Size();
            bool alone = slot.Kind == SlotKind.Owned && body.Places.Take(count).Count(p => p.Buffer == slot.Buffer) == 1
                && !body.Places.Any(p => p.Input == c) && body.CanOverwrite(c, slot.Buffer);
            if (alone) inPlace[slot.Buffer] = c;
            else if (slot.Kind is SlotKind.Owned or SlotKind.Copied)
            {
                slot.Scratch = ScratchEnd;
                ScratchEnd = Align(ScratchEnd + slot.Bytes);
            }

            _slots[c] = slot;
        }

        if (CompiledProgram.PlansAreChecked) body.CheckInPlace(inPlace);
    }

    private enum SlotKind : byte
    {
        /// <summary>No elements.</summary>
        None,

        /// <summary>This carry has the output buffer's memory.</summary>
        Owned,

        /// <summary>Another carry has, or the loop does.</summary>
        Shared,

        /// <summary>An input that nobody overwrites.</summary>
        Kept,

        /// <summary>Another carry's last value.</summary>
        Copied,
    }

    /// <summary>The end of the scratch memory used.</summary>
    public long ScratchEnd { get; }

    /// <summary>Where the carries are now.</summary>
    public ReadOnlySpan<KernelArgument> Current => _current;

    /// <summary>The carries are the call's first inputs.</summary>
    public void Start(in RoutineCall call) => call.Inputs[.._current.Length].CopyTo(_current);

    /// <summary>Chooses a round's places for the next carries, and copies what they take over from other carries.</summary>
    /// <param name="call">The call.</param>
    /// <param name="inputs">The body's inputs in this round.</param>
    /// <param name="turn">Even in rounds that leave carries in the call's outputs.</param>
    /// <param name="buffers">The body's output buffers, to be filled in.</param>
    public void BeginRound(in RoutineCall call, ReadOnlySpan<KernelArgument> inputs, int turn, Span<KernelArgument> buffers)
    {
        for (int c = 0; c < _slots.Length; c++)
        {
            Slot slot = _slots[c];
            if (slot.Kind == SlotKind.Owned) buffers[slot.Buffer] = PlaceOf(call, c, turn);
            else if (slot.Kind == SlotKind.Copied) DeviceCopy.Run(call.Device, inputs[slot.Input], PlaceOf(call, c, turn), slot.Bytes);
        }
    }

    /// <summary>What the round computed becomes current.</summary>
    public void EndRound(in RoutineCall call, ReadOnlySpan<KernelArgument> inputs, int turn, ReadOnlySpan<KernelArgument> buffers)
    {
        for (int c = 0; c < _slots.Length; c++)
        {
            Slot slot = _slots[c];
            _current[c] = slot.Kind switch
            {
                SlotKind.Owned or SlotKind.Shared => buffers[slot.Buffer],
                SlotKind.Copied => PlaceOf(call, c, turn),
                SlotKind.Kept => inputs[slot.Input],
                _ => default,
            };
        }
    }

    /// <summary>Brings the carries that are elsewhere to the call's first outputs.</summary>
    public void Finish(in RoutineCall call)
    {
        for (int c = 0; c < _slots.Length; c++)
        {
            KernelArgument from = _current[c], to = call.Outputs[c];
            if (_slots[c].Bytes > 0 && (from.Memory != to.Memory || from.Bits != to.Bits)) DeviceCopy.Run(call.Device, from, to, _slots[c].Bytes);
        }
    }

    /// <summary>Lets go of all memory.</summary>
    public void Clear() => Array.Clear(_current);

    /// <summary>The next multiple of the alignment of scratch memory.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static Slot SlotOf(NestedProgram body, int carries, int carry, Func<int, bool> isStacked)
    {
        OutputPlace place = body.Places[carry];
        Slot slot = new() { Buffer = place.Buffer, Input = place.Input, Scratch = -1 };
        slot.Kind = place == OutputPlace.None ? SlotKind.None
            : place.Input == carry || place.Input >= carries ? SlotKind.Kept
            : place.Input >= 0 ? SlotKind.Copied
            : isStacked(place.Buffer) || body.Places.Take(carry).Any(p => p.Buffer == place.Buffer) ? SlotKind.Shared
            : SlotKind.Owned;
        return slot;
    }

    private KernelArgument PlaceOf(in RoutineCall call, int carry, int turn) =>
        (turn & 1) == 0 || _slots[carry].Scratch < 0 ? call.Outputs[carry] : DeviceCopy.At(call.Scratch, _slots[carry].Scratch);

    private struct Slot
    {
        public SlotKind Kind;
        public int Buffer;
        public int Input;
        public long Bytes;
        public long Scratch;
    }
}

/// <summary>Memory by argument.</summary>
internal static class DeviceCopy
{
    /// <summary>Copies a range of device memory.</summary>
    public static void Run(Device device, KernelArgument from, KernelArgument to, long bytes) =>
        device.Copy(from.Memory!, from.Bits, to.Memory!, to.Bits, bytes);

    /// <summary>The memory some bytes further on; what has no elements has no memory.</summary>
    public static KernelArgument At(KernelArgument memory, long offset) =>
        offset == 0 || memory.Memory is null ? memory : KernelArgument.Pointer(memory.Memory, memory.Bits + offset);
}
