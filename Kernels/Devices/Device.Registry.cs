using System.Collections.Immutable;

namespace Cotangent.Kernels;

/// <summary>The devices of this process.</summary>
public abstract partial class Device
{
    // Each kind is brought up at its first use only: asking for the CPU must not load an OpenCL driver.
    private static readonly Lazy<Device?> s_cpu = new(CreateCpu);
    private static readonly Lazy<Device?> s_debug = new(() => new DebugDevice());
    private static readonly Lazy<Device> s_interpreter = new(() => new InterpreterDevice("interpreter", "IR interpreter"));
    private static readonly Lazy<ImmutableArray<Device>> s_openCl = new(CreateOpenCl);
    private static readonly Lazy<IReadOnlyList<Device>> s_all =
        new(() => [.. new[] { s_cpu.Value }.OfType<Device>(), .. s_openCl.Value, .. Cuda.CudaDevice.Found]);

    private static readonly Lazy<Device> s_default = new(() => Choose(EngineEnvironment.Device));

    /// <summary>The processor's SIMD units.</summary>
    public static Device Cpu => s_cpu.Value ?? throw Unavailable("cpu");

    /// <summary>A CPU device of its own with this many threads; results do not depend on the number.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is below 1.</exception>
    public static Device CreateCpu(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        return new CpuDevice(threads);
    }

    /// <summary>Runs kernels as plain C#, one work item at a time, with bounds checks; breakpoints work.</summary>
    public static Device Debug => s_debug.Value ?? throw Unavailable("debug");

    /// <summary>The CPU and every OpenCL and CUDA device found, in that order. <see cref="Debug"/> is not among them.</summary>
    public static IReadOnlyList<Device> All => s_all.Value;

    /// <summary>The device that COTANGENT_DEVICE names; else the first CUDA device; else the first OpenCL GPU; else the CPU. Chosen once
    /// a process.</summary>
    /// <exception cref="DeviceException">CTG3001: COTANGENT_DEVICE names a device that is not here.</exception>
    public static Device Default => s_default.Value;

    /// <summary>True for a graphics processor, which <see cref="Default"/> prefers to the CPU.</summary>
    internal virtual bool IsGpu => false;

    /// <summary>The device with an id: <c>cpu</c>, <c>debug</c>, <c>opencl</c> (the first), <c>opencl:1</c> (the
    /// second), …, <c>cuda</c>, <c>cuda:1</c>, …; in any case.</summary>
    /// <exception cref="DeviceException">CTG3001: there is no such device; the message lists those there
    /// are.</exception>
    public static Device Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return TryFind(id) ?? throw Unavailable(id);
    }

    /// <summary>A device of its own, with its own queue and options, on the hardware that an id names. Its memory is not that of the
    /// device of the same id in <see cref="All"/>.</summary>
    /// <param name="id">As for <see cref="Find"/>.</param>
    /// <param name="options">How it runs kernels.</param>
    /// <exception cref="DeviceException">CTG3001: there is no such device. CTG3007: it cannot do what the options
    /// ask.</exception>
    public static Device Open(string id, DeviceOptions options)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Threads is { } threads)
            ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, nameof(options));
        Device device = Find(id);
        if (device is not InterpreterDevice && (options.DetectRaces || options.RandomOrder is not null))
        {
            throw new DeviceException("CTG3007", $"{device.Id} runs work items side by side: it has no RandomOrder and no DetectRaces. " +
                "Open the debug device. See docs/diagnostics.md#CTG3007");
        }

        return device.With(options);
    }

    /// <summary>As <see cref="Find"/>; null if there is no such device.</summary>
    internal static Device? TryFind(string id)
    {
        id = id.Trim().ToLowerInvariant();
        return id switch
        {
            "cpu" => s_cpu.Value,
            "debug" => s_debug.Value,
            "interpreter" => s_interpreter.Value,
            "opencl:0" => s_openCl.Value.FirstOrDefault(),
            "cuda:0" => Cuda.CudaDevice.Found.FirstOrDefault(),
            _ when id.StartsWith("opencl", StringComparison.Ordinal) => s_openCl.Value.FirstOrDefault(d => d.Id == id),
            _ when id.StartsWith("cuda", StringComparison.Ordinal) => Cuda.CudaDevice.Found.FirstOrDefault(d => d.Id == id),
            _ => null,
        };
    }

    /// <summary>The default device, given COTANGENT_DEVICE's value.</summary>
    internal static Device Choose(string? requested)
    {
        if (requested is null)
            return Cuda.CudaDevice.Found.FirstOrDefault() ?? s_openCl.Value.FirstOrDefault(d => d.IsGpu) ?? Cpu;

        return TryFind(requested)
            ?? throw Unavailable(requested, $" The environment variable {EngineEnvironment.DeviceVariable} asks for it.");
    }

    private static DeviceException Unavailable(string id, string detail = "")
    {
        IEnumerable<string> found = All.Select(d => d.ToString());
        if (s_debug.Value is { } debug)
            found = found.Append(debug.ToString());
        if (Cuda.CudaDevice.Found.IsEmpty && id.Trim().StartsWith("cuda", StringComparison.OrdinalIgnoreCase))
            detail = $" {Cuda.CudaDevice.Reason}{detail}";

        return new DeviceException("CTG3001",
            $"There is no device '{id}' here.{detail} Available: {string.Join(", ", found)}. See docs/diagnostics.md#CTG3001");
    }

    private static Device? CreateCpu() => new CpuDevice();

    private static ImmutableArray<Device> CreateOpenCl() => OpenCl.OpenClDevice.FindAll();
}
