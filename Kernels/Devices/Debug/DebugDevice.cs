using System.Reflection;

namespace Cotangent.Kernels;

/// <summary>Runs kernels slowly and with checks. A C# kernel runs as the method itself, one work item at a time (a group's items as
/// threads that meet at barriers), so breakpoints work; a kernel that exists only as IR is interpreted.</summary>
internal sealed class DebugDevice() : InterpreterDevice("debug", "C# with checks")
{
    private protected override Device With(DeviceOptions options) => options.DetectRaces || options.RandomOrder is not null
        ? new InterpreterDevice(Id, "compiled kernels, item by item") { Options = options with { Checked = true } }
        : new DebugDevice { Options = options };

    /// <summary>Runs a C# range kernel that a lambda calls.</summary>
    public void RunRange<TIndex>(MethodInfo method, TIndex size, Action<TIndex> item)
        where TIndex : struct, IIndex => RunRange(DebugMethod.Of(method, item), size, item);

    /// <summary>Runs a C# grouped kernel that a lambda calls.</summary>
    public void RunGroups(MethodInfo method, KernelConfig config, Action item) =>
        RunGroups(DebugMethod.Of(method, item), config, item);

    /// <summary>Runs a C# range kernel: items one after the other, X fastest.</summary>
    public void RunRange<TIndex>(DebugMethod method, TIndex size, Action<TIndex> item)
        where TIndex : struct, IIndex
    {
        Index3D extent = TypedKernel.ToIndex3D(size, rest: 1);
        if (!TypedKernel.IsRange(extent))
            return;
        lock (Lock)
        {
            KernelContext context = new() { Method = method };
            for (int z = 0; z < extent.Z; z++)
            {
                for (int y = 0; y < extent.Y; y++)
                {
                    for (int x = 0; x < extent.X; x++)
                    {
                        TIndex index = TypedKernel.FromIndex3D<TIndex>(new(x, y, z));
                        context.Run(() => item(index));
                    }
                }
            }
        }
    }

    /// <summary>Runs a C# grouped kernel: group after group, each item of a group on a thread of its own.</summary>
    public void RunGroups(DebugMethod method, KernelConfig config, Action item)
    {
        TypedKernel.RequireGroup(config.GroupDim);
        DeviceChecks.Shared(this, "A kernel", 0, TypedKernel.SharedBytes(config));
        if (!TypedKernel.IsRange(config.GridDim))
            return;
        lock (Lock)
            new DebugGroups(config, method, item).Run();
    }
}
