namespace Cotangent.Kernels.Library;

/// <summary>Value v falls into bin v.</summary>
public readonly struct ValueBins : IBinning<int>
{
    /// <inheritdoc/>
    public int Bin(int value) => value;
}
