using System.Runtime.InteropServices;
using Cotangent.Kernels.Cuda;
using Cotangent.Tests.Kernels.Ptx;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>An entry of a module.</summary>
internal sealed class FakeFunction
{
    private readonly Lazy<PtxExecutor> _executor;

    public FakeFunction(FakeModule module, string name)
    {
        (Module, Name, Entry) = (module, name, PtxEntry.Parse(module.Text, name));
        MaxDynamicShared = module.Context.Gpu.SharedMemory - Entry.SharedBytes;
        _executor = new Lazy<PtxExecutor>(() => new PtxExecutor(Entry));
    }

    public FakeModule Module { get; }

    public string Name { get; }

    public PtxEntry Entry { get; }

    public int MaxDynamicShared { get; set; }

    /// <summary>Checks a launch as the driver does, and copies its arguments: of each as many bytes as the text says.</summary>
    public unsafe ulong[] Check(in CudaLaunch launch, void** arguments)
    {
        FakeGpu gpu = Module.Context.Gpu;
        long items = (long)launch.Group.X * launch.Group.Y * launch.Group.Z;
        if (Module.IsUnloaded)
            throw new FakeFault(400, $"{Name} was launched after its module was unloaded");
        if (items < 1 || items > gpu.MaxGroupSize)
            throw new FakeFault(1, $"{Name} was launched in groups of {items}");
        if (launch.Grid.X < 1 || launch.Grid.Y is < 1 or > 65535 || launch.Grid.Z is < 1 or > 65535)
            throw new FakeFault(1, $"{Name} was launched over {launch.Grid} groups");
        if (launch.SharedBytes > MaxDynamicShared)
            throw new FakeFault(1, $"{Name} was launched with {launch.SharedBytes} bytes of shared memory, of {MaxDynamicShared} allowed");
        ulong[] values = new ulong[Entry.ParameterSizes.Count];
        for (int i = 0; i < values.Length; i++)
        {
            if (arguments[i] == null)
                throw new FakeFault(1, $"{Name} was launched with {i} arguments of {values.Length}");
            new ReadOnlySpan<byte>(arguments[i], Entry.ParameterSizes[i]).CopyTo(MemoryMarshal.AsBytes(values.AsSpan(i, 1)));
        }

        return arguments[values.Length] == null
            ? values
            : throw new FakeFault(1, $"{Name} was launched with more than {values.Length} arguments");
    }

    public void Run(in CudaLaunch launch, ulong[] values)
    {
        FakeContext context = Module.Context;
        if (context.Gpu.Driver.FailingKernel is { } failing && Name.Contains(failing.Name, StringComparison.Ordinal))
            throw new FakeFault(failing.Status, $"{Name} fails as it was told to");
        (ulong, long)[] memory =
            [.. values.Where((_, i) => Entry.ParameterSizes[i] == 8).Select(context.Around).OfType<(ulong, long)>().Distinct()];
        try
        {
            _executor.Value.Run(launch.Grid, launch.Group, launch.SharedBytes, values, memory);
        }
        catch (PtxFault fault)
        {
            throw new FakeFault(700, $"{Name}: {fault.Message}");
        }
    }
}
