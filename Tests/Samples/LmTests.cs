using Cotangent.Interop;
using Cotangent.Kernels;
using Cotangent.Samples;
using Cotangent.Samples.Lm;
using Spectre.Console;
using Xunit;

namespace Cotangent.Tests.Samples;

/// <summary>The language model sample on a tiny model and text: what a run leaves behind depends on its options only.</summary>
public sealed class LmTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cotangent-lm-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Run_TwiceOnOtherThreadCountsAndResumed_SavesTheSameBytes()
    {
        byte[] once = Train(Options("once"));
        Assert.Equal(once, Train(Options("again")));
        Assert.Equal(once, Train(Options("one-thread") with { Threads = 1 }));
        byte[] half = Train(Options("half") with { StopAfter = 3 });
        Assert.NotEqual(once, half);
        Assert.Equal(once, Train(Options("half") with { Resume = Path.Combine(_folder, "half") }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_Private_KeepsItsBudgetAndResumesBitForBit(bool perLayer)
    {
        PrivacyBudget budget = new(Epsilon: 4, Delta: 1e-3, Clip: 0.5, PerLayer: perLayer, Secure: false) { IsSeeded = true };
        byte[] once = Train(Options("private") with { Privacy = budget }, out string said);
        Assert.Contains("private: each of ", said);
        Assert.Contains("ε ≤ 4.00 of 4 at δ 1e-3", said);
        Assert.NotEqual(once, Train(Options("other") with { Privacy = budget with { Clip = 1 } }));
        Train(Options("part") with { Privacy = budget, StopAfter = 2 });
        Assert.Equal(once, Train(Options("part") with { Resume = Path.Combine(_folder, "part") }));

        SafeTensorsFile file = SafeTensors.Load(Path.Combine(_folder, "private", Checkpoint.FileName), Device.Cpu);
        Assert.Contains("\\u0022Steps\\u0022:6".ToLowerInvariant(), file.Metadata["privacy_state"].ToLowerInvariant());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_PrivateWithACutHead_HasTheLossesOfHeldLogits(bool perLayer)
    {
        PrivacyBudget budget = new(Epsilon: 4, Delta: 1e-3, Clip: 0.5, PerLayer: perLayer, Secure: false) { IsSeeded = true };
        float[] held = Losses(Options("held") with { Privacy = budget }), cut = Losses(Options("cut") with { Privacy = budget, CutHead = true });
        for (int i = 0; i < held.Length; i++) Assert.InRange(cut[i] - held[i], -1e-4f, 1e-4f);
    }

    [Fact]
    public void IsCut_IsSoWhereLogitsWouldFillMemory()
    {
        TrainingOptions small = Options("small");
        Assert.False(PrivateLearner.IsCut(small, 16));
        Assert.True(PrivateLearner.IsCut(small with { CutHead = true }, 16));
        TrainingOptions wide = small with { Sizes = new(2, 256, 4, 128, 50257) };
        Assert.False(PrivateLearner.IsCut(wide, 8));
        Assert.True(PrivateLearner.IsCut(wide, 16));
    }

    [Fact]
    public void Run_PrivateWithoutASeed_HasNoiseThatNobodyCanRepeat()
    {
        PrivacyBudget budget = new(Epsilon: 4, Delta: 1e-3, Clip: 0.5, PerLayer: false, Secure: false);
        Assert.NotEqual(Train(Options("first") with { Privacy = budget }), Train(Options("second") with { Privacy = budget }));
    }

    [Fact]
    public void Run_PrivateWithAnImpossibleBudget_IsRefused()
    {
        PrivacyBudget budget = new(Epsilon: 4, Delta: 0.1, Clip: 0.5, PerLayer: false, Secure: false);
        Assert.Contains("is no less than 1/", Assert.Throws<UserErrorException>(() => Train(Options("delta") with { Privacy = budget })).Message);
        Assert.Contains("windows of the text", Assert.Throws<UserErrorException>(
            () => Train(Options("batch") with { Privacy = budget with { Delta = 1e-4 }, Batch = 100_000 })).Message);
        Assert.NotEqual(0, Program.Main(["--epsilon", "3", "--out", Path.Combine(_folder, "bad")]));
        Assert.NotEqual(0, Program.Main(["--cut-head", "--out", Path.Combine(_folder, "bad")]));
        Assert.NotEqual(0, Program.Main(["--private", "--clip", "-1", "--out", Path.Combine(_folder, "bad")]));
    }

    [TheoryOn("opencl")]
    [InlineData("opencl")]
    public void Run_OnAnotherDevice_HasTheCpusLosses(string device)
    {
        float[] cpu = Losses(Options("cpu")), other = Losses(Options(device) with { Device = device });
        Assert.Equal(6, cpu.Length);
        for (int i = 0; i < cpu.Length; i++) Assert.InRange(other[i] - cpu[i], -1e-4f, 1e-4f);
    }

    [Fact]
    public void Run_Finished_LeavesChartAndSample()
    {
        Train(Options("files"));
        Assert.StartsWith("<svg", File.ReadAllText(Path.Combine(_folder, "files", "loss.svg")));
        Assert.True(File.Exists(Path.Combine(_folder, "files", "sample.txt")));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_folder, "files")).Length);
    }

    [Fact]
    public void Run_DamagedCheckpoint_IsRefusedAndLeftAlone()
    {
        Train(Options("damaged"));
        string path = Path.Combine(_folder, "damaged", Checkpoint.FileName);
        byte[] cut = File.ReadAllBytes(path)[..^100];
        File.WriteAllBytes(path, cut);
        Assert.ThrowsAny<CotangentException>(() => Train(Options("damaged") with { Resume = Path.Combine(_folder, "damaged") }));
        Assert.Equal(cut, File.ReadAllBytes(path));
    }

    [Fact]
    public void Run_CheckpointOfAnotherText_IsRefused()
    {
        Train(Options("text"));
        File.WriteAllText(Path.Combine(_folder, "other.txt"), new string('x', 4000));
        UserErrorException error = Assert.Throws<UserErrorException>(() => Train(Options("text") with
        {
            Resume = Path.Combine(_folder, "text"),
            Text = Path.Combine(_folder, "other.txt"),
        }));
        Assert.Equal("The checkpoint was trained on another text than 'other.txt'. Give that one with --text.", error.Message);
    }

    [Theory]
    [InlineData("", "is empty; there is nothing to train on.")]
    [InlineData("short", "Give a longer text or a smaller --context.")]
    [InlineData(null, "cannot be read")]
    public void Run_UnusableText_IsRefusedBeforeAnythingIsWritten(string? text, string message)
    {
        string path = Path.Combine(_folder, "unusable.txt");
        if (text is not null) File.WriteAllText(path, text);
        UserErrorException error = Assert.Throws<UserErrorException>(() => Train(Options("unusable") with { Text = path }));
        Assert.Contains(message, error.Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "unusable")));
    }

    [Theory]
    [InlineData("--steps", "-5")]
    [InlineData("--width", "130")]
    [InlineData("--device", "tpu")]
    [InlineData("--lr", "0")]
    [InlineData("--resume", "no-such-folder")]
    public void CommandLine_BadOption_EndsWithAnErrorCode(string option, string value) =>
        Assert.NotEqual(0, Program.Main([option, value, "--out", Path.Combine(_folder, "bad")]));

    private TrainingOptions Options(string name) => new()
    {
        Text = Text(),
        Sizes = new(1, 16, 2, 12),
        Batch = 3,
        Rate = 1e-2,
        Seed = 7,
        Steps = 6,
        Out = Path.Combine(_folder, name),
    };

    private string Text()
    {
        string path = Path.Combine(_folder, "text.txt");
        if (!File.Exists(path)) File.WriteAllText(path, string.Concat(Enumerable.Range(0, 600).Select(i => $"{i * i % 97} ")));
        return path;
    }

    private static byte[] Train(TrainingOptions options) => Train(options, out _);

    private static byte[] Train(TrainingOptions options, out string said)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        Training.Run(options, console);
        said = text.ToString();
        return File.ReadAllBytes(Path.Combine(options.Out, Checkpoint.FileName));
    }

    private static float[] Losses(TrainingOptions options)
    {
        Train(options);
        return Interop.SafeTensors.Load(Path.Combine(options.Out, Checkpoint.FileName), Device.Cpu).Tensors["history.loss"].ToArray<float>();
    }
}
