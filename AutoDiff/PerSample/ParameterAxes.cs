using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Which axes of a parameter a form's rows and columns are.</summary>
internal enum AxisOrder
{
    /// <summary>Rows are the first axes, columns the last: a reshape makes the parameter.</summary>
    Plain,

    /// <summary>Columns are the first axes, rows the last.</summary>
    Swapped,

    /// <summary>Neither, or not known.</summary>
    Other,
}

/// <summary>What becomes of a parameter's axes under views of its gradients: for each axis of a view after that of the examples the
/// parameter's axis, −1 for an extent of 1. Not known once a reshape cuts or joins axes.</summary>
internal readonly struct ParameterAxes
{
    private readonly int[]? _axes;

    private ParameterAxes(int[]? axes) => _axes = axes;

    /// <summary>Those of gradients [examples, …parameter].</summary>
    public static ParameterAxes Of(Shape gradients) => new([.. gradients.Skip(1).Select((n, i) => n == 1 ? -1 : i)]);

    /// <summary>Those of what was permuted to this, by an order of the axes after the examples.</summary>
    public ParameterAxes BeforePermute(Shape order)
    {
        if (_axes is null) return this;
        int[] before = new int[_axes.Length];
        for (int i = 0; i < before.Length; i++) before[order[i]] = _axes[i];
        return new(before);
    }

    /// <summary>Those of what was reshaped to this.</summary>
    /// <param name="from">Its shape, with the examples.</param>
    /// <param name="to">The shape of this.</param>
    public ParameterAxes BeforeReshape(Shape from, Shape to)
    {
        if (_axes is null || !from.Skip(1).Where(n => n != 1).SequenceEqual(to.Skip(1).Where(n => n != 1))) return new(null);
        Queue<int> known = new(_axes.Where(a => a >= 0));
        return new([.. from.Skip(1).Select(n => n == 1 ? -1 : known.Dequeue())]);
    }

    /// <summary>The order of a form whose rows are so many first axes of this.</summary>
    public AxisOrder Order(int rows)
    {
        if (_axes is null) return AxisOrder.Other;
        int[] left = [.. _axes.Take(rows).Where(a => a >= 0)], right = [.. _axes.Skip(rows).Where(a => a >= 0)];
        return IsRising([.. left, .. right]) ? AxisOrder.Plain : IsRising([.. right, .. left]) ? AxisOrder.Swapped : AxisOrder.Other;

        static bool IsRising(int[] axes) => axes.Zip(axes.Skip(1)).All(pair => pair.First < pair.Second);
    }
}
