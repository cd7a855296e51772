namespace Cotangent.Kernels;

/// <summary>The results of a scan at the ends of a group (ILGPU's <c>ScanBoundaries</c>).</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <param name="LeftBoundary">The first item's result.</param>
/// <param name="RightBoundary">The last item's result.</param>
public readonly record struct ScanBoundaries<T>(T LeftBoundary, T RightBoundary)
    where T : unmanaged;
