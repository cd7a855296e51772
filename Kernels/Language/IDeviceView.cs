namespace Cotangent.Kernels;

/// <summary>A view of any element type: what a message needs to find out which of a kernel's arguments it is.</summary>
internal interface IDeviceView
{
    /// <summary>The first byte that the host can read; null if it can read none.</summary>
    nint Address { get; }

    /// <summary>The number of bytes.</summary>
    long Bytes { get; }
}
