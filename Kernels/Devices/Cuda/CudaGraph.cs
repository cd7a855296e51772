namespace Cotangent.Kernels.Cuda;

/// <summary>A graph of the driver: launches and copies one after the other, whose values can be changed between its launches.</summary>
/// <remarks>Built node by node rather than captured from the stream: a capture is broken by whatever else the process does with the
/// driver meanwhile, and does not say which node belongs to which call.</remarks>
internal sealed unsafe class CudaGraph
{
    private readonly CudaContext _context;
    private readonly (CudaWork Work, ulong[] Values)[] _nodes;
    private readonly nint[] _handles;
    private readonly nint _graph;
    private readonly nint _executable;
    private bool _isRetired;

    /// <exception cref="DeviceException">The driver refuses.</exception>
    public CudaGraph(CudaContext context, IReadOnlyList<(CudaWork Work, ulong[] Values)> nodes)
    {
        (_context, _nodes, _handles) = (context, [.. nodes], new nint[nodes.Count]);
        context.Sweep();
        nint graph, executable;
        Check(Api.GraphCreate(&graph, 0), "cuGraphCreate");
        _graph = graph;
        for (int i = 0; i < _nodes.Length; i++)
            _handles[i] = Add(_nodes[i].Work, _nodes[i].Values, i == 0 ? 0 : _handles[i - 1]);
        Check(Api.GraphInstantiateWithFlags != null
            ? Api.GraphInstantiateWithFlags(&executable, graph, 0)
            : Api.GraphInstantiate(&executable, graph, null, null, 0), "cuGraphInstantiate");
        _executable = executable;
    }

    ~CudaGraph() => Retire();

    private CudaApi Api => _context.Api;

    /// <summary>Gives the driver a node's values as they are now, for launches to come.</summary>
    public void Update(int index)
    {
        (CudaWork work, ulong[] values) = _nodes[index];
        if (work.Kernel is null)
        {
            CudaCopyNode copy = Copy(values);
            Check(Api.GraphExecMemcpyNodeSetParams(_executable, _handles[index], &copy, _context.Handle), "cuGraphExecMemcpyNodeSetParams");
            return;
        }

        void** pointers = stackalloc void*[CudaArguments.FewPointers];
        void*[]? more = values.Length < CudaArguments.FewPointers ? null : new void*[values.Length + 1];
        fixed (ulong* p = values)
        fixed (void** many = more)
        {
            CudaKernelNode node = Kernel(work, CudaArguments.Point(more is null ? pointers : many, p, values.Length));
            Check(Api.GraphExecKernelNodeSetParams(_executable, _handles[index], &node), "cuGraphExecKernelNodeSetParams");
        }
    }

    /// <summary>Issues all nodes.</summary>
    public void Launch()
    {
        Check(Api.GraphLaunch(_executable, _context.Stream), "cuGraphLaunch");
        foreach ((CudaWork work, _) in _nodes)
        {
            if (work.Kernel is { } kernel)
                _context.Issued(kernel.Source.Name, work.Shape, work.Launch);
        }
    }

    /// <summary>Gives the graph back, from any thread; the driver lets a launch that still runs finish.</summary>
    public void Retire()
    {
        GC.SuppressFinalize(this);
        if (_isRetired)
            return;
        _isRetired = true;
        if (_executable != 0)
            _context.Retire(CudaGarbage.Executable, _executable);
        if (_graph != 0)
            _context.Retire(CudaGarbage.Graph, _graph);
    }

    private nint Add(in CudaWork work, ulong[] values, nint after)
    {
        nint handle;
        nuint count = after == 0 ? 0u : 1u;
        if (work.Kernel is null)
        {
            CudaCopyNode copy = Copy(values);
            Check(Api.GraphAddMemcpyNode(&handle, _graph, &after, count, &copy, _context.Handle), "cuGraphAddMemcpyNode");
            return handle;
        }

        void*[] pointers = new void*[values.Length + 1];
        fixed (ulong* p = values)
        fixed (void** list = pointers)
        {
            CudaKernelNode node = Kernel(work, CudaArguments.Point(list, p, values.Length));
            Check(Api.GraphAddKernelNode(&handle, _graph, &after, count, &node), $"cuGraphAddKernelNode of '{work.Kernel.Source.Name}'");
        }

        return handle;
    }

    private static CudaKernelNode Kernel(in CudaWork work, void** arguments) => new()
    {
        Function = work.Kernel!.Code.Handle,
        GridX = (uint)work.Launch.Grid.X,
        GridY = (uint)work.Launch.Grid.Y,
        GridZ = (uint)work.Launch.Grid.Z,
        GroupX = (uint)work.Launch.Group.X,
        GroupY = (uint)work.Launch.Group.Y,
        GroupZ = (uint)work.Launch.Group.Z,
        SharedBytes = (uint)work.Launch.SharedBytes,
        Arguments = arguments,
    };

    private static CudaCopyNode Copy(ulong[] values) => new()
    {
        To = CudaCopyNode.Side.At((nint)values[0]),
        From = CudaCopyNode.Side.At((nint)values[1]),
        Width = (nuint)values[2],
        Height = 1,
        Depth = 1,
    };

    private void Check(int status, string call) => _context.Check(status, call);
}
