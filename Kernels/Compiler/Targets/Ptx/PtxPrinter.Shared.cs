using System.Globalization;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Shared memory: 32-bit addresses, of which the constant part stands in the instruction, and vectors of up to 16
/// bytes.</summary>
internal sealed partial class PtxPrinter
{
    // Registers that hold an address without its constant, in the order in which they were computed: those of a region are forgotten
    // at its end.
    private readonly List<SharedAddress.Key> _sharedBases = [];
    private readonly Dictionary<SharedAddress.Key, string> _sharedRegisters = [];
    private readonly Dictionary<Instruction, string> _loaded = new(ReferenceEqualityComparer.Instance);

    /// <summary>The operand <c>[address]</c>.</summary>
    private string SharedElement(SharedAddress address)
    {
        string start = SharedBase(address);
        return address.Offset == 0 ? $"[{start}]" : $"[{start}+{((int)address.Offset).ToString(CultureInfo.InvariantCulture)}]";
    }

    private string SharedBase(SharedAddress address)
    {
        if (address.Terms.IsEmpty)
            return Register(address.Root);
        if (_sharedRegisters.TryGetValue(address.Base, out string? known))
            return known;
        string sum = Register(address.Root);
        foreach ((Value value, uint coefficient) in address.Terms)
            sum = AdvanceShared(sum, value, (int)coefficient);
        _sharedBases.Add(address.Base);
        return _sharedRegisters[address.Base] = sum;
    }

    private string AdvanceShared(string pointer, Value count, int size)
    {
        if (count is Constant constant)
            return _text.Compute("b32", "add.u32", pointer, ((int)constant.AsInteger * size).ToString(CultureInfo.InvariantCulture));
        string index = Register(count);
        if (count.Type.Scalar.Size() == 8)
            index = _text.Compute("b32", "cvt.u32.u64", index);
        return _text.Compute("b32", "mad.lo.u32", index, size.ToString(CultureInfo.InvariantCulture), pointer);
    }

    private void ForgetSharedBases(int from)
    {
        foreach (SharedAddress.Key key in _sharedBases.Skip(from))
            _sharedRegisters.Remove(key);
        _sharedBases.RemoveRange(from, _sharedBases.Count - from);
    }

    /// <summary>The register of one load of a vector; the first in the text is where all of them happen.</summary>
    private string LoadVector(Instruction load, SharedVector vector)
    {
        string type = PtxTypes.Memory(load.Type.Scalar);
        string register = PtxTypes.Register(load.Type);
        if (vector.Leader == load)
        {
            string[] registers = [.. vector.Members.Select(_ => _text.NewRegister(register))];
            foreach ((Instruction member, string name) in vector.Members.Zip(registers))
                _loaded.Add(member, name);
            string element = SharedElement(_sharedVectors.Address(vector.Members[0]));
            _text.Emit($"ld.shared.v{registers.Length}.{type} {{{string.Join(", ", registers)}}}, {element}");
        }

        return _loaded[load];
    }

    private void StoreVector(Instruction store, SharedVector vector)
    {
        if (vector.Leader != store)
            return;
        string type = PtxTypes.Memory(store.Operands[0].Type.Scalar);
        string values = string.Join(", ", vector.Members.Select(m => Register(m.Operands[2])));
        string element = SharedElement(_sharedVectors.Address(vector.Members[0]));
        _text.Emit($"st.shared.v{vector.Members.Length}.{type} {element}, {{{values}}}");
    }
}
