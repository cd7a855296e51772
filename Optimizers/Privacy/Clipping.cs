using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels.Library;

namespace Cotangent.Optimizers.Privacy;

/// <summary>The clipped sum of gradients: a function of tensors without state.</summary>
/// <remarks>The bound is kept in floating point, too: norms are summed in Float64, and the factors fall short of C/n by more than rounding a factor and
/// its products can add.</remarks>
internal sealed class Clipping
{
    // A factor is rounded once and each product once, to half a unit of 2⁻²³ (or 2⁻⁵²); sums of a weighted product err more, as the gradients' own
    // products do.
    private const double SlackOfRounding = 1.0 / (1 << 20), SlackOfProducts = 1.0 / (1 << 14);
    private const double SlackOfRounding64 = 1.0 / (1L << 48), SlackOfProducts64 = 1.0 / (1L << 42);
    private static readonly Dictionary<ClippingRule, ClippedSumAttributes> s_rules = new()
    {
        [ClippingRule.Abadi] = new(ClipRule.AtMost, 0),
        [ClippingRule.Automatic] = new(ClipRule.Softened, 0),
        [ClippingRule.Normalised] = new(ClipRule.Exactly, 0),
    };

    private readonly PrivateOptions _options;
    private readonly int[] _groups;
    private readonly double[] _shares;

    /// <param name="names">The parameters' names.</param>
    /// <param name="options">The bound, the groups and the rule.</param>
    /// <exception cref="PrivacyException">There is no parameter, or a group's bound is not above 0 and finite.</exception>
    public Clipping(IReadOnlyList<string> names, PrivateOptions options)
    {
        if (names.Count == 0) throw new PrivacyException("There are no parameters: nothing to take a private gradient of.");
        _options = options;
        string[] groups = [.. names.Select(options.Groups ?? (_ => ""))];
        string[] distinct = [.. groups.Distinct()];
        _groups = [.. groups.Select(g => Array.IndexOf(distinct, g))];
        GroupNames = distinct;

        // As shares of the total, which an adaptive clip moves.
        double[] bounds = [.. distinct.Select(g => options is { Groups: not null, GroupClip: { } own } ? own(g) : options.Clip / Math.Sqrt(distinct.Length))];
        if (Array.FindIndex(bounds, b => !(b > 0)) is >= 0 and int wrong)
            throw new PrivacyException(FormattableString.Invariant($"The clipping bound of the group '{distinct[wrong]}' is {bounds[wrong]}; it must be above 0."));
        if (bounds.Any(double.IsInfinity) && (options.Rule != ClippingRule.Abadi || !bounds.All(double.IsInfinity)))
        {
            throw new PrivacyException($"The clipping bound of the group '{distinct[Array.FindIndex(bounds, double.IsInfinity)]}' is infinite; it can be where all are, " +
                "and the rule is Abadi: others divide by a bound, or by the sum of all.");
        }

        Total = Math.Sqrt(bounds.Sum(b => b * b));
        _shares = [.. bounds.Select(b => double.IsInfinity(b) ? 1 : b / Total)];
        if (double.IsInfinity(Total) && options.NoiseMultiplier > 0) throw new PrivacyException("A bound is infinite: no noise is enough.");
    }

    /// <summary>The groups that are clipped together.</summary>
    public IReadOnlyList<string> GroupNames { get; }

    /// <summary>√ΣC²: the most by which a record changes the sum.</summary>
    public double Total { get; }

    /// <summary>The sum over a piece of a batch, and the norms it was clipped by: Float64 [groups, examples], infinite or NaN for those rejected.</summary>
    /// <param name="gradients">The gradients of the piece.</param>
    /// <param name="mask">Bool [examples]: those that count.</param>
    /// <param name="total">√ΣC² as it is now, a Float64 scalar.</param>
    /// <param name="isGuarded">False if the caller leaves the sum of a piece with a record rejected; see <see cref="SampleGradients.WeightedSum"/>.</param>
    public (PrivateSum Sum, Tensor Norms) Sum(SampleGradients gradients, Tensor mask, Tensor total, bool isGuarded)
    {
        double slack = Slack(gradients.Each.All(g => g.DType == DType.Float64));
        Tensor Limit(int group) => total * (_shares[group] * (1 - slack));

        // A parameter that is clipped by itself may have its norms and its sum at once, unless it waits for the norms of others to be finite.
        (Tensor Sum, Tensor Squares)?[] atOnce = [.. _groups.Select((g, i) => IsAlone(i) && gradients.IsSummedAtOnce(i) && (!isGuarded || _shares.Length == 1)
            ? gradients.ClippedSum(i, mask, Limit(g), s_rules[_options.Rule] with { Softening = _options.Stability }, isGuarded)
            : ((Tensor, Tensor)?)null)];
        Tensor[] squares = [.. atOnce.Select((sum, i) => sum?.Squares ?? gradients.SquaredNorms(i))];
        Tensor[] norms = [.. _shares.Select((_, g) => squares.Where((_, i) => _groups[i] == g).Aggregate((x, y) => x + y).Sqrt())];
        Tensor isFinite = squares.Aggregate((x, y) => x + y).IsFinite();
        Tensor counts = mask & isFinite;

        // A sum that is left when a record is rejected need not wait for the norms of other groups.
        Tensor[] alive = [.. norms.Select(n => isGuarded ? counts : mask & n.IsFinite())];
        Tensor[] factors = [.. norms.Select((n, g) => Tensor.Where(alive[g], Factor(n, Limit(g)), 0))];
        Tensor isWhole = norms.Select((n, g) => n <= total * _shares[g]).Aggregate((x, y) => x & y);

        Tensor[] sums = [.. _groups.Select((g, i) => atOnce[i]?.Sum ?? gradients.WeightedSum(i, factors[g].Cast(Wide(i)), isGuarded))];
        Tensor[] raw = _options.ErrorFeedback is null ? [] : [.. _groups.Select((_, i) => gradients.WeightedSum(i, counts.Cast(Wide(i)), isGuarded))];
        PrivateSum sum = new(sums, raw, Count(counts & isWhole), Count(mask & !isFinite),
            Tensor.Where(counts, gradients.Losses.Cast(DType.Float64), 0).Sum());
        return (sum, Tensor.Stack(0, norms));

        DType Wide(int leaf) => gradients.Each[leaf].DType == DType.Float64 ? DType.Float64 : DType.Float32;
    }

    /// <summary>True for a parameter that is clipped by itself, and whose sum without clipping nobody wants.</summary>
    public bool IsAlone(int leaf) => _options.ErrorFeedback is null && _groups.Count(g => g == _groups[leaf]) == 1;

    /// <summary>The sum over no records.</summary>
    public static PrivateSum Empty(IReadOnlyList<Tensor> parameters, bool withRaw)
    {
        Tensor[] Zeros() => [.. parameters.Select(p =>
            Tensor.Zeros(p.Shape, p.DType == DType.Float64 ? DType.Float64 : DType.Float32, p.Device).Realize())];
        Tensor Number() => Tensor.Scalar(0, DType.Float64, parameters[0].Device).Realize();
        return new(Zeros(), withRaw ? Zeros() : [], Number(), Number(), Number());
    }

    private Tensor Factor(Tensor norm, Tensor bound) => _options.Rule switch
    {
        ClippingRule.Abadi => Tensor.Where(norm <= bound, Tensor.OnesLike(norm), bound / norm),
        ClippingRule.Automatic => bound / (norm + _options.Stability),

        // A norm so small that its inverse is no Float32 counts as 0.
        _ => Tensor.Where(norm > 1e-30, bound / norm, 0),
    };

    private double Slack(bool isWide) => (_options.Method, isWide) switch
    {
        (ClippingMethod.BookKeeping, false) => SlackOfProducts,
        (ClippingMethod.BookKeeping, true) => SlackOfProducts64,
        (_, false) => SlackOfRounding,
        (_, true) => SlackOfRounding64,
    };

    private static Tensor Count(Tensor mask) => mask.Cast(DType.Float64).Sum();
}
