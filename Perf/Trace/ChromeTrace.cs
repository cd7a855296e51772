using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Perf.Trace;

/// <summary>A trace in the format of Chrome (chrome://tracing, ui.perfetto.dev): a row a queue, a slice a step with its shapes, bytes and
/// rates. Steps run one at a time while it is taken.</summary>
internal sealed class ChromeTrace : IStepObserver
{
    /// <summary>Beyond this many slices viewers become slow; what follows is only counted.</summary>
    private const int Most = 400_000;

    private static readonly JsonSerializerOptions s_options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<object> _events = [];
    private readonly Dictionary<Device, int> _rows = [];
    private readonly ConditionalWeakTable<ExecutionPlan, Dictionary<int, string>> _shapes = [];
    private readonly long _origin = Stopwatch.GetTimestamp();
    private int _dropped;

    /// <summary>Sees the steps from now on, until the result is disposed.</summary>
    public IDisposable Attach()
    {
        lock (Executor.Lock)
            CompiledProgram.Observer = this;
        return new Attachment();
    }

    /// <inheritdoc/>
    public void OnStep(ExecutionPlan plan, Step step, long started, long ended)
    {
        if (_events.Count >= Most)
        {
            _dropped++;
            return;
        }

        double us = Stopwatch.GetElapsedTime(started, ended).TotalMicroseconds;
        long bytes = PlanCost.BytesOf(plan, step);
        double flops = PlanCost.FlopsOf(step);
        _events.Add(new
        {
            name = step.Name,
            cat = step switch { ProductStep or FusedProductStep or MappedProductStep => "product", RoutineStep => "routine", _ => "kernel" },
            ph = "X",
            ts = Stopwatch.GetElapsedTime(_origin, started).TotalMicroseconds,
            dur = us,
            pid = 1,
            tid = RowOf(plan.Device),
            args = new Dictionary<string, object>
            {
                ["reads"] = step.Reads.Distinct().Select(b => ShapeOf(plan, b)),
                ["writes"] = step.Writes.Distinct().Select(b => ShapeOf(plan, b)),
                ["size"] = step.Size,
                ["bytes"] = bytes,
                ["GB/s"] = Rate(bytes, us),
                ["flops"] = flops,
                ["GFLOP/s"] = Rate(flops, us),
            },
        });
    }

    /// <summary>The trace as JSON.</summary>
    public string ToJson()
    {
        lock (Executor.Lock)
        {
            IEnumerable<object> rows = _rows.Select(r => new
            {
                name = "thread_name",
                ph = "M",
                pid = 1,
                tid = r.Value,
                args = new { name = $"{r.Key.Id} queue {r.Value} ({r.Key.Name})" },
            });
            return JsonSerializer.Serialize(new
            {
                displayTimeUnit = "ms",
                otherData = new { dropped = _dropped },
                traceEvents = (object[])
                [
                    new { name = "process_name", ph = "M", pid = 1, tid = 0, args = new { name = "Cotangent" } }, .. rows, .. _events,
                ],
            }, s_options);
        }
    }

    private static double Rate(double amount, double us) => us > 0 ? Math.Round(amount / us / 1e3, 3) : 0;

    private int RowOf(Device device)
    {
        if (!_rows.TryGetValue(device, out int row))
            _rows[device] = row = _rows.Count + 1;
        return row;
    }

    private string ShapeOf(ExecutionPlan plan, int buffer)
    {
        Dictionary<int, string> shapes = _shapes.GetValue(plan, static p =>
        {
            Dictionary<int, string> texts = [];
            foreach ((Node node, int id) in p.BufferOf)
                texts[id] = $"{node.DType}{node.Shape}";
            return texts;
        });
        return shapes.TryGetValue(buffer, out string? text) ? text : $"{plan.Buffers[buffer].Bytes} bytes";
    }

    private sealed class Attachment : IDisposable
    {
        public void Dispose()
        {
            lock (Executor.Lock)
                CompiledProgram.Observer = null;
        }
    }
}
