using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Cotangent.Kernels;
using Cotangent.Samples.Pictures;
using Spectre.Console;

namespace Cotangent.Samples.NBody;

/// <summary><c>nbody</c>: two galaxies pass each other; every body pulls every other.</summary>
internal static class NBodyCommand
{
    private const float Step = 2e-3f;
    private const int Rows = 10;
    private const int PictureSize = 900;

    public static Command Create()
    {
        Option<string> device = CommandOptions.Device(), path = CommandOptions.Picture("nbody");
        Option<int> size = CommandOptions.Count("--size", 1024, 2, "Bodies.");
        Option<int> steps = CommandOptions.Count("--steps", 1000, 1, $"Steps of {Step} units of time.");
        Option<int> seed = CommandOptions.Count("--seed", 0, 0, "Where the stars are at first.");
        Command command = new("nbody", "Lets two galaxies pass each other; draws their paths and shows how well energy is kept.")
        {
            device, size, steps, seed, path,
        };
        command.SetAction(a => CommandOptions.Guarded(() => Run(Device.Find(a.GetValue(device)!), a.GetValue(size),
            a.GetValue(steps), a.GetValue(seed), a.GetValue(path)!, AnsiConsole.Console)));
        return command;
    }

    /// <summary>Simulates, draws, prints a table; returns the largest relative change of the energy.</summary>
    public static double Run(Device device, int count, int steps, int seed, string path, IAnsiConsole console)
    {
        (Body[] bodies, Velocity[] velocities) = Galaxies.Create(count, seed);
        using DeviceBuffer<Body> x = device.Allocate<Body>(bodies);
        using DeviceBuffer<Velocity> v = device.Allocate<Velocity>(velocities);
        var kick = device.Load<Index1D, ArrayView<Body>, ArrayView<Velocity>, float>(Gravity.Kick);
        var drift = device.Load<Index1D, ArrayView<Body>, ArrayView<Velocity>, float>(Gravity.Drift);

        Table table = new Table().AddColumns("step", "kinetic", "potential", "energy", "change");
        PathPicture picture = new(PictureSize);
        double first = 0, worst = 0;
        TimeSpan time = default;
        int every = Math.Max(1, steps / Rows);
        for (int s = 0; s <= steps; s++)
        {
            if (s > 0)
            {
                long start = Stopwatch.GetTimestamp();
                kick(count, x, v, Step / 2);
                drift(count, x, v, Step);
                kick(count, x, v, Step / 2);
                device.Synchronize();
                time += Stopwatch.GetElapsedTime(start);
                x.CopyTo(bodies);
            }

            picture.Add(bodies);
            if (s % every != 0 && s != steps) continue;
            v.CopyTo(velocities);
            (double kinetic, double potential) = Gravity.Energy(bodies, velocities);
            if (s == 0) first = kinetic + potential;
            double change = (kinetic + potential - first) / Math.Abs(first);
            worst = Math.Max(worst, Math.Abs(change));
            table.AddRow([.. new[] { $"{s}", Text(kinetic, "F6"), Text(potential, "F6"), Text(kinetic + potential, "F6"), Text(change, "E1") }]);
        }

        Png.Write(path, PictureSize, picture.ToPixels());
        console.Write(table);
        double pairs = 2.0 * steps * count * count;
        console.MarkupLineInterpolated($"{count} bodies, {steps} steps in {time.TotalSeconds:F2} s on {device}, {Text(pairs / time.TotalSeconds / 1e6, "F0")} million pairs a second: {path}");
        return worst;
    }

    private static string Text(double x, string format) => x.ToString(format, CultureInfo.InvariantCulture);
}
