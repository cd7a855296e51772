namespace Cotangent;

public static partial class Nn
{
    /// <summary>Rotary position embedding: turns pairs of features by angles that grow with the position. Compiled, it is one kernel forwards and
    /// one backwards.</summary>
    /// <param name="x">Queries or keys: positions along <paramref name="timeAxis"/>, a head's features along the last axis.</param>
    /// <param name="table">Cosines and sines for at least offset + time positions, of this width.</param>
    /// <param name="offset">The position of the first element, for decoding with a cache.</param>
    /// <param name="interleaved">Pairs are neighbours (2i, 2i + 1) instead of halves (i, i + width / 2). Weights are trained for one of the
    /// two.</param>
    /// <param name="timeAxis">The axis of positions, not the last one.</param>
    /// <returns>The shape and dtype of <paramref name="x"/>; half types are turned in float32.</returns>
    /// <exception cref="ShapeMismatchException">The table has another width or too few positions.</exception>
    public static Tensor Rotary(Tensor x, RotaryTable table, int offset = 0, bool interleaved = false, int timeAxis = -2)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int axis = timeAxis < 0 ? timeAxis + x.Rank : timeAxis;
        if (axis < 0 || axis >= x.Rank - 1)
            throw new ShapeMismatchException($"rotary: {x.Shape} has no time axis {timeAxis} before its last axis.");
        int time = x.Shape[axis], half = table.Width / 2;
        if (x.Shape[^1] != table.Width)
            throw new ShapeMismatchException($"rotary: x {x.Shape} has heads of width {x.Shape[^1]}, the table is for {table.Width}.");
        if (offset + time > table.Length)
        {
            throw new ShapeMismatchException($"rotary: positions {offset} to {offset + time - 1} of x {x.Shape} need a longer table; it has " +
                $"{table.Length}.");
        }

        Shape Aligned(int first, int second) => Shape.From([time, .. Enumerable.Repeat(1, x.Rank - axis - 2), first, second]);
        Tensor cos = table.Cos[offset..(offset + time)], sin = table.SignedSin[offset..(offset + time)];
        Tensor pairs = Wide(x), turned;
        if (interleaved)
        {
            pairs = pairs.Reshape(Shape.From([.. x.Shape.Take(x.Rank - 1), half, 2]));
            turned = pairs * cos.Reshape(Aligned(half, 1)) + pairs.Flip(-1) * sin.Transpose().Reshape(Aligned(half, 2));
        }
        else
        {
            pairs = pairs.Reshape(Shape.From([.. x.Shape.Take(x.Rank - 1), 2, half]));
            turned = pairs * cos.Reshape(Aligned(1, half)) + pairs.Flip(-2) * sin.Reshape(Aligned(2, half));
        }

        return turned.Reshape(x.Shape).Cast(x.DType.Floating());
    }
}
