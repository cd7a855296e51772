using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text;

namespace Cotangent.Kernels.Targets;

/// <summary>Short forms over <see cref="ILGenerator"/>, with a pool of locals and, if it <paramref name="lists"/>, the listing of what is
/// emitted.</summary>
internal sealed class IlWriter(ILGenerator il, bool lists)
{
    private readonly Dictionary<Type, Stack<LocalBuilder>> _free = [];
    private readonly StringBuilder _listing = new();

    public int Offset => il.ILOffset;

    public string Listing => _listing.ToString();

    private bool Lists => lists;

    /// <summary>A line for people. Its text is not made where there is no listing.</summary>
    public void Note(int depth, [InterpolatedStringHandlerArgument("")] ref NoteText text)
    {
        if (lists)
            _listing.Append(' ', 2 * depth).AppendLine(text.ToString());
    }

    /// <summary>A local of this type: reused if one is free. Its contents are undefined.</summary>
    public LocalBuilder Take(Type type) =>
        _free.TryGetValue(type, out Stack<LocalBuilder>? free) && free.TryPop(out LocalBuilder? local) ? local : il.DeclareLocal(type);

    /// <summary>Makes a local free for other values.</summary>
    public void Give(LocalBuilder local)
    {
        if (!_free.TryGetValue(local.LocalType, out Stack<LocalBuilder>? free))
            _free[local.LocalType] = free = new();
        free.Push(local);
    }

    public void Give(LocalBuilder[] locals)
    {
        for (int i = locals.Length - 1; i >= 0; i--)
            Give(locals[i]);
    }

    public Label Label() => il.DefineLabel();

    public void Mark(Label label) => il.MarkLabel(label);

    public void Op(OpCode code) => il.Emit(code);

    public void Branch(OpCode code, Label target) => il.Emit(code, target);

    public void Call(MethodInfo method) => il.Emit(OpCodes.Call, method);

    public void Load(LocalBuilder local) => il.Emit(OpCodes.Ldloc, local);

    public void Store(LocalBuilder local) => il.Emit(OpCodes.Stloc, local);

    public void Argument(int index) => il.Emit(index switch
    {
        0 => OpCodes.Ldarg_0,
        1 => OpCodes.Ldarg_1,
        2 => OpCodes.Ldarg_2,
        3 => OpCodes.Ldarg_3,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    });

    public void LongArgument(int index) => il.Emit(OpCodes.Ldarg_S, (byte)index);

    public void Int(int value)
    {
        switch (value)
        {
            case >= -1 and <= 8:
                il.Emit(value switch
                {
                    -1 => OpCodes.Ldc_I4_M1,
                    0 => OpCodes.Ldc_I4_0,
                    1 => OpCodes.Ldc_I4_1,
                    2 => OpCodes.Ldc_I4_2,
                    3 => OpCodes.Ldc_I4_3,
                    4 => OpCodes.Ldc_I4_4,
                    5 => OpCodes.Ldc_I4_5,
                    6 => OpCodes.Ldc_I4_6,
                    7 => OpCodes.Ldc_I4_7,
                    _ => OpCodes.Ldc_I4_8,
                });
                break;
            case >= sbyte.MinValue and <= sbyte.MaxValue:
                il.Emit(OpCodes.Ldc_I4_S, (sbyte)value);
                break;
            default:
                il.Emit(OpCodes.Ldc_I4, value);
                break;
        }
    }

    public void Long(long value)
    {
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Int((int)value);
            il.Emit(OpCodes.Conv_I8);
        }
        else
        {
            il.Emit(OpCodes.Ldc_I8, value);
        }
    }

    public void Float(float value) => il.Emit(OpCodes.Ldc_R4, value);

    public void Double(double value) => il.Emit(OpCodes.Ldc_R8, value);

    /// <summary>Address on the stack → vector.</summary>
    public void LoadVector(Type vector)
    {
        il.Emit(OpCodes.Unaligned, (byte)1);
        il.Emit(OpCodes.Ldobj, vector);
    }

    /// <summary>Address and vector on the stack → memory.</summary>
    public void StoreVector(Type vector)
    {
        il.Emit(OpCodes.Unaligned, (byte)1);
        il.Emit(OpCodes.Stobj, vector);
    }

    /// <summary>Adds a constant to the address on the stack.</summary>
    public void AddBytes(int bytes)
    {
        if (bytes == 0)
            return;
        Int(bytes);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Add);
    }

    /// <summary>The text of a note.</summary>
    [InterpolatedStringHandler]
    public ref struct NoteText
    {
        private StringBuilder.AppendInterpolatedStringHandler _text;
        private readonly StringBuilder? _builder;

        public NoteText(int literalLength, int formattedCount, IlWriter writer, out bool isWanted)
        {
            isWanted = writer.Lists;
            _builder = isWanted ? new() : null;
            _text = isWanted ? new(literalLength, formattedCount, _builder!) : default;
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override readonly string ToString() => _builder?.ToString() ?? "";
    }
}
