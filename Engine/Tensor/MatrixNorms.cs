namespace Cotangent;

/// <summary>Norms of matrices, for <see cref="Linalg.MatrixNorm"/>.</summary>
public enum MatrixNorms
{
    /// <summary>The root of the sum of squares.</summary>
    Frobenius,

    /// <summary>The largest sum of absolute values of a column.</summary>
    One,

    /// <summary>The largest sum of absolute values of a row.</summary>
    Infinity,

    /// <summary>The largest singular value.</summary>
    Spectral,

    /// <summary>The sum of singular values.</summary>
    Nuclear,
}
