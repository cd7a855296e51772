using System.CommandLine;
using System.CommandLine.Parsing;
using Cotangent.Kernels;
using Spectre.Console;

namespace Cotangent.Samples.Lm;

/// <summary><c>lm</c>: trains a byte-level transformer on a text.</summary>
internal static class LmCommand
{
    private static readonly Option<string?> s_text = new("--text")
    {
        Description = "The text file to train on. Default: Cotangent's own sources and docs.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> s_device = new("--device") { Description = "cpu, opencl, opencl:1, … Default: cpu.", HelpName = "ID" };
    private static readonly Option<int> s_threads = CommandOptions.Count("--threads", Environment.ProcessorCount, 1, "Threads of the CPU device; results do not depend on it.");
    private static readonly Option<int> s_steps = CommandOptions.Count("--steps", 900, 0, "Optimizer steps in all, resumed ones included.");
    private static readonly Option<int> s_stopAfter = CommandOptions.Count("--stop-after", int.MaxValue, 1, "Save and end after this many steps, as Ctrl-C would.");
    private static readonly Option<int> s_layers = CommandOptions.Count("--layers", 4, 1, "Transformer blocks.");
    private static readonly Option<int> s_width = CommandOptions.Count("--width", 128, 1, "Features of the residual stream; a multiple of --heads.");
    private static readonly Option<int> s_heads = CommandOptions.Count("--heads", 4, 1, "Attention heads.");
    private static readonly Option<int> s_context = CommandOptions.Count("--context", 128, 1, "Bytes the model sees.");
    private static readonly Option<int> s_batch = CommandOptions.Count("--batch", 16, 1, "Windows a step.");
    private static readonly Option<int> s_seed = CommandOptions.Count("--seed", 0, 0, "Everything random follows from it; with --private, noise and batches only where it is given: it is then a secret.");
    private static readonly Option<double> s_rate = new("--lr") { Description = "Peak learning rate.", DefaultValueFactory = _ => 2e-3, HelpName = "RATE" };
    private static readonly Option<string> s_out = new("--out")
    {
        Description = "Folder for checkpoint.safetensors, loss.svg and sample.txt.",
        DefaultValueFactory = _ => Path.Combine("runs", "lm"),
        HelpName = "DIR",
    };

    private static readonly Option<bool> s_unfused = new("--unfused")
    {
        Description = "Writes the logits and attention's scores to memory and goes on from there, for comparison.",
    };

    private static readonly Option<string?> s_resume = new("--resume")
    {
        Description = "Continues the checkpoint in this folder, bit for bit (a private run only if it was given --seed); sizes, batch, rate, seed and steps come from it.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> s_private = new("--private")
    {
        Description = "Trains with differential privacy, within the budget of --epsilon and --delta: docs/privacy.md says what is promised.",
    };

    private static readonly Option<double> s_epsilon = Positive("--epsilon", 8, "The budget ε of all --steps together; with --private.");
    private static readonly Option<double> s_delta = Positive("--delta", 1e-5, "The budget δ, which must be less than 1/windows of the text; with --private.");
    private static readonly Option<double> s_clip = Positive("--clip", 1, "The bound C on the norm of each window's gradient; with --private.");
    private static readonly Option<bool> s_perLayer = new("--clip-per-layer") { Description = "Clips each parameter by itself, to C/√parameters; with --private." };
    private static readonly Option<bool> s_secure = new("--secure-noise") { Description = "Each number of sampling and noise from the operating system, not from a seed; slower; with --private." };
    private static readonly Option<bool> s_cutHead = new("--cut-head")
    {
        Description = "Makes the logits again rather than hold them: slower, less memory; by default where a piece of the batch has over 256 MB of them; with --private.",
    };

    public static Command Create()
    {
        Command command = new("lm", "Trains a byte-level decoder-only transformer on a text and shows what it learned.")
        {
            s_text, s_device, s_threads, s_steps, s_layers, s_width, s_heads, s_context, s_batch, s_rate, s_seed, s_out, s_resume, s_stopAfter, s_unfused,
            s_private, s_epsilon, s_delta, s_clip, s_perLayer, s_secure, s_cutHead,
        };
        s_rate.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.GetValueOrDefault<double>() is not (> 0 and < double.PositiveInfinity))
            {
                result.AddError($"--lr is {result.Tokens[0].Value}; it must be a positive number.");
            }
        });
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments) =>
        CommandOptions.Guarded(() => Training.Run(Options(arguments), AnsiConsole.Console));

    private static TrainingOptions Options(ParseResult a)
    {
        string? resume = a.GetValue(s_resume);
        TrainingOptions given = new()
        {
            Text = a.GetValue(s_text),
            Sizes = new(a.GetValue(s_layers), a.GetValue(s_width), a.GetValue(s_heads), a.GetValue(s_context)),
            Batch = a.GetValue(s_batch),
            Rate = a.GetValue(s_rate),
            Seed = a.GetValue(s_seed),
            Steps = a.GetValue(s_steps),
            StopAfter = a.GetValue(s_stopAfter),
            Out = a.GetResult(s_out) is { Implicit: false } || resume is null ? a.GetValue(s_out)! : resume,
            Resume = resume,
            Unfused = a.GetValue(s_unfused),
            CutHead = a.GetValue(s_cutHead),
            Threads = a.GetValue(s_threads),
            Device = a.GetValue(s_device) ?? "cpu",
            Privacy = Privacy(a),
        };
        if (given.Sizes.Width % given.Sizes.Heads != 0)
        {
            throw new UserErrorException($"--width {given.Sizes.Width} is not a multiple of --heads {given.Sizes.Heads}; each head needs an equal share.");
        }

        if (given is { CutHead: true, Unfused: true }) throw new UserErrorException("--cut-head does not hold the logits, --unfused does: give one of them.");
        if (resume is not null)
        {
            Option[] fixedByCheckpoint = [s_layers, s_width, s_heads, s_context, s_batch, s_rate, s_seed, s_steps, s_private, s_epsilon, s_delta, s_clip, s_perLayer, s_secure];
            if (fixedByCheckpoint.FirstOrDefault(o => a.GetResult(o) is { Implicit: false }) is { } clash)
            {
                throw new UserErrorException($"{clash.Name} cannot be given with --resume: it comes from the checkpoint, so that training continues bit for bit.");
            }
        }

        return given;
    }

    private static PrivacyBudget? Privacy(ParseResult a)
    {
        if (a.GetValue(s_private))
        {
            return new PrivacyBudget(a.GetValue(s_epsilon), a.GetValue(s_delta), a.GetValue(s_clip), a.GetValue(s_perLayer), a.GetValue(s_secure))
            {
                IsSeeded = a.GetResult(s_seed) is { Implicit: false },
            };
        }

        Option[] ofPrivate = [s_epsilon, s_delta, s_clip, s_perLayer, s_secure, s_cutHead];
        return ofPrivate.FirstOrDefault(o => a.GetResult(o) is { Implicit: false }) is { } alone
            ? throw new UserErrorException($"{alone.Name} has no meaning without --private.")
            : null;
    }

    private static Option<double> Positive(string name, double value, string description)
    {
        Option<double> option = new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "X" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.GetValueOrDefault<double>() is not (> 0 and < double.PositiveInfinity))
            {
                result.AddError($"{name} is {result.Tokens[0].Value}; it must be a positive number.");
            }
        });
        return option;
    }
}
