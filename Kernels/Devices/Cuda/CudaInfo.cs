using System.Text;

namespace Cotangent.Kernels.Cuda;

/// <summary>What the driver says about one GPU. There is no table of GPUs: everything follows from this.</summary>
internal sealed unsafe record CudaInfo
{
    private const int MaxThreadsPerBlock = 1;
    private const int MaxBlockDimX = 2;
    private const int MaxBlockDimY = 3;
    private const int MaxBlockDimZ = 4;
    private const int MaxGridDimX = 5;
    private const int MaxGridDimY = 6;
    private const int MaxGridDimZ = 7;
    private const int MaxSharedMemoryPerBlock = 8;
    private const int MultiprocessorCount = 16;
    private const int ComputeMode = 20;
    private const int CapabilityMajor = 75;
    private const int CapabilityMinor = 76;
    private const int MaxSharedMemoryPerBlockOptIn = 97;

    private const int Prohibited = 2;
    private const int LeastCapability = 70;

    /// <summary>The CUdevice.</summary>
    public required int Device { get; init; }

    public required string Name { get; init; }

    /// <summary>The compute capability, ten times: 80 for 8.0.</summary>
    public required int Capability { get; init; }

    /// <summary>The CUDA version of the driver: 12040 for 12.4.</summary>
    public required int DriverVersion { get; init; }

    public required long Memory { get; init; }

    public required int Multiprocessors { get; init; }

    /// <summary>Items of a group, at most.</summary>
    public required int MaxGroupSize { get; init; }

    public required Index3D MaxGroup { get; init; }

    public required Index3D MaxGrid { get; init; }

    /// <summary>Shared memory that every kernel may have.</summary>
    public required int SharedMemory { get; init; }

    /// <summary>Shared memory that a kernel may have if it asks for it.</summary>
    public required int SharedMemoryOptIn { get; init; }

    /// <summary>Every usable GPU, in the driver's order.</summary>
    /// <param name="api">The driver, not yet initialised.</param>
    /// <param name="reason">Why there is none; if some are left out, why the last one was.</param>
    public static List<CudaInfo> FindAll(CudaApi api, out string reason)
    {
        reason = "The NVIDIA driver reports no GPU.";
        int status = api.Init(0);
        int count = 0, version = 0;
        if (status == CudaError.Success)
            status = api.DeviceGetCount(&count);
        if (status == CudaError.Success)
            status = api.DriverGetVersion(&version);
        if (status != CudaError.Success)
        {
            reason = $"The NVIDIA driver does not start: {CudaError.Text(status)}.";
            return [];
        }

        List<CudaInfo> found = [];
        for (int ordinal = 0; ordinal < count; ordinal++)
        {
            try
            {
                CudaInfo info = Ask(api, ordinal, version);
                if (Number(api, info.Device, ComputeMode) == Prohibited)
                    reason = $"{info.Name} is set to take no programs (compute mode 'prohibited').";
                else if (info.Capability < LeastCapability)
                    reason = $"{info.Name} has compute capability {info.Capability / 10}.{info.Capability % 10}; 7.0 is the least.";
                else
                    found.Add(info);
            }
            catch (DeviceException fault)
            {
                reason = fault.Message;     // a GPU that cannot even be described is as good as absent
            }
        }

        return found;
    }

    /// <summary>"12.4" for 12040.</summary>
    public string DriverText => $"CUDA {DriverVersion / 1000}.{DriverVersion % 1000 / 10}";

    private static CudaInfo Ask(CudaApi api, int ordinal, int version)
    {
        int device;
        Check(api.DeviceGet(&device, ordinal), "cuDeviceGet");
        nuint memory;
        Check(api.DeviceTotalMem(&memory, device), "cuDeviceTotalMem");
        int shared = Number(api, device, MaxSharedMemoryPerBlock);
        return new CudaInfo
        {
            Device = device,
            Name = NameOf(api, device),
            Capability = 10 * Number(api, device, CapabilityMajor) + Number(api, device, CapabilityMinor),
            DriverVersion = version,
            Memory = (long)memory,
            Multiprocessors = Number(api, device, MultiprocessorCount),
            MaxGroupSize = Number(api, device, MaxThreadsPerBlock),
            MaxGroup = new Index3D(Number(api, device, MaxBlockDimX), Number(api, device, MaxBlockDimY), Number(api, device, MaxBlockDimZ)),
            MaxGrid = new Index3D(Number(api, device, MaxGridDimX), Number(api, device, MaxGridDimY), Number(api, device, MaxGridDimZ)),
            SharedMemory = shared,
            SharedMemoryOptIn = Math.Max(shared, Number(api, device, MaxSharedMemoryPerBlockOptIn)),
        };
    }

    private static string NameOf(CudaApi api, int device)
    {
        const int length = 256;
        byte* name = stackalloc byte[length];
        Check(api.DeviceGetName(name, length, device), "cuDeviceGetName");
        ReadOnlySpan<byte> text = new(name, length);
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]).Trim();
    }

    private static int Number(CudaApi api, int device, int attribute)
    {
        int value;
        Check(api.DeviceGetAttribute(&value, attribute, device), "cuDeviceGetAttribute");
        return value;
    }

    private static void Check(int status, string call)
    {
        if (status != CudaError.Success)
            throw new DeviceException("CTG3004", $"{call} failed with {CudaError.Text(status)}. See docs/diagnostics.md#CTG3004");
    }
}
