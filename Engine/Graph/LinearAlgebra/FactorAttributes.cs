namespace Cotangent.Graph;

/// <summary>The outputs of an LU factorisation.</summary>
internal sealed record LuAttributes : CallAttributes
{
    public const int Packed = 0;
    public const int Pivots = 1;
    public const int Permutation = 2;

    /// <inheritdoc/>
    public override int OutputCount => 3;
}

/// <summary>The outputs of a QR factorisation.</summary>
internal sealed record QrAttributes : CallAttributes
{
    public const int Q = 0;
    public const int R = 1;

    /// <inheritdoc/>
    public override int OutputCount => 2;
}

/// <summary>The outputs of an eigendecomposition.</summary>
/// <param name="Safe">In derivatives, pairs of equal eigenvalues contribute 0, not ∞.</param>
internal sealed record EighAttributes(bool Safe) : CallAttributes
{
    public const int Values = 0;
    public const int Vectors = 1;

    /// <inheritdoc/>
    public override int OutputCount => 2;
}

/// <summary>The outputs of a singular value decomposition.</summary>
/// <param name="Safe">In derivatives, pairs of equal singular values, and zero ones, contribute 0, not ∞.</param>
internal sealed record SvdAttributes(bool Safe) : CallAttributes
{
    public const int U = 0;
    public const int Values = 1;
    public const int Vt = 2;

    /// <inheritdoc/>
    public override int OutputCount => 3;
}
