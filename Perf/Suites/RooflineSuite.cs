namespace Cotangent.Perf.Suites;

/// <summary>The limits themselves.</summary>
internal static class RooflineSuite
{
    public static void Run(Bench bench)
    {
        foreach (Limit limit in Limits.All)
        {
            string name = Limits.NameOf(limit)!;
            if (!bench.Options.Wants(name))
                continue;
            double best = bench.Limits.Best(limit);
            bench.Keep(bench.NewResult(name) with
            {
                Achieved = best / 1e9,
                Unit = limit == Limit.Fma ? "GFLOP/s" : "GB/s",
                Limit = name,
                LimitRatio = 1,
            });
        }
    }
}
