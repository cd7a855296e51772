using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

// Blocks of rows: a group goes over the rows of its block, and adds what they come to, element by element, to rows of partial results in
// global memory, which stay in the cache. An element is always the same item's, so nothing waits.
internal sealed partial class KernelEmitter
{
    /// <summary>Rows that are added at once where no row has reductions of its own: the partial results are loaded and stored once for all
    /// of them.</summary>
    private const int MostRowsAtOnce = 4;

    /// <summary>The code of the rows that are added at once, in instructions: where arithmetic is the work, partial results cost little.</summary>
    private const int LargestAtOnce = 160;

    private Affine BlockIndex => FlatIndex([.. _block, .. _variables[1]]);

    private Value FirstRow => EmitIndex(FlatIndex(_block) * _domain.Block);

    /// <summary>Starts the partial results of a block.</summary>
    private void StartBlocks(Node[] blocks) => Loop([], _ =>
    {
        foreach (Node n in blocks)
        {
            _builder.Store(Parameter(n, OperandKind.Write), EmitIndex(BlockIndex), Reduction.Start(n));
        }

        return [];
    });

    private void EmitBlock(Action emitRow)
    {
        StartBlocks(BlockStored);
        Value first = FirstRow, rows = Constant.Of((int)_domain.Block);
        Loop(OuterVariables, first, _builder.Add(first, rows), _domain.Block, Constant.Of(1), [], _ =>
        {
            _rowScope = _scope;
            emitRow();
            return [];
        });
    }

    /// <summary>Rows without reductions of their own: some of them at a time, element by element.</summary>
    private void EmitBlockOfElements()
    {
        Node[] inner = InnerStored, blocks = BlockStored;
        Parameter[] pointers = [.. blocks.Select(n => Parameter(n, OperandKind.Write))];
        StartBlocks(blocks);
        int together = RowsAtOnce();
        Value first = FirstRow;
        Loop(first, _builder.Add(first, Constant.Of((int)_domain.Block)), (double)_domain.Block / together, Constant.Of(together), [], (row, _) =>
        {
            Loop([], _ =>
            {
                Value at = EmitIndex(BlockIndex);
                ImmutableArray<Value> start = [.. pointers.Select(p => (Value)_builder.Load(p, at))];
                ImmutableArray<Result> sums = Loop(Constant.Of(0), Constant.Of(together), together, Constant.Of(1), start,
                    (i, carried) => Counting(OuterVariables, _builder.Add(row, i), () => EmitElement(inner, blocks, carried)));
                for (int i = 0; i < blocks.Length; i++) _builder.Store(pointers[i], at, sums[i]);
                return [];
            });
            return [];
        });
    }

    private int RowsAtOnce()
    {
        int size = GroupOrder.Of(_group, IsBoundary).Sum(CodeSize.Of), together = MostRowsAtOnce;
        while (together > 1 && (_domain.Block % together != 0 || together * size > LargestAtOnce)) together /= 2;
        return together;
    }

    /// <summary>What an element adds to the partial results; stores what else is computed of it.</summary>
    private ImmutableArray<Value> EmitElement(Node[] inner, Node[] blocks, ImmutableArray<Value> sums)
    {
        _rowScope = _scope;
        Value[] terms = [.. blocks.Select(n => Evaluate(n.Inputs[0], _space.Unflatten(_full, n.Inputs[0].Shape)))];
        Store(inner, _full);
        return [.. blocks.Select((n, i) => CombineInBlock(n, sums[i], terms[i]))];
    }

    private void AddToBlocks(Node[] blocks, Value[] terms)
    {
        for (int i = 0; i < blocks.Length; i++)
        {
            Parameter pointer = Parameter(blocks[i], OperandKind.Write);
            Value at = EmitIndex(BlockIndex);
            _builder.Store(pointer, at, CombineInBlock(blocks[i], _builder.Load(pointer, at), terms[i]));
        }
    }

    private Value CombineInBlock(Node reduce, Value sum, Value term)
    {
        _flops += _scope.Rounds;
        return Reduction.Combine(_builder, reduce, sum, term);
    }
}
