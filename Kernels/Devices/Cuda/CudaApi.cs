using System.Runtime.InteropServices;

namespace Cotangent.Kernels.Cuda;

/// <summary>The entry points of the CUDA driver that the device uses, found at run time: nothing of a toolkit is needed.</summary>
/// <remarks>Fields carry the C names without the prefix <c>cu</c>; comments give the C parameters where the types do not. Every entry
/// returns a CUresult. Handles (context, stream, event, module, function, graph) are pointers, a device is an int, a device pointer 64
/// bits. Those of <see cref="HasGraphs"/> may be absent in an old driver, all others make it unusable.</remarks>
internal sealed unsafe class CudaApi
{
    private static readonly string[] s_libraries =
        OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];

    public readonly delegate* unmanaged<uint, int> Init;
    public readonly delegate* unmanaged<int*, int> DriverGetVersion;
    public readonly delegate* unmanaged<int*, int> DeviceGetCount;
    public readonly delegate* unmanaged<int*, int, int> DeviceGet;                             // device, ordinal
    public readonly delegate* unmanaged<byte*, int, int, int> DeviceGetName;                   // name, length, device
    public readonly delegate* unmanaged<nuint*, int, int> DeviceTotalMem;
    public readonly delegate* unmanaged<int*, int, int, int> DeviceGetAttribute;               // value, attribute, device
    public readonly delegate* unmanaged<int*, int, int, int> DeviceCanAccessPeer;              // can, device, peer
    public readonly delegate* unmanaged<nint*, int, int> DevicePrimaryCtxRetain;
    public readonly delegate* unmanaged<nint, int> CtxPushCurrent;
    public readonly delegate* unmanaged<nint*, int> CtxPopCurrent;
    public readonly delegate* unmanaged<nint, uint, int> CtxEnablePeerAccess;                  // peer, flags
    public readonly delegate* unmanaged<nuint*, nuint*, int> MemGetInfo;                       // free, total
    public readonly delegate* unmanaged<nint*, nuint, int> MemAlloc;
    public readonly delegate* unmanaged<nint, int> MemFree;
    public readonly delegate* unmanaged<nint*, nuint, uint, int> MemHostAlloc;
    public readonly delegate* unmanaged<nint, int> MemFreeHost;
    public readonly delegate* unmanaged<nint, nint, nuint, nint, int> MemcpyHtoDAsync;         // to, from, bytes, stream
    public readonly delegate* unmanaged<nint, nint, nuint, nint, int> MemcpyDtoHAsync;
    public readonly delegate* unmanaged<nint, nint, nuint, nint, int> MemcpyDtoDAsync;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nuint, nint, int> MemcpyPeerAsync; // to, its context, from, its context, …
    public readonly delegate* unmanaged<nint*, uint, int> StreamCreate;
    public readonly delegate* unmanaged<nint, int> StreamSynchronize;
    public readonly delegate* unmanaged<nint, nint, uint, int> StreamWaitEvent;
    public readonly delegate* unmanaged<nint*, uint, int> EventCreate;
    public readonly delegate* unmanaged<nint, nint, int> EventRecord;                          // event, stream
    public readonly delegate* unmanaged<nint, int> EventSynchronize;
    public readonly delegate* unmanaged<nint*, void*, uint, int*, void**, int> ModuleLoadDataEx; // module, text, options, names, values
    public readonly delegate* unmanaged<nint, int> ModuleUnload;
    public readonly delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction;
    public readonly delegate* unmanaged<int*, int, nint, int> FuncGetAttribute;                // value, attribute, function
    public readonly delegate* unmanaged<nint, int, int, int> FuncSetAttribute;                 // function, attribute, value
    public readonly delegate* unmanaged<int*, nint, int, nuint, int> OccupancyMaxActiveBlocksPerMultiprocessor; // …, group, shared
    public readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> LaunchKernel;

    public readonly delegate* unmanaged<nint*, uint, int> GraphCreate;
    public readonly delegate* unmanaged<nint, int> GraphDestroy;
    public readonly delegate* unmanaged<nint*, nint, nint*, nuint, CudaKernelNode*, int> GraphAddKernelNode; // node, graph, after, count, …
    public readonly delegate* unmanaged<nint*, nint, nint*, nuint, CudaCopyNode*, nint, int> GraphAddMemcpyNode; // …, context
    public readonly delegate* unmanaged<nint*, nint, ulong, int> GraphInstantiateWithFlags;
    public readonly delegate* unmanaged<nint*, nint, nint*, byte*, nuint, int> GraphInstantiate; // before 11.4: …, node, log, its length
    public readonly delegate* unmanaged<nint, nint, int> GraphLaunch;                          // executable, stream
    public readonly delegate* unmanaged<nint, int> GraphExecDestroy;
    public readonly delegate* unmanaged<nint, nint, CudaKernelNode*, int> GraphExecKernelNodeSetParams;
    public readonly delegate* unmanaged<nint, nint, CudaCopyNode*, nint, int> GraphExecMemcpyNodeSetParams;

    /// <summary>The entry points of a driver.</summary>
    /// <param name="find">An entry by its exported name; 0 if there is none.</param>
    /// <exception cref="EntryPointNotFoundException">An entry without which nothing works is missing.</exception>
    public CudaApi(Func<string, nint> find)
    {
        nint Optional(string name) => find($"cu{name}");
        nint Entry(string name) => Optional(name) is not 0 and nint entry ? entry : throw new EntryPointNotFoundException($"cu{name}");

        Init = (delegate* unmanaged<uint, int>)Entry("Init");
        DriverGetVersion = (delegate* unmanaged<int*, int>)Entry("DriverGetVersion");
        DeviceGetCount = (delegate* unmanaged<int*, int>)Entry("DeviceGetCount");
        DeviceGet = (delegate* unmanaged<int*, int, int>)Entry("DeviceGet");
        DeviceGetName = (delegate* unmanaged<byte*, int, int, int>)Entry("DeviceGetName");
        DeviceTotalMem = (delegate* unmanaged<nuint*, int, int>)Entry("DeviceTotalMem_v2");
        DeviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)Entry("DeviceGetAttribute");
        DeviceCanAccessPeer = (delegate* unmanaged<int*, int, int, int>)Entry("DeviceCanAccessPeer");
        DevicePrimaryCtxRetain = (delegate* unmanaged<nint*, int, int>)Entry("DevicePrimaryCtxRetain");
        CtxPushCurrent = (delegate* unmanaged<nint, int>)Entry("CtxPushCurrent_v2");
        CtxPopCurrent = (delegate* unmanaged<nint*, int>)Entry("CtxPopCurrent_v2");
        CtxEnablePeerAccess = (delegate* unmanaged<nint, uint, int>)Entry("CtxEnablePeerAccess");
        MemGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)Entry("MemGetInfo_v2");
        MemAlloc = (delegate* unmanaged<nint*, nuint, int>)Entry("MemAlloc_v2");
        MemFree = (delegate* unmanaged<nint, int>)Entry("MemFree_v2");
        MemHostAlloc = (delegate* unmanaged<nint*, nuint, uint, int>)Entry("MemHostAlloc");
        MemFreeHost = (delegate* unmanaged<nint, int>)Entry("MemFreeHost");
        MemcpyHtoDAsync = (delegate* unmanaged<nint, nint, nuint, nint, int>)Entry("MemcpyHtoDAsync_v2");
        MemcpyDtoHAsync = (delegate* unmanaged<nint, nint, nuint, nint, int>)Entry("MemcpyDtoHAsync_v2");
        MemcpyDtoDAsync = (delegate* unmanaged<nint, nint, nuint, nint, int>)Entry("MemcpyDtoDAsync_v2");
        MemcpyPeerAsync = (delegate* unmanaged<nint, nint, nint, nint, nuint, nint, int>)Entry("MemcpyPeerAsync");
        StreamCreate = (delegate* unmanaged<nint*, uint, int>)Entry("StreamCreate");
        StreamSynchronize = (delegate* unmanaged<nint, int>)Entry("StreamSynchronize");
        StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)Entry("StreamWaitEvent");
        EventCreate = (delegate* unmanaged<nint*, uint, int>)Entry("EventCreate");
        EventRecord = (delegate* unmanaged<nint, nint, int>)Entry("EventRecord");
        EventSynchronize = (delegate* unmanaged<nint, int>)Entry("EventSynchronize");
        ModuleLoadDataEx = (delegate* unmanaged<nint*, void*, uint, int*, void**, int>)Entry("ModuleLoadDataEx");
        ModuleUnload = (delegate* unmanaged<nint, int>)Entry("ModuleUnload");
        ModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Entry("ModuleGetFunction");
        FuncGetAttribute = (delegate* unmanaged<int*, int, nint, int>)Entry("FuncGetAttribute");
        FuncSetAttribute = (delegate* unmanaged<nint, int, int, int>)Entry("FuncSetAttribute");
        OccupancyMaxActiveBlocksPerMultiprocessor =
            (delegate* unmanaged<int*, nint, int, nuint, int>)Entry("OccupancyMaxActiveBlocksPerMultiprocessor");
        LaunchKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)
            Entry("LaunchKernel");

        GraphCreate = (delegate* unmanaged<nint*, uint, int>)Optional("GraphCreate");
        GraphDestroy = (delegate* unmanaged<nint, int>)Optional("GraphDestroy");
        GraphAddKernelNode = (delegate* unmanaged<nint*, nint, nint*, nuint, CudaKernelNode*, int>)Optional("GraphAddKernelNode");
        GraphAddMemcpyNode = (delegate* unmanaged<nint*, nint, nint*, nuint, CudaCopyNode*, nint, int>)Optional("GraphAddMemcpyNode");
        GraphInstantiateWithFlags = (delegate* unmanaged<nint*, nint, ulong, int>)Optional("GraphInstantiateWithFlags");
        GraphInstantiate = (delegate* unmanaged<nint*, nint, nint*, byte*, nuint, int>)Optional("GraphInstantiate_v2");
        GraphLaunch = (delegate* unmanaged<nint, nint, int>)Optional("GraphLaunch");
        GraphExecDestroy = (delegate* unmanaged<nint, int>)Optional("GraphExecDestroy");
        GraphExecKernelNodeSetParams =
            (delegate* unmanaged<nint, nint, CudaKernelNode*, int>)Optional("GraphExecKernelNodeSetParams");
        GraphExecMemcpyNodeSetParams =
            (delegate* unmanaged<nint, nint, CudaCopyNode*, nint, int>)Optional("GraphExecMemcpyNodeSetParams");
    }

    /// <summary>True if the driver has graphs whose nodes can be given new arguments: since CUDA 11.0.</summary>
    public bool HasGraphs => GraphCreate != null && GraphDestroy != null && GraphAddKernelNode != null && GraphAddMemcpyNode != null
        && (GraphInstantiateWithFlags != null || GraphInstantiate != null) && GraphLaunch != null && GraphExecDestroy != null
        && GraphExecKernelNodeSetParams != null && GraphExecMemcpyNodeSetParams != null;

    /// <summary>The driver installed here; null, with the reason, where there is none that can be used.</summary>
    public static CudaApi? TryLoad(out string reason)
    {
        reason = $"No NVIDIA driver is installed ({string.Join(", ", s_libraries)} is not found).";
        foreach (string name in s_libraries)
        {
            if (!NativeLibrary.TryLoad(name, out nint library))
                continue;

            try
            {
                return new CudaApi(entry => NativeLibrary.TryGetExport(library, entry, out nint address) ? address : 0);
            }
            catch (EntryPointNotFoundException missing)
            {
                reason = $"The NVIDIA driver in {name} is too old: it lacks {missing.Message}.";
                NativeLibrary.Free(library);
            }
        }

        return null;
    }
}

/// <summary>CUDA_KERNEL_NODE_PARAMS of the entry points without a version suffix.</summary>
internal unsafe struct CudaKernelNode
{
    public nint Function;
    public uint GridX, GridY, GridZ, GroupX, GroupY, GroupZ, SharedBytes;
    public void** Arguments;
    public void** Extra;
}

/// <summary>CUDA_MEMCPY3D, for copies of one row between device memory.</summary>
internal struct CudaCopyNode
{
    public Side From, To;
    public nuint Width, Height, Depth;

    /// <summary>Where a copy begins or ends.</summary>
    internal struct Side
    {
        public nuint X, Y, Z, Level;
        public int MemoryType;
        public nint Host, Device, Array, Reserved;
        public nuint Pitch, Rows;

        /// <summary>Device memory.</summary>
        public static Side At(nint address) => new() { MemoryType = 2, Device = address };
    }
}
