using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Expands <see cref="Opcode.BoundsCheck"/> and <see cref="Opcode.Print"/> into plain IR that writes to a
/// <see cref="KernelReport"/>, so that every target checks and prints without knowing of it. A failed check writes what failed and
/// gives index 0; accesses at an index that depends on it are left out, and what they read is 0. The kernel runs to its end and
/// the launch throws. A print claims room for its values, and writes them if there is enough.</summary>
internal sealed partial class Reports : Rewriter
{
    private readonly List<CheckSite> _sites = [];
    private readonly List<PrintSite> _prints = [];

    // The conditions under which values are what the source says: of failed checks, and what is computed from them.
    private readonly Dictionary<Value, Value> _valid = new(ReferenceEqualityComparer.Instance);
    private readonly Parameter _report;

    private Reports(Kernel kernel)
    {
        _report = new Parameter(IrType.Pointer(ScalarType.Int32, AddressSpace.Global), kernel.Parameters.Length) { Name = "report" };
    }

    /// <summary>The kernel with checks and prints as plain IR and one parameter more, a pointer to a
    /// <see cref="KernelReport"/>; the kernel itself if it has none.</summary>
    public static Kernel Expand(Kernel kernel)
    {
        if (!kernel.Body.Descendants().Any(n => n is Instruction { Opcode: Opcode.BoundsCheck or Opcode.Print }))
            return kernel;
        Reports pass = new(kernel);
        pass.FindDoubtful(kernel);
        Kernel copy = pass.Copy(kernel, kernel.Parameters.Add(pass._report));
        Kernel result = new(copy.Name, copy.Kind, copy.Parameters) { Sites = [.. pass._sites], Prints = [.. pass._prints] };
        result.Body.Nodes.AddRange(copy.Body.Nodes);
        return result;
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (old.Opcode == Opcode.BoundsCheck)
            return Check(old, operands[0], operands[1]);
        if (old.Opcode == Opcode.Print)
            return Print(old, operands);
        Value? valid = operands.Aggregate((Value?)null, (all, x) => Both(all, _valid.GetValueOrDefault(x)));
        if (valid is null)
            return base.Visit(old, operands);
        if (old.Opcode == Opcode.Store)
        {
            Output.If(valid, () => base.Visit(old, operands));
            return old;
        }

        if (old.Opcode == Opcode.Load || old.Opcode.IsAtomic())
        {
            // The narrow types are for storage only: no If yields them.
            ScalarType type = Computed(old.Type.Scalar);
            Value read = Output.If(valid, [type], () => [Output.Convert(base.Visit(old, operands), type)],
                () => [Constant.Of(type, 0)])[0];
            return Output.Convert(read, old.Type.Scalar);
        }

        if (old.Opcode == Opcode.Select)
            valid = Output.Select(operands[0], ValidOf(operands[1]), ValidOf(operands[2]));
        Value copy = base.Visit(old, operands);
        if (IsAddress(old) || old.Opcode == Opcode.Select)
            _valid[copy] = valid;
        return copy;
    }

    private static bool IsAddress(Instruction x) => x.Opcode is Opcode.PointerAdd or Opcode.PointerCast || x.Type.IsInteger && x.Opcode
        is Opcode.Add or Opcode.Sub or Opcode.Mul or Opcode.ShiftLeft or Opcode.Convert or Opcode.BitCast;

    private static ScalarType Computed(ScalarType type) => type switch
    {
        ScalarType.Float16 or ScalarType.BFloat16 => ScalarType.Float32,
        >= ScalarType.Int8 and <= ScalarType.UInt16 => ScalarType.Int32,
        _ => type,
    };

    private Value? Both(Value? x, Value? y) =>
        x is null || y is null || x == y ? x ?? y : Output.Binary(Opcode.And, x, y);

    private Value Check(Instruction check, Value index, Value length)
    {
        Value wide = Output.Convert(index, ScalarType.Int64);
        // One comparison for both ends: a negative index is a large one without sign.
        Value valid = Output.Compare(Opcode.Less, Output.Convert(wide, ScalarType.UInt64), Output.Convert(length, ScalarType.UInt64));
        int site = Number(check.Site!, _sites);
        Output.If(Output.Unary(Opcode.Not, valid), () =>
        {
            Value earlier = Output.Append(new Instruction(Opcode.AtomicAdd, ScalarType.Int32, _report, Constant.Of(KernelReport.Faults), Constant.Of(1)));
            Output.If(Output.Compare(Opcode.Equal, earlier, Constant.Of(0)), () =>
            {
                Output.Store(_report, Constant.Of(KernelReport.Site), Constant.Of(site));
                StoreWide(KernelReport.Index, wide);
                StoreWide(KernelReport.Length, length);
            });
        });
        Value safe = Output.Select(valid, index, Constant.Of(index.Type.Scalar, 0));
        Value? before = Both(_valid.GetValueOrDefault(index), _valid.GetValueOrDefault(length));
        _valid[safe] = Both(valid, before)!;
        return safe;
    }

    private void StoreWide(int at, Value value)
    {
        Value[] words = Words(value);
        Output.Store(_report, Constant.Of(at), words[0]);
        Output.Store(_report, Constant.Of(at + 1), words[1]);
    }

    private Instruction Print(Instruction print, ImmutableArray<Value> values)
    {
        PrintSite site = print.Print!;
        int words = 1 + values.Sum(v => KernelReport.Words(v.Type.Scalar));
        Value at = Output.Append(new Instruction(Opcode.AtomicAdd, ScalarType.Int32, _report, Constant.Of(KernelReport.Printed), Constant.Of(words)));
        // Claims beyond the end count on, for the message; they stay far below 2³¹ unless billions are lost.
        Value fits = Output.Compare(Opcode.LessEqual, Output.Convert(at, ScalarType.UInt32), Constant.Of((uint)(KernelReport.LineCapacity - words)));
        Output.If(fits, () =>
        {
            Value next = Output.Add(at, Constant.Of(KernelReport.Lines));
            Output.Store(_report, next, Constant.Of(Number(site, _prints)));
            foreach (Value value in values)
            {
                foreach (Value word in Words(value))
                {
                    next = Output.Add(next, Constant.Of(1));
                    Output.Store(_report, next, word);
                }
            }
        });
        return print;
    }

    /// <summary>A value as Int32s, the low half first.</summary>
    private Value[] Words(Value value)
    {
        if (KernelReport.Words(value.Type.Scalar) == 1)
            return [value.Type.IsFloat ? Output.BitCast(value, ScalarType.Int32) : Output.Convert(value, ScalarType.Int32)];
        Value bits = value.Type.IsFloat ? Output.BitCast(value, ScalarType.Int64) : Output.Convert(value, ScalarType.Int64);
        return [Output.Convert(bits, ScalarType.Int32), Output.Convert(Output.Binary(Opcode.ShiftRight, bits, Constant.Of(32)), ScalarType.Int32)];
    }

    private static int Number<T>(T site, List<T> sites)
    {
        int known = sites.IndexOf(site);
        if (known >= 0)
            return known;
        sites.Add(site);
        return sites.Count - 1;
    }
}
