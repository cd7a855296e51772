namespace Cotangent.Kernels.Cuda;

// Replays: programs issued as graphs.
internal sealed unsafe partial class CudaDevice
{
    // Whose run it is; set under the lock, which the run holds.
    private CudaReplay? _replay;

    internal override DeviceReplay? CreateReplay() => _api.HasGraphs ? new CudaReplay(this, Context) : null;

    /// <summary>Begins a run: the lock is held and the context current until <see cref="Exit"/>. False inside another.</summary>
    internal bool Enter(CudaReplay replay)
    {
        _lock.Enter();
        if (_replay is not null)
        {
            _lock.Exit();
            return false;
        }

        try
        {
            Context.Push();
        }
        catch
        {
            _lock.Exit();
            throw;
        }

        _replay = replay;
        return true;
    }

    internal void Exit()
    {
        _replay = null;
        Context.Pop();
        _lock.Exit();
    }

    /// <summary>Issues a launch or a copy, or gives it to the run. Under the lock.</summary>
    private void Issue(in CudaWork work, ReadOnlySpan<ulong> values)
    {
        if (_replay is { } replay && replay.Take(work, values))
            return;
        work.Issue(Context, values);
    }

    /// <summary>Called before what cannot be part of a replay.</summary>
    private void Interrupt() => _replay?.Interrupt();
}
