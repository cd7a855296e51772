namespace Cotangent.Kernels.Library;

/// <summary>Says into which bin of a histogram a value falls.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
public interface IBinning<T>
    where T : unmanaged
{
    /// <summary>The number of the value's bin; values outside all bins give a number that is none.</summary>
    int Bin(T value);
}
