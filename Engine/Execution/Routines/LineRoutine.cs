using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>A routine on the lines along one axis: the operands are [outer, length, inner].</summary>
internal abstract class LineRoutine(string name, Node n, int axis) : Routine(name)
{
    private readonly Shape _shape = n.Shape;

    protected int Outer => Extent(0, axis);

    protected int Length => _shape[axis];

    protected int Inner => Extent(axis + 1, _shape.Rank);

    protected ArrayView<T> View<T>(KernelArgument operand)
        where T : unmanaged => RoutineCall.View<T>(operand, _shape.Size);

    private int Extent(int from, int to)
    {
        int extent = 1;
        for (int i = from; i < to; i++) extent *= _shape[i];
        return extent;
    }
}
