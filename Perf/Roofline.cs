using System.Globalization;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>The suites of <see cref="Suites"/> as tables: achieved, the limit measured in the same run, and the ratio.</summary>
internal static class Roofline
{
    public static void PrintCopy(SuiteOptions options)
    {
        Header(options);
        double copy = Suites.Copy(options.Device, options.ThreadsOrAll);
        Print("copy 64 MiB", copy, copy, "GB/s");
    }

    public static void PrintChain(SuiteOptions options)
    {
        Header(options);
        (double chain, double limit, double ratio) = Suites.Chain(options.Device, options.ThreadsOrAll);
        Print("tanh(x*y+0.5)*x+y 16M", chain, limit, "GB/s", ratio);
    }

    public static void PrintMatMul(SuiteOptions options)
    {
        Header(options);
        double peak = options.Device.Kind == DeviceKind.Cpu ? Suites.FmaPeak(options.ThreadsOrAll) : FmaPeak.Measure(options.Device);
        foreach (int n in (int[])[512, 1024, 2048])
            Print($"matmul {n} float32", Suites.MatMul(options.Device, n), peak, "GFLOP/s");
    }

    private static void Header(SuiteOptions options)
    {
        string threads = options.Device.Kind == DeviceKind.Cpu ? $", {options.ThreadsOrAll} threads" : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"case",-34} {"achieved",12} {"limit",12} {"ratio",6}   ({options.Device}{threads})"));
    }

    private static void Print(string name, double achieved, double limit, string unit, double? ratio = null)
    {
        Results.Add(new Result("roofline", name, achieved, unit, limit, ratio ?? achieved / limit));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-34} {achieved,7:F1} {unit,-7}{limit,7:F1} {unit,-7}{ratio ?? achieved / limit,4:F2}"));
    }
}
