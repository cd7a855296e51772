using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Fusion;

internal sealed partial class Canonical
{
    /// <summary>From so many elements of updates and result on, updates are sorted by place.</summary>
    private const int SmallestSorted = 1 << 15;

    /// <summary>The least width of rows for which that is so on the CPU, whose lanes are the elements of a row.</summary>
    private const int NarrowestSorted = 16;

    /// <summary>Large scatters become sums of segments, the same sums in the same order: every place fetches its updates.</summary>
    private Node ScatterAdd(Node updates, Node indices, ScatterAttributes attributes)
    {
        Shape result = Ops.ScatterAdd.Infer([updates, indices], attributes).Shape;
        int count = checked((int)indices.Shape.Size), outer = Extent(updates.Shape, 0, attributes.Axis);
        int inner = checked((int)(updates.Shape.Size / ((long)outer * count)));
        bool isSorted = count > 1 && attributes.Extent > 1 && updates.Shape.Size + result.Size >= SmallestSorted
            && (device.Kind != DeviceKind.Cpu || inner >= NarrowestSorted);
        if (!isSorted) return Intern(Ops.ScatterAdd, [updates, indices], attributes);
        Node list = Reshape(indices, [count]);
        SegmentsAttributes segments = new(attributes.Extent);
        Node order = Intern(SegmentOps.Segments, [list], segments), starts = Intern(SegmentOps.Segments, [list], segments.At(SegmentsAttributes.Starts));
        Node rows = Reshape(updates, [outer, count, inner]);
        return Reshape(Intern(SegmentOps.SegmentAdd, [rows, order, starts], new ScatterAttributes(1, attributes.Extent)), result);
    }
}
