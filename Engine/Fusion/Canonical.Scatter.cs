using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Fusion;

internal sealed partial class Canonical
{
    /// <summary>From so many elements of updates and result on, the indices are sorted.</summary>
    private const int SmallestSorted = 1 << 15;

    /// <summary>On the CPU, adding in place is faster while the result stays in the cache. Sorted sums need rows, whose elements are lanes.
    /// </summary>
    private const int SmallestSortedOnCpu = 1 << 19, NarrowestSortedOnCpu = 16;

    /// <summary>Large scatters become sums of segments, the same sums in the same order: every place fetches its updates.</summary>
    private Node ScatterAdd(Node updates, Node indices, ScatterAttributes attributes)
    {
        Shape result = Ops.ScatterAdd.Infer([updates, indices], attributes).Shape;
        int count = checked((int)indices.Shape.Size), outer = Extent(updates.Shape, 0, attributes.Axis);
        int inner = checked((int)(updates.Shape.Size / ((long)outer * count)));
        bool isLarge = device.Kind == DeviceKind.Cpu
            ? result.Size >= SmallestSortedOnCpu && inner >= NarrowestSortedOnCpu
            : updates.Shape.Size + result.Size >= SmallestSorted;
        if (!isLarge || count == 1 || attributes.Extent == 1) return Intern(Ops.ScatterAdd, [updates, indices], attributes);
        Node list = Reshape(indices, [count]);
        SegmentsAttributes segments = new(attributes.Extent);
        Node order = Intern(SegmentOps.Segments, [list], segments), starts = Intern(SegmentOps.Segments, [list], segments.At(SegmentsAttributes.Starts));
        Node rows = Reshape(updates, [outer, count, inner]);
        return Reshape(Intern(SegmentOps.SegmentAdd, [rows, order, starts], new ScatterAttributes(1, attributes.Extent)), result);
    }
}
