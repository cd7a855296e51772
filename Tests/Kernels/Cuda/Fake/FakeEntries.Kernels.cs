using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

// Modules, functions, launches and graphs.
internal static unsafe partial class FakeEntries
{
    [UnmanagedCallersOnly]
    private static int cuModuleLoadDataEx(nint* module, void* image, uint count, int* options, void** values) =>
        FakeDriver.Run(nameof(cuModuleLoadDataEx), () =>
        {
            string text = Marshal.PtrToStringUTF8((nint)image)!;
            FakeGpu gpu = FakeDriver.Current.Gpu;
            if (gpu.Driver.CompilerError is { } error)
            {
                Log(5, error);
                throw new FakeFault(218, null);
            }

            int target = int.Parse(text.AsSpan(text.IndexOf("sm_", StringComparison.Ordinal) + 3, 2), CultureInfo.InvariantCulture);
            if (!text.StartsWith(".version ", StringComparison.Ordinal) || target > gpu.Capability)
                throw new FakeFault(209, $"text for sm_{target} was given to sm_{gpu.Capability}");
            Log(3, $"ptxas info: {text.Length} characters");
            *module = FakeDriver.Add(new FakeModule(FakeDriver.Current, text));

            // CU_JIT_…_LOG_BUFFER is followed by its size's option.
            void Log(int option, string message)
            {
                ReadOnlySpan<int> names = new(options, (int)count);
                (int buffer, int size) = (names.IndexOf(option), names.IndexOf(option + 1));
                Encoding.UTF8.GetBytes(message + '\0').CopyTo(new Span<byte>(values[buffer], (int)values[size]));
            }
        });

    [UnmanagedCallersOnly]
    private static int cuModuleUnload(nint module) =>
        FakeDriver.Run(nameof(cuModuleUnload), () => FakeDriver.Remove<FakeModule>(module).IsUnloaded = true);

    [UnmanagedCallersOnly]
    private static int cuModuleGetFunction(nint* function, nint module, byte* name) => FakeDriver.Run(nameof(cuModuleGetFunction), () =>
    {
        FakeModule from = FakeDriver.Get<FakeModule>(module);
        string entry = Marshal.PtrToStringUTF8((nint)name)!;
        if (!from.Text.Contains($".entry {entry}(", StringComparison.Ordinal))
            throw new FakeFault(500, $"the module has no {entry}");
        *function = FakeDriver.Add(new FakeFunction(from, entry));
    });

    [UnmanagedCallersOnly]
    private static int cuFuncGetAttribute(int* value, int attribute, nint function) => FakeDriver.Run(nameof(cuFuncGetAttribute), () =>
    {
        FakeFunction of = FakeDriver.Get<FakeFunction>(function);
        *value = attribute switch
        {
            0 => of.Module.Text.Contains(".maxntid", StringComparison.Ordinal)
                ? of.Module.Context.Gpu.MaxGroupSize
                : of.Module.Context.Gpu.MaxGroupSizeUnasked ?? of.Module.Context.Gpu.MaxGroupSize,
            1 => of.Entry.SharedBytes,
            3 => of.Entry.LocalBytes,
            4 => of.Entry.Registers.Count,
            _ => throw new FakeFault(1, $"attribute {attribute}"),
        };
    });

    [UnmanagedCallersOnly]
    private static int cuFuncSetAttribute(nint function, int attribute, int value) => FakeDriver.Run(nameof(cuFuncSetAttribute), () =>
    {
        FakeFunction of = FakeDriver.Get<FakeFunction>(function);
        if (attribute != 8 || value + of.Entry.SharedBytes > of.Module.Context.Gpu.SharedMemoryOptIn)
            throw new FakeFault(1, $"attribute {attribute} of {of.Name} cannot be {value}");
        of.MaxDynamicShared = value;
    });

    // Registers bound the items of a multiprocessor: small groups fit best in a program of small launches.
    [UnmanagedCallersOnly]
    private static int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* groups, nint function, int size, nuint shared) =>
        FakeDriver.Run(nameof(cuOccupancyMaxActiveBlocksPerMultiprocessor), () =>
        {
            _ = FakeDriver.Get<FakeFunction>(function);
            *groups = size == 64 ? 32 : 1024 / size;
        });

    [UnmanagedCallersOnly]
    private static int cuLaunchKernel(nint function, uint gridX, uint gridY, uint gridZ, uint groupX, uint groupY, uint groupZ,
        uint shared, nint stream, void** arguments, void** extra) => FakeDriver.Run(nameof(cuLaunchKernel), () =>
        {
            CudaKernelNode launch = new()
            {
                Function = function,
                GridX = gridX,
                GridY = gridY,
                GridZ = gridZ,
                GroupX = groupX,
                GroupY = groupY,
                GroupZ = groupZ,
                SharedBytes = shared,
                Arguments = arguments,
                Extra = extra,
            };
            FakeWork work = Work(launch);
            FakeStream to = Stream(stream);
            to.Add(() => work.Run(to.Context));
        });

    [UnmanagedCallersOnly]
    private static int cuGraphCreate(nint* graph, uint flags) =>
        FakeDriver.Run(nameof(cuGraphCreate), () => *graph = FakeDriver.Add(new FakeGraph()));

    [UnmanagedCallersOnly]
    private static int cuGraphDestroy(nint graph) =>
        FakeDriver.Run(nameof(cuGraphDestroy), () => FakeDriver.Remove<FakeGraph>(graph).IsDestroyed = true);

    [UnmanagedCallersOnly]
    private static int cuGraphAddKernelNode(nint* node, nint graph, nint* after, nuint count, CudaKernelNode* launch) =>
        FakeDriver.Run(nameof(cuGraphAddKernelNode), () => *node = AddNode(graph, after, count, Work(*launch)));

    [UnmanagedCallersOnly]
    private static int cuGraphAddMemcpyNode(nint* node, nint graph, nint* after, nuint count, CudaCopyNode* copy, nint context) =>
        FakeDriver.Run(nameof(cuGraphAddMemcpyNode), () => *node = AddNode(graph, after, count, Work(*copy, context)));

    [UnmanagedCallersOnly]
    private static int cuGraphInstantiateWithFlags(nint* executable, nint graph, ulong flags) => FakeDriver.Run(
        nameof(cuGraphInstantiateWithFlags), () => *executable = FakeDriver.Add(new FakeExecutable(FakeDriver.Get<FakeGraph>(graph))));

    [UnmanagedCallersOnly]
    private static int cuGraphInstantiate_v2(nint* executable, nint graph, nint* node, byte* log, nuint length) => FakeDriver.Run(
        nameof(cuGraphInstantiate_v2), () => *executable = FakeDriver.Add(new FakeExecutable(FakeDriver.Get<FakeGraph>(graph))));

    [UnmanagedCallersOnly]
    private static int cuGraphLaunch(nint executable, nint stream) => FakeDriver.Run(nameof(cuGraphLaunch), () =>
    {
        FakeStream to = Stream(stream);
        FakeWork[] order = FakeDriver.Get<FakeExecutable>(executable).Order();
        to.Add(() => Array.ForEach(order, w => w.Run(to.Context)));
    });

    [UnmanagedCallersOnly]
    private static int cuGraphExecDestroy(nint executable) =>
        FakeDriver.Run(nameof(cuGraphExecDestroy), () => FakeDriver.Remove<FakeExecutable>(executable));

    [UnmanagedCallersOnly]
    private static int cuGraphExecKernelNodeSetParams(nint executable, nint node, CudaKernelNode* launch) =>
        FakeDriver.Run(nameof(cuGraphExecKernelNodeSetParams), () => Change(executable, node, Work(*launch)));

    [UnmanagedCallersOnly]
    private static int cuGraphExecMemcpyNodeSetParams(nint executable, nint node, CudaCopyNode* copy, nint context) =>
        FakeDriver.Run(nameof(cuGraphExecMemcpyNodeSetParams), () => Change(executable, node, Work(*copy, context)));

    private static nint AddNode(nint graph, nint* after, nuint count, FakeWork work)
    {
        FakeGraph to = FakeDriver.Get<FakeGraph>(graph);
        FakeNode[] earlier = new FakeNode[count];
        for (int i = 0; i < earlier.Length; i++)
            earlier[i] = FakeDriver.Get<FakeNode>(after[i]);
        if (earlier.Any(n => n.Graph != to))
            throw new FakeFault(1, "a node comes after one of another graph");
        FakeNode node = new(to, earlier) { Work = work };
        to.Nodes.Add(node);
        return FakeDriver.Add(node);
    }

    private static void Change(nint executable, nint node, FakeWork work)
    {
        FakeExecutable of = FakeDriver.Get<FakeExecutable>(executable);
        FakeNode changed = FakeDriver.Get<FakeNode>(node);
        if (changed.Graph != of.Graph || of.Graph.IsDestroyed || of.Work[changed].Function != work.Function)
            throw new FakeFault(1, "the node is of another graph, or of another kind");
        of.Work[changed] = work;
    }

    private static FakeWork Work(CudaKernelNode launch)
    {
        FakeFunction function = FakeDriver.Get<FakeFunction>(launch.Function);
        function.Module.Context.RequireSame(FakeDriver.Current);
        if (launch.Extra != null)
            throw new FakeFault(1, "extra is not used here");
        CudaLaunch shape = new(new Index3D((int)launch.GridX, (int)launch.GridY, (int)launch.GridZ),
            new Index3D((int)launch.GroupX, (int)launch.GroupY, (int)launch.GroupZ), (int)launch.SharedBytes);
        return new FakeWork(function, shape, function.Check(shape, launch.Arguments));
    }

    private static FakeWork Work(CudaCopyNode copy, nint context)
    {
        FakeDriver.Get<FakeContext>(context).RequireSame(FakeDriver.Current);
        if (copy is not { From: { MemoryType: 2, X: 0, Y: 0, Z: 0 }, To: { MemoryType: 2, X: 0, Y: 0, Z: 0 }, Height: 1, Depth: 1, Width: > 0 })
            throw new FakeFault(1, "only rows of device memory are copied");
        FakeDriver.Current.CheckDevice(copy.From.Device, copy.Width);
        FakeDriver.Current.CheckDevice(copy.To.Device, copy.Width);
        return new FakeWork(null, default, [(ulong)copy.To.Device, (ulong)copy.From.Device, copy.Width]);
    }
}
