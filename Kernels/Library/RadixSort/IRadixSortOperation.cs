namespace Cotangent.Kernels.Library;

/// <summary>How keys are ordered by a radix sort (ILGPU's <c>IRadixSortOperation</c>): as unsigned numbers of <see cref="NumBits"/>
/// bits.</summary>
/// <typeparam name="T">The type of the keys.</typeparam>
public interface IRadixSortOperation<T>
    where T : unmanaged
{
    /// <summary>Bits of a key: a multiple of 8.</summary>
    int NumBits { get; }

    /// <summary>The key that comes last.</summary>
    T DefaultValue { get; }

    /// <summary>The bits of a key's number from <paramref name="shift"/> on, those of the mask.</summary>
    int ExtractRadixBits(T value, int shift, int bitMask);
}
