using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Operands: pushing values on the stack as scalars or vectors.
internal sealed partial class SimdEmitter
{
    /// <summary>Pushes a uniform value, or lane 0 of a linear one.</summary>
    private void PushScalar(Value value)
    {
        switch (value)
        {
            case Constant constant:
                PushConstant(constant);
                break;
            case Instruction { Opcode: Opcode.Load } x when _locations[x].IsDeferredLoad:
                PushAddress(x);
                EmitScalarLoad(x.Type.Scalar);
                break;
            case Instruction x when x.Opcode != Opcode.Load && _usage.IsInlined(x):
                EmitScalar(x);
                break;
            case Instruction x when _phases is not null && _localArrays.ContainsKey(x):
                PushLocalArray(x);
                break;
            case Instruction x when ((_phases is not null || Rows > 1) && IsPosition(x)) || _phases?.IsComputed(x) == true:
                EmitScalar(x);
                break;
            default:
                _il.Load(_locations[value].Locals[0]);
                break;
        }
    }

    private static bool IsPosition(Instruction x) => x.Opcode is >= Opcode.GlobalIndex and <= Opcode.GridExtent;

    private void PushConstant(Constant constant)
    {
        switch (constant.Type.Scalar)
        {
            case ScalarType.Float32:
                _il.Float(constant.AsFloat);
                break;
            case ScalarType.Float64:
                _il.Double(constant.AsDouble);
                break;
            case ScalarType.Int64 or ScalarType.UInt64:
                _il.Long((long)constant.Bits);
                break;
            default:
                _il.Int(constant.Type.IsPointer ? 0 : (int)constant.AsInteger);
                if (constant.Type.IsPointer)
                    _il.Op(OpCodes.Conv_I8);
                break;
        }
    }

    /// <summary>Pushes one vector of any value; part counts vectors of the value's own type.</summary>
    private void PushVector(Value value, int part)
    {
        Type element = VectorIsa.ElementOf(value.Type);
        switch (_shapes[value])
        {
            case Shape.Varying when _locations.TryGetValue(value, out Location? location):
                if (location.IsDeferredLoad)
                    PushContiguous((Instruction)value, location.Locals is [var address] ? address : null, part);
                else
                    _il.Load(location.Locals[part]);
                break;
            case Shape.Varying:
                EmitVector((Instruction)value, part);
                break;
            case Shape.Uniform:
                PushScalar(value);
                if (value.Type.IsBool)
                    _il.Op(OpCodes.Neg);
                _il.Call(_isa.Broadcast(element));
                break;
            case Shape.Linear or Shape.Strided:
                PushLinear(value, element, part);
                break;
        }
    }

    private void PushLinear(Value value, Type element, int part)
    {
        int lanes = IsWide(value.Type) ? _isa.Lanes / 2 : _isa.Lanes;
        long step = StepOf(value);
        PushScalar(value);
        if (part > 0)
        {
            if (IsWide(value.Type))
                _il.Long(part * lanes * step);
            else
                _il.Int((int)(part * lanes * step));
            _il.Op(OpCodes.Add);
        }

        _il.Call(_isa.Broadcast(element));
        PushSequence(element, step);
        _il.Call(_isa.Method("Add", element, 2));
    }

    /// <summary>How much a linear or strided value grows from lane to lane: bytes for pointers.</summary>
    private long StepOf(Value value) => value.Type.IsPointer ? value.Type.Scalar.Size() : _shapes.StrideOf(value);

    /// <summary>Pushes the mask of a Bool value for a part of a type: as lanes of that type.</summary>
    private void PushCondition(Value condition, IrType type, int part)
    {
        PushVector(condition, IsWide(type) ? part / 2 : part);
        WidenMask(type, part);
    }

    /// <summary>Pushes a mask for a part of a type.</summary>
    private void PushMask(LocalBuilder[] mask, IrType type, int part)
    {
        _il.Load(mask[IsWide(type) ? part / 2 : part]);
        WidenMask(type, part);
    }

    private void WidenMask(IrType type, int part)
    {
        Type element = VectorIsa.ElementOf(type);
        if (IsWide(type))
        {
            _il.Call(_isa.Method(part % 2 == 0 ? "WidenLower" : "WidenUpper", typeof(int), 1));
            As(typeof(long), element);
        }
        else
        {
            As(typeof(int), element);
        }
    }

    private void As(Type from, Type to)
    {
        if (from != to)
            _il.Call(_isa.As(from, to));
    }

    /// <summary>Pushes the address of a scratch slot of this thread.</summary>
    private void PushScratch(int offset)
    {
        _il.Argument(ScratchArgument);
        _il.AddBytes(offset);
    }

    /// <summary>Pushes whether any lane of a mask is active, as an int.</summary>
    private void PushAny(LocalBuilder[] mask)
    {
        _il.Load(mask[0]);
        for (int i = 1; i < mask.Length; i++)
        {
            _il.Load(mask[i]);
            _il.Call(_isa.Method("BitwiseOr", typeof(int), 2));
        }

        _il.Call(_isa.Property("Zero", typeof(int)));
        _il.Call(_isa.Method("EqualsAll", typeof(int), 2));
        _il.Int(0);
        _il.Op(OpCodes.Ceq);
    }

    /// <summary>Jumps if no lane of the current mask is active.</summary>
    private void SkipIfEmpty(Label target)
    {
        if (_mask is null or { NonEmpty: true })
            return;
        PushAny(_mask.Parts);
        _il.Branch(OpCodes.Brfalse, target);
    }
}
