using System.Collections.Immutable;
using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Rows of a group in lockstep (see RowLockstep): a statement is emitted for one row after the other, or once if it is the same for
// all. Control flow in which rows part is pinned: emitted whole for one row at a time.
internal sealed partial class SimdEmitter
{
    private readonly Uniformity? _overRows;
    private bool _pinned;

    private int Rows => _target.Rows;

    /// <summary>True while statements stand for all rows.</summary>
    private bool SpreadsRows => Rows > 1 && !_pinned;

    /// <summary>True for a value that is the same in all rows that run in lockstep.</summary>
    private bool IsSameInRows(Value value) => _overRows is null || _overRows[value] == Shape.Uniform;

    private static Uniformity? RowShapes(Kernel kernel, SimdTarget target) =>
        target.Rows > 1 ? RowLockstep.OverRows(kernel, target) : null;

    private void ForEachRow(Action emit)
    {
        for (int row = 0; row < Rows; row++)
        {
            _locations.Row = row;
            emit();
        }

        _locations.Row = 0;
    }

    /// <summary>Emits an instruction for the rows that it is for.</summary>
    private void EmitForRows(Instruction x)
    {
        bool together = x.Opcode.IsReduction()
            || (IsSameInRows(x) && !x.HasEffect)
            || (x.Opcode == Opcode.Allocate && x.Type.Space == AddressSpace.Shared);
        if (!SpreadsRows || together)
            EmitInstruction(x);
        else
            ForEachRow(() => EmitInstruction(x));
    }

    private void EmitForRows(Structured node)
    {
        if (!SpreadsRows || RowLockstep.GoesTogether(node, _shapes, _overRows!))
        {
            EmitStructured(node);
            return;
        }

        _pinned = true;
        ForEachRow(() => EmitStructured(node));
        _pinned = false;
    }

    /// <summary>Makes locals for a value in each row that has its own.</summary>
    private void DefineForRows(Value value) => ForRowsOf(value, () => Define(value));

    /// <summary>Does something once a row, or once if the value is the same in all rows.</summary>
    private void ForRowsOf(Value value, Action emit)
    {
        if (SpreadsRows && !IsSameInRows(value))
            ForEachRow(emit);
        else
            emit();
    }

    /// <summary>Each row's locals for the results of a node; a shared result is in row 0's.</summary>
    private LocalBuilder[]?[][] DefineResults(Structured node)
    {
        if (!SpreadsRows)
            return [[.. node.Results.Select(r => _usage.IsUsed(r) ? Define(r).Locals : null)]];

        LocalBuilder[]?[][] results = new LocalBuilder[]?[Rows][];
        ForEachRow(() => results[_locations.Row] =
            [.. node.Results.Select(r => _usage.IsUsed(r) && (_locations.Row == 0 || !IsSameInRows(r)) ? Define(r).Locals : null)]);
        return results;
    }

    /// <summary>Passes the results of all rows.</summary>
    private void EmitBreakOfRows(Break site, Frame frame, bool blends)
    {
        if (frame.Results.Length == 1)
        {
            EmitBreak(site, frame, frame.Results[0], blends);
            return;
        }

        ForEachRow(() => EmitBreak(site, frame, frame.Results[_locations.Row], blends));
    }

    /// <summary>Sets loop parameters: each row's own first, since what is the same for all does not depend on them.</summary>
    private void AssignParameters(Loop loop, ImmutableArray<Value> values, bool blends, LocalBuilder[]?[]? next)
    {
        if (!SpreadsRows)
        {
            AssignParameters(loop, values, blends, next, _ => true);
            return;
        }

        ForEachRow(() => AssignParameters(loop, values, blends, next, p => !IsSameInRows(p)));
        AssignParameters(loop, values, blends, next, IsSameInRows);
    }
}
