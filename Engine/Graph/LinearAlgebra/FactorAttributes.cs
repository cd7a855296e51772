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
