using System.Collections.Concurrent;
using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Targets;
using Cotangent.Perf.Ptx;
using Cotangent.Samples.Lm;
using Cotangent.Tests.Engine;
using Xunit.Abstractions;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>The engine's fused kernels as PTX: values and gradients of the conformance table, random graphs and a training step, first
/// executed, then assembled all together.</summary>
public sealed class PtxFusedTests(ITestOutputHelper output)
{
    private static readonly PtxDevice s_device = new("ptx-fused");

    private static readonly Dictionary<string, Action> s_cases = Enumerate().ToDictionary(c => c.Name, c => c.Run);

    // Each runs once, whichever test asks first.
    private static readonly Dictionary<string, Lazy<Exception?>> s_results =
        s_cases.ToDictionary(c => c.Key, c => new Lazy<Exception?>(() => Record.Exception(c.Value)));

    public static TheoryData<string> Cases => [.. s_cases.Keys.Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Cases))]
    public void Case_AsPtx_HasItsValue(string name)
    {
        if (s_results[name].Value is { } exception)
            Assert.Fail(exception.ToString());
    }

    [FactWithPtxas]
    public void Kernels_OfAllCases_AreAssembledWithoutSpills()
    {
        foreach (Lazy<Exception?> result in s_results.Values)
            _ = result.Value;
        Assert.True(s_device.Functions.Count > 300, $"{s_device.Functions.Count} kernels");
        ConcurrentBag<string> spills = [];
        var runs = from capability in (int[])[80, 90] from part in s_device.Functions.Values.Chunk(150) select (capability, part);
        Parallel.ForEach(runs, new ParallelOptions { MaxDegreeOfParallelism = 2 }, run =>
        {
            string said = Ptxas.Assemble(PtxFunction.Module(run.part, s_device.Traits), run.capability, "-v");
            foreach ((string kernel, PtxResources resources) in PtxResources.Parse(said))
            {
                if (resources.SpillStores + resources.SpillLoads > 0)
                    spills.Add($"sm_{run.capability} {kernel}: {resources}");
            }
        });
        output.WriteLine($"{s_device.Functions.Count} kernels");
        Assert.Empty(spills);
    }

    private static IEnumerable<(string Name, Action Run)> Enumerate()
    {
        foreach (OpCase row in OpCases.All)
        {
            yield return ($"value {row.Name}", () => ConformanceTests.Check(row, s_device, DType.Float32));
            if (row.Differentiable)
            {
                yield return ($"value {row.Name}, float16", () => ConformanceTests.Check(row, s_device, DType.Float16));
                yield return ($"value {row.Name}, bfloat16", () => ConformanceTests.Check(row, s_device, DType.BFloat16));
                yield return ($"gradient {row.Name}", () => CompareGradients(row));
            }
        }

        for (int seed = 0; seed < 60; seed++)
        {
            int s = seed;
            yield return ($"graph {s}", () => CompareGraph(s));
        }

        yield return ("training step", CompareTrainingStep);
    }

    private static void CompareGradients(OpCase row)
    {
        double[][] elements = row.Draw(DType.Float32);
        Tensor[] expected = Gradients(row, elements, Device.Cpu), actual = Gradients(row, elements, s_device);
        for (int i = 0; i < expected.Length; i++)
            Close(expected[i].ToDoubles(), actual[i].ToDoubles());
    }

    private static Tensor[] Gradients(OpCase row, double[][] elements, Device device)
    {
        Tensor[] x = row.Inputs(elements, device);
        int[] floating = [.. Enumerable.Range(0, x.Length).Where(i => x[i].DType.IsFloat())];
        return Diff.Grad((Tensor[] p) =>
        {
            Tensor[] all = [.. x];
            for (int i = 0; i < floating.Length; i++)
                all[floating[i]] = p[i];
            return row.Apply(all).Square().Sum();
        })([.. floating.Select(i => x[i])]);
    }

    private static void CompareGraph(int seed)
    {
        Node[] expected = Graph(seed, Device.Cpu), actual = Graph(seed, s_device);
        for (int i = 0; i < expected.Length; i++)
            Close(HostData.ToDoubles(expected[i]), HostData.ToDoubles(actual[i]));
    }

    private static Node[] Graph(int seed, Device device)
    {
        int leaves = 0;
        (_, Node[] outputs) = RandomGraphs.Make(seed, 4 + seed % 25, DType.Float32, smooth: false,
            shape => Tensor.From(RandomGraphs.Elements(seed + leaves++, shape.Size), shape, device).Node);
        Executor.Realize(outputs);
        return outputs;
    }

    private static void CompareTrainingStep()
    {
        float[] expected = Losses(Device.Cpu), actual = Losses(s_device);
        Assert.Equal(expected.Select(x => (double)x), actual.Select(x => (double)x), (x, y) => Math.Abs(x - y) < 1e-4);
    }

    private static float[] Losses(Device device)
    {
        TrainingOptions options = new() { Sizes = new(1, 16, 2, 12), Batch = 2, Rate = 1e-2, Seed = 7, Steps = 2, Out = "" };
        byte[] text = [.. Enumerable.Range(0, 600).Select(i => (byte)(i * i % 97))];
        Learner learner = new(options, text, device, null);
        return [learner.Step(1e-2), learner.Step(1e-2)];
    }

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int i = 0; i < expected.Length; i++)
        {
            bool close = expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= 1e-5 * (scale + 0.01);
            Assert.True(close, $"[{i}] is {actual[i]:R} on PTX and {expected[i]:R} on the CPU");
        }
    }
}
