namespace Cotangent.Kernels.Cuda;

/// <summary>A program's launches and copies as a graph of the driver, see <see cref="DeviceReplay"/>. All but its construction is done
/// under the device's lock.</summary>
internal sealed class CudaReplay(CudaDevice device, CudaContext context) : DeviceReplay
{
    /// <summary>Runs that did not repeat the one before, after which a program is no longer recorded.</summary>
    private const int Patience = 3;

    /// <summary>Longer programs (loops of many rounds) keep the device busy without.</summary>
    private const int LongestProgram = 4096;

    /// <summary>Longer copies are not kept: the driver bounds the rows of a graph's copies.</summary>
    private const ulong LongestCopy = int.MaxValue;

    private readonly List<(CudaWork Work, ulong[] Values)> _nodes = [];
    private CudaGraph? _graph;
    private State _state;
    private int _next;
    private int _failures;

    private enum State
    {
        /// <summary>Outside a run.</summary>
        Idle,

        /// <summary>Issues and takes notes.</summary>
        Recording,

        /// <summary>Compares with the notes; issues nothing yet.</summary>
        Comparing,

        /// <summary>Issues, without notes.</summary>
        Passing,
    }

    /// <summary>Graphs launched, and nodes given other values.</summary>
    public (int Launches, int Changes) Count { get; private set; }

    /// <inheritdoc/>
    public override bool Begin()
    {
        if (_failures >= Patience || !device.Enter(this))
            return false;
        _next = 0;
        _state = _graph is null ? State.Recording : State.Comparing;
        return true;
    }

    /// <inheritdoc/>
    public override void End()
    {
        try
        {
            if (_state == State.Recording)
                Keep();
            else if (_state == State.Comparing && _next < _nodes.Count)
                Interrupt();
            else if (_state == State.Comparing)
                Replay();
        }
        finally
        {
            _state = State.Idle;
            device.Exit();
        }
    }

    /// <inheritdoc/>
    public override void Abandon()
    {
        _state = State.Idle;
        Forget();
        device.Exit();
    }

    /// <summary>Takes a launch or a copy; false if it is to be issued now.</summary>
    public bool Take(in CudaWork work, ReadOnlySpan<ulong> values)
    {
        bool isTooLong = _nodes.Count == LongestProgram || (work.Kernel is null && values[2] > LongestCopy);
        if (_state == State.Recording && !isTooLong)
        {
            _nodes.Add((work, values.ToArray()));
            return false;
        }

        if (_state == State.Comparing && _next < _nodes.Count && IsSame(_nodes[_next], work, values) && TryUpdate(values))
        {
            _next++;
            return true;
        }

        Interrupt();
        return false;
    }

    /// <summary>Issues what was held back: something comes that is not in the notes or cannot wait.</summary>
    public void Interrupt()
    {
        if (_state is not (State.Comparing or State.Recording))
            return;
        bool isHeldBack = _state == State.Comparing;
        _state = State.Passing;
        _failures++;
        if (isHeldBack)
            Issue(_next);
        Forget();
    }

    // The code, not the kernel: kernels of the same text share it.
    private static bool IsSame((CudaWork Work, ulong[] Values) node, in CudaWork work, ReadOnlySpan<ulong> values) =>
        node.Work.Kernel?.Code == work.Kernel?.Code && node.Work.Launch == work.Launch && node.Values.Length == values.Length
        && (work.Kernel is not null || node.Values[2] == values[2]);

    private bool TryUpdate(ReadOnlySpan<ulong> values)
    {
        ulong[] old = _nodes[_next].Values;
        if (values.SequenceEqual(old))
            return true;
        values.CopyTo(old);
        int index = _next;
        if (!Try(() => _graph!.Update(index)))
            return false;
        Count = Count with { Changes = Count.Changes + 1 };
        return true;
    }

    private void Keep()
    {
        if (_nodes.Count < 2 || !Try(() => _graph = new CudaGraph(context, _nodes)))
        {
            _failures = Patience;
            Forget();
        }
    }

    private void Replay()
    {
        if (!Try(() => _graph!.Launch()))
        {
            Interrupt();
            return;
        }

        Count = Count with { Launches = Count.Launches + 1 };
        _failures = 0;
    }

    private void Issue(int count)
    {
        for (int i = 0; i < count; i++)
            _nodes[i].Work.Issue(context, _nodes[i].Values);
    }

    /// <summary>A driver that has graphs but refuses this one costs time only: the program goes on without.</summary>
    private bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (DeviceException refusal) when (!context.IsLost)
        {
            _failures = Patience;
            if (EngineEnvironment.Debug >= 1)
                Console.Error.WriteLine($"{device.Id}: a program runs without a graph from now on: {refusal.Message}");
            return false;
        }
    }

    private void Forget()
    {
        _graph?.Retire();
        _graph = null;
        _nodes.Clear();
    }
}
