using System.Diagnostics;
using System.Globalization;
using System.Text;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels.Cuda;

/// <summary>Translates kernels to PTX and has the driver compile it: a module a kernel, several at once on as many threads. The driver
/// keeps what it compiled on disk by itself.</summary>
internal sealed unsafe class CudaCompiler(CudaContext context, Func<Ir.Kernel, Ir.Kernel>? lower)
{
    private const int JitInfoLog = 3;
    private const int JitInfoLogBytes = 4;
    private const int JitErrorLog = 5;
    private const int JitErrorLogBytes = 6;
    private const int JitLogVerbose = 12;
    private const int JitLineInfo = 13;

    private const int FunctionMaxThreads = 0;
    private const int FunctionSharedBytes = 1;
    private const int FunctionLocalBytes = 3;
    private const int FunctionRegisters = 4;

    private const int KeptCodes = 4096;

    private readonly Lock _lock = new();
    private readonly PtxTraits _traits = new(context.Info.Capability);

    // Code is found again by name, which has a hash of the text. Weakly, so that kernels nobody holds go; the queue
    // keeps the latest.
    private readonly Dictionary<string, WeakReference<CudaCode>> _codes = [];
    private readonly Queue<CudaCode> _recent = new();

    private CudaApi Api => context.Api;

    /// <summary>Modules that the driver compiled.</summary>
    public int Built { get; private set; }

    /// <summary>Gives back a module that no kernel uses any more, from any thread.</summary>
    public void Unload(nint module) => context.Retire(CudaGarbage.Module, module);

    /// <summary>Compiles all kernels; those whose text is known already cost nothing.</summary>
    public CudaKernel[] Compile(IReadOnlyList<Ir.Kernel> kernels)
    {
        Ir.Kernel[] lowered = [.. kernels.Select(k => PtxFunction.Lower(k, lower, _traits))];
        foreach (Ir.Kernel kernel in lowered)
            CudaLimits.Check(context, kernel);
        CudaCode[] codes = CodesOf(lowered, TraitsOf(CudaForm.Standard));
        return [.. kernels.Select((kernel, i) => new CudaKernel(context.Device, kernel, lowered[i], codes[i],
            form => CodesOf([lowered[i]], TraitsOf(form))[0]))];
    }

    private PtxTraits TraitsOf(CudaForm form) => _traits with
    {
        AlignedArguments = !form.HasFlag(CudaForm.Unaligned),
        LargestGroup = form.HasFlag(CudaForm.LargeGroups) ? context.Info.MaxGroupSize : null,
    };

    private CudaCode[] CodesOf(IReadOnlyList<Ir.Kernel> lowered, PtxTraits traits)
    {
        PtxFunction[] functions = [.. lowered.Select(k => PtxFunction.Translate(k, traits))];
        lock (_lock)
        {
            Dictionary<string, CudaCode> codes = [];
            List<PtxFunction> missing = [];
            foreach (PtxFunction function in functions.DistinctBy(f => f.Name))
            {
                if (_codes.GetValueOrDefault(function.Name) is { } known && known.TryGetTarget(out CudaCode? code))
                    codes.Add(function.Name, code);
                else
                    missing.Add(function);
            }

            foreach (CudaCode code in Build(missing))
                codes.Add(code.Function.Name, Remember(code));
            return [.. functions.Select(f => codes[f.Name])];
        }
    }

    private CudaCode Remember(CudaCode code)
    {
        Built++;
        _codes[code.Function.Name] = new WeakReference<CudaCode>(code);
        _recent.Enqueue(code);
        if (_recent.Count > KeptCodes)
            _recent.Dequeue();

        if (_codes.Count > 2 * KeptCodes)
        {
            foreach ((string name, WeakReference<CudaCode> reference) in _codes)
            {
                if (!reference.TryGetTarget(out _))
                    _codes.Remove(name);        // a dictionary may lose entries while it is enumerated
            }
        }

        return code;
    }

    private CudaCode[] Build(List<PtxFunction> functions)
    {
        CudaCode[] codes = new CudaCode[functions.Count];
        if (codes.Length > 0)
        {
            using CudaContext.Scope scope = context.Enter();
            context.Sweep();
        }

        if (codes.Length == 1)
        {
            codes[0] = Build(functions[0]);
        }
        else if (codes.Length > 1)
        {
            try
            {
                Parallel.For(0, codes.Length, i => codes[i] = Build(functions[i]));
            }
            catch (AggregateException failures)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
            }
        }

        return codes;
    }

    private CudaCode Build(PtxFunction function)
    {
        long start = Stopwatch.GetTimestamp();
        string text = PtxFunction.Module([function], _traits);
        if (EngineEnvironment.Debug >= 4)
            Console.Error.WriteLine(text);

        using CudaContext.Scope scope = context.Enter();
        nint module = Load(text, function, out string log);
        nint handle = Function(module, function.Name);
        int most = Math.Min(Attribute(handle, FunctionMaxThreads), context.Info.MaxGroupSize);
        CudaCode code = new(this, module, handle, function)
        {
            MaxGroupSize = most,
            StaticShared = Attribute(handle, FunctionSharedBytes),
            Use = (Attribute(handle, FunctionRegisters), Attribute(handle, FunctionLocalBytes)),
            BestGroupSize = CudaGroups.BestSize(size => size <= most ? ActiveGroups(handle, size) : 0),
            AllowedDynamicShared = context.Info.SharedMemory - Attribute(handle, FunctionSharedBytes),
        };
        Report(code, log, Stopwatch.GetElapsedTime(start));
        return code;
    }

    private nint Function(nint module, string name)
    {
        nint handle;
        fixed (byte* text = CString(name))
            context.Check(Api.ModuleGetFunction(&handle, module, text), $"cuModuleGetFunction of '{name}'");
        return handle;
    }

    private nint Load(string text, PtxFunction function, out string log)
    {
        const int logBytes = 16 << 10;
        byte[] errors = new byte[logBytes], info = new byte[logBytes];
        bool hasLines = text.Contains(".loc ", StringComparison.Ordinal);
        fixed (byte* errorLog = errors, infoLog = info, image = CString(text))
        {
            int* names = stackalloc int[] { JitErrorLog, JitErrorLogBytes, JitInfoLog, JitInfoLogBytes, JitLogVerbose, JitLineInfo };
            void** values = stackalloc void*[]
            {
                errorLog, (void*)logBytes, infoLog, (void*)logBytes, (void*)(EngineEnvironment.Debug >= 6 ? 1 : 0), (void*)(hasLines ? 1 : 0),
            };
            nint module;
            int status = Api.ModuleLoadDataEx(&module, image, 6, names, values);
            if (context.MakesRoomAfter(status))
                status = Api.ModuleLoadDataEx(&module, image, 6, names, values);
            log = Text(info);
            if (CudaError.IsOfText(status))
                throw Refused(status, text, function, Text(errors));
            context.Check(status, $"cuModuleLoadDataEx of '{function.Name}'");
            return module;
        }
    }

    private KernelBuildException Refused(int status, string text, PtxFunction function, string log) => new(
        $"{context.Device.Id} ({context.Device.Name}, {context.Info.DriverText}) could not compile kernel '{function.Name}': " +
        $"{CudaError.Text(status)}.\nBuild log:\n{(log.Length > 0 ? log : "(none)")}\nSource:\n{Numbered(text)}\n" +
        "See docs/diagnostics.md#CTG3005", function.Name, log);

    private int ActiveGroups(nint handle, int size)
    {
        int groups;
        context.Check(Api.OccupancyMaxActiveBlocksPerMultiprocessor(&groups, handle, size, 0), "cuOccupancyMaxActiveBlocksPerMultiprocessor");
        return groups;
    }

    private int Attribute(nint handle, int attribute)
    {
        int value;
        context.Check(Api.FuncGetAttribute(&value, attribute, handle), "cuFuncGetAttribute");
        return value;
    }

    private void Report(CudaCode code, string log, TimeSpan time)
    {
        if (EngineEnvironment.Debug < 1)
            return;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{context.Device.Id}: compiled {code.Function.Name} in {time.TotalMilliseconds:F0} ms"));
        if (EngineEnvironment.Debug >= 6)
        {
            Console.Error.WriteLine($"  {code.Use.Registers} registers, {code.Use.LocalBytes} bytes of local memory, " +
                $"{code.StaticShared} of shared memory, groups of {code.BestGroupSize}, at most {code.MaxGroupSize}\n{log}");
        }
    }

    private static byte[] CString(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static string Text(byte[] log)
    {
        int end = Array.IndexOf(log, (byte)0);
        return Encoding.UTF8.GetString(log, 0, end < 0 ? log.Length : end).TrimEnd();
    }

    private static string Numbered(string source) => string.Join('\n', source.Split('\n').Select((line, i) =>
        string.Create(CultureInfo.InvariantCulture, $"{i + 1,5} {line}")));
}
