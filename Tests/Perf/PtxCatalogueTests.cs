using System.Reflection;
using System.Reflection.Metadata;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Library;
using Cotangent.Kernels.Targets;
using Cotangent.Perf.Ptx;
using Cotangent.Tests.Kernels.Ptx;

namespace Cotangent.Tests.Perf;

/// <summary>The table of what ptxas makes of the library's kernels has all of them, and nothing in it is spilled.</summary>
public sealed class PtxCatalogueTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly PtxTraits s_traits = new() { AlignedArguments = true };

    private static readonly Lazy<IReadOnlyList<PtxFunction>> s_recorded = new(() =>
    {
        PtxRecorder recorder = new(s_traits);
        foreach ((_, Action<Device> run) in PtxCatalogue.Topics) run(recorder);
        return [.. recorder.Functions.Select(f => f.Function)];
    });

    /// <summary>What no GPU is given, and why.</summary>
    private static readonly string[] s_notForGpus =
    [
        "Segments_Count", // One item does all: the CPU's.
    ];

    [Fact]
    public void Catalogue_OfTheKernelsThatAreLaunched_MissesNone()
    {
        string[] launched = [.. Launched().Select(NameOf).Distinct().Except(s_notForGpus).Order()];
        string[] recorded = [.. s_recorded.Value.Select(f => f.Name)];

        Assert.InRange(launched.Length, 60, 500);
        Assert.Contains("RegisterGemm_Multiply", launched);
        Assert.DoesNotContain(launched, name => !recorded.Any(r => r.StartsWith($"{name}_", StringComparison.Ordinal)));
    }

    [FactWithPtxas]
    public void Catalogue_ByPtxas_SpillsNothing()
    {
        string module = PtxFunction.Module([.. s_recorded.Value], s_traits);
        foreach (int capability in new[] { 80, 90 })
        {
            Dictionary<string, PtxResources> resources = PtxResources.Parse(Ptxas.Assemble(module, capability, "-v"));
            Assert.Equal(s_recorded.Value.Count, resources.Count);
            Assert.Empty(resources.Where(r => r.Value.SpillStores + r.Value.SpillLoads > 0).Select(r => $"sm_{capability} {r.Key}: {r.Value}"));
        }
    }

    /// <summary>Methods of the library that something in the assemblies makes a delegate of, as loading a kernel needs: static, without a
    /// result, over views.</summary>
    private static IEnumerable<MethodInfo> Launched()
    {
        foreach (Type type in new[] { typeof(Device), typeof(Tensor) }.SelectMany(t => t.Assembly.GetTypes()))
        {
            foreach (MethodBase user in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
            {
                if (user.GetMethodBody()?.GetILAsByteArray() is not { } il) continue;
                Type[]? ofType = type.IsGenericType ? type.GetGenericArguments() : null;
                Type[]? ofMethod = user.IsGenericMethod ? user.GetGenericArguments() : null;
                foreach (IlInstruction i in IlDecoder.Decode(il).Where(i => i.Code == ILOpCode.Ldftn))
                {
                    if (user.Module.ResolveMethod((int)i.Operand, ofType, ofMethod) is MethodInfo method && IsKernel(method))
                        yield return method;
                }
            }
        }
    }

    private static bool IsKernel(MethodInfo method) => method.IsStatic && method.ReturnType == typeof(void)
        && method.DeclaringType?.Namespace == typeof(RegisterGemm).Namespace
        && method.GetParameters().Any(p => p.ParameterType.IsGenericType && p.ParameterType.GetGenericTypeDefinition() == typeof(ArrayView<>));

    /// <summary>The beginning of the kernel's name: that of its type and its own.</summary>
    private static string NameOf(MethodInfo method)
    {
        MethodInfo open = method.IsGenericMethod ? method.GetGenericMethodDefinition() : method;
        return $"{open.DeclaringType!.Name.Split('`')[0]}_{open.Name}";
    }
}
