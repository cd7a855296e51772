using System.Text;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels.OpenCl;

/// <summary>What the driver says about one device.</summary>
internal sealed record OpenClInfo
{
    private const int DeviceType = 0x1000;
    private const int MaxWorkGroupSize = 0x1004;
    private const int MaxWorkItemSizes = 0x1005;
    private const int MaxMemAllocSize = 0x1010;
    private const int SingleFpConfig = 0x101B;
    private const int GlobalMemSize = 0x101F;
    private const int LocalMemSize = 0x1023;
    private const int Available = 0x1027;
    private const int CompilerAvailable = 0x1028;
    private const int DeviceName = 0x102B;
    private const int DriverVersion = 0x102D;
    private const int DeviceVersion = 0x102F;
    private const int Extensions = 0x1030;

    private const ulong TypeGpu = 4;
    private const ulong CorrectlyRoundedDivideSqrt = 1 << 7;

    public required nint Device { get; init; }

    public required string Name { get; init; }

    /// <summary>Driver and device versions, for cache keys.</summary>
    public required string Version { get; init; }

    public required bool IsGpu { get; init; }

    public required int MaxGroupSize { get; init; }

    public required Index3D MaxGroup { get; init; }

    public required long MaxAllocation { get; init; }

    public required long GlobalMemory { get; init; }

    public required long LocalMemory { get; init; }

    public required OpenClTraits Traits { get; init; }

    /// <summary>Every usable device of every platform, GPUs first. A driver that fails while it is asked counts as
    /// absent.</summary>
    public static unsafe List<OpenClInfo> FindAll(OpenClApi api)
    {
        const ulong allTypes = 0xFFFFFFFF;
        List<OpenClInfo> found = [];
        foreach (nint platform in Handles((count, list, actual) =>
            api.GetPlatformIDs(count, (nint*)list, (uint*)actual)))
        {
            foreach (nint device in Handles((count, list, actual) =>
                api.GetDeviceIDs(platform, allTypes, count, (nint*)list, (uint*)actual)))
            {
                if (TryAsk(api, device) is { } info)
                    found.Add(info);
            }
        }

        return [.. found.OrderByDescending(info => info.IsGpu)];
    }

    private static unsafe nint[] Handles(Func<uint, nint, nint, int> ask)
    {
        uint count = 0;
        if (ask(0, 0, (nint)(&count)) != OpenClError.Success || count == 0)
            return [];

        nint[] handles = new nint[count];
        fixed (nint* list = handles)
        {
            return ask(count, (nint)list, 0) == OpenClError.Success ? handles : [];
        }
    }

    private static OpenClInfo? TryAsk(OpenClApi api, nint device)
    {
        try
        {
            bool usable = Number(api, device, Available) != 0 && Number(api, device, CompilerAvailable) != 0
                && IsRecent(Text(api, device, DeviceVersion));
            return usable ? Ask(api, device) : null;
        }
        catch (DeviceException)
        {
            return null;        // a driver that cannot even describe its device: as good as absent
        }
    }

    // "OpenCL <major>.<minor> …"
    private static bool IsRecent(string version) => version.Split(' ') is [_, string number, ..]
        && System.Version.TryParse(number, out Version? parsed) && parsed >= new Version(1, 2);

    private static unsafe OpenClInfo Ask(OpenClApi api, nint device)
    {
        string[] extensions = Text(api, device, Extensions).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isGpu = (Number(api, device, DeviceType) & TypeGpu) != 0;
        nuint* sizes = stackalloc nuint[16];
        OpenClError.Check(
            api.GetDeviceInfo(device, MaxWorkItemSizes, (nuint)(16 * sizeof(nuint)), sizes, null), "clGetDeviceInfo");

        return new OpenClInfo
        {
            Device = device,
            Name = Text(api, device, DeviceName),
            Version = $"{Text(api, device, DeviceVersion)} {Text(api, device, DriverVersion)}",
            IsGpu = isGpu,
            MaxGroupSize = (int)Number(api, device, MaxWorkGroupSize),
            MaxGroup = new Index3D((int)sizes[0], (int)sizes[1], (int)sizes[2]),
            MaxAllocation = (long)Number(api, device, MaxMemAllocSize),
            GlobalMemory = (long)Number(api, device, GlobalMemSize),
            LocalMemory = (long)Number(api, device, LocalMemSize),
            Traits = new OpenClTraits(
                Float64: extensions.Contains("cl_khr_fp64"),
                CorrectDivideSqrt: (Number(api, device, SingleFpConfig) & CorrectlyRoundedDivideSqrt) != 0,
                Int64Atomics: extensions.Contains("cl_khr_int64_base_atomics"),
                SerialGroups: !isGpu,
                ExtendedInt64Atomics: extensions.Contains("cl_khr_int64_extended_atomics")),
        };
    }

    // Little-endian: a value narrower than 8 bytes fills the low ones.
    private static unsafe ulong Number(OpenClApi api, nint device, uint name)
    {
        ulong value = 0;
        OpenClError.Check(api.GetDeviceInfo(device, name, sizeof(ulong), &value, null), "clGetDeviceInfo");
        return value;
    }

    private static unsafe string Text(OpenClApi api, nint device, uint name)
    {
        nuint size = 0;
        OpenClError.Check(api.GetDeviceInfo(device, name, 0, null, &size), "clGetDeviceInfo");
        byte[] text = new byte[size];
        fixed (byte* p = text)
        {
            OpenClError.Check(api.GetDeviceInfo(device, name, size, p, null), "clGetDeviceInfo");
        }

        return Encoding.UTF8.GetString(text).TrimEnd('\0', ' ');
    }
}
