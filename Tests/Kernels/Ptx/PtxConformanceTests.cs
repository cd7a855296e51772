using System.Reflection;
using Cotangent.Kernels.Targets;
using Cotangent.Tests.Kernels.Gemm;
using Cotangent.Tests.Kernels.Ir;
using Cotangent.Tests.Kernels.Language;
using Xunit.Abstractions;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>The conformance tests of the devices, every language feature, the library and random kernels, as PTX: first executed, then
/// assembled all together.</summary>
public sealed class PtxConformanceTests(ITestOutputHelper output)
{
    private static readonly Type[] s_suites =
        [typeof(IrOpcodeTests), typeof(IrStructureTests), typeof(DeviceConformanceTests), typeof(TiledGemmTests)];

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
        PtxFunction[] functions = [.. PtxDevice.Shared.Functions.Values];
        output.WriteLine($"{functions.Length} kernels");
        Assert.True(functions.Length > 300, $"{functions.Length} kernels");

        // Text for capability 8.0 is what later ones are given, too.
        string[] modules = [.. Enumerable.Range(0, 4).Select(part =>
            PtxFunction.Module([.. functions.Where((_, i) => i % 4 == part)], PtxDevice.Traits))];
        Parallel.ForEach(
            from module in modules from capability in (int[])[80, 90] select (module, capability),
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            run => Assert.Equal("", Ptxas.Assemble(run.module, run.capability, "-O1")));
    }

    private static IEnumerable<(string Name, Action Run)> Enumerate()
    {
        foreach (MethodInfo method in typeof(LanguageTests).Assembly.GetTypes().SelectMany(t => t.GetMethods()))
        {
            if (method.GetCustomAttribute<FeatureAttribute>() is not null)
                yield return ($"feature {method.Name}", () => Invoke(method, null, PtxDevice.Shared));
            else if (IsDeviceTheory(method))
                yield return ($"{method.DeclaringType!.Name}.{method.Name}", () => InvokeTheory(method));
        }

        for (int seed = 0; seed < 60; seed++)
        {
            int s = seed;
            yield return ($"random {s}", () => RunRandom(s));
        }
    }

    private static void RunRandom(int seed)
    {
        RandomCase c = RandomKernels.Next(new Random(seed), new RandomKernelOptions { Grouped = seed % 3 == 2, Size = 20 + seed % 40 });
        Assert.Null(c.Difference(c.Interpret(), c.RunOn(PtxDevice.Shared)));
    }

    // Theories over the devices by id, but for those on what is the device's and not the kernels'.
    private static bool IsDeviceTheory(MethodInfo method) =>
        method.GetParameters() is [{ } only] && only.ParameterType == typeof(string)
        && method.GetCustomAttribute<MemberDataAttribute>() is { MemberName: "All" or "AllWithDebug" or "Executors" }
        && method.Name is not nameof(DeviceConformanceTests.Allocate_MoreThanThereIs_ThrowsWithTheSizes)
        && !method.Name.StartsWith("DeviceGemm", StringComparison.Ordinal)
        && (s_suites.Contains(method.DeclaringType!)
            || method.DeclaringType!.Namespace == typeof(Library.LibraryCases).Namespace);

    private static void InvokeTheory(MethodInfo method)
    {
        object instance = Activator.CreateInstance(method.DeclaringType!)!;
        Invoke(method, instance, "ptx");
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
