using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

internal sealed partial class KernelEmitter
{
    /// <summary>The element of a node at an index, in the compute type of its dtype.</summary>
    private Value Evaluate(Node n, Affine[] at)
    {
        if (n.Op == Ops.Number) return BakedNumber(n);
        if (_graph.Leaves.TryGetValue(n, out LeafSlot slot) && slot.IsScalar) return Parameter(n, OperandKind.Scalar);
        Access key = new(n, at);
        for (EmitScope? scope = _scope; scope is not null; scope = scope.Parent)
        {
            if (scope.Values.TryGetValue(key, out Value? known)) return known;
        }

        // The kernel will be split and emitted again.
        if (_size.IsHopeless) return Constant.Of(n.DType.Compute(), 0);
        if (!IsBoundary(n)) _size.Count(n, Math.Max(0, _scope.Depth - _rowScope.Depth));
        return WithinHome(at, () => _scope.Values[key] = Compute(n, at));
    }

    private static Constant BakedNumber(Node n) =>
        Constant.Of(n.DType.Compute(), Numbers.ToDouble(n.Get<NumberAttributes>()));

    private Value Compute(Node n, Affine[] at)
    {
        if (IsBoundary(n)) return Load(n, at);
        switch (n.Op.Kind)
        {
            case OpKind.Elementwise:
                KeptRow? kept = KeptAt(n, at);
                if (kept is { IsStored: true } && kept.Loop < _loop) return _builder.Load(kept.Array, EmitIndex(FlatIndex(_variables[1])));
                Value[] x = new Value[n.Inputs.Length];
                for (int i = 0; i < x.Length; i++) x[i] = Evaluate(n.Inputs[i], at);
                if (IsFloating(n)) _flops += _scope.Rounds * Anchors.OwnCost(n);
                Value value = n.Op.Emit!(n, _builder, x);
                return kept is null ? value : Keep(kept, value);
            case OpKind.Movement:
                return Move(n, at);
            case OpKind.Reduce:
                return _reduced.TryGetValue(n, out Value? sum) && IndexSpace.Flatten(n.Shape, at).Equals(_outer) ? sum
                    : SerialReduction(n, at);
            case OpKind.Indexing when n.Op == Ops.Gather || n.Op == Ops.TakeAlong:
                return Gather(n, at);
            case OpKind.Indexing when n.Op == SegmentOps.SegmentAdd:
                return SegmentSum(n, at);
            case OpKind.Leaf when n.Op == Ops.Iota:
                Value count = _builder.Convert(EmitIndex(at[0]), n.DType.Compute());
                return n.DType == DType.UInt8 && at[0].Max > byte.MaxValue ? _builder.Binary(Opcode.And, count, Constant.Of(255u)) : count;
            default:
                throw new InvalidOperationException(
                    $"{n} cannot be computed inside a kernel: it should have been stored.");
        }
    }

    private Value Load(Node n, Affine[] at)
    {
        Value element = _builder.Load(Parameter(n, OperandKind.Read), EmitIndex(IndexSpace.Flatten(n.Shape, at)));
        return _builder.Convert(element, n.DType.Compute());
    }

    private Value Move(Node n, Affine[] at)
    {
        Node x = n.Inputs[0];
        if (n.Op == Ops.Reshape) return Evaluate(x, _space.Reshape(at, n.Shape, x.Shape));
        if (n.Op == Ops.Expand) return Evaluate(x, [.. at.Select((a, i) => x.Shape[i] == 1 ? Affine.Zero : a)]);
        if (n.Op == Ops.Permute)
        {
            Shape axes = n.Get<AxesAttributes>().Axes;
            Affine[] from = new Affine[at.Length];
            for (int i = 0; i < at.Length; i++) from[axes[i]] = at[i];
            return Evaluate(x, from);
        }

        if (n.Op == Ops.Slice)
        {
            (Shape start, _, Shape step) = n.Get<SliceAttributes>();
            return Evaluate(x, [.. at.Select((a, i) => a * step[i] + start[i])]);
        }

        if (n.Op == Ops.Flip)
        {
            Shape axes = n.Get<AxesAttributes>().Axes;
            return Evaluate(x, [.. at.Select((a, i) => axes.Contains(i) ? a * -1 + (n.Shape[i] - 1) : a)]);
        }

        if (n.Op == Ops.Skew) return Skew(n, at);
        return n.Op == Ops.Pad ? Pad(n, at) : Concat(n, at, n.Get<AxisAttributes>().Axis, 0);
    }

    private Value Pad(Node n, Affine[] at)
    {
        (Shape low, _, Shape interior) = n.Get<PadAttributes>();
        Shape source = n.Inputs[0].Shape;
        Affine[] from = new Affine[at.Length];
        Value? inside = null;
        for (int i = 0; i < at.Length; i++)
        {
            Affine offset = at[i] + -low[i];
            if (offset.Min < 0) And(ref inside,
                _builder.Compare(Opcode.GreaterEqual, EmitIndex(offset), Constant.Of(0)));
            (from[i], Affine between) = _space.Divide(offset, interior[i] + 1);
            if (between.Max > 0) And(ref inside, _builder.Compare(Opcode.Equal, EmitIndex(between), Constant.Of(0)));
            if (from[i].Max >= source[i]) And(ref inside,
                _builder.Compare(Opcode.Less, EmitIndex(from[i]), Constant.Of(source[i])));
        }

        return Guarded(inside, n, () => Evaluate(n.Inputs[0], from), () => Constant.Of(n.DType.Compute(), 0));
    }

    private Value Skew(Node n, Affine[] at)
    {
        SkewAttributes skew = n.Get<SkewAttributes>();
        int extent = n.Inputs[0].Shape[skew.Axis];
        Affine[] from = [.. at];
        from[skew.Axis] = at[skew.Axis] + at[skew.Along] * skew.Step + skew.Offset;
        if (skew.IsInside(n.Inputs[0].Shape)) return Evaluate(n.Inputs[0], from);
        Value? inside = null;
        if (from[skew.Axis].Min < 0) And(ref inside,
            _builder.Compare(Opcode.GreaterEqual, EmitIndex(from[skew.Axis]), Constant.Of(0)));
        if (from[skew.Axis].Max >= extent) And(ref inside,
            _builder.Compare(Opcode.Less, EmitIndex(from[skew.Axis]), Constant.Of(extent)));
        return Guarded(inside, n, () => Evaluate(n.Inputs[0], from), () => Constant.Of(n.DType.Compute(), 0));
    }

    private void And(ref Value? condition, Value other) =>
        condition = condition is null ? other : _builder.Binary(Opcode.And, condition, other);

    private Value Concat(Node n, Affine[] at, int axis, int part)
    {
        Node x = n.Inputs[part];
        int extent = x.Shape[axis];
        if (part == n.Inputs.Length - 1 || at[axis].Max < extent) return Evaluate(x, at);
        Affine[] rest = [.. at];
        rest[axis] += -extent;
        if (at[axis].Min >= extent) return Concat(n, rest, axis, part + 1);
        Value inside = _builder.Compare(Opcode.Less, EmitIndex(at[axis]), Constant.Of(extent));
        return Guarded(inside, n, () => Evaluate(x, at), () => Concat(n, rest, axis, part + 1));
    }

    private Value Gather(Node n, Affine[] at)
    {
        int axis = n.Get<AxisAttributes>().Axis;
        Node x = n.Inputs[0], indices = n.Inputs[1];
        int after = n.Op == Ops.TakeAlong ? axis + 1 : axis + indices.Shape.Rank;
        Affine[] indexAt = n.Op == Ops.TakeAlong ? at : at[axis..after];
        Value index = Evaluate(indices, indexAt);
        Value inside = _builder.Binary(Opcode.And, _builder.Compare(Opcode.GreaterEqual, index, Constant.Of(0)),
            _builder.Compare(Opcode.Less, index, Constant.Of(x.Shape[axis])));
        Affine selected = Affine.Of(_space.Loaded(indices, indexAt, x.Shape[axis]));
        return Guarded(inside, n, () => Evaluate(x, [.. at[..axis], selected, .. at[after..]]),
            () => Constant.Of(n.DType.Compute(), n.DType.IsFloat() ? double.NaN : 0));
    }

    /// <summary>One of two values; only the chosen one is computed, so that nothing is loaded out of bounds.</summary>
    private Value Guarded(Value? condition, Node n, Func<Value> then, Func<Value> otherwise) => condition is null
        ? then()
        : _builder.If(condition, [n.DType.Compute()], () => [InGuard(then)], () => [InGuard(otherwise)])[0];

    private Value InGuard(Func<Value> value)
    {
        EmitScope outer = _scope;
        _scope = new EmitScope(_builder.Region, outer, true);
        Value result = value();
        _scope = outer;
        return result;
    }

    /// <summary>A reduction of another domain (of short extent, or it would be stored): a loop in place.</summary>
    private Value SerialReduction(Node n, Affine[] at)
    {
        Node x = n.Inputs[0];
        IndexVariable k = _space.Variable(x.Shape[1]);
        CountStart(n, x.Shape[1]);
        ImmutableArray<Result> sum = Loop([k], Constant.Of(0), x.Shape[1], Constant.Of(1), [Reduction.Start(n)],
            carried => [Combine(n, carried[0], [at[0], Affine.Of(k), at[1]])]);
        return Reduction.Finish(_builder, n, sum[0]);
    }
}
