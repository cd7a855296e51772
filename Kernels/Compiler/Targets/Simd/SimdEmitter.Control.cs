using System.Collections.Immutable;
using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Structured control. Where all lanes go together, control flow is jumps; where they part, both ways run one after the other under
// masks. A lane that leaves by a masked Break or Continue parks at its target: its results are blended in, and the mask after the
// target consists of those that came there.
internal sealed partial class SimdEmitter
{
    private readonly Dictionary<Structured, Frame> _frames = new(ReferenceEqualityComparer.Instance);
    private Label _return;

    /// <summary>A structured operation that is being emitted.</summary>
    private sealed class Frame(Label exit)
    {
        public Label Exit { get; } = exit;

        /// <summary>Where the results go; null for one that nothing uses.</summary>
        public LocalBuilder[]?[] Results { get; set; } = [];

        /// <summary>Lanes that came to the end so far, where some leave for outer targets instead; else null.</summary>
        public LocalBuilder[]? Arrived { get; set; }

        /// <summary>For loops: where the next round starts, and the lanes that take part in it if lanes part (else null).</summary>
        public Label Next { get; set; }

        public LocalBuilder[]? Continuing { get; set; }

        /// <summary>For loops: where Continue puts the parameters' new values, where lanes that come later in the round may still
        /// read the old ones; null if it may overwrite them.</summary>
        public LocalBuilder[]?[]? NextParameters { get; set; }

        /// <summary>The first Break emitted may overwrite the results of all lanes.</summary>
        public bool IsFirst { get; set; } = true;

        /// <summary>The condition that chooses between the arms of a simple varying If, for its second arm's blends.</summary>
        public LocalBuilder[]? Choice { get; set; }
    }

    private void EmitStructured(Structured node)
    {
        Frame frame = new(_il.Label());
        frame.Results = [.. node.Results.Select(r => _usage.IsUsed(r) ? Define(r).Locals : null)];
        _frames[node] = frame;
        Mask? before = _mask;
        bool escapes = _shapes.HasEscapes(node) && _shapes.BreaksOf(node).Count > 0;
        if (escapes)
        {
            frame.Arrived = TakeMask();
            Clear(frame.Arrived);
        }

        _il.Note(_depth++, node.GetType().Name + (node is If branch ? $" {Describe(branch.Condition)}" : ""));
        switch (node)
        {
            case Block block:
                EmitRegion(block.Body);
                break;
            case If choice when IsVarying(choice.Condition):
                EmitVaryingIf(choice, frame);
                break;
            case If choice:
                EmitUniformIf(choice);
                break;
            case Loop loop:
                EmitLoop(loop, frame);
                break;
        }

        _depth--;
        _il.Mark(frame.Exit);
        _mask = before;
        if (frame.Arrived is { } arrived)
            KeepMask(arrived);
        _frames.Remove(node);
    }

    private readonly Stack<List<LocalBuilder[]>> _keptMasks = new([[]]);

    /// <summary>Makes a mask current; its locals live until the enclosing body ends.</summary>
    private void KeepMask(LocalBuilder[] parts)
    {
        _mask = new Mask(parts, nonEmpty: false);
        _keptMasks.Peek().Add(parts);
    }

    private void Clear(LocalBuilder[] mask)
    {
        foreach (LocalBuilder part in mask)
        {
            _il.Call(_isa.Property("Zero", typeof(int)));
            _il.Store(part);
        }
    }

    /// <summary>target = the current mask.</summary>
    private void CopyMask(LocalBuilder[] target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            PushCurrentMask(i);
            _il.Store(target[i]);
        }
    }

    /// <summary>target |= the current mask.</summary>
    private void Gather(LocalBuilder[] target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            _il.Load(target[i]);
            PushCurrentMask(i);
            _il.Call(_isa.Method("BitwiseOr", typeof(int), 2));
            _il.Store(target[i]);
        }
    }

    private void PushCurrentMask(int part)
    {
        if (_mask is null)
            _il.Call(_isa.Property("AllBitsSet", typeof(int)));
        else
            _il.Load(_mask.Parts[part]);
    }

    private void EmitTerminator(Terminator terminator)
    {
        switch (terminator)
        {
            case Break site:
                EmitBreak(site, _frames[site.Target]);
                break;
            case Continue site:
                EmitContinue(site, _frames[site.Target]);
                break;
            case Return when !_shapes.IsMasked(terminator):
                _il.Branch(OpCodes.Br, _return);
                break;
        }
    }

    private void EmitBreak(Break site, Frame frame)
    {
        // A Break from a loop inside the target may run again.
        bool blends = _shapes.HasMaskedBreak(site.Target)
            && (site.Target is Loop || !frame.IsFirst || _shapes.LeavesInnerLoop(site));
        for (int i = 0; i < frame.Results.Length; i++)
        {
            if (frame.Results[i] is not { } result)
                continue;
            if (blends && IsVarying(site.Target.Results[i]))
                Blend(result, site.Arguments[i], site.Target.Results[i].Type, frame.Choice);
            else
                Assign(result, site.Arguments[i], site.Target.Results[i]);
        }

        frame.IsFirst = false;
        if (frame.Arrived is { } arrived)
            Gather(arrived);
        if (!_shapes.IsMasked(site))
            _il.Branch(OpCodes.Br, frame.Exit);
    }

    private void EmitContinue(Continue site, Frame frame)
    {
        Loop loop = site.Target;
        bool blends = _shapes.HasMaskedContinue(loop) && BlendsParameters(loop);
        AssignParameters(loop, site.Arguments, blends, frame.NextParameters);
        if (frame.Continuing is { } continuing)
            Gather(continuing);
        if (!_shapes.IsMasked(site))
            _il.Branch(OpCodes.Br, frame.Next);
    }

    private bool BlendsParameters(Loop loop) =>
        _shapes.ContinuesOf(loop).Count > 1 || _shapes.ContinuesOf(loop).Any(_shapes.LeavesInnerLoop);

    /// <summary>Lanes of the current mask (or, for the second arm of a simple If, those not chosen) take a new value.</summary>
    private void Blend(LocalBuilder[] result, Value value, IrType type, LocalBuilder[]? choice)
    {
        for (int part = 0; part < result.Length; part++)
        {
            PushBlend(result, value, type, choice, part);
            _il.Store(result[part]);
        }
    }

    private void PushBlend(LocalBuilder[] old, Value value, IrType type, LocalBuilder[]? choice, int part)
    {
        if (choice is not null)
        {
            PushMask(choice, type, part);
            _il.Load(old[part]);
            PushVector(value, part);
            _il.Call(_isa.Method("ConditionalSelect", VectorIsa.ElementOf(type), 3));
        }
        else if (_mask is null)
        {
            PushVector(value, part);
        }
        else
        {
            PushMask(_mask.Parts, type, part);
            PushVector(value, part);
            _il.Load(old[part]);
            _il.Call(_isa.Method("ConditionalSelect", VectorIsa.ElementOf(type), 3));
        }
    }

    private void Assign(LocalBuilder[] target, Value value, Value shape)
    {
        for (int part = 0; part < target.Length; part++)
        {
            if (IsVarying(shape))
                PushVector(value, part);
            else
                PushScalar(value);
            _il.Store(target[part]);
        }
    }

    // Branches.

    private void EmitUniformIf(If node)
    {
        Label otherwise = _il.Label();
        Mask? before = _mask;
        PushScalar(node.Condition);
        _il.Branch(OpCodes.Brfalse, otherwise);
        EmitRegion(node.Then);
        _il.Branch(OpCodes.Br, _frames[node].Exit);
        _mask = before;
        _il.Mark(otherwise);
        EmitRegion(node.Else);
    }

    private void EmitVaryingIf(If node, Frame frame)
    {
        Mask? before = _mask;
        LocalBuilder[] condition = TakeMask();
        LocalBuilder[] then = before is null ? condition : TakeMask();
        LocalBuilder[] otherwise = TakeMask();
        for (int i = 0; i < _unroll; i++)
        {
            PushVector(node.Condition, i);
            _il.Store(condition[i]);
            if (before is not null)
            {
                _il.Load(before.Parts[i]);
                _il.Load(condition[i]);
                _il.Call(_isa.Method("BitwiseAnd", typeof(int), 2));
                _il.Store(then[i]);
            }

            PushCurrentMask(i);
            _il.Load(condition[i]);
            _il.Call(_isa.Method("AndNot", typeof(int), 2));
            _il.Store(otherwise[i]);
        }

        // The way out of a loop first: it reads the parameters that the other arm sets for the next round.
        if (ElseComesFirst(node))
        {
            EmitArm(node.Else, otherwise);
            EmitArm(node.Then, then);
            GiveMasks();
            return;
        }

        EmitArm(node.Then, then);
        if (node.Then.Terminator is Break first && first.Target == node && node.Else.Terminator is Break second
            && second.Target == node && !_shapes.HasEscapes(node) && _shapes.BreaksOf(node).Count == 2)
            frame.Choice = condition;
        EmitArm(node.Else, otherwise);
        GiveMasks();

        void GiveMasks()
        {
            _il.Give(condition);
            if (before is not null)
                _il.Give(then);
            _il.Give(otherwise);
        }
    }

    private static bool ElseComesFirst(If node) => node.Else.Nodes is [Break exit] && exit.Target != node;

    private void EmitArm(Region region, LocalBuilder[] mask)
    {
        bool skips = IsWorthSkipping(region);
        Label end = _il.Label();
        _mask = new Mask(mask, nonEmpty: false);
        if (skips)
        {
            SkipIfEmpty(end);
            _mask = new Mask(mask, nonEmpty: true);
        }

        _keptMasks.Push([]);
        EmitRegion(region);
        foreach (LocalBuilder[] kept in _keptMasks.Pop())
            _il.Give(kept);
        _il.Mark(end);
    }

    /// <summary>True if testing for an empty mask costs less than running an arm for nothing. Plain arithmetic is not worth it.</summary>
    private bool IsWorthSkipping(Region region)
    {
        const int Cheap = 24;
        int cost = 0;
        foreach (INode node in region.Nodes)
        {
            cost += node switch
            {
                Loop => Cheap,
                Structured => Cheap / 2,
                Instruction { Opcode: Opcode.AtomicAdd or Opcode.Call or Opcode.Rem } => Cheap,
                Instruction { Opcode: Opcode.Store } x => IsContiguous(x) ? 1 : Cheap,
                Instruction { Opcode: Opcode.Load } x => IsContiguous(x) ? 1 : Cheap,
                _ => 1,
            };
        }

        return cost >= Cheap;
    }

    // Loops.

    private void EmitLoop(Loop loop, Frame frame)
    {
        foreach (LoopParameter parameter in loop.Parameters)
            Define(parameter);
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
        if (RangeLoop.Match(loop) is { } counted && Splits(counted))
            EmitUnmaskedRounds(counted);

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

    /// <summary>True for a counted loop over a linear index with a uniform end whose only way out is its end.</summary>
    private bool Splits(RangeLoop counted) =>
        _shapes[counted.Index] == Shape.Linear && IsUniform(counted.End)
        && counted.Index.Type.Scalar is ScalarType.Int32 or ScalarType.Int64
        && _shapes.BreaksOf(counted.Loop).Count == 1 && _shapes.ContinuesOf(counted.Loop).Count == 1
        && !_shapes.HasEscapes(counted.Loop) && !_shapes.HasEscapesBelow(counted.Test.Then);

    /// <summary>Rounds in which the last lane is in range too: the body runs under the mask of the whole loop.</summary>
    private void EmitUnmaskedRounds(RangeLoop counted)
    {
        Frame frame = _frames[counted.Loop];
        Label head = _il.Label();
        SkipIfEmpty(frame.Exit);
        Mask? before = _mask;
        if (_mask is not null)
            _mask = new Mask(_mask.Parts, nonEmpty: true);
        bool wide = IsWide(counted.Index.Type);
        frame.Next = _il.Label();
        _il.Branch(OpCodes.Br, frame.Next);
        _il.Mark(head);
        EmitBody(counted.Test.Then);
        _il.Mark(frame.Next);
        PushScalar(counted.Index);
        if (!wide)
            _il.Op(OpCodes.Conv_I8);
        _il.Long(Lanes - 1);
        _il.Op(OpCodes.Add);
        PushScalar(counted.End);
        if (!wide)
            _il.Op(OpCodes.Conv_I8);
        _il.Branch(OpCodes.Blt, head);
        _mask = before;
    }

    private void AssignInitial(Loop loop) => AssignParameters(loop, loop.Initial, blends: false, null);

    /// <summary>All parameters take their new values at once: one may be another's new value.</summary>
    private void AssignParameters(Loop loop, ImmutableArray<Value> values, bool blends, LocalBuilder[]?[]? next)
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
            .Where(i => values[i] != loop.Parameters[i] && _locations.ContainsKey(loop.Parameters[i]))];
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
