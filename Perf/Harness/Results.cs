using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cotangent.Perf;

/// <summary>What a run has measured, and its file: a list of <see cref="Result"/>.</summary>
internal sealed class Results
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<Result> _all = [];

    public IReadOnlyList<Result> All => _all;

    public void Add(Result result) => _all.Add(WithFiniteNumbers(result));

    public string ToJson() => JsonSerializer.Serialize(_all, s_options);

    /// <summary>The list of a file's text.</summary>
    /// <exception cref="JsonException">It is not a list of results, or has other fields.</exception>
    public static IReadOnlyList<Result> Parse(string json) => JsonSerializer.Deserialize<List<Result>>(json, s_options)!;

    // JSON has no NaN: what could not be measured is null.
    private static Result WithFiniteNumbers(Result r) => r with
    {
        MedianMs = Finite(r.MedianMs),
        MinMs = Finite(r.MinMs),
        MaxMs = Finite(r.MaxMs),
        Bytes = Finite(r.Bytes),
        Flops = Finite(r.Flops),
        Achieved = Finite(r.Achieved),
        LimitRatio = Finite(r.LimitRatio),
        Peers = r.Peers.ToDictionary(p => p.Key, p => Finite(p.Value)),
    };

    private static double? Finite(double? x) => x is { } value && double.IsFinite(value) ? x : null;
}
