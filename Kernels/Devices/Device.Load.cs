using System.Collections.Concurrent;
using System.Reflection;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

// Typed buffers and kernels. The overloads of Load and LoadGrouped by number of parameters are in Device.Load.Arities.cs.
public abstract partial class Device
{
    private readonly ConcurrentDictionary<MethodInfo, TypedKernel> _loaded = new();

    /// <summary>An array in this device's memory, contents undefined.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="length">The number of elements; may be 0.</param>
    public DeviceBuffer<T> Allocate<T>(long length)
        where T : unmanaged => new(this, length);

    /// <summary>An array in this device's memory with these elements.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public DeviceBuffer<T> Allocate<T>(ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        DeviceBuffer<T> buffer = new(this, elements.Length);
        buffer.CopyFrom(elements);
        return buffer;
    }

    /// <summary>Compiles a C# kernel once for this device.</summary>
    internal TypedKernel LoadMethod(Delegate kernel, bool grouped)
    {
        MethodInfo method = kernel.Method;
        if (_loaded.TryGetValue(method, out TypedKernel? loaded) && loaded.Kernel.Source.Kind == LaunchKind.Grouped == grouped)
            return loaded;
        if (kernel.HasSingleTarget is false)
            throw new ArgumentException("A kernel is one method, not a multicast delegate.", nameof(kernel));
        Kernel source = FrontEnd.Compile(method);
        if (source.Kind == LaunchKind.Grouped != grouped)
        {
            throw new KernelCompilationException("CTG1013", grouped
                ? $"'{method.ToText()}' begins with an index parameter. Load it with Load, or remove the index. See docs/diagnostics.md#CTG1013"
                : $"'{method.ToText()}' does not begin with an index parameter. Load it with LoadGrouped. See docs/diagnostics.md#CTG1013");
        }

        return _loaded.GetOrAdd(method, new TypedKernel(this, Compile(source)));
    }
}
