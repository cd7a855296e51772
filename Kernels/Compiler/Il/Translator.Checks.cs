using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

// Checks of indices, for devices that ask for them.
internal sealed partial class Translator
{
    /// <summary>True if indices are checked.</summary>
    public bool IsChecked => _findings.IsChecked;

    /// <summary>An index that is to be below a length: the index itself where kernels do not check.</summary>
    /// <param name="index">Int32 or Int64.</param>
    /// <param name="length">The number of elements.</param>
    /// <param name="pointer">The memory that is indexed.</param>
    /// <param name="prefix">What is indexed of that memory, for messages.</param>
    public Value Check(Value index, Value length, Value pointer, string prefix = "") =>
        IsChecked ? CheckOf(prefix + NameOf(pointer), index, length) : index;

    private Value CheckOf(string name, Value index, Value length)
    {
        if (!IsChecked || (index is Constant { AsInteger: >= 0 } i && length is Constant n && i.AsInteger < n.AsInteger))
            return index;
        if (index.Type != ScalarType.Int32 && index.Type != ScalarType.Int64)
            index = Emitter.Coerce(index, index.Type.Scalar.Size() == 8 ? ScalarType.Int64 : ScalarType.Int32);
        // The innermost frame of the user's own: the language's methods are not where the mistake is.
        Frame frame = _frames.LastOrDefault(f => f.Method.Module != typeof(Translator).Module) ?? Frame;
        CheckSite site = new(name, Place.Of(frame));
        return Emitter.Append(new Instruction(Opcode.BoundsCheck, index.Type, index, Emitter.Coerce(length, ScalarType.Int64))
        {
            Site = site,
        });
    }

    private static string NameOf(Value pointer) => pointer switch
    {
        Parameter parameter => parameter.Name ?? "a view",
        Instruction { Opcode: Opcode.PointerAdd or Opcode.PointerCast } part => NameOf(part.Operands[0]),
        Instruction { Opcode: Opcode.Allocate, Type.Space: AddressSpace.Local } => "local memory",
        Instruction { Opcode: Opcode.Allocate } => "shared memory",
        Instruction { Opcode: Opcode.DynamicShared } => "dynamic shared memory",
        _ => "a view",
    };
}
