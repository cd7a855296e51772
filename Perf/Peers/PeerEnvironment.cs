using System.Collections;
using System.Runtime.InteropServices;

namespace Cotangent.Perf.Peers;

/// <summary>What peers run in: nothing that slows them down, and nothing of them that slows us down.</summary>
internal static partial class PeerEnvironment
{
    private const string Prefix = "OPENBLAS_";

    // OpenBLAS's threads look for work for 2^26 cycles before they sleep.
    private const int SleepMilliseconds = 35;

    /// <summary>Removes what would choose other kernels or threads than the library does.</summary>
    public static void Clear(IDictionary<string, string?> environment)
    {
        foreach (string name in environment.Keys.Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).ToArray())
            environment.Remove(name);
    }

    /// <summary>Removes the same from this process, as native libraries see it: .NET keeps its own copy of the environment.</summary>
    public static void ClearOfThisProcess()
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            Environment.SetEnvironmentVariable(name, null);
            if (!OperatingSystem.IsWindows())
                _ = Unset(name);
        }
    }

    /// <summary>Sets a variable as native libraries see it.</summary>
    public static void SetInThisProcess(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        if (!OperatingSystem.IsWindows())
            _ = Set(name, value, 1);
    }

    /// <summary>Waits until a peer's threads have gone to sleep.</summary>
    public static void Settle(bool isParallel)
    {
        if (isParallel)
            Thread.Sleep(SleepMilliseconds);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unset(string name);
}
