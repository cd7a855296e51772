namespace Cotangent.Graph;

/// <summary>Slow, obvious loops over row-major float64 arrays: what the ops' reference values are made of.</summary>
internal static class NDIndex
{
    /// <summary>Calls <paramref name="visit"/> with each index of a shape, in row-major order; the array is reused.</summary>
    public static void ForEach(Shape shape, Action<long, int[]> visit)
    {
        int[] at = new int[shape.Rank];
        long size = shape.Size;
        for (long i = 0; i < size; i++)
        {
            long rest = i;
            for (int axis = shape.Rank - 1; axis >= 0; axis--)
            {
                at[axis] = (int)(rest % shape[axis]);
                rest /= shape[axis];
            }

            visit(i, at);
        }
    }

    public static double[] Fill(Shape shape, Func<int[], double> value)
    {
        double[] result = new double[shape.Size];
        ForEach(shape, (i, at) => result[i] = value(at));
        return result;
    }

    public static long Flatten(Shape shape, ReadOnlySpan<int> at)
    {
        long flat = 0;
        for (int i = 0; i < at.Length; i++) flat = flat * shape[i] + at[i];
        return flat;
    }

    /// <summary>A movement op: <paramref name="map"/> writes the source index of a result index, or says there is none (0).</summary>
    public static double[] Map(Node n, double[] x, Func<int[], int[], bool> map)
    {
        Shape source = n.Inputs[0].Shape;
        int[] from = new int[source.Rank];
        return Fill(n.Shape, at => map(at, from) ? x[Flatten(source, from)] : 0);
    }

    public static double[] Concat(Node n, double[][] x)
    {
        int axis = n.Get<AxisAttributes>().Axis;
        return Fill(n.Shape, at =>
        {
            int[] from = [.. at];
            int part = 0;
            while (from[axis] >= n.Inputs[part].Shape[axis]) from[axis] -= n.Inputs[part++].Shape[axis];
            return x[part][Flatten(n.Inputs[part].Shape, from)];
        });
    }

    /// <summary>Pairs each flat input index, in order, with the flat result index it reduces to.</summary>
    public static void Reduce(Node n, Shape axes, Action<long, long> visit)
    {
        Shape kept = Shape.From(Enumerable.Range(0, n.Inputs[0].Shape.Rank).Where(i => !axes.Contains(i)));
        ForEach(n.Inputs[0].Shape, (from, at) => visit(Flatten(n.Shape, [.. kept.Select(i => at[i])]), from));
    }

    public static double[] Dot(Node n, double[][] x)
    {
        DotAttributes d = n.Get<DotAttributes>();
        Node left = n.Inputs[0], right = n.Inputs[1];
        int[] leftFree = [.. Ops.FreeAxes(left, d.LeftBatch, d.LeftContract)];
        int[] rightFree = [.. Ops.FreeAxes(right, d.RightBatch, d.RightContract)];
        Shape contract = Shape.From(d.LeftContract.Select(i => left.Shape[i]));
        int[] l = new int[left.Shape.Rank], r = new int[right.Shape.Rank];
        return Fill(n.Shape, at =>
        {
            int next = 0;
            for (int i = 0; i < d.LeftBatch.Rank; i++) l[d.LeftBatch[i]] = r[d.RightBatch[i]] = at[next++];
            foreach (int i in leftFree) l[i] = at[next++];
            foreach (int i in rightFree) r[i] = at[next++];
            double sum = 0;
            ForEach(contract, (_, k) =>
            {
                for (int i = 0; i < k.Length; i++) l[d.LeftContract[i]] = r[d.RightContract[i]] = k[i];
                sum += x[0][Flatten(left.Shape, l)] * x[1][Flatten(right.Shape, r)];
            });
            return sum;
        });
    }

    public static double[] Gather(Node n, double[][] x)
    {
        int axis = n.Get<AxisAttributes>().Axis;
        Shape source = n.Inputs[0].Shape, indices = n.Inputs[1].Shape;
        return Fill(n.Shape, at =>
        {
            int index = (int)x[1][Flatten(indices, at.AsSpan(axis, indices.Rank))];
            if (index < 0 || index >= source[axis]) return n.DType.IsFloat() ? double.NaN : 0;
            return x[0][Flatten(source, [.. at[..axis], index, .. at[(axis + indices.Rank)..]])];
        });
    }

    public static double[] TakeAlong(Node n, double[][] x)
    {
        int axis = n.Get<AxisAttributes>().Axis;
        Shape source = n.Inputs[0].Shape;
        return Fill(n.Shape, at =>
        {
            int index = (int)x[1][Flatten(n.Shape, at)];
            if (index < 0 || index >= source[axis]) return n.DType.IsFloat() ? double.NaN : 0;
            return x[0][Flatten(source, [.. at[..axis], index, .. at[(axis + 1)..]])];
        });
    }

    public static double[] AddAlong(Node n, double[][] x)
    {
        (int axis, int extent) = n.Get<ScatterAttributes>();
        double[] result = new double[n.Shape.Size];
        ForEach(n.Inputs[0].Shape, (from, at) =>
        {
            int index = (int)x[1][from];
            if (index < 0 || index >= extent) return;
            result[Flatten(n.Shape, [.. at[..axis], index, .. at[(axis + 1)..]])] += x[0][from];
        });
        return result;
    }

    /// <summary>Running values along an axis: the first element, then step(running, factor, element).</summary>
    public static double[] Cumulative(Node n, double[] factors, double[] x, Func<double, double, double, double> step)
    {
        (int axis, bool reverse) = n.Get<CumulativeAttributes>();
        double[] y = new double[x.Length];
        ForEachLine(n.Shape, axis, (first, stride, length) =>
        {
            for (int k = 0; k < length; k++)
            {
                long at = first + (reverse ? length - 1 - k : k) * stride;
                y[at] = k == 0 ? x[at] : step(y[reverse ? at + stride : at - stride], factors[at], x[at]);
            }
        });
        return y;
    }

    public static double[] ArgSort(Node n, double[][] x)
    {
        (int axis, bool descending) = n.Get<SortAttributes>();
        double[] y = new double[x[0].Length];
        ForEachLine(n.Shape, axis, (first, stride, length) =>
        {
            double Key(int k) => descending ? -x[0][first + k * stride] : x[0][first + k * stride];
            int next = 0;
            foreach (int k in Enumerable.Range(0, length).OrderBy(k => double.IsNaN(Key(k))).ThenBy(Key)) y[first + next++ * stride] = k;
        });
        return y;
    }

    /// <summary>Visits the first element, the stride and the length of each line along an axis.</summary>
    private static void ForEachLine(Shape shape, int axis, Action<long, long, int> visit)
    {
        long stride = shape.Strides()[axis];
        ForEach(Shape.From(shape.Select((n, i) => i == axis ? Math.Min(n, 1) : n)), (_, at) => visit(Flatten(shape, at), stride, shape[axis]));
    }

    public static double[] ScatterAdd(Node n, double[][] x)
    {
        (int axis, int extent) = n.Get<ScatterAttributes>();
        Shape updates = n.Inputs[0].Shape, indices = n.Inputs[1].Shape;
        double[] result = new double[n.Shape.Size];
        ForEach(updates, (from, at) =>
        {
            int index = (int)x[1][Flatten(indices, at.AsSpan(axis, indices.Rank))];
            if (index < 0 || index >= extent) return;
            result[Flatten(n.Shape, [.. at[..axis], index, .. at[(axis + indices.Rank)..]])] += x[0][from];
        });
        return result;
    }
}
