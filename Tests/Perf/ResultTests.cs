using System.Text.Json;
using Cotangent.Perf;

namespace Cotangent.Tests.Perf;

/// <summary>The JSON of Perf: a list of objects with the same fields each.</summary>
public class ResultTests
{
    private static readonly Result s_result = new()
    {
        Suite = "softmax",
        Case = "softmax 4096x8192",
        Device = "cpu",
        Threads = 2,
        MedianMs = 12.5,
        MinMs = 12,
        MaxMs = 14,
        Bytes = 268435456,
        Flops = null,
        Achieved = 21.5,
        Unit = "GB/s",
        Limit = "copy",
        LimitRatio = 0.8125,
        Peers = new Dictionary<string, double?> { ["torch"] = 3.5, ["openblas"] = null },
    };

    [Fact]
    public void ToJson_OneResult_HasExactlyTheFieldsInOrder()
    {
        using JsonDocument document = JsonDocument.Parse(Write(s_result));
        JsonElement only = Assert.Single(document.RootElement.EnumerateArray());
        Assert.Equal(
            ["suite", "case", "device", "threads", "median_ms", "min_ms", "max_ms", "bytes", "flops", "achieved", "unit", "limit", "limit_ratio", "peers"],
            only.EnumerateObject().Select(p => p.Name));
        Assert.Equal(JsonValueKind.Null, only.GetProperty("flops").ValueKind);
        Assert.Equal(JsonValueKind.Null, only.GetProperty("peers").GetProperty("openblas").ValueKind);
    }

    [Fact]
    public void Parse_WhatToJsonWrote_IsTheSame()
    {
        Result read = Assert.Single(Results.Parse(Write(s_result)));
        Assert.Equal(s_result.Peers, read.Peers);
        Assert.Equal(s_result, read with { Peers = s_result.Peers });
    }

    [Fact]
    public void Parse_AnotherField_Throws() =>
        Assert.Throws<JsonException>(() => Results.Parse(Write(s_result).Replace("\"unit\"", "\"units\"", StringComparison.Ordinal)));

    [Fact]
    public void ToJson_NumbersThatAreNone_BecomeNull()
    {
        Result read = Assert.Single(Results.Parse(Write(s_result with { Achieved = double.NaN, LimitRatio = double.PositiveInfinity })));
        Assert.Null(read.Achieved);
        Assert.Null(read.LimitRatio);
    }

    /// <summary>The beginning of a file that <c>all --quick</c> wrote on the build machine.</summary>
    [Fact]
    public void Parse_RecordedQuickRun_HasTheFormInEveryCase()
    {
        string json = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "perf", "quick-run.json"));
        IReadOnlyList<Result> results = Results.Parse(json);
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.All(document.RootElement.EnumerateArray(), r => Assert.Equal(
            ["suite", "case", "device", "threads", "median_ms", "min_ms", "max_ms", "bytes", "flops", "achieved", "unit", "limit", "limit_ratio", "peers"],
            r.EnumerateObject().Select(p => p.Name)));
        Assert.All(results, r => Assert.All(r.Peers.Keys, p => Assert.Contains(p, (string[])["openblas", "torch", "tensorprimitives", "handwritten"])));
        Assert.All(results.Where(r => r.MedianMs is not null), r => Assert.InRange(r.MedianMs!.Value, r.MinMs!.Value, r.MaxMs!.Value));
        Assert.All(results.Where(r => r.LimitRatio is not null), r => Assert.NotNull(r.Limit));
        Assert.All(results.Where(r => r.Achieved is not null), r => Assert.NotNull(r.Unit));
        Assert.Equal(results.Count, results.Select(r => (r.Suite, r.Case)).Distinct().Count());
    }

    private static string Write(Result result)
    {
        Results results = new();
        results.Add(result);
        return results.ToJson();
    }
}
