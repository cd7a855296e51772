namespace Cotangent.AutoDiff;

/// <summary>How the directions of a forward gradient are drawn: independent entries of mean 0 and variance 1.</summary>
public enum Guess
{
    /// <summary>The standard normal distribution.</summary>
    Normal,

    /// <summary>−1 or 1, equally likely: the smallest variance that independent entries have.</summary>
    Rademacher,
}
