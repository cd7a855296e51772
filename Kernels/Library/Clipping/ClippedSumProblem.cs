namespace Cotangent.Kernels.Library;

/// <summary>What a norm n makes of an example's factor, C the limit. Each keeps n times the factor within C.</summary>
internal enum ClipRule
{
    /// <summary>min(1, C/n).</summary>
    AtMost,

    /// <summary>C/(n + γ).</summary>
    Softened,

    /// <summary>C/n; 0 where n has no inverse.</summary>
    Exactly,
}

/// <summary>Σ_b f_b·(Σₜ a[b, t]⊗g[b, t]) with factors f_b by the norms of the inner sums; a [examples, positions, left], g [examples, positions,
/// right].</summary>
/// <param name="Examples">How many inner sums there are.</param>
/// <param name="Positions">Terms of each.</param>
/// <param name="Left">Rows of the result.</param>
/// <param name="Right">Its columns.</param>
/// <param name="Rule">The factors.</param>
/// <param name="Softening">γ of <see cref="ClipRule.Softened"/>.</param>
internal readonly record struct ClippedSumProblem(int Examples, int Positions, int Left, int Right, ClipRule Rule, double Softening)
{
    // A norm so small that its inverse is no Float32 counts as 0.
    private const double LeastNorm = 1e-30;

    /// <summary>Arithmetic: the inner sums, their norms, the outer sum.</summary>
    public double Flops => (double)Examples * Left * Right * (2.0 * Positions + 4);

    /// <summary>The factor of an example; 0 if its norm is not finite.</summary>
    public double Factor(double square, double limit)
    {
        if (!double.IsFinite(square)) return 0;
        double norm = Math.Sqrt(square);
        return Rule switch
        {
            ClipRule.AtMost => norm <= limit ? 1 : limit / norm,
            ClipRule.Softened => limit / (norm + Softening),
            _ => norm > LeastNorm ? limit / norm : 0,
        };
    }
}
