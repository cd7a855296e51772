using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Expands <see cref="Opcode.BoundsCheck"/> into plain IR, so that every target checks without knowing of it. A failed check
/// writes a <see cref="FaultRecord"/> and gives index 0; accesses at an index that depends on it are left out, and what they
/// read is 0. The kernel runs to its end and the launch throws.</summary>
internal sealed class BoundsChecks : Rewriter
{
    private readonly List<CheckSite> _sites = [];

    // The conditions under which values are what the source says: of failed checks, and what is computed from them.
    private readonly Dictionary<Value, Value> _valid = new(ReferenceEqualityComparer.Instance);
    private readonly Parameter _faults;

    private BoundsChecks(Kernel kernel)
    {
        _faults = new Parameter(IrType.Pointer(ScalarType.Int32, AddressSpace.Global), kernel.Parameters.Length);
    }

    /// <summary>The kernel with checks as plain IR and one parameter more, a pointer to a <see cref="FaultRecord"/>; the
    /// kernel itself if it has none.</summary>
    public static Kernel Expand(Kernel kernel)
    {
        BoundsChecks pass = new(kernel);
        Kernel copy = pass.Copy(kernel, kernel.Parameters.Add(pass._faults));
        if (pass._sites.Count == 0)
            return kernel;
        Kernel result = new(copy.Name, copy.Kind, copy.Parameters) { Sites = [.. pass._sites] };
        result.Body.Nodes.AddRange(copy.Body.Nodes);
        return result;
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (old.Opcode == Opcode.BoundsCheck)
            return Check(old, operands[0], operands[1]);
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

        Value copy = base.Visit(old, operands);
        if (IsAddress(old))
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
        int site = Number(check.Site!);
        Output.If(Output.Unary(Opcode.Not, valid), () =>
        {
            Value earlier = Output.Append(new Instruction(Opcode.AtomicAdd, ScalarType.Int32, _faults, Constant.Of(FaultRecord.Count), Constant.Of(1)));
            Output.If(Output.Compare(Opcode.Equal, earlier, Constant.Of(0)), () =>
            {
                Output.Store(_faults, Constant.Of(FaultRecord.Site), Constant.Of(site));
                StoreWide(FaultRecord.Index, wide);
                StoreWide(FaultRecord.Length, length);
            });
        });
        Value safe = Output.Select(valid, index, Constant.Of(index.Type.Scalar, 0));
        Value? before = Both(_valid.GetValueOrDefault(index), _valid.GetValueOrDefault(length));
        _valid[safe] = Both(valid, before)!;
        return safe;
    }

    private void StoreWide(int at, Value value)
    {
        Output.Store(_faults, Constant.Of(at), Output.Convert(value, ScalarType.Int32));
        Value high = Output.Binary(Opcode.ShiftRight, value, Constant.Of(32));
        Output.Store(_faults, Constant.Of(at + 1), Output.Convert(high, ScalarType.Int32));
    }

    private int Number(CheckSite site)
    {
        int known = _sites.IndexOf(site);
        if (known >= 0)
            return known;
        _sites.Add(site);
        return _sites.Count - 1;
    }
}
