using System.Collections.Concurrent;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>A C# kernel behind a typed delegate: compiled, or compiled as its specialised arguments come.</summary>
internal sealed class TypedKernel
{
    private readonly CompiledKernel? _kernel;
    private readonly Specialisations? _specialisations;
    private SpecialisedKernel? _last;

    // A launch takes one and gives it back; several threads have several. A lock instead would be held while the device's is waited for, whose
    // holder, replaying a program, may want this kernel.
    private readonly ConcurrentStack<ReportMemory> _reports = [];

    /// <summary>A kernel without specialised arguments.</summary>
    public TypedKernel(Device device, CompiledKernel kernel)
    {
        Device = device;
        Kind = kernel.Source.Kind;
        _kernel = kernel;
    }

    /// <summary>A kernel with captured values or SpecializedValue parameters. Without the latter it is compiled at once.</summary>
    public TypedKernel(Device device, LaunchKind kind, Specialisations specialisations, object? closure)
    {
        Device = device;
        Kind = kind;
        Closure = closure is null ? null : Il.Closures.Copy(closure);
        if (specialisations.HasParameters)
            _specialisations = specialisations;
        else
            _kernel = specialisations.Find(Closure, []).Kernel;
    }

    public Device Device { get; }

    public LaunchKind Kind { get; }

    /// <summary>What the kernel captures, as it was when it was loaded.</summary>
    public object? Closure { get; }

    /// <summary>The compiled kernel for a launch with these arguments.</summary>
    public CompiledKernel Select(ReadOnlySpan<KernelArgument> arguments)
    {
        if (_specialisations is null)
            return _kernel!;
        SpecialisedKernel? last = Volatile.Read(ref _last);
        if (last is null || !_specialisations.Fits(last, arguments))
            Volatile.Write(ref _last, last = _specialisations.Find(Closure, arguments));
        return last.Kernel;
    }

    /// <summary>Where one launch of this kernel reports to, until it is given back.</summary>
    public ReportMemory TakeReport() => _reports.TryPop(out ReportMemory? report) ? report : new ReportMemory(Device);

    /// <summary>The next launch may have it.</summary>
    public void Return(ReportMemory report) => _reports.Push(report);

    /// <summary>Starts gathering a launch's arguments.</summary>
    public LaunchArguments Begin() => new(this);

    /// <summary>False if an extent is empty.</summary>
    /// <exception cref="DeviceException">CTG3006: one is negative.</exception>
    public static bool IsRange(Index3D size)
    {
        if (size.X < 0 || size.Y < 0 || size.Z < 0)
        {
            throw new DeviceException("CTG3006",
                $"A kernel was launched over {DeviceChecks.Text(size)} items or groups; none may be negative.");
        }

        return size.X > 0 && size.Y > 0 && size.Z > 0;
    }

    /// <summary>Throws unless a group has items.</summary>
    /// <exception cref="DeviceException">CTG3006.</exception>
    public static void RequireGroup(Index3D size)
    {
        if (size.X < 1 || size.Y < 1 || size.Z < 1)
        {
            throw new DeviceException("CTG3006",
                $"A kernel was launched in groups of {DeviceChecks.Text(size)} items; each must be at least 1.");
        }
    }

    /// <summary>The bytes of shared memory that a launch adds.</summary>
    public static int SharedBytes(in KernelConfig config) => (int)Math.Min(config.SharedMemoryConfig.ArraySize, int.MaxValue);

    /// <summary>An index as three coordinates; unused ones are <paramref name="rest"/>.</summary>
    public static Index3D ToIndex3D<TIndex>(TIndex index, int rest)
        where TIndex : struct, IIndex => index switch
        {
            Index1D i => new(i.X, rest, rest),
            Index2D i => new(i.X, i.Y, rest),
            Index3D i => i,
            LongIndex1D i => new(Narrow(i.X), rest, rest),
            LongIndex2D i => new(Narrow(i.X), Narrow(i.Y), rest),
            LongIndex3D i => new(Narrow(i.X), Narrow(i.Y), Narrow(i.Z)),
            _ => throw Unknown<TIndex>(),
        };

    /// <summary>The inverse of <see cref="ToIndex3D"/>.</summary>
    public static TIndex FromIndex3D<TIndex>(Index3D index)
        where TIndex : struct, IIndex
    {
        if (typeof(TIndex) == typeof(Index1D))
            return (TIndex)(object)new Index1D(index.X);
        if (typeof(TIndex) == typeof(Index2D))
            return (TIndex)(object)new Index2D(index.X, index.Y);
        if (typeof(TIndex) == typeof(Index3D))
            return (TIndex)(object)index;
        if (typeof(TIndex) == typeof(LongIndex1D))
            return (TIndex)(object)new LongIndex1D(index.X);
        if (typeof(TIndex) == typeof(LongIndex2D))
            return (TIndex)(object)new LongIndex2D(index.X, index.Y);
        return typeof(TIndex) == typeof(LongIndex3D) ? (TIndex)(object)index.ToLongIndex() : throw Unknown<TIndex>();
    }

    /// <summary>An extent as devices take it.</summary>
    /// <exception cref="DeviceException">CTG3006: it needs more than 32 bits.</exception>
    private static int Narrow(long extent) => extent == (int)extent
        ? (int)extent
        : throw new DeviceException("CTG3006",
            $"A kernel was launched over {extent} items along one axis; the most is {int.MaxValue}. Launch it in parts, over SubViews.");

    private static KernelCompilationException Unknown<TIndex>() => new("CTG1013",
        $"'{typeof(TIndex).Name}' is not an index type. Use Index1D to Index3D or LongIndex1D to LongIndex3D. See docs/diagnostics.md#CTG1013");
}

/// <summary>The arguments of one launch, packed without allocating: the buffer is the thread's, taken and given back.</summary>
internal ref struct LaunchArguments
{
    private const int InitialCapacity = 32;

    [ThreadStatic]
    private static KernelArgument[]? s_pool;

    private readonly TypedKernel _kernel;
    private KernelArgument[] _arguments;
    private int _count;

    public LaunchArguments(TypedKernel kernel)
    {
        _kernel = kernel;
        _arguments = s_pool ?? new KernelArgument[InitialCapacity];
        s_pool = null;
    }

    public LaunchArguments Add<T>(T value)
        where T : struct
    {
        int end = _count + ArgumentPacker<T>.Count;
        if (end > _arguments.Length)
            Array.Resize(ref _arguments, Math.Max(end, 2 * _arguments.Length));
        ArgumentPacker<T>.Pack(value, _arguments, _count);
        _count = end;
        return this;
    }

    public void Launch<TIndex>(TIndex extent)
        where TIndex : struct, IIndex
    {
        Index3D size = TypedKernel.ToIndex3D(extent, 1);
        Launch(new LaunchShape(size, default, default), TypedKernel.IsRange(size));
    }

    public void Launch(KernelConfig config)
    {
        TypedKernel.RequireGroup(config.GroupDim);
        Launch(LaunchShape.Groups(config.GridDim, config.GroupDim, TypedKernel.SharedBytes(config)), TypedKernel.IsRange(config.GridDim));
    }

    private void Launch(in LaunchShape shape, bool hasWork)
    {
        if (hasWork)
        {
            CompiledKernel kernel = _kernel.Select(_arguments.AsSpan(0, _count));
            if (kernel.Source.Reports)
                LaunchAndReport(kernel, shape);
            else
                _kernel.Device.Launch(kernel, shape, _arguments.AsSpan(0, _count));
        }

        Return();
    }

    private void LaunchAndReport(CompiledKernel kernel, in LaunchShape shape)
    {
        ReportMemory report = _kernel.TakeReport();
        try
        {
            Add(report.View(kernel.Source));
            // The length is for C#; the kernel has a pointer.
            _count--;
            _kernel.Device.Launch(kernel, shape, _arguments.AsSpan(0, _count));
            report.Take(kernel.Source);
        }
        finally
        {
            _kernel.Return(report);
        }
    }

    private readonly void Return()
    {
        // The pool must not keep buffers alive.
        _arguments.AsSpan(0, _count).Clear();
        s_pool = _arguments;
    }
}
