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

        /// <summary>Where the results go, of each row in lockstep; null for one that nothing uses.</summary>
        public LocalBuilder[]?[][] Results { get; set; } = [[]];

        /// <summary>Lanes that came to the end so far, where some leave for outer targets instead; else null.</summary>
        public LocalBuilder[]? Arrived { get; set; }

        /// <summary>For loops: where the next round starts, and the lanes that take part in it if lanes part (else null).</summary>
        public Label Next { get; set; }

        public LocalBuilder[]? Continuing { get; set; }

        /// <summary>For loops: lanes that left keep their parameters.</summary>
        public bool KeepsParameters { get; set; }

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
        frame.Results = DefineResults(node);
        _frames[node] = frame;
        Mask? before = _mask;
        bool escapes = _shapes.HasEscapes(node) && _shapes.BreaksOf(node).Count > 0;
        if (escapes)
        {
            frame.Arrived = TakeMask();
            Clear(frame.Arrived);
        }

        _il.Note(_depth++, $"{node.GetType().Name}{(node is If branch ? $" {Describe(branch.Condition)}" : "")}");
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
                if (!_shapes.IsMasked(site))
                    _il.Branch(OpCodes.Br, _frames[site.Target].Exit);
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
        EmitBreakOfRows(site, frame, blends);
    }

    /// <summary>Passes the results of the active lanes.</summary>
    private void EmitBreak(Break site, Frame frame, LocalBuilder[]?[] results, bool blends)
    {
        for (int i = 0; i < results.Length; i++)
        {
            if (results[i] is not { } result)
                continue;
            if (blends && IsVarying(site.Target.Results[i]))
                Blend(result, site.Arguments[i], site.Target.Results[i].Type, frame.Choice);
            else
                Assign(result, site.Arguments[i], site.Target.Results[i]);
        }

        frame.IsFirst = false;
        if (frame.Arrived is { } arrived)
            Gather(arrived);
    }

    private void EmitContinue(Continue site, Frame frame)
    {
        Loop loop = site.Target;
        bool blends = frame.KeepsParameters || (_shapes.HasMaskedContinue(loop) && BlendsParameters(loop));
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
        if (IsRangeBranch(node))
            EmitRangeBranch(node, frame);
        else
            EmitMaskedIf(node, frame);
    }

    private void EmitMaskedIf(If node, Frame frame)
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
                Instruction { Opcode: Opcode.Call or Opcode.Rem } => Cheap,
                Instruction x when x.Opcode.IsAtomic() => Cheap,
                Instruction { Opcode: Opcode.Store } x => IsContiguous(x) ? 1 : Cheap,
                Instruction { Opcode: Opcode.Load } x => IsContiguous(x) ? 1 : Cheap,
                _ => 1,
            };
        }

        return cost >= Cheap;
    }
}
