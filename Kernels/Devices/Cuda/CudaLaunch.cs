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

    // Other devices of the GPU look here when a kernel failed.
    private readonly Lock _lock = new();
    private long _count;

    public void Add(string kernel, in LaunchShape shape, in CudaLaunch launch)
    {
        lock (_lock)
            _latest[(int)(_count++ % Kept)] = (kernel, shape, launch);
    }

    public void Clear()
    {
        lock (_lock)
            _count = 0;
    }

    /// <summary>Who may have failed, as the beginning of a sentence, and of the latest its name and what it was launched over; null if nobody.</summary>
    public (string Text, string Kernel, string Shape)? Suspects()
    {
        lock (_lock)
        {
            if (_count == 0)
                return null;
            string kernel = Latest(0).Kernel, shape = Latest(0).Launch.Text(Latest(0).Shape);
            if (_count == 1)
                return ($"Kernel '{kernel}', launched over {shape},", kernel, shape);
            IEnumerable<string> latest = Enumerable.Range(0, (int)Math.Min(_count, Kept))
                .Select(i => $"'{Latest(i).Kernel}' over {Latest(i).Launch.Text(Latest(i).Shape)}");
            return ($"One of {_count} kernels launched since the device was last waited for (latest first: {string.Join("; ", latest)})", kernel, shape);
        }
    }

    private (string Kernel, LaunchShape Shape, CudaLaunch Launch) Latest(int back) => _latest[(int)((_count - 1 - back) % Kept)];
}
