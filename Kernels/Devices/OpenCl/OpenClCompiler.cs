using System.Diagnostics;
using System.Globalization;
using System.Text;
using Cotangent.Kernels.Passes;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels.OpenCl;

/// <summary>Translates kernels and builds programs, many kernels at a time: a driver's build costs about the same
/// whatever its size.</summary>
internal sealed unsafe class OpenClCompiler(
    OpenClDevice device, OpenClApi api, nint context, OpenClInfo info, Func<Ir.Kernel, Ir.Kernel> lower, DiskCache? cache)
{
    private const int ProgramBinarySizes = 0x1165;
    private const int ProgramBinaries = 0x1166;
    private const int ProgramBuildLog = 0x1183;
    private const int KernelWorkGroupSize = 0x11B0;
    private const int KeptCodes = 4096;

    private readonly Lock _lock = new();

    // Code is found again by name, which has a hash of the text. Weakly, so that kernels nobody holds go; the queue
    // keeps the latest.
    private readonly Dictionary<string, WeakReference<OpenClCode>> _codes = [];
    private readonly Queue<OpenClCode> _recent = new();

    /// <summary>Programs built from source, and taken from the disk.</summary>
    public (int Built, int Loaded) Programs { get; private set; }

    /// <summary>Build options: rounding as IEEE says where the driver can.</summary>
    private static string OptionsFor(OpenClInfo info) => info.Traits.CorrectDivideSqrt
        ? "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt"
        : "-cl-std=CL1.2";

    /// <summary>Everything a program's binary depends on.</summary>
    public static string KeyOf(OpenClInfo info, string source) =>
        $"opencl\0{info.Name}\0{info.Version}\0{OptionsFor(info)}\0{source}";

    /// <summary>Compiles all kernels; those whose text is not known yet go into one program.</summary>
    public OpenClKernel[] Compile(IReadOnlyList<Ir.Kernel> kernels)
    {
        Ir.Kernel[] lowered = [.. kernels.Select(k => lower(TargetTraits.Resolve(k, info.Traits.SerialGroups)))];
        OpenClFunction[] functions = [.. lowered.Select(k => OpenClFunction.Translate(k, info.Traits))];
        lock (_lock)
        {
            Dictionary<string, OpenClCode> codes = [];
            List<OpenClFunction> missing = [];
            foreach (OpenClFunction function in functions.DistinctBy(f => f.Name))
            {
                if (_codes.GetValueOrDefault(function.Name) is { } known && known.TryGetTarget(out OpenClCode? code))
                    codes.Add(function.Name, code);
                else
                    missing.Add(function);
            }

            if (missing.Count > 0)
            {
                foreach (OpenClCode code in Build(missing))
                    codes.Add(code.Function.Name, Remember(code));
            }

            return [.. kernels.Select((kernel, i) => new OpenClKernel(device, kernel, lowered[i], codes[functions[i].Name]))];
        }
    }

    private OpenClCode Remember(OpenClCode code)
    {
        _codes[code.Function.Name] = new WeakReference<OpenClCode>(code);
        _recent.Enqueue(code);
        if (_recent.Count > KeptCodes)
            _recent.Dequeue();

        if (_codes.Count > 2 * KeptCodes)
        {
            foreach ((string name, WeakReference<OpenClCode> reference) in _codes)
            {
                if (!reference.TryGetTarget(out _))
                    _codes.Remove(name);        // a dictionary may lose entries while it is enumerated
            }
        }

        return code;
    }

    private List<OpenClCode> Build(List<OpenClFunction> functions)
    {
        long start = Stopwatch.GetTimestamp();
        string source = OpenClFunction.Program(functions, info.Traits);
        if (EngineEnvironment.Debug >= 4)
            Console.Error.WriteLine(source);

        nint program = Load(source, out bool isCached);
        List<OpenClCode> codes = [];
        foreach (OpenClFunction function in functions)
            codes.Add(CreateCode(program, function));

        OpenClError.Check(api.ReleaseProgram(program), "clReleaseProgram");      // its kernels keep it
        if (EngineEnvironment.Debug >= 1)
        {
            double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{device.Id}: {(isCached ? "loaded" : "built")} {functions.Count} kernels in {ms:F0} ms"));
        }

        return codes;
    }

    /// <summary>The program of a source, from the disk if this driver has built it for this device before.</summary>
    private nint Load(string source, out bool isCached)
    {
        string key = KeyOf(info, source);
        nint program = cache?.TryRead(key) is { } binary ? FromBinary(binary) : 0;
        isCached = program != 0;
        if (isCached)
        {
            Programs = Programs with { Loaded = Programs.Loaded + 1 };
            return program;
        }

        program = BuildSource(source);
        Programs = Programs with { Built = Programs.Built + 1 };
        if (cache is not null && Binary(program) is { } built)
            cache.Write(key, built);
        return program;
    }

    /// <summary>A program from its binary; 0 if the driver does not take it any more.</summary>
    private nint FromBinary(byte[] binary)
    {
        nint target = info.Device;
        nuint length = (nuint)binary.Length;
        nint program;
        int accepted, status;
        fixed (byte* p = binary)
        {
            byte* start = p;
            program = api.CreateProgramWithBinary(context, 1, &target, &length, &start, &accepted, &status);
        }

        if (status != OpenClError.Success)
            return 0;
        if (accepted == OpenClError.Success && BuildProgram(program) == OpenClError.Success)
            return program;
        _ = api.ReleaseProgram(program);
        return 0;
    }

    /// <summary>What the driver made of a program for this device; null if it does not say.</summary>
    private byte[]? Binary(nint program)
    {
        nuint size = 0;
        if (api.GetProgramInfo(program, ProgramBinarySizes, (nuint)sizeof(nuint), &size, null) != OpenClError.Success || size == 0)
            return null;
        byte[] binary = new byte[size];
        fixed (byte* p = binary)
        {
            byte* start = p;
            return api.GetProgramInfo(program, ProgramBinaries, (nuint)sizeof(nint), &start, null) == OpenClError.Success
                ? binary
                : null;
        }
    }

    private nint BuildSource(string source)
    {
        byte[] text = Encoding.UTF8.GetBytes(source);
        nint program;
        int status;
        fixed (byte* p = text)
        {
            byte* start = p;
            nuint length = (nuint)text.Length;
            program = api.CreateProgramWithSource(context, 1, &start, &length, &status);
        }

        OpenClError.Check(status, "clCreateProgramWithSource");
        status = BuildProgram(program);
        if (status == OpenClError.Success)
            return program;

        DeviceException failure = new("CTG3005",
            $"{device.Id} ({device.Name}) could not build a program: {OpenClError.Name(status)} ({status}).\n" +
            $"Build log:\n{BuildLog(program)}\nSource:\n{Numbered(source)}\nSee docs/diagnostics.md#CTG3005");
        _ = api.ReleaseProgram(program);
        throw failure;
    }

    private int BuildProgram(nint program)
    {
        nint target = info.Device;
        fixed (byte* options = CString(OptionsFor(info)))
        {
            return api.BuildProgram(program, 1, &target, options, 0, 0);
        }
    }

    private string BuildLog(nint program)
    {
        nuint size = 0;
        if (api.GetProgramBuildInfo(program, info.Device, ProgramBuildLog, 0, null, &size) != OpenClError.Success)
            return "(none)";

        byte[] log = new byte[size];
        fixed (byte* p = log)
        {
            return api.GetProgramBuildInfo(program, info.Device, ProgramBuildLog, size, p, null) == OpenClError.Success
                ? Encoding.UTF8.GetString(log).TrimEnd('\0', '\n')
                : "(none)";
        }
    }

    private OpenClCode CreateCode(nint program, OpenClFunction function)
    {
        nint handle;
        int status;
        fixed (byte* name = CString(function.Name))
        {
            handle = api.CreateKernel(program, name, &status);
        }

        OpenClError.Check(status, "clCreateKernel");
        nuint size = 0;
        status = api.GetKernelWorkGroupInfo(
            handle, info.Device, KernelWorkGroupSize, (nuint)sizeof(nuint), &size, null);
        OpenClError.Check(status, "clGetKernelWorkGroupInfo");
        return new OpenClCode(api, handle, (int)Math.Min(size, (nuint)info.MaxGroupSize), function);
    }

    private static byte[] CString(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static string Numbered(string source) => string.Join('\n', source.Split('\n').Select((line, i) =>
        string.Create(CultureInfo.InvariantCulture, $"{i + 1,5} {line}")));
}
