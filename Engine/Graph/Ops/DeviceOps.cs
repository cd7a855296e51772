using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Graph;

/// <summary>Ops that not all devices have: who makes their nodes asks first, and has another graph of the same value.</summary>
internal static class DeviceOps
{
    /// <summary>clipped_sum(a, g, mask, limit): Σ_b f_b·Gb of Gb = Σₜ a[b, t]⊗g[b, t], and ‖Gb‖², see <see cref="ClippedSumAttributes"/>. The factor f_b is
    /// made of ‖Gb‖ and the limit; it is 0 where the mask is false or the norm is not finite. a [n, positions, left] and g [n, positions, right], both
    /// Float32 or both Float64; mask Bool [n]; limit a Float64 scalar → [left, right] of their dtype, Float64 [n].</summary>
    /// <remarks>One pass: no Gb is in memory but a few, and none is computed twice.</remarks>
    public static readonly Op ClippedSum = new("clipped_sum", OpKind.Routine)
    {
        Infer = (x, attributes) =>
        {
            Shape a = x[0].Shape, g = x[1].Shape;
            if (a.Rank != 3 || g.Rank != 3 || a[0] != g[0] || a[1] != g[1])
                throw new ShapeMismatchException($"clipped_sum: operands {a} and {g} do not fit: they must be [n, positions, left] and [n, positions, right].");
            if (x[0].DType is not (DType.Float32 or DType.Float64) || x[1].DType != x[0].DType)
                throw new DTypeMismatchException($"clipped_sum: operands of {x[0].DType} and {x[1].DType}; both must be Float32, or both Float64.");
            if (!x[2].Shape.SequenceEqual([a[0]]) || x[2].DType != DType.Bool || x[3].Shape.Rank != 0 || x[3].DType != DType.Float64)
                throw new ShapeMismatchException($"clipped_sum: a mask {x[2].DType}{x[2].Shape} and a limit {x[3].DType}{x[3].Shape} of {a[0]} examples.");
            return ((ClippedSumAttributes)attributes!).Output == ClippedSumAttributes.Sum ? ([a[2], g[2]], x[0].DType) : ([a[0]], DType.Float64);
        },
        Whole = ClippedSumAttributes.Value,
        Routine = (device, n) => HasClippedSum(device)
            ? ClippedSumRoutines.Of(device, n)
            : throw new InvalidOperationException($"clipped_sum was made for {device.Id}, which does not have it."),
    };

    /// <summary>True for devices that have <see cref="ClippedSum"/>.</summary>
    public static bool HasClippedSum(Device device) => ClippedSumRoutines.RunsOn(device);
}

/// <summary>The factors and the outputs of <see cref="DeviceOps.ClippedSum"/>.</summary>
/// <param name="Rule">How a norm makes a factor.</param>
/// <param name="Softening">γ of <see cref="ClipRule.Softened"/>.</param>
internal sealed record ClippedSumAttributes(ClipRule Rule, double Softening) : CallAttributes
{
    /// <summary>Σ_b f_b·Gb.</summary>
    public const int Sum = 0;

    /// <summary>‖Gb‖².</summary>
    public const int Squares = 1;

    /// <inheritdoc/>
    public override int OutputCount => 2;

    /// <summary>The problem of a node.</summary>
    public ClippedSumProblem ProblemOf(Node n)
    {
        Shape a = n.Inputs[0].Shape;
        return new(a[0], a[1], a[2], n.Inputs[1].Shape[2], Rule, Softening);
    }

    /// <summary>The float64 value of a node.</summary>
    public static double[] Value(Node n, double[][] x)
    {
        ClippedSumAttributes call = n.Get<ClippedSumAttributes>();
        ClippedSumProblem p = call.ProblemOf(n);
        double[] sum = new double[p.Left * p.Right], squares = new double[p.Examples];
        for (int b = 0; b < p.Examples; b++)
        {
            double[] own = new double[sum.Length];
            for (int t = b * p.Positions; t < (b + 1) * p.Positions; t++)
            {
                for (int i = 0; i < own.Length; i++) own[i] += x[0][t * p.Left + i / p.Right] * x[1][t * p.Right + i % p.Right];
            }

            squares[b] = own.Sum(v => v * v);
            double factor = x[2][b] == 0 ? 0 : p.Factor(squares[b], x[3][0]);
            for (int i = 0; i < own.Length && factor != 0; i++) sum[i] += factor * own[i];
        }

        return call.Output == Sum ? sum : squares;
    }
}
