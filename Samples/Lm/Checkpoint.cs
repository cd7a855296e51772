using System.Globalization;
using Cotangent.Interop;
using Cotangent.Kernels;

namespace Cotangent.Samples.Lm;

/// <summary>Everything a run needs to go on bit for bit, as one safetensors file: tensors by name (parameters, optimizer state, random key,
/// loss history) and the options as metadata. Nothing of the clock or the machine is in it.</summary>
internal sealed record Checkpoint(TrainingOptions Options, string CorpusDigest, int Step, IReadOnlyDictionary<string, Tensor> Tensors)
{
    /// <summary>Of a private run: the ledger of what was spent.</summary>
    public string? PrivacyState { get; init; }

    public const string FileName = "checkpoint.safetensors";
    private const string Format = "cotangent-lm/1";

    /// <summary>Writes the file in one step: a reader sees the old checkpoint or the new one.</summary>
    public void Save(string folder)
    {
        Dictionary<string, string> metadata = new()
        {
            ["format"] = Format,
            ["corpus"] = CorpusDigest,
            ["step"] = Text(Step),
            ["steps"] = Text(Options.Steps),
            ["layers"] = Text(Options.Sizes.Layers),
            ["width"] = Text(Options.Sizes.Width),
            ["heads"] = Text(Options.Sizes.Heads),
            ["context"] = Text(Options.Sizes.Context),
            ["batch"] = Text(Options.Batch),
            ["seed"] = Text(Options.Seed),
            ["rate"] = Options.Rate.ToString("R", CultureInfo.InvariantCulture),
        };
        if (Options.Privacy is { } privacy) (metadata["privacy"], metadata["privacy_state"]) = (privacy.ToJson(), PrivacyState ?? "");
        SafeTensors.Save(Path.Combine(folder, FileName), Tensors, metadata);
    }

    /// <summary>Reads the checkpoint of a folder; its options replace those that decide the numbers.</summary>
    /// <exception cref="UserErrorException">There is none, it is damaged, or another program wrote it.</exception>
    public static Checkpoint Load(string folder, TrainingOptions given, Device device)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new UserErrorException($"There is no checkpoint to resume at '{path}'.");
        SafeTensorsFile file = SafeTensors.Load(path, device);
        if (file.Metadata.GetValueOrDefault("format") != Format)
        {
            throw new UserErrorException($"'{path}' is a safetensors file, but not a checkpoint of this program.");
        }

        int Number(string key) => int.TryParse(file.Metadata.GetValueOrDefault(key), CultureInfo.InvariantCulture, out int n) && n >= 0
            ? n
            : throw new UserErrorException($"The checkpoint '{path}' has no usable '{key}' among its metadata.");
        if (!double.TryParse(file.Metadata.GetValueOrDefault("rate"), CultureInfo.InvariantCulture, out double rate))
        {
            throw new UserErrorException($"The checkpoint '{path}' has no usable 'rate' among its metadata.");
        }

        TransformerSizes sizes = new(Number("layers"), Number("width"), Number("heads"), Number("context"));
        TrainingOptions options = given with { Sizes = sizes, Batch = Number("batch"), Rate = rate, Seed = Number("seed"), Steps = Number("steps") };
        string? budget = file.Metadata.GetValueOrDefault("privacy");
        return new Checkpoint(
            options with { Privacy = budget is null ? null : PrivacyBudget.FromJson(budget) },
            file.Metadata.GetValueOrDefault("corpus") ?? "", Number("step"), file.Tensors)
        {
            PrivacyState = file.Metadata.GetValueOrDefault("privacy_state"),
        };
    }

    /// <summary>The tensor of this name, shape and dtype, or an error that says how the file differs.</summary>
    public Tensor Require(string name, Shape shape, DType dtype)
    {
        if (!Tensors.TryGetValue(name, out Tensor? tensor)) throw new UserErrorException($"The checkpoint lacks the tensor '{name}'.");
        return tensor.Shape == shape && tensor.DType == dtype
            ? tensor
            : throw new UserErrorException($"The checkpoint's tensor '{name}' is {tensor.DType}{tensor.Shape}; this model needs {dtype}{shape}.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
