namespace Cotangent.Kernels.Cuda;

// Copies.
internal sealed unsafe partial class CudaDevice
{
    private readonly Dictionary<CudaDevice, bool> _peers = [];
    private readonly Dictionary<CudaDevice, (nint Ready, nint Copied)> _peerEvents = [];

    internal override void Write(ReadOnlySpan<byte> source, DeviceMemory destination, long byteOffset)
    {
        DeviceChecks.Range(this, destination, byteOffset, source.Length);
        if (source.IsEmpty)
            return;

        lock (_lock)
        {
            using CudaContext.Scope scope = Context.Enter();
            Interrupt();
            _session.Value.Staging.Write(source, Address(destination, byteOffset));
        }
    }

    internal override void Read(DeviceMemory source, long byteOffset, Span<byte> destination)
    {
        DeviceChecks.Range(this, source, byteOffset, destination.Length);
        if (destination.IsEmpty)
            return;

        lock (_lock)
        {
            using CudaContext.Scope scope = Context.Enter();
            Interrupt();
            _session.Value.Staging.Read(Address(source, byteOffset), destination);
        }
    }

    internal override void Copy(
        DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes)
    {
        DeviceChecks.Range(this, source, sourceOffset, bytes);
        DeviceChecks.Range(this, destination, destinationOffset, bytes);
        if (bytes == 0)
            return;

        ReadOnlySpan<ulong> values =
            [(ulong)Address(destination, destinationOffset), (ulong)Address(source, sourceOffset), (ulong)bytes];
        lock (_lock)
        {
            using CudaContext.Scope scope = Context.Enter();
            Issue(new CudaWork(null, default, default), values);
        }
    }

    /// <summary>From another GPU's memory, if the two can reach each other.</summary>
    private protected override bool TryCopyFrom(
        DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes)
    {
        if (source.Device is not CudaDevice other || other._api != _api || !CanReach(other))
            return false;

        // Always in the same order, so that two copies in opposite directions do not wait for each other; two devices may be one GPU.
        CudaDevice[] order = _number <= other._number ? [this, other] : [other, this];
        lock (order[0]._lock)
        {
            lock (order[1]._lock)
                CopyFrom(other, Address(source, sourceOffset), Address(destination, destinationOffset), bytes);
        }

        return true;
    }

    // The copy goes into this device's stream, after what the other has issued, and what the other issues next comes after the copy.
    private void CopyFrom(CudaDevice other, nint from, nint to, long bytes)
    {
        (nint ready, nint copied) = Events(other);
        using (other.Context.Enter())
        {
            other.Interrupt();
            other.Context.Check(_api.EventRecord(ready, other.Context.Stream), "cuEventRecord");
        }

        using (Context.Enter())
        {
            Interrupt();
            Context.Check(_api.StreamWaitEvent(Context.Stream, ready, 0), "cuStreamWaitEvent");
            int status = _info.Device == other._info.Device
                ? _api.MemcpyDtoDAsync(to, from, (nuint)bytes, Context.Stream)
                : _api.MemcpyPeerAsync(to, Context.Handle, from, other.Context.Handle, (nuint)bytes, Context.Stream);
            Context.Check(status, $"cuMemcpyPeerAsync from {other.Id}");
            Context.Check(_api.EventRecord(copied, Context.Stream), "cuEventRecord");
        }

        using (other.Context.Enter())
            other.Context.Check(_api.StreamWaitEvent(other.Context.Stream, copied, 0), "cuStreamWaitEvent");
    }

    /// <summary>The events of copies from another device: one of its context, one of this.</summary>
    private (nint Ready, nint Copied) Events(CudaDevice other)
    {
        if (_peerEvents.TryGetValue(other, out (nint, nint) events))
            return events;
        nint ready, copied;
        using (other.Context.Enter())
            ready = other.Context.CreateEvent();
        using (Context.Enter())
            copied = Context.CreateEvent();
        _peerEvents.Add(other, (ready, copied));
        return (ready, copied);
    }

    /// <summary>True if a copy need not go through the host. Asked once a device, which also lets this context use the other's
    /// memory.</summary>
    private bool CanReach(CudaDevice other)
    {
        if (_info.Device == other._info.Device)
            return true;
        lock (_peers)
        {
            if (_peers.TryGetValue(other, out bool known))
                return known;
            int can;
            using CudaContext.Scope scope = Context.Enter();
            Context.Check(_api.DeviceCanAccessPeer(&can, _info.Device, other._info.Device), "cuDeviceCanAccessPeer");
            if (can != 0)
            {
                // What the GPUs can, the system may not: links that are down, a peer too many. Copies go through the host then.
                int status = _api.CtxEnablePeerAccess(other.Context.Handle, 0);
                if (CudaError.IsOfPeers(status))
                    can = 0;
                else if (status != CudaError.PeerAccessAlreadyEnabled)
                    Context.Check(status, "cuCtxEnablePeerAccess");
            }

            _peers.Add(other, can != 0);
            return can != 0;
        }
    }

    private static nint Address(DeviceMemory memory, long offset) => ((PooledMemory)memory).Handle + (nint)offset;
}
