using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

// Blocks of rows: a group goes over the rows of its block, and adds what they come to, element by element, to rows of partial results in
// global memory, which stay in the cache. An element is always the same item's, so nothing waits.
internal sealed partial class KernelEmitter
{
    private Affine BlockIndex => FlatIndex([.. _block, .. _variables[1]]);

    private void EmitBlock(Action emitRow)
    {
        Node[] blocks = BlockStored;
        Loop([], _ =>
        {
            foreach (Node n in blocks)
            {
                _builder.Store(Parameter(n, OperandKind.Write), EmitIndex(BlockIndex), Reduction.Start(n));
            }

            return [];
        });
        Value first = EmitIndex(FlatIndex(_block) * _domain.Block), rows = Constant.Of((int)_domain.Block);
        Loop(OuterVariables, first, _builder.Add(first, rows), _domain.Block, Constant.Of(1), [], _ =>
        {
            _rowScope = _scope;
            emitRow();
            return [];
        });
    }

    private void AddToBlocks(Node[] blocks, Value[] terms)
    {
        for (int i = 0; i < blocks.Length; i++)
        {
            Parameter pointer = Parameter(blocks[i], OperandKind.Write);
            Value at = EmitIndex(BlockIndex);
            _flops += _scope.Rounds;
            _builder.Store(pointer, at, Reduction.Combine(_builder, blocks[i], _builder.Load(pointer, at), terms[i]));
        }
    }
}
