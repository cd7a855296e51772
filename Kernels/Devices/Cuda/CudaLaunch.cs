namespace Cotangent.Kernels.Cuda;

/// <summary>A launch in CUDA's terms.</summary>
/// <param name="Grid">Groups.</param>
/// <param name="Group">Items a group.</param>
/// <param name="SharedBytes">Dynamic shared memory a group: what group operations need and what the launch asks for.</param>
internal readonly record struct CudaLaunch(Index3D Grid, Index3D Group, int SharedBytes)
{
    /// <summary>For messages, with what the caller asked for.</summary>
    public string Text(in LaunchShape shape) => shape.Group.X > 0
        ? $"{DeviceChecks.Text(Grid)} groups of {DeviceChecks.Text(Group)} items and {SharedBytes:N0} bytes of dynamic shared memory"
        : $"{DeviceChecks.Text(shape.Extent)} items in {DeviceChecks.Text(Grid)} groups of {DeviceChecks.Text(Group)}";
}

/// <summary>The launches since the device was last waited for: the driver reports a failed kernel at some later call.</summary>
internal sealed class CudaLaunchLog
{
    private const int Kept = 4;

    private readonly (string Kernel, LaunchShape Shape, CudaLaunch Launch)[] _latest = new (string, LaunchShape, CudaLaunch)[Kept];

    public long Count { get; private set; }

    /// <summary>The kernel launched last.</summary>
    public string Kernel => Latest(0).Kernel;

    /// <summary>What it was launched over.</summary>
    public string Shape => Latest(0).Launch.Text(Latest(0).Shape);

    public void Add(string kernel, in LaunchShape shape, in CudaLaunch launch) => _latest[(int)(Count++ % Kept)] = (kernel, shape, launch);

    public void Clear() => Count = 0;

    /// <summary>Who may have failed, as the beginning of a sentence.</summary>
    public string Text()
    {
        if (Count == 1)
            return $"Kernel '{Kernel}', launched over {Shape},";
        IEnumerable<string> latest = Enumerable.Range(0, (int)Math.Min(Count, Kept))
            .Select(i => $"'{Latest(i).Kernel}' over {Latest(i).Launch.Text(Latest(i).Shape)}");
        return $"One of {Count} kernels launched since the device was last waited for (latest first: {string.Join("; ", latest)})";
    }

    private (string Kernel, LaunchShape Shape, CudaLaunch Launch) Latest(int back) => _latest[(int)((Count - 1 - back) % Kept)];
}
