using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Kernels of which more is known than their text says: the group of every launch, and so how many registers an item may have.</summary>
internal static class GroupBounds
{
    // Each is compiled once a device, as those that are loaded without bounds.
    private static readonly ConditionalWeakTable<Device, ConcurrentDictionary<(MethodInfo Method, int GroupsAtOnce), Lazy<TypedKernel>>> s_loaded = [];

    /// <summary>The same kernel for groups of so many items.</summary>
    /// <param name="kernel">A grouped kernel.</param>
    /// <param name="group">The items of a group.</param>
    /// <param name="groupsAtOnce">See <see cref="Kernel.GroupsAtOnce"/>.</param>
    public static Kernel InGroups(this Kernel kernel, Index3D group, int groupsAtOnce)
    {
        Kernel bound = new(kernel.Name, kernel.Kind, kernel.Parameters)
        {
            Sites = kernel.Sites,
            Prints = kernel.Prints,
            Group = group,
            GroupsAtOnce = groupsAtOnce,
        };
        bound.Body.Nodes.AddRange(kernel.Body.Nodes);
        return bound;
    }

    /// <summary>A C# kernel made ready for a device, as by LoadGrouped, for groups of <see cref="RegisterGemm.Items"/>. Not for
    /// Device.Debug, where the method itself runs.</summary>
    public static TypedKernel Load(Device device, Delegate kernel, int groupsAtOnce) => s_loaded.GetValue(device, _ => []).GetOrAdd(
        (kernel.Method, groupsAtOnce), _ => new(() => new(device, device.Compile(
            FrontEnd.Compile(kernel.Method, device.Options.Checked).InGroups(new(RegisterGemm.Items, 1, 1), groupsAtOnce))), LazyThreadSafetyMode.PublicationOnly)).Value;
}
