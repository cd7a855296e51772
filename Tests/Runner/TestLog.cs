using Xunit.Abstractions;
using Xunit.Sdk;

namespace Cotangent.Tests.Runner;

/// <summary>Counts results and prints failures as they come. A failure outside a test (of a fixture, say) counts as one.</summary>
internal sealed class TestLog : LongLivedMarshalByRefObject, IMessageSink, IDisposable
{
    private readonly Lock _lock = new();

    public ManualResetEventSlim Finished { get; } = new();

    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public int Skipped { get; private set; }

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (_lock)
        {
            switch (message)
            {
                case ITestPassed:
                    Passed++;
                    break;
                case ITestSkipped:
                    Skipped++;
                    break;
                case ITestFailed failed:
                    Fail(failed.Test.DisplayName, failed, failed.Output);
                    break;
                case IFailureInformation failure:
                    Fail(message.GetType().Name, failure, "");
                    break;
                case ITestAssemblyFinished:
                    Finished.Set();
                    break;
            }
        }

        return true;
    }

    public void Dispose() => Finished.Dispose();

    private void Fail(string name, IFailureInformation failure, string output)
    {
        Failed++;
        Console.WriteLine($"FAILED {name}");
        for (int i = 0; i < failure.Messages.Length; i++)
            Console.WriteLine($"  {failure.ExceptionTypes[i]}: {failure.Messages[i]}\n{failure.StackTraces[i]}");
        if (output.Length > 0)
            Console.WriteLine(output);
    }
}

/// <summary>Options by their names; those not set are xUnit's defaults.</summary>
internal sealed class TestOptions : LongLivedMarshalByRefObject, ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    private readonly Dictionary<string, object?> _values = new() { ["xunit.discovery.PreEnumerateTheories"] = true };

    public TValue GetValue<TValue>(string name) => _values.GetValueOrDefault(name) is TValue value ? value : default!;

    public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
}
