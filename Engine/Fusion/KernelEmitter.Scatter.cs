using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

internal sealed partial class KernelEmitter
{
    /// <summary>A small scatter-add: each work item owns the column of one (outer, inner) position. It zeroes the column,
    /// then adds all updates in the order of the indices: no atomics, the same sums every time.</summary>
    private void EmitScatter(Node n)
    {
        int extent = n.Get<ScatterAttributes>().Extent;
        Node updates = n.Inputs[0], indices = n.Inputs[1];
        Parameter column = Parameter(n, OperandKind.Write);
        ScalarType type = n.DType.Compute();

        // [A, extent, C]: where the column's element 0 is.
        Affine a = FlatIndex(_variables[0]), c = FlatIndex(_variables[2]);
        Value first = EmitIndex(a * (extent * _domain.C) + c);
        Value step = Constant.Of((int)_domain.C);
        _builder.For(Constant.Of(0), Constant.Of(extent), Constant.Of(1), [], (e, _) =>
        {
            _builder.Store(column, _builder.Add(_builder.Mul(e, step), first), Converted(Constant.Of(type, 0), n));
            return [];
        });
        Loop([], _ =>
        {
            Affine which = n.Op == Ops.AddAlong ? _full : FlatIndex(_variables[1]);
            Value index = Evaluate(indices, _space.Unflatten(which, indices.Shape));
            Value inside = _builder.Binary(Opcode.And, _builder.Compare(Opcode.GreaterEqual, index, Constant.Of(0)),
                _builder.Compare(Opcode.Less, index, Constant.Of(extent)));
            _builder.If(inside, () =>
            {
                Value x = InGuard(() => Evaluate(updates, _space.Unflatten(_full, updates.Shape)));
                Value at = _builder.Add(_builder.Mul(index, step), first);
                if (IsFloating(n)) _flops += _scope.Rounds;
                Value old = _builder.Convert(_builder.Load(column, at), type);
                _builder.Store(column, at, Converted(_builder.Add(old, x), n));
            });
            return [];
        });
    }

    /// <summary>A place of a large scatter-add: it fetches the updates that belong to it.</summary>
    private Value SegmentSum(Node n, Affine[] at)
    {
        Node updates = n.Inputs[0], order = n.Inputs[1], starts = n.Inputs[2];
        int count = updates.Shape[1];
        Value first = Evaluate(starts, [at[1]]), end = Evaluate(starts, [at[1] + 1]);
        IndexVariable place = _space.Variable(count);
        ScalarType type = n.DType.Compute();
        Value sum = Loop([place], first, end, (double)count / n.Shape[1], Constant.Of(1), [Constant.Of(type, 0)], carried =>
        {
            Affine row = Affine.Of(_space.Loaded(order, [Affine.Of(place)], count));
            if (IsFloating(n)) _flops += _scope.Rounds;
            return [_builder.Add(carried[0], Evaluate(updates, [at[0], row, at[2]]))];
        })[0];
        return n.DType == DType.UInt8 ? _builder.Binary(Opcode.And, sum, Constant.Of(255u)) : sum;
    }

    private Value Converted(Value x, Node n) => _builder.Convert(x, n.DType.Scalar());
}
