using System.Collections.Immutable;
using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Loops: with jumps where all lanes go round together, else while any lane is active. A loop over a linear index up to a uniform end
// runs unmasked as long as its last lane is in range.
internal sealed partial class SimdEmitter
{
    private void EmitLoop(Loop loop, Frame frame)
    {
        foreach (LoopParameter parameter in loop.Parameters)
            DefineForRows(parameter);
        AssignInitial(loop);
        if (_shapes.HasMaskedBreak(loop) || _shapes.HasMaskedContinue(loop) || _shapes.HasEscapes(loop))
            EmitDivergentLoop(loop, frame);
        else
            EmitUniformLoop(loop, frame);
        foreach (LoopParameter parameter in loop.Parameters)
            Release(parameter);
    }

    private void EmitUniformLoop(Loop loop, Frame frame)
    {
        SkipIfEmpty(frame.Exit);
        if (_mask is not null)
            _mask = new Mask(_mask.Parts, nonEmpty: true);
        frame.Next = _il.Label();
        _il.Mark(frame.Next);
        EmitBody(loop.Body);
    }

    private void EmitBody(Region body)
    {
        _keptMasks.Push([]);
        EmitRegion(body);
        foreach (LocalBuilder[] kept in _keptMasks.Pop())
            _il.Give(kept);
    }

    private void EmitDivergentLoop(Loop loop, Frame frame)
    {
        if (RangeLoop.Match(loop) is { } range && Splits(range))
        {
            if (!_target.Quick)
                EmitUnmaskedRounds(range);
            EmitMaskedRounds(range, frame);
            return;
        }

        Label head = _il.Label();
        frame.Next = _il.Label();
        frame.Continuing = TakeMask();
        LocalBuilder[] active = TakeMask();
        CopyMask(active);
        SkipIfEmpty(frame.Exit);
        _mask = new Mask(active, nonEmpty: true);
        frame.NextParameters = _shapes.ContinuesOf(loop).All(s => EndsRound(loop.Body, s)) ? null : TakeNextParameters(loop);
        _il.Mark(head);
        Clear(frame.Continuing);
        EmitBody(loop.Body);
        _il.Mark(frame.Next);
        if (frame.NextParameters is { } next)
            CopyNextParameters(loop, next);
        for (int i = 0; i < active.Length; i++)
        {
            _il.Load(frame.Continuing[i]);
            _il.Store(active[i]);
        }

        PushAny(active);
        _il.Branch(OpCodes.Brtrue, head);
        _il.Give(frame.Continuing);
        _il.Give(active);
    }

    /// <summary>True if nothing is emitted between a Continue and the end of its loop's body.</summary>
    private bool EndsRound(Region region, Continue site)
    {
        INode last = region.Nodes[^1];
        if (last is Unreachable && region.Nodes.Count > 1)
            last = region.Nodes[^2];
        return last switch
        {
            Continue found => found == site,
            If node when !IsVarying(node.Condition) => EndsRound(node.Then, site) || EndsRound(node.Else, site),
            If node => EndsRound(ElseComesFirst(node) ? node.Then : node.Else, site),
            Block node => EndsRound(node.Body, site),
            _ => false,
        };
    }

    private LocalBuilder[]?[] TakeNextParameters(Loop loop)
    {
        LocalBuilder[]?[] next = new LocalBuilder[]?[loop.Parameters.Length];
        for (int i = 0; i < next.Length; i++)
        {
            LoopParameter parameter = loop.Parameters[i];
            if (_shapes.ContinuesOf(loop).Any(s => s.Arguments[i] != parameter))
                next[i] = [.. _locations[parameter].Locals.Select(l => _il.Take(l.LocalType))];
        }

        return next;
    }

    private void CopyNextParameters(Loop loop, LocalBuilder[]?[] next)
    {
        for (int i = 0; i < next.Length; i++)
        {
            if (next[i] is not { } locals)
                continue;
            LocalBuilder[] target = _locations[loop.Parameters[i]].Locals;
            for (int part = 0; part < target.Length; part++)
            {
                _il.Load(locals[part]);
                _il.Store(target[part]);
            }

            _il.Give(locals);
        }
    }

    /// <summary>True for a counted loop over a linear index with a uniform end whose only way out is its end, and whose results
    /// are the same when taken after the last lane has left.</summary>
    private bool Splits(RangeLoop range) =>
        _shapes[range.Index] == Shape.Linear && IsUniform(range.End)
        && range.Index.Type.Scalar is ScalarType.Int32 or ScalarType.Int64
        && _shapes.BreaksOf(range.Loop).Count == 1 && _shapes.ContinuesOf(range.Loop).Count == 1
        && !_shapes.HasEscapes(range.Loop) && range.Step is not null && _usage.IsInlined(range.Test.Condition)
        && range.Exit.Arguments.All(a => a is not LoopParameter p || !range.Loop.Parameters.Contains(p) || IsVarying(p));

    /// <summary>Rounds in which the last lane is in range too: the body runs under the mask of the whole loop.</summary>
    private void EmitUnmaskedRounds(RangeLoop range)
    {
        Frame frame = _frames[range.Loop];
        Label head = _il.Label();
        SkipIfEmpty(frame.Exit);
        Mask? before = _mask;
        if (_mask is not null)
            _mask = new Mask(_mask.Parts, nonEmpty: true);
        bool wide = IsWide(range.Index.Type);
        frame.Next = _il.Label();
        _il.Branch(OpCodes.Br, frame.Next);
        _il.Mark(head);
        EmitBody(range.Test.Then);
        _il.Mark(frame.Next);
        PushScalar(range.Index);
        if (!wide)
            _il.Op(OpCodes.Conv_I8);
        _il.Long(Lanes - 1);
        _il.Op(OpCodes.Add);
        PushScalar(range.End);
        if (!wide)
            _il.Op(OpCodes.Conv_I8);
        _il.Branch(OpCodes.Blt, head);
        _mask = before;
    }

    /// <summary>The rest: lanes leave in order from the last to the first, and those that left keep their parameters, so that the
    /// results can be taken when lane 0 has left too.</summary>
    private void EmitMaskedRounds(RangeLoop range, Frame frame)
    {
        Mask? before = _mask;
        Label head = _il.Label();
        Label done = _il.Label();
        LocalBuilder[] active = TakeMask();
        frame.KeepsParameters = true;
        _il.Mark(head);
        PushScalar(range.Index);
        PushScalar(range.End);
        _il.Branch(OpCodes.Bge, done);
        for (int i = 0; i < active.Length; i++)
        {
            EmitCompare(Opcode.Less, range.Index, range.End, i);
            if (before is not null)
            {
                _il.Load(before.Parts[i]);
                _il.Call(_isa.Method("BitwiseAnd", typeof(int), 2));
            }

            _il.Store(active[i]);
        }

        _mask = new Mask(active, nonEmpty: before is null);
        EmitBody(range.Test.Then);
        if (_target.Quick || !IsLastRound(range))
            _il.Branch(OpCodes.Br, head);
        _il.Mark(done);
        _mask = before;
        _il.Give(active);
        EmitBreakOfRows(range.Exit, frame, blends: false);
    }

    /// <summary>True if a step is known to go past the lanes that one round covers.</summary>
    private bool IsLastRound(RangeLoop range) => range.Step switch
    {
        Constant step => step.AsInteger >= Lanes,
        Instruction { Opcode: Opcode.GroupExtent } step => GroupExtent(step.Axis) >= Lanes,
        Instruction { Opcode: Opcode.Convert, Operands: [Instruction { Opcode: Opcode.GroupExtent } step] } =>
            GroupExtent(step.Axis) >= Lanes,
        _ => false,
    };

    private void AssignInitial(Loop loop) => AssignParameters(loop, loop.Initial, blends: false, null);

    /// <summary>All parameters take their new values at once: one may be another's new value.</summary>
    private void AssignParameters(Loop loop, ImmutableArray<Value> values, bool blends, LocalBuilder[]?[]? next,
        Func<LoopParameter, bool> isMeant)
    {
        if (next is not null)
        {
            for (int i = 0; i < next.Length; i++)
            {
                if (next[i] is not { } target)
                    continue;
                if (blends && IsVarying(loop.Parameters[i]))
                    Blend(target, values[i], loop.Parameters[i].Type, null);
                else
                    Assign(target, values[i], loop.Parameters[i]);
            }

            return;
        }

        int[] changing = [.. Enumerable.Range(0, values.Length)
            .Where(i => values[i] != loop.Parameters[i] && _locations.ContainsKey(loop.Parameters[i])
                && isMeant(loop.Parameters[i]))];
        if (!ReadsAssigned(loop, values, changing))
        {
            foreach (int i in changing)
            {
                LoopParameter parameter = loop.Parameters[i];
                LocalBuilder[] target = _locations[parameter].Locals;
                if (blends && IsVarying(parameter))
                    Blend(target, values[i], parameter.Type, null);
                else
                    Assign(target, values[i], parameter);
            }

            return;
        }

        Stack<LocalBuilder> targets = new();
        foreach (int i in changing)
        {
            LoopParameter parameter = loop.Parameters[i];
            LocalBuilder[] target = _locations[parameter].Locals;
            for (int part = 0; part < target.Length; part++)
            {
                if (!IsVarying(parameter))
                    PushScalar(values[i]);
                else if (blends)
                    PushBlend(target, values[i], parameter.Type, null, part);
                else
                    PushVector(values[i], part);
                targets.Push(target[part]);
            }
        }

        while (targets.TryPop(out LocalBuilder? target))
            _il.Store(target);
    }

    /// <summary>True if a new value reads a parameter that is assigned before it, or of which another part is.</summary>
    private bool ReadsAssigned(Loop loop, ImmutableArray<Value> values, int[] changing)
    {
        HashSet<Value> assigned = new(ReferenceEqualityComparer.Instance);
        foreach (int i in changing)
        {
            if (Reads(values[i], assigned))
                return true;
            assigned.Add(loop.Parameters[i]);
        }

        return false;
    }

    private bool Reads(Value value, HashSet<Value> assigned) => assigned.Contains(value)
        || (value is Instruction x && _usage.IsInlined(x) && x.Operands.Any(o => Reads(o, assigned)));
}
