using System.Collections.Immutable;
using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>One operation applied to inputs: the lazy value behind a Tensor. Shapes and dtypes are checked when it is made.</summary>
/// <remarks>Nodes are immutable but for one step: <see cref="Realize"/> gives a node its storage and drops its inputs, after which
/// it is a leaf of data. Equality is reference equality.</remarks>
internal sealed class Node
{
    private static long s_count;
    private readonly bool _isComputedFromNumbers;
    private readonly bool _hasHostCalls;
    private readonly int _depth;
    private State _state;

    public Node(Op op, ImmutableArray<Node> inputs, Attributes? attributes = null, Device? device = null)
    {
        (Shape, DType) = op.Infer(inputs, attributes);
        _state = new State(op, inputs, attributes, null);
        Device = device ?? (attributes as KernelAttributes)?.Device ?? CommonDevice(op, inputs, attributes);
        _isComputedFromNumbers = op == Ops.Number || op == Ops.Iota || attributes is InputAttributes { IsAnywhere: true }
            || (op.Kind is not (OpKind.Leaf or OpKind.Kernel or OpKind.HostCall) && inputs.Length > 0 && inputs.All(i => i.IsAnywhere));
        IsTraced = op == Ops.Input || inputs.Any(i => i.IsTraced);
        _hasHostCalls = op == Ops.HostCall || inputs.Any(i => i.HasHostCalls);
        _depth = inputs.IsEmpty ? 0 : 1 + inputs.Max(i => i.Depth);
        Origins.Made(this);
    }

    /// <summary>A leaf of data.</summary>
    public Node(Shape shape, DType dtype, Storage storage)
    {
        Shape = shape;
        DType = dtype;
        Device = storage.Device;
        _state = new State(Ops.Data, [], null, storage);
    }

    /// <summary>Grows with creation: inputs have smaller numbers than their users.</summary>
    public long Id { get; } = Interlocked.Increment(ref s_count);

    public Shape Shape { get; }

    public DType DType { get; }

    public Device Device { get; }

    public Op Op => _state.Op;

    public ImmutableArray<Node> Inputs => _state.Inputs;

    public Attributes? Attributes => _state.Attributes;

    /// <summary>The buffer of a realised node; null before.</summary>
    public Storage? Storage => _state.Storage;

    /// <summary>True if the value depends on a placeholder: it has no value to read.</summary>
    public bool IsTraced { get; }

    /// <summary>True if calls of C# code must be run or expanded before a program computes the value; false once realised.</summary>
    public bool HasHostCalls => _hasHostCalls && Storage is null;

    /// <summary>The longest chain of unrealised inputs below, as it was when made; 0 once realised. Lets long chains be flushed.</summary>
    public int Depth => Storage is null ? _depth : 0;

    /// <summary>The attributes as their record type.</summary>
    public T Get<T>() where T : Attributes => (T)_state.Attributes!;

    /// <summary>Gives the node its value: it becomes a leaf, and its inputs may be collected. Op, inputs and storage change together.</summary>
    public void Realize(Storage storage) => Volatile.Write(ref _state, new State(Ops.Data, [], null, storage));

    /// <inheritdoc/>
    public override string ToString() => $"%{Id} = {Attributes as KernelAttributes ?? (object)Op}({string.Join(", ", Inputs.Select(i => $"%{i.Id}"))}) {DType}{Shape}";

    private static Device CommonDevice(Op op, ImmutableArray<Node> inputs, Attributes? attributes)
    {
        // Numbers and iotas live anywhere: the first input that carries data decides, and the others must agree. Without data
        // the first that was placed decides: C# numbers are on the default device without having been put there.
        Node? first = null;
        foreach (Node input in inputs)
        {
            if (input.IsAnywhere) continue;
            if (first is not null && input.Device != first.Device)
            {
                throw new DeviceMismatchException(attributes is KernelAttributes call ? call.ToString() : op.Name, first.Device, input.Device);
            }

            first ??= input;
        }

        return first?.Device ?? inputs.FirstOrDefault(i => i.Device != Device.Default)?.Device ?? Device.Default;
    }

    /// <summary>True for unrealised values computed from numbers alone, which may be used with tensors of any device: whoever schedules
    /// them places them on their user's device. Once realised they are where their storage is.</summary>
    public bool IsAnywhere => _isComputedFromNumbers && Storage is null;

    private sealed record State(Op Op, ImmutableArray<Node> Inputs, Attributes? Attributes, Storage? Storage);
}
