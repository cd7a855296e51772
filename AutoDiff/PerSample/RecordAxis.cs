using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Where a node's records are: element (…, i, …) along the axis belongs to record i / inner alone.</summary>
/// <param name="Axis">The axis.</param>
/// <param name="Inner">How many of its elements each record has; they are neighbours.</param>
internal readonly record struct RecordAxis(int Axis, int Inner)
{
    /// <summary>The axis of a reshaped tensor; null if records end up in several axes.</summary>
    public RecordAxis? Reshaped(Shape from, Shape to)
    {
        // In row-major order a record's elements come in runs: this long, and so many runs before the axis repeats.
        long run = Inner * Product(from, Axis + 1, from.Rank), before = Product(from, 0, Axis), after = 1;
        for (int axis = to.Rank - 1; axis >= 0; axis--)
        {
            long above = Product(to, 0, axis);
            if (run % after == 0 && above == before && to[axis] * after == from[Axis] * (run / Inner)) return new(axis, (int)(run / after));
            after *= to[axis];
        }

        return null;
    }

    private static long Product(Shape shape, int from, int to)
    {
        long product = 1;
        for (int i = from; i < to; i++) product *= shape[i];
        return product;
    }
}
