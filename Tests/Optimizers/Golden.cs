using System.Text.Json;
using Cotangent.Kernels;

namespace Cotangent.Tests.Optimizers;

/// <summary>A recorded run: the parameters after each step under fixed gradients. See Tests/Goldens.</summary>
internal sealed class Golden
{
    private readonly JsonElement _file;
    private readonly JsonElement _case;

    private readonly Device _device;

    private Golden(JsonElement file, JsonElement run, Device device)
    {
        _device = device;
        _file = file;
        _case = run;
    }

    public DType DType => _case.GetProperty("dtype").GetString() == "float64" ? DType.Float64 : DType.Float32;

    /// <summary>The error that rounding alone explains.</summary>
    public double Tolerance => DType == DType.Float64 ? 1e-11 : 2e-6;

    public JsonElement Hyperparameters => _case.GetProperty("hyperparameters")[0];

    public int Steps => _case.GetProperty("trajectory").GetArrayLength();

    public Pair Start => Read(_file.GetProperty("params"));

    /// <summary>The names of all runs of a file.</summary>
    public static TheoryData<string> Names(string optimizer) =>
        [.. Open(optimizer).GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("case").GetString()!)];

    public static Golden Load(string optimizer, string name, string device = "cpu")
    {
        JsonElement file = Open(optimizer);
        JsonElement run = file.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("case").GetString() == name);
        return new Golden(file, run, Devices.Get(device));
    }

    public Pair Gradient(int step) => Read(_file.GetProperty("gradients")[step]);

    /// <summary>Asserts that parameters are those after a step.</summary>
    public void Check(int step, Pair actual)
    {
        JsonElement expected = _case.GetProperty("trajectory")[step];
        Check(step, "w", Numbers(expected.GetProperty("w")), actual.W);
        Check(step, "b", Numbers(expected.GetProperty("b")), actual.B);
    }

    /// <summary>Asserts that a slot of an exported state is what the run ended with.</summary>
    /// <param name="state">The optimizer's export.</param>
    /// <param name="slot">Its name here.</param>
    /// <param name="recorded">Its name in the run.</param>
    public void CheckFinal(IReadOnlyDictionary<string, Tensor> state, string slot, string recorded)
    {
        foreach (string name in new[] { "w", "b" })
        {
            if (_case.GetProperty("final_state").GetProperty(name).TryGetProperty(recorded, out JsonElement expected))
                Check(Steps, $"{slot}.{name}", Numbers(expected), state[$"{slot}.{name}"]);
        }
    }

    private void Check(int step, string name, double[] expected, Tensor actual)
    {
        double[] values = actual.Cast(DType.Float64).ToArray<double>();
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - values[i]) <= Tolerance, $"step {step}, {name}[{i}]: {values[i]}, expected {expected[i]}");
        }
    }

    private Pair Read(JsonElement pair) => new(
        Tensor.From(Numbers(pair.GetProperty("w")), [3, 4], _device).Cast(DType),
        Tensor.From(Numbers(pair.GetProperty("b")), [5], _device).Cast(DType));

    private static double[] Numbers(JsonElement element) => element.ValueKind == JsonValueKind.Array
        ? [.. element.EnumerateArray().SelectMany(Numbers)]
        : element.ValueKind == JsonValueKind.Object ? Numbers(element.GetProperty("init")) : [element.GetDouble()];

    private static JsonElement Open(string optimizer) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", optimizer + ".json"))).RootElement;
}

/// <summary>The parameters of every recorded run: a matrix and a vector.</summary>
internal sealed record Pair(Tensor W, Tensor B);
