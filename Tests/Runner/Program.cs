using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Cotangent.Tests.Runner;

/// <summary>Runs the tests without an SDK: <c>Tests [--filter TEXT]… [--not TEXT]… [--list]</c>. Prints what fails and ends with
/// "N passed, N failed". With several filters a test has to contain one of them in its display name, and none of the texts of
/// <c>--not</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (!TryParse(args, out List<string> filters, out List<string> excluded, out bool lists))
        {
            Console.Error.WriteLine("Tests [--filter TEXT]… [--not TEXT]… [--list]");
            return 2;
        }

        Assembly assembly = typeof(Program).Assembly;
        using XunitTestFramework framework = new(new Silence());
        ITestCase[] cases = [.. Discover(framework, assembly).Where(c => IsChosen(c.DisplayName, filters, excluded))];
        if (lists)
        {
            foreach (ITestCase test in cases)
                Console.WriteLine(test.DisplayName);
            return 0;
        }

        using TestLog log = new();
        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        executor.RunTests(cases, log, new TestOptions());
        log.Finished.Wait();
        Console.WriteLine($"{log.Passed} passed, {log.Failed} failed" + (log.Skipped > 0 ? $", {log.Skipped} skipped" : ""));
        return log.Failed == 0 && log.Passed > 0 ? 0 : 1;
    }

    private static bool TryParse(string[] args, out List<string> filters, out List<string> excluded, out bool lists)
    {
        (filters, excluded, lists) = ([], [], false);
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--filter" when i + 1 < args.Length:
                    filters.Add(args[++i]);
                    break;
                case "--not" when i + 1 < args.Length:
                    excluded.Add(args[++i]);
                    break;
                case "--list":
                    lists = true;
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static bool IsChosen(string name, List<string> filters, List<string> excluded) =>
        (filters.Count == 0 || filters.Any(f => name.Contains(f, StringComparison.OrdinalIgnoreCase)))
        && !excluded.Any(f => name.Contains(f, StringComparison.OrdinalIgnoreCase));

    private static List<ITestCase> Discover(XunitTestFramework framework, Assembly assembly)
    {
        using Discovery found = new();
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        discoverer.Find(includeSourceInformation: false, found, new TestOptions());
        found.Finished.Wait();
        return found.Cases;
    }

    private sealed class Silence : LongLivedMarshalByRefObject, IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message) => true;
    }

    private sealed class Discovery : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public List<ITestCase> Cases { get; } = [];

        public ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage found)
                Cases.Add(found.TestCase);
            if (message is IDiscoveryCompleteMessage)
                Finished.Set();
            return true;
        }

        public void Dispose() => Finished.Dispose();
    }
}
