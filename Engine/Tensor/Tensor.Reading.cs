using System.Runtime.InteropServices;
using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent;

// Reading computes what is needed. Elements are read as what they are: there is no silent conversion; Cast first.
public sealed partial class Tensor
{
    /// <summary>Computes the value now, if it was not yet; returns this.</summary>
    /// <exception cref="TracedValueException">The value depends on the placeholder of a transform or of
    /// Compile.</exception>
    public Tensor Realize(CancellationToken cancellation = default)
    {
        CheckReadable();
        if (Node.Storage is null) Executor.Realize([Node], cancellation);
        return this;
    }

    /// <summary>Computes several values now, sharing what they have in common.</summary>
    public static void Realize(IReadOnlyList<Tensor> tensors, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        foreach (Tensor tensor in tensors) tensor.CheckReadable();
        Executor.Realize([.. tensors.Select(t => t.Node).Where(n => n.Storage is null)], cancellation);
    }

    /// <summary>The elements in row-major order.</summary>
    /// <exception cref="DTypeMismatchException">The elements are not of type <typeparamref name="T"/>.</exception>
    public T[] ToArray<T>() where T : unmanaged
    {
        CheckElement<T>("ToArray");
        if (Size > Array.MaxLength)
            throw new ShapeMismatchException($"ToArray: {Shape} has more elements than an array holds.");
        T[] result = new T[Size];
        CopyTo(result.AsSpan());
        return result;
    }

    /// <summary>Copies the elements, in row-major order, to the start of a span.</summary>
    public void CopyTo<T>(Span<T> destination) where T : unmanaged
    {
        CheckElement<T>("CopyTo");
        if (destination.Length < Size)
            throw new ShapeMismatchException($"CopyTo: {Shape} has {Size} elements and the span {destination.Length}.");

        Realize();
        HostData.Read(Node, MemoryMarshal.AsBytes(destination[..(int)Size]));
    }

    /// <summary>The only element.</summary>
    /// <exception cref="ShapeMismatchException">There is not exactly one.</exception>
    public T Item<T>() where T : unmanaged
    {
        if (Size != 1)
            throw new ShapeMismatchException($"Item: {Shape} has {Size} elements, not one. Index or reduce first, " +
                "or use ToArray.");
        CheckElement<T>("Item");
        T result = default;
        CopyTo(new Span<T>(ref result));
        return result;
    }

    /// <summary>The value on another device, computed and copied: directly between CUDA devices that reach each other,
    /// else by way of the host; this, if it is there already.</summary>
    public Tensor To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device == Device) return this;
        Realize();
        return new Tensor(new Node(Shape, DType, HostData.Copy(Node, device)));
    }

    /// <summary>The elements' bytes in row-major order.</summary>
    internal byte[] ToBytes()
    {
        Realize();
        byte[] bytes = new byte[Size * DType.Size()];
        HostData.Read(Node, bytes);
        return bytes;
    }

    /// <summary>The elements as numbers, whatever their dtype.</summary>
    internal double[] ToDoubles()
    {
        Realize();
        return HostData.ToDoubles(Node);
    }

    private void CheckReadable()
    {
        if (!Node.IsTraced) return;
        IEnumerable<Node> placeholders = Walk.Topological(Node).Where(n => n.Op == Ops.Input);
        string names = string.Join(", ", placeholders.Select(n => n.Get<InputAttributes>().Name).Distinct());
        throw new TracedValueException(
            $"The value of this {DType}{Shape} tensor depends on {names}, which has no value while a transform or " +
            "Compile traces the function. " +
            "Return what you want to read, or choose with Tensor.Where or Flow.Cond instead of a C# if.");
    }

    private void CheckElement<T>(string op) where T : unmanaged
    {
        if (DTypes.Of<T>() != DType)
            throw new DTypeMismatchException($"{op}<{typeof(T).Name}>: the elements are {DType}. " +
                $"Cast(DType.{DTypes.Of<T>()}) first, or read {DType}.");
    }
}
