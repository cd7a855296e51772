using System.Reflection;
using System.Reflection.Metadata;

namespace Cotangent.Kernels.Il;

// What is left of objects: type tokens, null, boxes that are only looked at. And the refusal of the rest.
internal sealed partial class Translator
{
    private bool StepObject(IlInstruction il)
    {
        switch (il.Code)
        {
            case ILOpCode.Ldtoken:
                Push(Code.ResolveMember((int)il.Operand) switch
                {
                    Type type => new TypeValue(type),
                    FieldInfo field => new DataAddress(field),
                    _ => new Refused(Refuse(il)),
                });
                break;
            case ILOpCode.Ldnull:
                Push(new Refused(Refuse(il)) { IsNull = true });
                break;
            case ILOpCode.Ldstr:
                Push(new Refused(Refuse(il), Code.Method.Module.ResolveString((int)il.Operand)));
                break;
            case ILOpCode.Box:
                Type boxed = Code.ResolveType((int)il.Operand);
                Push(new BoxedValue(boxed, Pop(), Refuse(il)));
                break;
            case ILOpCode.Isinst or ILOpCode.Castclass when _state.Stack[^1] is BoxedValue box:
                if (!Code.ResolveType((int)il.Operand).IsAssignableFrom(box.Type))
                {
                    Pop();
                    Push(new Refused(box.Reason) { IsNull = true });
                }

                break;
            case ILOpCode.Unbox_any when _state.Stack[^1] is BoxedValue box && box.Type == Code.ResolveType((int)il.Operand):
                Pop();
                Push(box.Value);
                break;
            default:
                return false;
        }

        return true;
    }

    private static RefusalException Refuse(IlInstruction il) => il.Code switch
    {
        ILOpCode.Throw or ILOpCode.Rethrow or ILOpCode.Leave or ILOpCode.Endfinally =>
            new(Diagnostics.ExceptionUse, "An exception is thrown."),
        ILOpCode.Ldstr => new(Diagnostics.StringUse, "A string is used."),
        ILOpCode.Box => new(Diagnostics.HeapObject, "A value is boxed: it is converted to object or to an interface."),
        ILOpCode.Ldftn or ILOpCode.Ldvirtftn => new(Diagnostics.VirtualCall, "A delegate or function pointer is made."),
        ILOpCode.Calli => new(Diagnostics.VirtualCall, "A function pointer is called."),
        ILOpCode.Ldelem_ref or ILOpCode.Stelem_ref => new(Diagnostics.HeapObject, "An array of objects is used."),
        ILOpCode.Isinst or ILOpCode.Castclass or ILOpCode.Unbox or ILOpCode.Unbox_any or ILOpCode.Ldnull =>
            new(Diagnostics.HeapObject, "An object is used."),
        _ => new(Diagnostics.UnsupportedInstruction, $"The IL instruction '{il.Code}' is not supported.".ToLowerInvariant()),
    };
}
