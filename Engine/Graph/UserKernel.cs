using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Graph;

/// <summary>A C# kernel as an operation on tensors. Which views are outputs is read from its code: those that it writes. One
/// instance a method, or a method and the values that it captures.</summary>
internal sealed class UserKernel
{
    private static readonly ConcurrentDictionary<MethodInfo, UserKernel> s_kernels = new();

    private static readonly ConcurrentDictionary<MethodInfo, CapturingKernels> s_capturing = new();

    private readonly MemoryAccess[] _access;
    private readonly bool _isClosure;
    private readonly ImmutableArray<CapturedVariable> _captured = [];

    private UserKernel(MethodInfo method, object? target, bool isClosure)
    {
        Method = method;
        Target = target;
        _isClosure = isClosure;
        if (isClosure) (Source, _captured) = FrontEnd.Specialise(method, target, default);
        else Source = FrontEnd.Compile(method);
        if (Source.Reports)
        {
            throw new KernelCompilationException("CTG1005", $"The kernel '{Source.Name}' prints. A kernel that is an operation may run at any time, or never: " +
                "print from one that is loaded on a device. See docs/diagnostics.md#CTG1005");
        }

        _access = ParameterAccess.Of(Source);
        ImmutableArray<KernelParameter> parameters = KernelParameter.Of(Method, Source);
        Inputs = [.. parameters.Where(p => p.IsView && !IsWritten(p))];
        Outputs = [.. parameters.Where(p => p.IsView && IsWritten(p))];
        Numbers = [.. parameters.Where(p => !p.IsView)];
    }

    public MethodInfo Method { get; }

    /// <summary>The object of a lambda, with its captured variables as they were when the call was recorded; null for static
    /// methods.</summary>
    public object? Target { get; }

    public Kernel Source { get; }

    /// <summary>The kernel for devices that check indices.</summary>
    public Kernel CheckedSource => _isClosure
        ? FrontEnd.Specialise(Method, Target, default, isChecked: true).Kernel
        : FrontEnd.Compile(Method, isChecked: true);

    public string Name => Method.Name;

    /// <summary>The views that the kernel does not write.</summary>
    public ImmutableArray<KernelParameter> Inputs { get; }

    /// <summary>The views that it writes.</summary>
    public ImmutableArray<KernelParameter> Outputs { get; }

    public ImmutableArray<KernelParameter> Numbers { get; }

    /// <summary>The kernel of a delegate. Captured values are constants of it.</summary>
    /// <exception cref="KernelCompilationException">It uses what kernels cannot use.</exception>
    /// <exception cref="KernelCallException">It has parameters that no tensor or number can be given for.</exception>
    public static UserKernel Of(Delegate kernel)
    {
        MethodInfo method = kernel.Method;
        if (kernel.Target is { } target && Closures.IsClosure(target.GetType()))
            return s_capturing.GetOrAdd(method, _ => new()).Find(method, target);
        return s_kernels.TryGetValue(method, out UserKernel? known)
            ? known
            : s_kernels.GetOrAdd(method, new UserKernel(method, kernel.Target, isClosure: false));
    }

    /// <summary>The first output that is added to atomically: what it is added to must have a value; null if there is
    /// none.</summary>
    public KernelParameter? FirstAccumulated => Outputs.FirstOrDefault(p => (_access[p.Index] & MemoryAccess.Atomic) != 0);

    /// <summary>The nodes behind the input views of a call.</summary>
    public IEnumerable<Node> InputsOf(Node call) => call.Inputs.Take(Inputs.Length);

    /// <summary>The nodes behind the numbers of a call.</summary>
    public IEnumerable<Node> NumbersOf(Node call) => call.Inputs.Skip(Inputs.Length);

    /// <summary>Throws unless the inputs of a call fit: tensors, then numbers.</summary>
    /// <exception cref="KernelCallException">Their number or sizes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">A dtype does not.</exception>
    public void CheckInputs(IReadOnlyList<Node> x)
    {
        if (x.Count != Inputs.Length + Numbers.Length) throw new KernelCallException(
            $"kernel '{Name}': {x.Count} inputs and numbers for {Inputs.Length} views and {Numbers.Length} numbers.");

        for (int i = 0; i < x.Count; i++)
        {
            bool isNumber = i >= Inputs.Length;
            KernelParameter p = isNumber ? Numbers[i - Inputs.Length] : Inputs[i];
            if (x[i].DType != p.DType) throw new DTypeMismatchException(
                $"kernel '{Name}': the parameter '{p.Name}' is {p.Type.ToText()} and takes {p.DType}; " +
                $"it is given {x[i].DType}{x[i].Shape}. Cast it first.");
            if (isNumber && x[i].Shape.Rank != 0) throw new KernelCallException(
                $"kernel '{Name}': the parameter '{p.Name}' is a number; it is given a tensor of shape {x[i].Shape}.");
            if (!isNumber) CheckElements(p, x[i].Shape);
        }
    }

    /// <summary>Throws unless a view can see a tensor of this shape.</summary>
    /// <exception cref="KernelCallException">It cannot.</exception>
    public void CheckElements(KernelParameter view, Shape shape)
    {
        if (view.Misfit(shape) is { } fault)
            throw new KernelCallException($"kernel '{Name}': the parameter '{view.Name}' is {view.Type.ToText()}: {fault}.");
    }

    private bool IsWritten(KernelParameter p) => (_access[p.Index] & MemoryAccess.Write) != 0;

    /// <summary>The last used kernels of one method, one for each set of captured values.</summary>
    private sealed class CapturingKernels
    {
        private const int Capacity = 32;

        private readonly Lock _lock = new();
        private readonly List<UserKernel> _kernels = [];

        public UserKernel Find(MethodInfo method, object closure)
        {
            lock (_lock)
            {
                int at = _kernels.FindIndex(k => k._captured.All(c => c.IsSameIn(closure)));
                UserKernel kernel = at >= 0 ? _kernels[at] : new(method, Closures.Copy(closure), isClosure: true);
                if (at >= 0) _kernels.RemoveAt(at);
                else if (_kernels.Count == Capacity) _kernels.RemoveAt(Capacity - 1);
                _kernels.Insert(0, kernel);
                return kernel;
            }
        }
    }
}
