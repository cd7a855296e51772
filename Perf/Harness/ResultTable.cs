using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cotangent.Perf;

/// <summary>Results as a table: a column a peer that any of them has.</summary>
internal static class ResultTable
{
    public static Table Of(string title, IReadOnlyList<(Result Result, string Bar)> rows)
    {
        string[] peers = [.. rows.SelectMany(r => r.Result.Peers.Keys).Distinct()];
        Table table = new Table().Border(TableBorder.Simple).Title(new TableTitle(Markup.Escape(title)));
        table.AddColumn("case");
        foreach (string column in (string[])["median ms", "min", "max", "achieved", "limit", "ratio", "bar", .. peers.Select(p => $"{p} / ours")])
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach ((Result r, string bar) in rows)
        {
            string[] cells =
            [
                r.Case, Milliseconds(r.MedianMs), IsOfOneTurn(r) ? "once" : Milliseconds(r.MinMs), IsOfOneTurn(r) ? "" : Milliseconds(r.MaxMs), $"{Number(r.Achieved)} {r.Unit}",
                LimitOf(r), Ratio(r.LimitRatio), bar,
                .. peers.Select(p => !r.Peers.TryGetValue(p, out double? ratio) ? "" : ratio is null ? "absent" : Ratio(ratio)),
            ];
            table.AddRow(cells.Select(c => (IRenderable)new Text(c)));
        }

        return table;
    }

    // What takes long is timed once, and says so; two turns are never equal to the tick.
    private static bool IsOfOneTurn(Result r) => r.MinMs is { } least && least == r.MaxMs;

    // The rate that the ratio implies, where the limit is a rate of the same unit.
    private static string LimitOf(Result r) => r is { Achieved: { } achieved, LimitRatio: { } ratio, Unit: "GB/s" or "GFLOP/s" }
        ? $"{r.Limit} {Number(achieved / ratio)}"
        : r.Limit ?? "";

    private static string Milliseconds(double? ms) => ms switch
    {
        null => "",
        < 0.1 => ms.Value.ToString("F5", CultureInfo.InvariantCulture),
        < 10 => ms.Value.ToString("F3", CultureInfo.InvariantCulture),
        _ => ms.Value.ToString("F1", CultureInfo.InvariantCulture),
    };

    private static string Ratio(double? ratio) => ratio?.ToString(ratio < 10 ? "F2" : "F1", CultureInfo.InvariantCulture) ?? "";

    private static string Number(double? x) => x?.ToString(Math.Abs(x.Value) < 10 ? "F2" : Math.Abs(x.Value) < 1000 ? "F1" : "N0",
        CultureInfo.InvariantCulture) ?? "";
}
