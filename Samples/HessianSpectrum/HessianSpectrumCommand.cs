using System.CommandLine;
using System.Globalization;
using Cotangent.AutoDiff;
using Cotangent.Optimizers;
using Cotangent.Samples.Networks;
using Cotangent.Samples.Pictures;
using Spectre.Console;

namespace Cotangent.Samples.HessianSpectrum;

/// <summary><c>hessian-spectrum</c>: the curvature of a trained network's loss, from products of its Hessian with vectors alone.</summary>
internal static class HessianSpectrumCommand
{
    private const int Points = 256, Shown = 5, Bins = 48;

    public static Command Create()
    {
        Option<int> steps = CommandOptions.Count("--steps", 1000, 0, "Training steps before.");
        Option<int> width = CommandOptions.Count("--width", 8, 1, "Features of the two hidden layers.");
        Option<int> products = CommandOptions.Count("--products", 60, 2, "Hessian-vector products from each random start.");
        Option<int> starts = CommandOptions.Count("--starts", 8, 1, "Random starts, for the density.");
        Option<int> seed = CommandOptions.Count("--seed", 0, 0, "Everything random follows from it.");
        Option<string> path = CommandOptions.Drawing("hessian-spectrum");
        Command command = new("hessian-spectrum", "Finds the Hessian's eigenvalues of a small trained network by Lanczos' method; draws their density.")
        {
            steps, width, products, starts, seed, path,
        };
        command.SetAction(a => CommandOptions.Guarded(() => Run(a.GetValue(steps), a.GetValue(width), a.GetValue(products), a.GetValue(starts),
            a.GetValue(seed), a.GetValue(path)!, AnsiConsole.Console)));
        return command;
    }

    /// <summary>Trains, prints the extreme eigenvalues beside those of the dense Hessian, draws; returns the largest difference among the
    /// top ones.</summary>
    public static double Run(int steps, int width, int products, int starts, int seed, string path, IAnsiConsole console)
    {
        RandomKey[] keys = new RandomKey(seed).Split(3);
        (Tensor x, Tensor y) = Moons.Draw(keys[0], Points);
        Mlp trained = Train(Mlp.Create(keys[1], 2, width, width, 1), x, y, steps, console);

        // The loss as a function of one vector, in float64.
        Tensor[] leaves = [.. Trees.Flatten(trained).Select(t => t.Cast(DType.Float64))];
        Tensor wide = x.Cast(DType.Float64).Realize(), sides = y.Cast(DType.Float64).Realize();
        Tensor at = Tensor.Concat(0, [.. leaves.Select(t => t.Reshape(-1))]).Realize();
        int[] sizes = [.. leaves.Select(t => (int)t.Size)];
        Tensor Loss(Tensor w) => Moons.Loss(
            Trees.Rebuild(trained, [.. w.Split(sizes).Zip(leaves, (part, like) => part.Reshape(like.Shape))]), wide, sides);
        int n = (int)at.Size;

        CompiledFunction<Tensor, Tensor> product = Jit.Compile((Tensor v) => Diff.Hvp(Loss, at, v));
        List<(double[] Values, double[] Weights)> spectra = [];
        StepLoop.Run(console, starts, s =>
        {
            double[] start = keys[2].Fold(s).Normal([n], DType.Float64).ToArray<double>();
            spectra.Add(Lanczos.Run(v => product.Invoke(Tensor.From(v)).ToArray<double>(), start, Math.Min(products, n)));
            return $"random start {s + 1}";
        });
        if (spectra.Count == 0) return double.NaN;

        double[] dense = Dense(Diff.Hessian(Loss)(at).ToArray<double>(), n);
        double worst = ShowTable(spectra[0].Values, dense, console);
        Draw(spectra, dense, path);
        console.WriteLine($"{n} parameters, {spectra[0].Values.Length} products with the Hessian from each of {spectra.Count} starts; the density: {path}");
        return worst;
    }

    private static Mlp Train(Mlp start, Tensor x, Tensor y, int steps, IAnsiConsole console)
    {
        AdamW<Mlp> optimizer = new(start, new AdamWOptions { Rate = 1e-2, WeightDecay = 1e-3 });
        CompiledFunction<Tensor> step = Jit.Compile(() =>
        {
            (Tensor loss, Mlp g) = Diff.ValueAndGrad((Mlp n) => Moons.Loss(n, x, y))(optimizer.Parameters);
            optimizer.Step(g);
            return loss;
        });
        float last = float.NaN;
        StepLoop.Run(console, steps, _ => $"loss {Text(last = step.Invoke().Item<float>())}");
        if (steps > 0) console.WriteLine($"Trained to a loss of {Text(last)}.");
        return optimizer.Parameters;
    }

    private static double[] Dense(double[] entries, int n)
    {
        double[,] h = new double[n, n];
        Buffer.BlockCopy(entries, 0, h, 0, entries.Length * sizeof(double));
        return SymmetricEigen.Solve(h).Values;
    }

    private static double ShowTable(double[] ritz, double[] dense, IAnsiConsole console)
    {
        Table table = new Table().AddColumns("eigenvalue", "Lanczos", "dense Hessian", "difference");
        double worst = 0;
        for (int i = 1; i <= Math.Min(Shown, ritz.Length); i++) Row($"{i}. largest", ritz[^i], dense[^i], ref worst);
        double lowest = 0;
        Row("smallest", ritz[0], dense[0], ref lowest);
        console.Write(table);
        return worst;

        void Row(string name, double x, double y, ref double most)
        {
            most = Math.Max(most, Math.Abs(x - y));
            table.AddRow(name, Text(x), Text(y), (x - y).ToString("0.0E+0", CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The share of eigenvalues in each bin, logarithmic: from the starts' weights as bars, of the dense Hessian as a
    /// line.</summary>
    private static void Draw(List<(double[] Values, double[] Weights)> spectra, double[] dense, string path)
    {
        const int Left = 60, Width = 640, Height = 360, Top = 30;
        double low = Math.Min(dense[0], spectra.Min(s => s.Values[0])), high = Math.Max(dense[^1], spectra.Max(s => s.Values[^1]));
        double span = Math.Max(1e-12, high - low);
        int Bin(double x) => Math.Clamp((int)((x - low) / span * Bins), 0, Bins - 1);
        double[] estimate = new double[Bins], exact = new double[Bins];
        foreach ((double[] values, double[] weights) in spectra)
        {
            for (int i = 0; i < values.Length; i++) estimate[Bin(values[i])] += weights[i] / spectra.Count;
        }

        foreach (double value in dense) exact[Bin(value)] += 1.0 / dense.Length;
        Svg svg = new(Left + Width + 20, Top + Height + 50);
        double Y(double share) => Top + Height * Math.Clamp(-Math.Log10(Math.Max(share, 1e-5)) / 5, 0, 1);
        for (int decade = 0; decade <= 5; decade++)
        {
            svg.Line(Left, Y(Math.Pow(10, -decade)), Left + Width, Y(Math.Pow(10, -decade)), "#ddd");
            svg.Words(Left - 6, Y(Math.Pow(10, -decade)) + 4, decade == 0 ? "1" : $"1e-{decade}", "end");
        }

        const double BinWidth = (double)Width / Bins;
        for (int b = 0; b < Bins; b++) svg.Rectangle(Left + b * BinWidth, Y(estimate[b]), BinWidth - 1, Top + Height - Y(estimate[b]), "#7aa6d8");
        svg.Curve(Enumerable.Range(0, Bins).Select(b => (Left + (b + 0.5) * BinWidth, Y(exact[b]))), "#d0552d");
        for (int i = 0; i <= 4; i++) svg.Words(Left + i * Width / 4.0, Top + Height + 18, Text(low + i * span / 4));
        svg.Words(Left + Width / 2.0, Top + Height + 40, "eigenvalue of the Hessian");
        svg.Words(Left, Top - 12, "share of eigenvalues: bars by Lanczos from random starts, line of the dense Hessian", "start");
        svg.Save(path);
    }

    private static string Text(double x) => x.ToString("G5", CultureInfo.InvariantCulture);
}
