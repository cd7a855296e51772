using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>The checks of arguments that every device makes before it touches memory, so that all refuse the same
/// things in the same words.</summary>
internal static class DeviceChecks
{
    /// <summary>The warp operations that whole groups are built of count on at most 32 warps of 32.</summary>
    private const int LargestGroupOfWarps = 1024;

    /// <summary>Throws unless the memory is this device's, was not released, and has the range.</summary>
    /// <exception cref="DeviceException">CTG3008.</exception>
    /// <exception cref="ObjectDisposedException">The memory was released.</exception>
    public static void Range(Device device, DeviceMemory memory, long byteOffset, long bytes)
    {
        Owner(device, memory);
        ObjectDisposedException.ThrowIf(memory.IsReleased, typeof(DeviceMemory));
        if (byteOffset < 0 || bytes < 0 || byteOffset > memory.ByteLength - bytes)
        {
            throw new DeviceException("CTG3008",
                $"{bytes} bytes from byte {byteOffset} are outside the {memory.ByteLength} bytes of this memory on {device.Id}.");
        }
    }

    /// <summary>Throws if the memory belongs to another device.</summary>
    private static void Owner(Device device, DeviceMemory memory)
    {
        if (memory.Device != device)
        {
            throw new DeviceException("CTG3008",
                $"This memory is on {memory.Device.Id}, but {device.Id} was asked to use it. Copy it through the host first.");
        }
    }

    /// <summary>Throws unless kernel, shape and arguments fit each other and the device. Returns false if there is
    /// nothing to run.</summary>
    /// <exception cref="DeviceException">CTG3006 for the shape, CTG3008 for the arguments.</exception>
    public static bool Launch(
        Device device, CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        Kernel source = kernel.Source;
        if (kernel.Device != device)
        {
            throw new DeviceException("CTG3008",
                $"Kernel '{source.Name}' was compiled for {kernel.Device.Id}, but {device.Id} was asked to launch it.");
        }

        if (arguments.Length != source.Parameters.Length)
        {
            throw new DeviceException("CTG3008",
                $"Kernel '{source.Name}' takes {source.Parameters.Length} arguments; {arguments.Length} were given.");
        }

        for (int i = 0; i < arguments.Length; i++)
            Argument(device, source, i, arguments[i]);

        bool hasWork = Shape(source, shape);
        Groups(device, kernel, shape);
        if (EngineEnvironment.Debug >= 7)
            Console.Error.WriteLine(Describe(device, source, shape, arguments));
        return hasWork;
    }

    /// <summary>As the other overload, of a launch of a batch, which is over a range.</summary>
    /// <exception cref="DeviceException">CTG3006 for the shape or the items, CTG3008 for the arguments.</exception>
    public static bool Launch(Device device, in BatchedLaunch launch)
    {
        Kernel source = launch.Kernel.Source;
        bool hasWork = Launch(device, launch.Kernel, launch.Shape, launch.Arguments);
        if (launch.Items is not (var from, var to, var parameter))
            return hasWork;
        if (source.Kind != LaunchKind.Range1D || from < 0 || from > to || to > launch.Shape.Extent.X)
        {
            throw new DeviceException("CTG3006",
                $"Kernel '{source.Name}' was launched for items {from} to {to} of {Text(launch.Shape.Extent)}; there are no such items in one row.");
        }

        if (parameter >= 0)
        {
            KernelArgument part = launch.Arguments[parameter];
            Range(device, part.Memory!, part.Bits, (to - from) * (long)source.Parameters[parameter].Type.Scalar.Size());
        }

        return hasWork && to > from;
    }

    /// <summary>A launch with its parameters, for COTANGENT_DEBUG=7: memory by its length and where in it the view begins.</summary>
    internal static string Describe(Device device, Kernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        string size = kernel.Kind == LaunchKind.Grouped
            ? $"{Text(shape.Grid)} groups of {Text(shape.Group)}, {shape.SharedBytes} bytes of dynamic shared memory"
            : $"{Text(shape.Extent)} items";
        List<string> values = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            KernelArgument a = arguments[i];
            values.Add($"{kernel.Parameters[i].Type} = " + (a.Memory is { } memory ? $"{memory.ByteLength} bytes + {a.Bits}" : $"0x{a.Bits:x}"));
        }

        return $"  launch {kernel.Name} on {device.Id}: {size} ({string.Join(", ", values)})";
    }

    private static void Groups(Device device, CompiledKernel kernel, in LaunchShape shape)
    {
        if (kernel.Source.Kind != LaunchKind.Grouped)
            return;
        // Only a launch that is refused makes the text.
        if (shape.SharedBytes < 0 || kernel.SharedBytes + shape.SharedBytes > device.MaxSharedMemoryPerGroup)
            Shared(device, $"Kernel '{kernel.Source.Name}'", kernel.SharedBytes, shape.SharedBytes);
        if (kernel.UsesWarps && (long)shape.Group.X * shape.Group.Y * shape.Group.Z > LargestGroupOfWarps)
        {
            throw new DeviceException("CTG3006", $"Kernel '{kernel.Source.Name}' was launched in groups of {Text(shape.Group)} items; " +
                $"groups with warp operations have at most {LargestGroupOfWarps}. See docs/diagnostics.md#CTG3006");
        }
    }

    /// <summary>Throws if a group would have more shared memory than the device gives.</summary>
    /// <exception cref="DeviceException">CTG3006.</exception>
    public static void Shared(Device device, string kernel, long allocated, long added)
    {
        if (allocated + added > device.MaxSharedMemoryPerGroup || added < 0)
        {
            throw new DeviceException("CTG3006", $"{kernel} was launched with {added:N0} bytes of dynamic shared memory besides the " +
                $"{allocated:N0} that it allocates; a group on {device.Id} has at most {device.MaxSharedMemoryPerGroup:N0}. " +
                "See docs/diagnostics.md#CTG3006");
        }
    }

    private static void Argument(Device device, Kernel kernel, int index, KernelArgument argument)
    {
        bool isPointer = kernel.Parameters[index].Type.IsPointer;
        if (isPointer != argument.Memory is not null)
        {
            throw new DeviceException("CTG3008",
                $"Argument {index} of kernel '{kernel.Name}' must be {(isPointer ? "memory" : "a number")}.");
        }

        if (argument.Memory is { } memory)
            Range(device, memory, argument.Bits, 0);
    }

    private static bool Shape(Kernel kernel, in LaunchShape shape)
    {
        bool grouped = kernel.Kind == LaunchKind.Grouped;
        Index3D size = grouped ? shape.Grid : shape.Extent;
        if (size.X < 0 || size.Y < 0 || size.Z < 0)
        {
            throw new DeviceException("CTG3006",
                $"Kernel '{kernel.Name}' was launched over {Text(size)} {(grouped ? "groups" : "items")}; none may be negative.");
        }

        if (kernel.Group is { } fixedGroup && fixedGroup != shape.Group)
        {
            throw new DeviceException("CTG3006", $"Kernel '{kernel.Name}' was launched in groups of {Text(shape.Group)} items; it was made " +
                $"for groups of {Text(fixedGroup)}.");
        }

        if (grouped && (shape.Group.X < 1 || shape.Group.Y < 1 || shape.Group.Z < 1))
        {
            throw new DeviceException("CTG3006",
                $"Kernel '{kernel.Name}' was launched in groups of {Text(shape.Group)} items; each must be at least 1.");
        }

        return size.X > 0 && size.Y > 0 && size.Z > 0;
    }

    /// <summary>A size along three axes, for messages.</summary>
    public static string Text(Index3D size) => $"{size.X}×{size.Y}×{size.Z}";
}
