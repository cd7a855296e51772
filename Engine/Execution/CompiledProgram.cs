using System.Collections.Immutable;
using System.Diagnostics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

/// <summary>A plan ready to run: kernels compiled, arguments bound to slots. Runs under
/// <see cref="Executor.Lock"/>.</summary>
internal sealed class CompiledProgram
{
    /// <summary>Scratch memory up to this size stays with the program: a step on the CPU then allocates nothing.</summary>
    private const long KeptScratch = 1 << 16;

    private readonly KernelArgument[] _buffers;
    private readonly ulong[] _scalars;
    private long _runs;
    private Storage? _scratch;

    // Of larger scratch memory only the object is kept, not the block.
    private DeviceMemory? _lent;

    public CompiledProgram(ExecutionPlan plan)
    {
        Plan = plan;
        _buffers = new KernelArgument[plan.Buffers.Length];
        _scalars = new ulong[plan.Scalars.Length];
        if (PlansAreChecked) PlanChecker.Check(plan);
    }

    /// <summary>True in Debug builds and where COTANGENT_VERIFY asks for it; tests switch it on.</summary>
#if DEBUG
    public static bool PlansAreChecked { get; set; } = true;
#else
    public static bool PlansAreChecked { get; set; } = EngineEnvironment.Verify;
#endif

    /// <summary>True if each fused step is also computed op by op in float64 and compared.</summary>
    public static bool StepsAreVerified { get; set; } = EngineEnvironment.Verify;

    /// <summary>Who sees each step; null but while Perf traces.</summary>
    public static IStepObserver? Observer { get; set; }

    /// <summary>The number of steps that this thread has issued so far, of all programs.</summary>
    public static long LaunchCount => t_launchCount;

    [ThreadStatic]
    private static long t_launchCount;

    public ExecutionPlan Plan { get; }

    /// <summary>Issues the steps.</summary>
    /// <param name="tensors">The input tensors by slot.</param>
    /// <param name="scalars">The input numbers by slot, as bits of their dtypes.</param>
    /// <param name="outputs">The output buffers: null entries are allocated, others are where the output goes.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    /// <param name="pointOfNoReturn">The step from which on the run is not cancelled: the first that overwrites
    /// something.</param>
    public void Run(ReadOnlySpan<Storage> tensors, ReadOnlySpan<ulong> scalars, Span<Storage?> outputs,
        CancellationToken cancellation = default,
        int pointOfNoReturn = int.MaxValue)
    {
        Device device = Plan.Device;
        for (int i = 0; i < _scalars.Length; i++) _scalars[i] = ToCompute(Plan.Scalars[i], scalars[i]);
        bool keeps = Plan.ScratchBytes is > 0 and <= KeptScratch && device.Kind == DeviceKind.Cpu;
        DeviceMemory? scratch = keeps ? (_scratch ??= Allocate(device, Plan.ScratchBytes)).Memory
            : Plan.ScratchBytes > 0 ? Borrow(device) : null;
        DeviceReplay? replay = null;
        try
        {
            Bind(tensors, outputs, scratch);
            replay = BeginReplay();
            for (int i = 0; i < Plan.Steps.Length; i++)
            {
                if (i < pointOfNoReturn) cancellation.ThrowIfCancellationRequested();
                Launch(device, Plan.Steps[i], i < pointOfNoReturn ? cancellation : default);
            }

            DeviceReplay? ended = replay;
            replay = null;
            ended?.End();
        }
        finally
        {
            replay?.Abandon();
            // Stream-ordered: what was issued may still use it.
            if (!keeps) scratch?.Release();
            Array.Clear(_buffers);
        }
    }

    /// <summary>Issues the steps as a part of another program, on memory that is there. Allocates nothing.</summary>
    /// <param name="tensors">The input tensors by slot.</param>
    /// <param name="outputs">Where the outputs go.</param>
    /// <param name="scratch">At least <see cref="ExecutionPlan.ScratchBytes"/>.</param>
    public void RunNested(ReadOnlySpan<KernelArgument> tensors, ReadOnlySpan<KernelArgument> outputs, KernelArgument scratch)
    {
        ImmutableArray<ProgramBuffer> buffers = Plan.Buffers;
        for (int i = 0; i < _buffers.Length; i++)
        {
            ProgramBuffer b = buffers[i];
            _buffers[i] = b.Kind switch
            {
                BufferKind.Input => tensors[b.Index],
                BufferKind.Output => outputs[b.Index],
                BufferKind.Scratch => At(scratch, b.Offset),
                _ => At(_buffers[b.Index], b.Offset),
            };
        }

        foreach (Step step in Plan.Steps) Launch(Plan.Device, step, default);

        static KernelArgument At(KernelArgument memory, long offset) => KernelArgument.Pointer(memory.Memory!, memory.Bits + offset);
    }

    /// <summary>Lets go of the memory of the last nested run.</summary>
    public void Unbind() => Array.Clear(_buffers);

    /// <summary>What the device keeps of this program, for reports; null if nothing.</summary>
    internal DeviceReplay? Replay { get; private set; }

    /// <summary>Fresh storage of a device.</summary>
    public static Storage Allocate(Device device, long bytes) => new(device.AllocateMemory(bytes), bytes);

    /// <summary>From its second run on, a program is kept as one piece where the device can. Not where each step is looked
    /// at.</summary>
    private DeviceReplay? BeginReplay()
    {
        if (StepsAreVerified || EngineEnvironment.Debug >= 2 || Observer is not null) return null;
        if (_runs++ == 1) Replay = Plan.Device.CreateReplay();
        return Replay?.Begin() == true ? Replay : null;
    }

    private DeviceMemory Borrow(Device device)
    {
        if (_lent?.TryRenew() == true) return _lent;
        return _lent = device.AllocateMemory(Plan.ScratchBytes);
    }

    private static ulong ToCompute(DType type, ulong bits) => Conversions.Convert(bits, type.Scalar(), type.Compute());

    private void Bind(ReadOnlySpan<Storage> tensors, Span<Storage?> outputs, DeviceMemory? scratch)
    {
        ImmutableArray<ProgramBuffer> buffers = Plan.Buffers;
        for (int i = 0; i < _buffers.Length; i++)
        {
            ProgramBuffer b = buffers[i];
            switch (b.Kind)
            {
                case BufferKind.Input:
                    _buffers[i] = tensors[b.Index].Argument;
                    break;
                case BufferKind.Output:
                    outputs[b.Index] ??= Allocate(Plan.Device, b.Bytes);
                    _buffers[i] = outputs[b.Index]!.Argument;
                    break;
                case BufferKind.Scratch:
                    _buffers[i] = KernelArgument.Pointer(scratch!, b.Offset);
                    break;
                default:
                    // Wholes come before their parts.
                    _buffers[i] = KernelArgument.Pointer(_buffers[b.Index].Memory!, _buffers[b.Index].Bits + b.Offset);
                    break;
            }
        }
    }

    private void Launch(Device device, Step step, CancellationToken cancellation)
    {
        t_launchCount++;
        StepVerifier? verifier = StepsAreVerified ? StepVerifier.Before(Plan, step, _buffers, _scalars) : null;
        if (EngineEnvironment.Debug < 2 && Observer is null)
            step.Launch(device, _buffers, _scalars, cancellation);
        else
            LaunchAlone(device, step, cancellation);

        verifier?.After(_buffers);
    }

    /// <summary>Waits for the device before and after the step, to tell how long it took.</summary>
    private void LaunchAlone(Device device, Step step, CancellationToken cancellation)
    {
        DevicePeaks? peaks = EngineEnvironment.Debug >= 2 ? DevicePeaks.Of(device) : null;
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        step.Launch(device, _buffers, _scalars, cancellation);
        device.Synchronize();
        long end = Stopwatch.GetTimestamp();
        if (peaks is not null) Console.Error.WriteLine(DebugReport.Step(Plan, step, Stopwatch.GetElapsedTime(start, end), peaks));
        Observer?.OnStep(Plan, step, start, end);
    }
}
