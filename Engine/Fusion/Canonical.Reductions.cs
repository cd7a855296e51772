using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

// Every reduction becomes one over the middle axis of [A, K, C]: rows if C is 1, columns otherwise. Long ones are done
// in two stages whose shape depends on extents alone, so that sums are the same for any number of threads.
internal sealed partial class Canonical
{
    /// <summary>Rows longer than this, where there are few of them, are split.</summary>
    private const int LongRow = 8192;

    /// <summary>The elements of a part of a split row.</summary>
    private const int RowPart = 4096;

    /// <summary>Columns longer than this, where there are few of them, are split.</summary>
    private const int LongColumn = 512;

    /// <summary>The elements of a part of a split column.</summary>
    private const int ColumnPart = 128;

    /// <summary>On the CPU, reductions over rows of so many bytes and more go through memory in order: blocks of about so many rows each add
    /// their rows to a row of partial results that stays in the cache, in the kernels that need the rows anyway.</summary>
    private const int SmallestBlocked = 1 << 20, BlockRows = 32, LongestBlock = 128, FewestBlocks = 8;

    /// <summary>So many blocks are enough to share: where there would be more, they are longer, and their partial results fewer.</summary>
    private const int ManyBlocks = 64;

    /// <summary>The width of rows for which that is so, in elements.</summary>
    private const int NarrowestBlocked = 64, WidestBlocked = 1 << 16;

    /// <summary>Work items that keep a device busy; a GPU has as many at work as a hundred multiprocessors hold, half a thousand and more each.</summary>
    private const int ManyItems = 4096, ManyItemsOfGpu = 1 << 16;

    private Node Reduce(Op op, Node x, Attributes attributes)
    {
        if (op == Ops.ArgMax || op == Ops.ArgMin) return ArgReduce(op, x, ((AxisAttributes)attributes).Axis);
        Shape axes = ((AxesAttributes)attributes).Axes;
        Shape result = op.Infer([x], attributes).Shape;
        if (x.Shape.Size == 0) return Number(x.DType, Start(op, x.DType), result);
        if (x.Op == Ops.Permute) return ReducePermuted(op, x, axes, result);
        ImmutableArray<int> several = [.. axes.Where(i => x.Shape[i] > 1).Order()];
        return Reshape(several.IsEmpty && op == Ops.Sum ? SumOfOne(x) : ReduceRuns(op, x, several), result);
    }

    /// <summary>x + 0, the sum of one term: as all sums it begins with +0, and is not −0.</summary>
    private static readonly Op s_sumOfOne = new("sum_of_one", OpKind.Elementwise)
    {
        Infer = (x, _) => (x[0].Shape, x[0].DType),
        Element = (_, x) => 0 + x[0],
        Emit = (_, b, x) => b.Binary(Opcode.Add, x[0], Constant.Of(x[0].Type.Scalar, 0)),
    };

    private Node SumOfOne(Node x) => !x.DType.IsFloat() || IsSum(x) ? x : Elementwise(s_sumOfOne, [x], null);

    private static bool IsSum(Node x) => x.Op == Ops.Reshape || x.Op == Ops.Permute ? IsSum(x.Inputs[0])
        : x.Op == Ops.Sum || x.Op == Ops.Dot || x.Op == s_sumOfOne;

    /// <summary>The value of a reduction of nothing.</summary>
    public static double Start(Op op, DType type) => op == Ops.Sum ? 0
        : op == Ops.ReduceMax ? Ops.Convert(type, type == DType.Int64 ? long.MinValue : double.NegativeInfinity)
        : Ops.Convert(type, type == DType.Int64 ? long.MaxValue : double.PositiveInfinity);

    /// <summary>Reduces in the order of the stored axes, so that the innermost ones stay innermost.</summary>
    private Node ReducePermuted(Op op, Node x, Shape axes, Shape result)
    {
        Shape order = x.Get<AxesAttributes>().Axes;
        Node inner = Reduce(op, x.Inputs[0], new AxesAttributes(Shape.From(axes.Select(i => order[i]).Order())));
        int[] kept = [.. Enumerable.Range(0, x.Shape.Rank).Where(i => !axes.Contains(i)).Select(i => order[i])];
        int[] sorted = [.. kept.Order()];
        return Reshape(Permute(inner, Shape.From(kept.Select(i => Array.IndexOf(sorted, i)))), result);
    }

    /// <summary>Reduces each run of neighbouring axes, the innermost first.</summary>
    private Node ReduceRuns(Op op, Node x, ImmutableArray<int> axes)
    {
        if (axes.IsEmpty) return x;
        int last = axes.Length - 1, first = last;
        while (first > 0
            && Enumerable.Range(axes[first - 1] + 1, axes[first] - axes[first - 1] - 1)
            .All(i => x.Shape[i] == 1)) first--;
        int low = axes[first], high = axes[last] + 1;
        int a = Extent(x.Shape, 0, low), k = Extent(x.Shape, low, high), c = Extent(x.Shape, high, x.Shape.Rank);
        Node reduced = ReduceMiddle(op, Reshape(x, [a, k, c]));
        Shape kept = [.. x.Shape.Take(low), .. Enumerable.Repeat(1, high - low), .. x.Shape.Skip(high)];
        return ReduceRuns(op, Reshape(reduced, kept), axes[..first]);
    }

    private static int Extent(Shape shape, int from, int to)
    {
        long size = 1;
        for (int i = from; i < to; i++) size *= shape[i];
        return checked((int)size);
    }

    /// <summary>[A, K, C] → [A, C].</summary>
    private Node ReduceMiddle(Op op, Node x)
    {
        int a = x.Shape[0], k = x.Shape[1], c = x.Shape[2];
        if (k == 1) return Reshape(x, [a, c]);
        int parts = IsBlocked(x) ? Blocks(a, k) : Parts(a, k, c);
        if (parts == 1) return Intern(op, [x], IsBlocked(x) && k <= LongestBlock ? new BlockAttributes([1]) : new AxesAttributes([1]));
        int length = k / parts, rest = k - parts * length;
        Node main = Reshape(Slice(x, [0, 0, 0], [a, parts * length, c], [1, 1, 1]), [a * parts, length, c]);
        Node sum = ReduceMiddle(op, Reshape(ReduceMiddle(op, main), [a, parts, c]));
        if (rest == 0) return sum;
        Node end = ReduceMiddle(op, Slice(x, [0, parts * length, 0], [a, rest, c], [1, 1, 1]));
        return Elementwise(op == Ops.Sum ? Ops.Add : op == Ops.ReduceMax ? Ops.Max : Ops.Min, [sum, end], null);
    }

    private bool IsBlocked(Node x)
    {
        int a = x.Shape[0], k = x.Shape[1], c = x.Shape[2];
        return device.Kind == DeviceKind.Cpu && c is >= NarrowestBlocked and <= WidestBlocked
            && x.Shape.Size * x.DType.Size() >= SmallestBlocked && x.DType.Compute() == x.DType.Scalar()
            && (k <= LongestBlock ? a >= FewestBlocks : Blocks(a, k) > 1);
    }

    /// <summary>In how many blocks of equally many rows to reduce k rows; 1 for as they are.</summary>
    private static int Blocks(int a, int k)
    {
        if (k <= LongestBlock && a >= FewestBlocks) return 1;
        for (int rows = LongestBlock; rows > BlockRows; rows--)
        {
            if (k % rows == 0 && a * (k / rows) >= ManyBlocks) return k / rows;
        }

        for (int rows = BlockRows; rows <= LongestBlock; rows++)
        {
            if (k % rows == 0 && a * (k / rows) >= FewestBlocks) return k / rows;
        }

        for (int rows = BlockRows; rows > 8; rows--)
        {
            if (k % rows == 0 && a * (k / rows) >= FewestBlocks) return k / rows;
        }

        return 1;
    }

    /// <summary>In how many parts to reduce an axis, preferably of equal length.</summary>
    private int Parts(int a, int k, int c)
    {
        bool split = c == 1 ? k > LongRow && a <= 4 : k > LongColumn && (long)a * c < (device.IsGpu ? ManyItemsOfGpu : ManyItems);
        if (!split) return 1;
        int target = k / (c == 1 ? RowPart : ColumnPart);
        for (int d = 0; d <= target / 2; d++)
        {
            if (k % (target - d) == 0) return target - d;
            if (k % (target + d) == 0) return target + d;
        }

        return target;
    }

    /// <summary>The smallest index of an element that equals the extreme one, or is NaN (the extreme of a row with a
    /// NaN is NaN, which equals nothing).</summary>
    private Node ArgReduce(Op op, Node x, int axis)
    {
        Shape kept = Shape.From(x.Shape.Select((n, i) => i == axis ? 1 : n));
        Node best = Reduce(op == Ops.ArgMax ? Ops.ReduceMax : Ops.ReduceMin, x, new AxesAttributes([axis]));
        Node hit = Elementwise(Ops.Equal, [x, Expand(Reshape(best, kept), x.Shape)], null);
        if (x.DType.IsFloat()) hit = Elementwise(Ops.Or, [hit, Elementwise(Ops.NotEqual, [x, x], null)], null);
        Node index = Iota(new IotaAttributes(x.Shape, axis, DType.Int32));
        Node none = Number(DType.Int32, x.Shape[axis], x.Shape);
        return Reduce(Ops.ReduceMin, Elementwise(Ops.Where, [hit, index, none], null), new AxesAttributes([axis]));
    }
}
