using System.CommandLine;
using System.Globalization;
using Cotangent.AutoDiff;
using Cotangent.Optimizers;
using Cotangent.Samples.Networks;
using Cotangent.Samples.Pictures;
using Spectre.Console;

namespace Cotangent.Samples.Pinn;

/// <summary><c>pinn</c>: a network learns the solution of a differential equation from the equation alone.</summary>
internal static class PinnCommand
{
    private const int Rows = 8, LatticeSize = 40;

    public static Command Create()
    {
        Option<int> steps = CommandOptions.Count("--steps", 2000, 1, "Optimizer steps.");
        Option<int> points = CommandOptions.Count("--points", 256, 1, "Random points of the square a step.");
        Option<int> width = CommandOptions.Count("--width", 32, 1, "Features of the two hidden layers.");
        Option<int> seed = CommandOptions.Count("--seed", 0, 0, "Everything random follows from it.");
        Option<string> path = CommandOptions.Drawing("pinn");
        Command command = new("pinn", "Solves Poisson's equation by a network whose Laplacian must be the source; draws solution and error.")
        {
            steps, points, width, seed, path,
        };
        command.SetAction(a => CommandOptions.Guarded(() => Run(
            a.GetValue(steps), a.GetValue(points), a.GetValue(width), a.GetValue(seed), a.GetValue(path)!, AnsiConsole.Console)));
        return command;
    }

    /// <summary>Trains, prints a table, draws; returns the relative error at the end, ‖u − exact‖ / ‖exact‖ on a lattice.</summary>
    public static double Run(int steps, int points, int width, int seed, string path, IAnsiConsole console)
    {
        RandomKey[] keys = new RandomKey(seed).Split(2);
        AdamW<Mlp> optimizer = new(Mlp.Create(keys[0], 2, width, width, 1), new AdamWOptions { WeightDecay = 0 });
        CosineSchedule schedule = new(5e-3, steps, Math.Min(50, steps / 10), 5e-5);
        CompiledFunction<Tensor, Tensor, Tensor> step = Jit.Compile((Tensor key, Tensor rate) =>
        {
            Tensor at = new RandomKey(key).Uniform([points, 2]);
            (Tensor loss, Mlp gradients) = Diff.ValueAndGrad((Mlp n) => Poisson.Residual(n, at))(optimizer.Parameters);
            optimizer.Step(gradients, rate);
            return loss;
        });
        Tensor lattice = Poisson.Lattice(LatticeSize).Realize(), exact = Poisson.Exact(lattice).Realize();
        CompiledFunction<Tensor> solution = Jit.Compile(() => Diff.Vmap((Tensor p) => Poisson.Network(optimizer.Parameters, p))(lattice));
        double Error() => ((solution.Invoke() - exact).Square().Sum() / exact.Square().Sum()).Sqrt().Item<float>();

        Table table = new Table().AddColumns("step", "mean square residual", "relative error of u");
        table.AddRow("0", "", Text(Error()));
        int every = Math.Max(1, steps / Rows), last = 0;
        int done = StepLoop.Run(console, steps, s =>
        {
            float loss = step.Invoke(keys[1].Fold(s).Value, (Tensor)(float)schedule.At(s)).Item<float>();
            if ((s + 1) % every == 0) table.AddRow($"{last = s + 1}", Text(loss), Text(Error()));
            return $"residual {Text(loss)}";
        });
        double error = Error();
        if (last < done) table.AddRow($"{done}", "", Text(error));
        console.Write(table);
        Draw(solution.Invoke().ToArray<float>(), exact.ToArray<float>(), path);
        console.WriteLine($"u and its error on a lattice of {LatticeSize} x {LatticeSize} points: {path}");
        return error;
    }

    private static void Draw(float[] u, float[] exact, string path)
    {
        const int Cell = 9, Side = Cell * LatticeSize, Top = 30, Gap = 40;
        Svg svg = new(2 * Side + 3 * Gap, Side + Top + 30);
        float scale = exact.Max(Math.Abs), worst = Math.Max(1e-9f, u.Zip(exact, (x, y) => Math.Abs(x - y)).Max());
        for (int i = 0; i < u.Length; i++)
        {
            double x = Gap + i % LatticeSize * Cell, y = Top + (LatticeSize - 1 - i / LatticeSize) * Cell;
            svg.Rectangle(x, y, Cell, Cell, Colour(u[i] / scale));
            svg.Rectangle(x + Side + Gap, y, Cell, Cell, Colour((u[i] - exact[i]) / worst));
        }

        svg.Words(Gap + Side / 2.0, Top - 10, $"the network's u, from -{Text(scale)} (blue) to {Text(scale)} (red)");
        svg.Words(2 * Gap + 1.5 * Side, Top - 10, $"its error, from -{Text(worst)} to {Text(worst)}");
        svg.Save(path);
    }

    /// <summary>−1 is blue, 0 white, 1 red.</summary>
    private static string Colour(float x)
    {
        int pale = 255 - (int)(200 * Math.Min(1, Math.Abs(x)));
        return x > 0 ? $"#ff{pale:x2}{pale:x2}" : $"#{pale:x2}{pale:x2}ff";
    }

    private static string Text(double x) => x.ToString("G3", CultureInfo.InvariantCulture);
}
