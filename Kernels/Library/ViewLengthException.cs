namespace Cotangent.Kernels.Library;

/// <summary>A view given to a library function has a length that does not fit the others.</summary>
public sealed class ViewLengthException : ArgumentException
{
    internal ViewLengthException(string function, string view, long length, string need)
        : base($"{function}: '{view}' has {length} elements; it must have {need}.", view)
    {
        Length = length;
    }

    /// <summary>The length that does not fit.</summary>
    public long Length { get; }
}
