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
