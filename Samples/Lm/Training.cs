using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Cotangent.Interop;
using Cotangent.Kernels;
using Cotangent.Optimizers;
using Spectre.Console;

namespace Cotangent.Samples.Lm;

/// <summary>One run: load, train with a progress bar, evaluate, show, save. Ctrl-C ends the training after the step at hand and saves.</summary>
internal sealed class Training
{
    private const int EvaluationBatches = 24, Evaluations = 6;

    private readonly TrainingOptions _options;
    private readonly Corpus _corpus;
    private readonly Learner _learner;
    private readonly CosineSchedule _schedule;
    private readonly List<float> _losses = [];
    private readonly List<(int Step, double Bits)> _validations = [];
    private readonly IAnsiConsole _console;

    private Training(TrainingOptions options, IAnsiConsole console)
    {
        Device device = FindDevice(options);
        Checkpoint? checkpoint = options.Resume is { } folder ? Checkpoint.Load(folder, options, device) : null;
        _options = checkpoint?.Options ?? options;
        _console = console;
        _corpus = Corpus.Load(_options.Text, _options.Sizes.Context);
        if (checkpoint is not null && checkpoint.CorpusDigest != _corpus.Digest)
        {
            throw new UserErrorException($"The checkpoint was trained on another text than '{_corpus.Name}'. Give that one with --text.");
        }

        if (checkpoint is null && _options.Privacy is { } budget)
        {
            long records = PrivateLearner.Records(_corpus.Train.Length, _options.Sizes.Context);
            _options = _options with { Privacy = budget.Planned(records, _options.Batch, _options.Steps) };
        }

        _learner = new Learner(_options, _corpus.Train, device, checkpoint);
        _schedule = new CosineSchedule(_options.Rate, Math.Max(1, _options.Steps), _options.Steps / 20, _options.Rate / 10);
        if (checkpoint is not null) Resume(checkpoint);
        string sizes = $"{_options.Sizes.Layers} layers, width {_options.Sizes.Width}, {_options.Sizes.Heads} heads, context {_options.Sizes.Context}";
        Line($"{_corpus.Name}: {_corpus.Train.Length:N0} bytes to train on, {_corpus.Validation.Length:N0} held out; unigram entropy {_corpus.UnigramEntropy:F3} bits per byte");
        Line($"{_learner.ParameterCount:N0} parameters ({sizes}), batches of {_options.Batch} on {device}");
        if (_options.Privacy is { } privacy)
        {
            Line($"private: each of {PrivateLearner.Records(_corpus.Train.Length, _options.Sizes.Context):N0} windows of {_options.Sizes.Context + 1} bytes, ε {privacy.Epsilon} at δ {privacy.Delta}; clip {privacy.Clip}{(privacy.PerLayer ? " in all, each layer by itself" : "")}, noise multiplier {privacy.NoiseMultiplier:F4}");
        }
    }

    private int Done => _losses.Count;

    /// <summary>Trains as the options say.</summary>
    /// <exception cref="UserErrorException">The options do not fit together or with the files.</exception>
    public static void Run(TrainingOptions options, IAnsiConsole console)
    {
        Training training = new(options, console);
        Directory.CreateDirectory(options.Out);
        using CancellationTokenSource stop = new();
        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        training.Train(stop.Token);
        training.Save();
        if (stop.IsCancellationRequested || training.Done < training._options.Steps) training.ShowStopped();
        else training.ShowResults();
    }

    private void Train(CancellationToken stop)
    {
        int last = (int)Math.Min(_options.Steps, (long)Done + _options.StopAfter);
        if (last <= Done) return;
        if (_console.Profile.Out.IsTerminal) TrainWithBar(last, stop);
        else TrainWithLines(last, stop);
    }

    private void TrainWithBar(int last, CancellationToken stop) => _console.Progress()
        .HideCompleted(false)
        .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new RemainingTimeColumn())
        .Start(bar =>
        {
            ProgressTask task = bar.AddTask("starting", maxValue: _options.Steps);
            task.Value = Done;
            Steps(last, stop, (status, done) =>
            {
                task.Description = Markup.Escape(status);
                task.Value = done;
            });
        });

    private void TrainWithLines(int last, CancellationToken stop)
    {
        long shown = Stopwatch.GetTimestamp(), start = shown;
        int first = Done;
        Steps(last, stop, (status, done) =>
        {
            if (Stopwatch.GetElapsedTime(shown).TotalSeconds < 5 && done < last) return;
            shown = Stopwatch.GetTimestamp();
            TimeSpan left = Stopwatch.GetElapsedTime(start) / Math.Max(1, done - first) * (last - done);
            Line($"step {done}/{_options.Steps}  {status}  {left:mm\\:ss} left");
        });
    }

    private void Steps(int last, CancellationToken stop, Action<string, int> report)
    {
        double smooth = 0, weight = 0, rate = 0;
        while (Done < last && !stop.IsCancellationRequested)
        {
            long start = Stopwatch.GetTimestamp();
            float loss = _learner.Step(_schedule.At(Done));
            if (!float.IsFinite(loss)) throw new UserErrorException($"The loss became {loss} at step {Done + 1}; nothing was saved. Try a smaller --lr.");
            _losses.Add(loss);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            (smooth, weight, rate) = (0.95 * smooth + 0.05 * loss, 0.95 * weight + 0.05, 0.95 * rate + 0.05 * seconds);
            double nats = smooth / weight, tokens = _options.Batch * _options.Sizes.Context / (rate / weight);
            report(string.Create(CultureInfo.InvariantCulture, $"loss {nats:F3}  {nats / Math.Log(2):F3} bits/byte  {tokens:N0} tokens/s{(_learner.Spent() is { } spent ? "  " + spent : "")}"), Done);
            if (Done % Math.Max(1, _options.Steps / Evaluations) == 0) _validations.Add((Done, Evaluate(_corpus.Validation)));
        }
    }

    private double Evaluate(byte[] text) => _learner.Evaluate(text, _options.Batch, EvaluationBatches);

    private void Resume(Checkpoint checkpoint)
    {
        _losses.AddRange(checkpoint.Require("history.loss", [checkpoint.Step], DType.Float32).ToArray<float>());
        int count = checkpoint.Tensors.TryGetValue("history.validation_step", out Tensor? steps) ? (int)steps.Size : 0;
        if (count == 0) return;
        _validations.AddRange(checkpoint.Require("history.validation_step", [count], DType.Int32).ToArray<int>()
            .Zip(checkpoint.Require("history.validation_bits", [count], DType.Float64).ToArray<double>()));
    }

    private void Save()
    {
        Dictionary<string, Tensor> tensors = _learner.Export();
        tensors["history.loss"] = Tensor.From([.. _losses]);
        tensors["history.validation_step"] = Tensor.From([.. _validations.Select(v => v.Step)]);
        tensors["history.validation_bits"] = Tensor.From([.. _validations.Select(v => v.Bits)]);
        new Checkpoint(_options, _corpus.Digest, Done, tensors) { PrivacyState = _learner.PrivacyState }.Save(_options.Out);
        string chart = LossChart.Draw([.. _losses.Select(x => (float)(x / Math.Log(2)))], _validations, _corpus.UnigramEntropy);
        AtomicFile.Write(Path.Combine(_options.Out, "loss.svg"), file => file.Write(Encoding.UTF8.GetBytes(chart)));
    }

    private void ShowStopped()
    {
        Line($"Stopped after step {Done} of {_options.Steps}. Continue with: lm --resume {_options.Out}");
    }

    private void ShowResults()
    {
        double unigram = _corpus.UnigramEntropy, validation = Evaluate(_corpus.Validation), train = Evaluate(_corpus.Train);
        _console.Write(new Table().Border(TableBorder.Rounded).AddColumn("bits per byte").AddColumn(new TableColumn("value").RightAligned())
            .AddColumn(new TableColumn("of unigram").RightAligned())
            .AddRow("unigram entropy", Number(unigram), "100 %")
            .AddRow("train", Number(train), Percent(train / unigram))
            .AddRow("validation", Number(validation), Percent(validation / unigram)));
        byte[] sample = _learner.Generate("/// <summary>"u8, 400, 0.8, _options.Seed);
        _console.Write(new Rule("sample").LeftJustified());
        _console.WriteLine(Encoding.Latin1.GetString(sample));
        _console.Write(new Rule());
        AtomicFile.Write(Path.Combine(_options.Out, "sample.txt"), file => file.Write(sample));
        Line($"Saved {Checkpoint.FileName}, loss.svg and sample.txt in {_options.Out}");
        if (_learner.Spent() is { } spent) Line($"Spent {spent}. Private are the tensors 'model.*' and 'optimizer.*'; losses are not{(_options.Privacy!.IsSeeded ? ", and the seed is a secret" : "")}: see docs/privacy.md.");
    }

    private void Line(FormattableString text) => _console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static string Number(double x) => x.ToString("F3", CultureInfo.InvariantCulture);

    private static string Percent(double x) => (100 * x).ToString("F1", CultureInfo.InvariantCulture) + " %";

    private static Device FindDevice(TrainingOptions options)
    {
        try
        {
            return options.Device.Equals("cpu", StringComparison.OrdinalIgnoreCase) ? Device.CreateCpu(options.Threads) : Device.Find(options.Device);
        }
        catch (DeviceException e)
        {
            throw new UserErrorException(e.Message);
        }
    }
}
