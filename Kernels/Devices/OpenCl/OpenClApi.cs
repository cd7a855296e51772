using System.Runtime.InteropServices;

namespace Cotangent.Kernels.OpenCl;

/// <summary>The OpenCL 1.2 entry points the device uses, found at run time in the installable-client-driver
/// loader.</summary>
/// <remarks>Only the loader's run-time name is needed (<c>libOpenCL.so.1</c>), not the development link. Fields carry
/// the C names without the prefix <c>cl</c>; every function that returns a status is checked by the caller through
/// <see cref="OpenClError"/>.</remarks>
internal sealed unsafe class OpenClApi
{
    private static readonly string[] s_libraries =
    [
        "libOpenCL.so.1", "libOpenCL.so", "OpenCL.dll", "/System/Library/Frameworks/OpenCL.framework/OpenCL",
    ];

    public readonly delegate* unmanaged<uint, nint*, uint*, int> GetPlatformIDs;
    public readonly delegate* unmanaged<nint, ulong, uint, nint*, uint*, int> GetDeviceIDs;
    public readonly delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetDeviceInfo;
    public readonly delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint> CreateContext;
    public readonly delegate* unmanaged<nint, nint, ulong, int*, nint> CreateCommandQueue;
    public readonly delegate* unmanaged<nint, ulong, nuint, void*, int*, nint> CreateBuffer;
    public readonly delegate* unmanaged<nint, int> ReleaseMemObject;
    public readonly delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint> CreateProgramWithSource;
    public readonly delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint> CreateProgramWithBinary;
    public readonly delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetProgramInfo;
    public readonly delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int> BuildProgram;
    public readonly delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> GetProgramBuildInfo;
    public readonly delegate* unmanaged<nint, int> ReleaseProgram;
    public readonly delegate* unmanaged<nint, byte*, int*, nint> CreateKernel;
    public readonly delegate* unmanaged<nint, uint, nuint, void*, int> SetKernelArg;
    public readonly delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> GetKernelWorkGroupInfo;
    public readonly delegate* unmanaged<nint, int> ReleaseKernel;
    public readonly delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>
        EnqueueNDRangeKernel;
    public readonly delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>
        EnqueueWriteBuffer;
    public readonly delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>
        EnqueueReadBuffer;
    public readonly delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int>
        EnqueueCopyBuffer;
    public readonly delegate* unmanaged<nint, int> Flush;
    public readonly delegate* unmanaged<nint, int> Finish;

    private OpenClApi(nint library)
    {
        nint Entry(string name) => NativeLibrary.GetExport(library, $"cl{name}");

        GetPlatformIDs = (delegate* unmanaged<uint, nint*, uint*, int>)Entry(nameof(GetPlatformIDs));
        GetDeviceIDs = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)Entry(nameof(GetDeviceIDs));
        GetDeviceInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Entry(nameof(GetDeviceInfo));
        CreateContext = (delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint>)Entry(nameof(CreateContext));
        CreateCommandQueue = (delegate* unmanaged<nint, nint, ulong, int*, nint>)Entry(nameof(CreateCommandQueue));
        CreateBuffer = (delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)Entry(nameof(CreateBuffer));
        ReleaseMemObject = (delegate* unmanaged<nint, int>)Entry(nameof(ReleaseMemObject));
        CreateProgramWithSource =
            (delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint>)Entry(nameof(CreateProgramWithSource));
        CreateProgramWithBinary = (delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint>)
            Entry(nameof(CreateProgramWithBinary));
        GetProgramInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Entry(nameof(GetProgramInfo));
        BuildProgram = (delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int>)Entry(nameof(BuildProgram));
        GetProgramBuildInfo =
            (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Entry(nameof(GetProgramBuildInfo));
        ReleaseProgram = (delegate* unmanaged<nint, int>)Entry(nameof(ReleaseProgram));
        CreateKernel = (delegate* unmanaged<nint, byte*, int*, nint>)Entry(nameof(CreateKernel));
        SetKernelArg = (delegate* unmanaged<nint, uint, nuint, void*, int>)Entry(nameof(SetKernelArg));
        GetKernelWorkGroupInfo =
            (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Entry(nameof(GetKernelWorkGroupInfo));
        ReleaseKernel = (delegate* unmanaged<nint, int>)Entry(nameof(ReleaseKernel));
        EnqueueNDRangeKernel = (delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>)
            Entry(nameof(EnqueueNDRangeKernel));
        EnqueueWriteBuffer = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)
            Entry(nameof(EnqueueWriteBuffer));
        EnqueueReadBuffer = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)
            Entry(nameof(EnqueueReadBuffer));
        EnqueueCopyBuffer = (delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int>)
            Entry(nameof(EnqueueCopyBuffer));
        Flush = (delegate* unmanaged<nint, int>)Entry(nameof(Flush));
        Finish = (delegate* unmanaged<nint, int>)Entry(nameof(Finish));
    }

    /// <summary>The loader's entry points; null where no OpenCL (1.2 or later) is installed.</summary>
    public static OpenClApi? TryLoad()
    {
        foreach (string name in s_libraries)
        {
            if (!NativeLibrary.TryLoad(name, out nint library))
                continue;

            try
            {
                return new OpenClApi(library);
            }
            catch (EntryPointNotFoundException)
            {
                NativeLibrary.Free(library);        // older than 1.2, or not OpenCL at all: the same as absent
            }
        }

        return null;
    }
}
