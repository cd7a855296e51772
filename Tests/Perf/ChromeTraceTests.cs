using System.Text.Json;
using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Perf.Trace;

namespace Cotangent.Tests.Perf;

/// <summary>Alone, since while there is an observer no program of the process is replayed.</summary>
[CollectionDefinition("step observer", DisableParallelization = true)]
public sealed class StepObserverCollection;

/// <summary>The trace for Chrome and Perfetto.</summary>
[Collection("step observer")]
public class ChromeTraceTests
{
    [Fact]
    public void ToJson_ProgramOfThreeSteps_HasARowForTheQueueAndASliceAStep()
    {
        ChromeTrace trace = new();
        Tensor x = Tensor.From(new float[12], [3, 4], Device.Cpu), y = Tensor.From(new float[8], [4, 2], Device.Cpu);
        using (trace.Attach())
            _ = (x.MatMul(y).Softmax() + 1).ToArray<float>();

        using JsonDocument document = JsonDocument.Parse(trace.ToJson());
        JsonElement[] events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement row = Assert.Single(events, e => e.GetProperty("name").GetString() == "thread_name");
        JsonElement[] slices = [.. events.Where(e => e.GetProperty("ph").GetString() == "X")];
        JsonElement product = Assert.Single(slices, e => e.GetProperty("cat").GetString() == "product");
        JsonElement arguments = product.GetProperty("args");
        Assert.Equal("Float32[3, 4]", arguments.GetProperty("reads")[0].GetString());
        Assert.Equal(4 * (12 + 8 + 6), arguments.GetProperty("bytes").GetInt64());
        Assert.Equal(2 * 3 * 4 * 2, arguments.GetProperty("flops").GetDouble());
        Assert.All(slices, s =>
        {
            Assert.Equal(row.GetProperty("tid").GetInt32(), s.GetProperty("tid").GetInt32());
            Assert.True(s.GetProperty("ts").GetDouble() >= 0 && s.GetProperty("dur").GetDouble() >= 0);
            Assert.True(s.GetProperty("args").TryGetProperty("GB/s", out _));
        });
        Assert.Contains(slices, e => e.GetProperty("cat").GetString() == "kernel");
    }

    [Fact]
    public void Dispose_OfTheAttachment_EndsTheTrace()
    {
        ChromeTrace trace = new();
        trace.Attach().Dispose();
        _ = (Tensor.From([1f, 2f]) * 2).ToArray<float>();
        Assert.Null(CompiledProgram.Observer);
        Assert.DoesNotContain("\"X\"", trace.ToJson());
    }
}
