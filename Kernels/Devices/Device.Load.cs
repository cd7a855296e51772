using System.Collections.Concurrent;
using System.Reflection;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

// Typed buffers and kernels. The overloads of Load and LoadGrouped by number of parameters are in Device.Load.Arities.cs.
public abstract partial class Device
{
    private readonly ConcurrentDictionary<MethodInfo, TypedKernel> _loaded = new();
    private readonly ConcurrentDictionary<MethodInfo, Specialisations> _specialised = new();

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

    /// <summary>Compiles several C# kernels at once, so that <see cref="Load{TIndex, T1}(Action{TIndex, T1})"/> and its like find them
    /// ready. A program of OpenCL takes about as long to build for many kernels as for one.</summary>
    /// <param name="kernels">As for Load or LoadGrouped. Those with captured or specialised values are left to their
    /// loading.</param>
    /// <exception cref="KernelCompilationException">One of them is refused; none is compiled.</exception>
    public void Prepare(params ReadOnlySpan<Delegate> kernels)
    {
        List<MethodInfo> methods = [];
        foreach (Delegate kernel in kernels)
        {
            ArgumentNullException.ThrowIfNull(kernel);
            bool isConstant = kernel.Target is { } target && Closures.IsClosure(target.GetType());
            if (!isConstant && !Specialisations.Exist(kernel.Method) && !_loaded.ContainsKey(kernel.Method) && !methods.Contains(kernel.Method))
                methods.Add(kernel.Method);
        }

        if (this is DebugDevice || methods.Count == 0)
            return;
        IReadOnlyList<CompiledKernel> compiled = CompileBatch([.. methods.Select(m => FrontEnd.Compile(m, Options.Checked))]);
        for (int i = 0; i < methods.Count; i++)
            _loaded.TryAdd(methods[i], new TypedKernel(this, compiled[i]));
    }

    /// <summary>Makes a C# kernel ready for this device. It is compiled here, once for each set of captured values; one with
    /// SpecializedValue parameters at its launches.</summary>
    internal TypedKernel LoadMethod(Delegate kernel, bool grouped)
    {
        MethodInfo method = kernel.Method;
        if (kernel.HasSingleTarget is false)
            throw new ArgumentException("A kernel is one method, not a multicast delegate.", nameof(kernel));
        if (_loaded.TryGetValue(method, out TypedKernel? loaded) && loaded.Kind == LaunchKind.Grouped == grouped)
            return loaded;
        LaunchKind kind = FrontEnd.KindOf(method);
        if (kind == LaunchKind.Grouped != grouped)
        {
            throw new KernelCompilationException("CTG1013", grouped
                ? $"'{method.ToText()}' begins with an index parameter. Load it with Load, or remove the index. See docs/diagnostics.md#CTG1013"
                : $"'{method.ToText()}' does not begin with an index parameter. Load it with LoadGrouped. See docs/diagnostics.md#CTG1013");
        }

        object? closure = kernel.Target is { } target && Closures.IsClosure(target.GetType()) ? target : null;
        if (closure is null && !Specialisations.Exist(method))
            return _loaded.GetOrAdd(method, new TypedKernel(this, Compile(FrontEnd.Compile(method, Options.Checked))));
        return new TypedKernel(this, kind, _specialised.GetOrAdd(method, m => new Specialisations(this, m)), closure);
    }

    /// <summary>This device if it is Device.Debug, where the kernel itself runs: with its captured variables as they are now.</summary>
    private DebugDevice? AsDebug<TKernel>(ref TKernel kernel)
        where TKernel : Delegate
    {
        if (this is not DebugDevice debug)
            return null;
        kernel = Closures.Snapshot(kernel);
        return debug;
    }
}
