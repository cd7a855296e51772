using System.CommandLine;
using System.Globalization;
using Cotangent.AutoDiff;
using Cotangent.Samples.Networks;
using Spectre.Console;

namespace Cotangent.Samples.ForwardGradients;

/// <summary><c>forward-gradient</c>: a small network learns two moons without a backward pass, beside one that has it.</summary>
internal static class ForwardGradientCommand
{
    private const int Rows = 8, Points = 256;

    public static Command Create()
    {
        Option<int> steps = CommandOptions.Count("--steps", 2000, 1, "Gradient steps.");
        Option<int> directions = CommandOptions.Count("--directions", 16, 1, "Random directions a step, in the last column.");
        Option<int> width = CommandOptions.Count("--width", 8, 1, "Features of the two hidden layers.");
        Option<int> seed = CommandOptions.Count("--seed", 0, 0, "Everything random follows from it.");
        Command command = new("forward-gradient", "Trains a network by derivatives along random directions, without a backward pass: the loss by step beside backprop's.")
        {
            steps, directions, width, seed,
        };
        command.SetAction(a => CommandOptions.Guarded(() =>
            Run(a.GetValue(steps), a.GetValue(directions), a.GetValue(width), a.GetValue(seed), AnsiConsole.Console)));
        return command;
    }

    /// <summary>Trains three times and prints a table; returns the first and the last losses.</summary>
    public static (float[] First, float[] Last) Run(int steps, int directions, int width, int seed, IAnsiConsole console)
    {
        RandomKey[] keys = new RandomKey(seed).Split(3);
        Mlp start = Mlp.Create(keys[0], 2, width, width, 1);
        (Tensor x, Tensor y) = Moons.Draw(keys[1], Points);
        Tensor Loss(Mlp n) => Moons.Loss(n, x, y);

        // E‖g‖² is (d + k − 1)/k times that of the gradient: the step is as much smaller, but for a factor that the noise allows.
        double Rate(int k) => Math.Min(0.5, 4.0 * k / (start.Size + k - 1));
        Learner[] learners =
        [
            new("backprop", start, 0.5, (n, _) => Diff.ValueAndGrad<Mlp>(Loss)(n)),
            new("1 direction", start, Rate(1), ForwardGradient.ValueAndGrad<Mlp>(Loss, 1, Guess.Rademacher)),
            new($"{directions} directions", start, Rate(directions), ForwardGradient.ValueAndGrad<Mlp>(Loss, directions, Guess.Rademacher)),
        ];
        Table table = new Table().AddColumns(["step", .. learners.Select(l => l.Name)]);
        float[] losses = new float[learners.Length], first = [];
        int every = Math.Max(1, steps / Rows);
        StepLoop.Run(console, steps, s =>
        {
            for (int i = 0; i < learners.Length; i++) losses[i] = learners[i].Step(keys[2].Fold(s));
            if (s == 0) first = [.. losses];
            if (s % every == 0 || s == steps - 1) table.AddRow([$"{s}", .. losses.Select(Text)]);
            return $"loss {string.Join(", ", losses.Select(Text))}";
        });
        console.Write(table);
        console.WriteLine($"{Points} points of two moons, {start.Size} parameters; only the first column has a backward pass.");
        return (first, losses);
    }

    private static string Text(float x) => x.ToString("F4", CultureInfo.InvariantCulture);

    /// <summary>A network under plain gradient descent with some way to a gradient.</summary>
    private sealed class Learner
    {
        private readonly CompiledFunction<Mlp, Tensor, (Tensor Loss, Mlp Next)> _step;
        private Mlp _network;

        public Learner(string name, Mlp start, double rate, Func<Mlp, RandomKey, (Tensor Value, Mlp Gradient)> gradient)
        {
            (Name, _network) = (name, start);
            _step = Jit.Compile((Mlp n, Tensor key) =>
            {
                (Tensor loss, Mlp g) = gradient(n, new RandomKey(key));
                return (loss, Trees.Map(n, g, (w, d) => w - rate * d));
            });
        }

        public string Name { get; }

        /// <summary>Makes a step; returns the loss before it.</summary>
        public float Step(RandomKey key)
        {
            (Tensor loss, _network) = _step.Invoke(_network, key.Value);
            return loss.Item<float>();
        }
    }
}
