using System.Collections.Concurrent;
using System.Reflection;
using Cotangent.Kernels.Targets;
using Cotangent.Perf.Ptx;
using Cotangent.Tests.Kernels.Gemm;
using Cotangent.Tests.Kernels.Ir;
using Cotangent.Tests.Kernels.Language;
using Xunit.Abstractions;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>The conformance tests of the devices, every language feature, the library and random kernels, as PTX: first executed, then
/// assembled all together.</summary>
public sealed class PtxConformanceTests(ITestOutputHelper output)
{
    private static readonly Type[] s_opcodes = [typeof(IrOpcodeTests), typeof(IrStructureTests)];

    private static readonly Type[] s_suites =
        [.. s_opcodes, typeof(DeviceConformanceTests), typeof(LibraryGemmTests)];

    private static readonly Dictionary<string, Action> s_cases = Enumerate().ToDictionary(c => c.Name, c => c.Run);

    // Each runs once, whichever test asks first.
    private static readonly Dictionary<string, Lazy<Exception?>> s_results =
        s_cases.ToDictionary(c => c.Key, c => new Lazy<Exception?>(() => Catch(c.Value)));

    public static TheoryData<string> Cases => [.. s_cases.Keys.Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Cases))]
    public void Case_AsPtx_HasTheInterpretersResults(string name)
    {
        if (s_results[name].Value is { } exception)
            Assert.Fail(exception.ToString());
    }

    [FactWithPtxas]
    public void Kernels_OfAllCases_AreAssembled()
    {
        foreach (Lazy<Exception?> result in s_results.Values)
            _ = result.Value;
        Assert.True(PtxDevice.Executors.Sum(d => d.Functions.Count) > 400);

        // Text for capability 8.0 is what later ones are given, too.
        var runs =
            from device in PtxDevice.Executors
            from capability in (int[])(device.Traits.Capability < 80 ? [70] : [80, 90])
            from part in device.Functions.Values.Chunk(100)
            select (device, capability, functions: part);
        ConcurrentBag<string> spills = [];
        Parallel.ForEach(runs, new ParallelOptions { MaxDegreeOfParallelism = 2 }, run =>
        {
            string said = Ptxas.Assemble(PtxFunction.Module(run.functions, run.device.Traits), run.capability, "-v");
            string[] lines = said.Split('\n');
            Assert.All(lines, line => Assert.Matches("^ptxas info|^ +[0-9]+ bytes", line));
            for (int i = 1; i < lines.Length; i++)
            {
                if (lines[i].Contains("spill", StringComparison.Ordinal) && !lines[i].Contains(" 0 bytes spill stores", StringComparison.Ordinal))
                    spills.Add($"sm_{run.capability} {lines[i - 1].Split(' ')[^1]}:{lines[i]}");
            }
        });
        foreach (PtxDevice device in PtxDevice.Executors)
            output.WriteLine($"{device.Id}: {device.Functions.Count} kernels");
        output.WriteLine(string.Join('\n', spills.Order()));
        Assert.Empty(spills);
    }

    private static IEnumerable<(string Name, Action Run)> Enumerate()
    {
        foreach (MethodInfo method in typeof(LanguageTests).Assembly.GetTypes().SelectMany(t => t.GetMethods()))
        {
            if (method.GetCustomAttribute<FeatureAttribute>() is not null)
                yield return ($"feature {method.Name}", () => Invoke(method, null, PtxDevice.Executors[0]));
            else if (IsDeviceTheory(method))
                yield return ($"{method.DeclaringType!.Name}.{method.Name}", () => InvokeTheory(method, PtxDevice.Executors[0]));
            foreach (PtxDevice device in PtxDevice.Executors.Skip(1))
            {
                if (s_opcodes.Contains(method.DeclaringType) && IsDeviceTheory(method))
                    yield return ($"{method.DeclaringType!.Name}.{method.Name} {device.Id}", () => InvokeTheory(method, device));
                if (method.DeclaringType == typeof(CorpusAtomics) && method.GetCustomAttribute<FeatureAttribute>() is not null)
                    yield return ($"feature {method.Name} {device.Id}", () => Invoke(method, null, device));
            }
        }

        for (int seed = 0; seed < 120; seed++)
        {
            int s = seed;
            PtxDevice device = PtxDevice.Executors[seed % 4 == 3 ? 2 : 0];
            yield return ($"random {s} {device.Id}", () => RunRandom(s, device));
        }
    }

    private static void RunRandom(int seed, PtxDevice device)
    {
        RandomCase c = RandomKernels.Next(new Random(seed), new RandomKernelOptions { Grouped = seed % 3 == 2, Size = 20 + seed % 40 });
        Assert.Null(c.Difference(c.Interpret(), c.RunOn(device)));
    }

    // Theories over the devices by id, but for those on what is the device's and not the kernels'.
    private static bool IsDeviceTheory(MethodInfo method) =>
        method.GetParameters() is [{ } only] && only.ParameterType == typeof(string)
        && method.GetCustomAttribute<MemberDataAttribute>() is { MemberName: "All" or "AllWithDebug" or "Executors" }
        && method.Name is not nameof(DeviceConformanceTests.Allocate_MoreThanThereIs_ThrowsWithTheSizes)
        && !method.Name.StartsWith("DeviceGemm", StringComparison.Ordinal)
        && (s_suites.Contains(method.DeclaringType!)
            || method.DeclaringType!.Namespace == typeof(Library.LibraryCases).Namespace);

    private static void InvokeTheory(MethodInfo method, PtxDevice device)
    {
        object instance = Activator.CreateInstance(method.DeclaringType!)!;
        Invoke(method, instance, device.Id);
        (instance as IDisposable)?.Dispose();
    }

    private static void Invoke(MethodInfo method, object? instance, object argument)
    {
        if (method.Invoke(instance, [argument]) is Task task)
            task.GetAwaiter().GetResult();
    }

    private static Exception? Catch(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (TargetInvocationException wrapped)
        {
            return wrapped.InnerException;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
