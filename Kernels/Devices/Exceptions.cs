namespace Cotangent.Kernels;

/// <summary>Base of what the kernel layer throws, with a diagnostic number (docs/diagnostics.md).</summary>
public abstract class CotangentException(string code, string message, Exception? inner = null)
    : Exception($"{code}: {message}", inner)
{
    /// <summary>The number, such as <c>CTG1007</c>.</summary>
    public string Code { get; } = code;
}

/// <summary>A kernel cannot be compiled: a refused construct (CTG1xxx) or a fault of the compiler itself (CTG9999).</summary>
public sealed class KernelCompilationException(string code, string message, Exception? inner = null)
    : CotangentException(code, message, inner);

/// <summary>A device is missing, refused a request or failed (CTG3xxx).</summary>
public class DeviceException(string code, string message, Exception? inner = null)
    : CotangentException(code, message, inner);

/// <summary>A device has no room for an allocation; the message has the sizes.</summary>
public sealed class DeviceOutOfMemoryException(string message) : DeviceException("CTG3003", message);

/// <summary>A kernel failed on a device while it ran (CTG3014): it touched memory that is not there, ran too long for the driver, ….
/// The device is lost, see <see cref="DeviceLostException"/>.</summary>
public sealed class KernelLaunchException : DeviceException
{
    internal KernelLaunchException(string message, string kernel, string shape)
        : base("CTG3014", message)
    {
        (Kernel, Shape) = (kernel, shape);
    }

    /// <summary>The name of the kernel; of the latest one issued, where the driver does not say which of several it was.</summary>
    public string Kernel { get; }

    /// <summary>What it was launched over: items, groups, and items of a group.</summary>
    public string Shape { get; }
}

/// <summary>A device does not answer any more (CTG3015), and no call of this process can use it again; the inner exception says what
/// happened first.</summary>
public sealed class DeviceLostException : DeviceException
{
    internal DeviceLostException(string message, Exception? first = null)
        : base("CTG3015", message, first)
    {
    }
}

/// <summary>A driver refused the text of a kernel (CTG3005): a fault of the compiler or of the driver.</summary>
public sealed class KernelBuildException : DeviceException
{
    internal KernelBuildException(string message, string kernel, string log)
        : base("CTG3005", message)
    {
        (Kernel, Log) = (kernel, log);
    }

    /// <summary>The kernel's name.</summary>
    public string Kernel { get; }

    /// <summary>What the driver's compiler said.</summary>
    public string Log { get; }
}

/// <summary>A checked kernel indexed a view outside its bounds (CTG3012). The launch ran to its end without the access; what it
/// wrote otherwise stands.</summary>
public sealed class KernelIndexException : DeviceException
{
    internal KernelIndexException(string kernel, string view, string index, string length, string? place = null)
        : base("CTG3012", $"Kernel '{kernel}' indexed {view} at {index}, outside its {length} elements.\n" +
            (place is null ? "" : $"  at {place}\n") + "  See docs/diagnostics.md#CTG3012")
    {
        (Kernel, View, Index, Length) = (kernel, view, index, length);
    }

    /// <summary>The kernel's name.</summary>
    public string Kernel { get; }

    /// <summary>What was indexed, as in the source.</summary>
    public string View { get; }

    /// <summary>The index: of the work item that found the fault first.</summary>
    public string Index { get; }

    /// <summary>The length, or the extent along each axis.</summary>
    public string Length { get; }
}

/// <summary>Work items of a kernel touched the same memory without order (CTG3013), see
/// <see cref="DeviceOptions.DetectRaces"/>.</summary>
public sealed class KernelRaceException : DeviceException
{
    internal KernelRaceException(Ir.Kernel kernel, string memory, long element,
        (Ir.RaceDetector.Actor Actor, Ir.AccessKind Kind) second, (Ir.RaceDetector.Actor Actor, Ir.AccessKind Kind) first)
        : base("CTG3013", $"Kernel '{kernel.Name}': {Text(kernel, first)} and {Text(kernel, second)} element {element} of {memory}, and nothing " +
            "orders the two. Put a Group.Barrier between them, use Atomic, or give each item its own element. " +
            "See docs/diagnostics.md#CTG3013")
    {
    }

    private static string Text(Ir.Kernel kernel, (Ir.RaceDetector.Actor Actor, Ir.AccessKind Kind) access)
    {
        string item = Ir.LaunchKinds.Rank(kernel.Kind) > 0
            ? $"item {Text(access.Actor.Group)}"
            : $"item {Text(access.Actor.Item)} of group {Text(access.Actor.Group)}";
        return item + access.Kind switch
        {
            Ir.AccessKind.Read => " reads",
            Ir.AccessKind.Write => " writes",
            _ => " atomically changes",
        };
    }

    private static string Text(Index3D index) => $"({index.X}, {index.Y}, {index.Z})";
}
