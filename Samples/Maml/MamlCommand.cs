using System.CommandLine;
using System.Globalization;
using Cotangent.AutoDiff;
using Cotangent.Optimizers;
using Cotangent.Samples.Networks;
using Spectre.Console;

namespace Cotangent.Samples.Maml;

/// <summary><c>maml</c>: a network learns where to start from, so that one gradient step on a few points fits a new sinusoid. The meta-gradient
/// goes through that step: a derivative of a derivative.</summary>
internal static class MamlCommand
{
    private const int Rows = 6, Shots = 10, TestTasks = 200;

    public static Command Create()
    {
        Option<int> steps = CommandOptions.Count("--steps", 1500, 1, "Meta-steps.");
        Option<int> tasks = CommandOptions.Count("--tasks", 16, 1, "Tasks a meta-step.");
        Option<int> width = CommandOptions.Count("--width", 40, 1, "Features of the two hidden layers.");
        Option<int> seed = CommandOptions.Count("--seed", 0, 0, "Everything random follows from it.");
        Command command = new("maml", "Meta-learns sinusoids: the loss on new tasks before and after one step of adaptation.") { steps, tasks, width, seed };
        command.SetAction(a => CommandOptions.Guarded(() =>
            Run(a.GetValue(steps), a.GetValue(tasks), a.GetValue(width), a.GetValue(seed), AnsiConsole.Console)));
        return command;
    }

    /// <summary>Meta-trains and prints a table; returns the losses on new tasks before and after adaptation, at the end.</summary>
    public static (double Before, double After) Run(int steps, int tasks, int width, int seed, IAnsiConsole console)
    {
        RandomKey[] keys = new RandomKey(seed).Split(3);
        AdamW<Mlp> optimizer = new(Mlp.Create(keys[0], 1, width, width, 1), new AdamWOptions { WeightDecay = 0 });
        CompiledFunction<Tensor, Tensor, Tensor> step = Jit.Compile((Tensor key, Tensor rate) =>
        {
            Sinusoids batch = Sinusoids.Draw(new RandomKey(key), tasks, Shots);
            (Tensor loss, Mlp gradients) = Diff.ValueAndGrad((Mlp n) => Adapted(n, batch, 1).Mean())(optimizer.Parameters);
            optimizer.Step(gradients, rate);
            return loss;
        });
        Sinusoids test = Sinusoids.Draw(keys[1], TestTasks, Shots);
        CompiledFunction<(Tensor, Tensor, Tensor)> evaluate = Jit.Compile(() => (
            Adapted(optimizer.Parameters, test, 0).Mean(), Adapted(optimizer.Parameters, test, 1).Mean(), Adapted(optimizer.Parameters, test, 5).Mean()));

        Table table = new Table().AddColumns("meta-step", "before", "after 1 step", "after 5 steps");
        double before = 0, after = 0;
        void Show(int done)
        {
            (Tensor zero, Tensor one, Tensor five) = evaluate.Invoke();
            (before, after) = (zero.Item<float>(), one.Item<float>());
            table.AddRow($"{done}", Text(before), Text(after), Text(five.Item<float>()));
        }

        Show(0);
        int every = Math.Max(1, steps / Rows), last = 0;
        CosineSchedule schedule = new(3e-3, steps, Math.Min(50, steps / 10), 3e-4);
        int done = StepLoop.Run(console, steps, s =>
        {
            float loss = step.Invoke(keys[2].Fold(s).Value, (Tensor)(float)schedule.At(s)).Item<float>();
            if ((s + 1) % every == 0) Show(last = s + 1);
            return $"loss after adaptation {Text(loss)}";
        });
        if (last < done) Show(done);
        console.Write(table);
        console.WriteLine($"Mean square error on {TestTasks} sinusoids that were not seen, each known by {Shots} points.");
        return (before, after);
    }

    /// <summary>The loss of each task on its query points after some gradient steps on its own: [tasks]. Differentiable through the
    /// steps.</summary>
    public static Tensor Adapted(Mlp start, Sinusoids batch, int steps) => Diff.Vmap((Sinusoids task) =>
    {
        Mlp n = start;
        for (int i = 0; i < steps; i++)
        {
            Mlp gradients = Diff.Grad((Mlp p) => Loss(p, task.X, task.Y))(n);
            n = Trees.Map(n, gradients, (w, g) => w - InnerRate * g);
        }

        return Loss(n, task.QueryX, task.QueryY);
    })(batch);

    private const double InnerRate = 0.02;

    private static Tensor Loss(Mlp n, Tensor x, Tensor y) => (n.Apply(x) - y).Square().Mean();

    private static string Text(double x) => x.ToString("F3", CultureInfo.InvariantCulture);
}
