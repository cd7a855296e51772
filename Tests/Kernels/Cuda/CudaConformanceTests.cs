using System.Reflection;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Tests.Engine;
using Cotangent.Tests.Kernels.Gemm;
using Cotangent.Tests.Kernels.Language;
using Cotangent.Tests.Kernels.Library;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>What every device is tested with, on the CUDA device over the fake driver: all that concerns devices, and of what concerns
/// kernels a selection, since the PTX tests run the rest.</summary>
public sealed class CudaConformanceTests
{
    private static readonly Type[] s_suites = [typeof(DeviceConformanceTests), typeof(IrStructureTests), typeof(CompactionTests), typeof(ScanTests)];

    private static readonly Type[] s_features = [typeof(CorpusDynamicShared), typeof(CorpusCollectives), typeof(CorpusMemory), typeof(CorpusIndices)];

    private static readonly Dictionary<string, Action> s_cases = Enumerate().ToDictionary(c => c.Name, c => c.Run);

    public static TheoryData<string> Cases => [.. s_cases.Keys.Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Cases))]
    public void Case_OnEmulatedCuda_Passes(string name)
    {
        s_cases[name]();

        Assert.Empty(EmulatedCuda.Driver.Misuses);
        Assert.Empty(EmulatedCuda.Driver.Faults);
        Assert.Equal(0, FakeDriver.ContextsOfThread);
    }

    private static IEnumerable<(string Name, Action Run)> Enumerate()
    {
        foreach (MethodInfo method in s_suites.SelectMany(t => t.GetMethods()).Where(IsDeviceTheory))
            yield return ($"{method.DeclaringType!.Name}.{method.Name}", () => Invoke(method, Activator.CreateInstance(method.DeclaringType!), EmulatedCuda.Id));
        foreach (MethodInfo method in s_features.SelectMany(t => t.GetMethods()).Where(m => m.GetCustomAttribute<FeatureAttribute>() is not null))
            yield return ($"feature {method.Name}", () => Invoke(method, null, EmulatedCuda.Device));
        foreach (OpCase row in OpCases.All)
            yield return ($"op {row.Name}", () => new ConformanceTests().Value_OfEveryRow_IsAsGoodAsPlainRounding(EmulatedCuda.Id, DType.Float32, row.Name));
        for (int seed = 0; seed < 4; seed++)
        {
            Random random = new(seed);
            GemmCase<float> product = GemmCase<float>.Create(random, 1 + seed % 2, 1, 3 + 9 * seed, 20 - 4 * seed, 7 * seed,
                Layout.Rows, Layout.Columns, Layout.Padded, seed % 2 == 1);
            yield return ($"gemm {seed}", () => LibraryGemmTests.Check(product, EmulatedCuda.Device, EmulatedCuda.Device.Gemm));
        }
    }

    private static bool IsDeviceTheory(MethodInfo method) =>
        method.GetParameters() is [{ } only] && only.ParameterType == typeof(string)
        && method.GetCustomAttribute<MemberDataAttribute>() is { MemberName: "All" or "AllWithDebug" or "Executors" };

    private static void Invoke(MethodInfo method, object? instance, object argument)
    {
        try
        {
            if (method.Invoke(instance, [argument]) is Task task)
                task.GetAwaiter().GetResult();
        }
        catch (TargetInvocationException wrapped)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(wrapped.InnerException!);
        }

        (instance as IDisposable)?.Dispose();
    }
}
