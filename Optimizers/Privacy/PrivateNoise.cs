using System.Buffers.Binary;
using System.Security.Cryptography;
using Cotangent.Kernels.Library;

namespace Cotangent.Optimizers.Privacy;

/// <summary>The randomness of a step: which records are in it, and the noise.</summary>
internal sealed class PrivateNoise(PrivateOptions options)
{
    // What the keys of a step are for. The first word sets them apart from keys that a program derives from the same seed, say for its first weights,
    // which may become public.
    private const int Domain = 0x70726976, Sampling = 0, Counting = 1, Gradients = 2;

    private readonly long _seed = options.Seed ?? BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long)));

    /// <summary>The records of a step.</summary>
    public int[] Batch(long step) => options.Source == RandomSource.Seed
        ? PoissonSampler.Sample(Key(step, Sampling), options.Records, options.SampleRate)
        : PoissonSampler.Sample(options.Records, options.SampleRate);

    /// <summary>A standard normal number for a count.</summary>
    public double Count(long step) => options.Source == RandomSource.Seed
        ? Key(step, Counting).Normal([], DType.Float64).Item<double>()
        : new SecureRandom().Normal();

    /// <summary>The key of a step's noise on gradients, from which each parameter's is made.</summary>
    public Tensor GradientKey(long step) => Key(step, Gradients).Value;

    /// <summary>Standard normal tensors like the parameters, from a key: a graph.</summary>
    public static Tensor[] FromKey(Tensor key, IReadOnlyList<Tensor> like)
    {
        RandomKey root = new(key);
        return [.. like.Select((x, i) => x.DType == DType.Float64 ? root.Fold(i).Normal(x.Shape, x.DType) : FromStream(key, i, x.Shape))];
    }

    private static Tensor FromStream(Tensor key, int stream, Shape shape)
    {
        int pairs = checked((int)((shape.Size + 1) / 2));
        if (pairs == 0) return Tensor.Zeros(shape, DType.Float32, key.Device);
        Tensor normals = Tensor.Kernel(NormalPairs.Fill, pairs, [key], [checked(2 * pairs)], [pairs, stream]);
        return normals[..(int)shape.Size].Reshape(shape);
    }

    /// <summary>Tensors times a factor, with the normals of <see cref="FromKey"/> times another on top, in one launch each: of Float32; null where an
    /// element has no partner, or the dtype is another.</summary>
    /// <param name="key">As for <see cref="FromKey"/>.</param>
    /// <param name="like">The tensors.</param>
    /// <param name="scales">Float32 [2]: the factors.</param>
    public static Tensor?[] Added(Tensor key, IReadOnlyList<Tensor> like, Tensor scales) => [.. like.Select((x, i) =>
    {
        if (x.DType != DType.Float32 || x.Size == 0 || x.Size % 2 != 0) return null;
        int count = checked((int)x.Size);
        return Tensor.Kernel(NormalPairs.Add, count / 2, [key, x.Reshape(count), scales], [count], [count / 2, i]).Reshape(x.Shape);
    })];

    /// <summary>Standard normal tensors like the parameters, from the operating system.</summary>
    public static Tensor[] FromSystem(IReadOnlyList<Tensor> like)
    {
        SecureRandom random = new();
        return [.. like.Select(x => x.DType == DType.Float64
            ? Tensor.From(Draw(x.Shape.Size, random.Normal), x.Shape, x.Device)
            : Tensor.From(Draw(x.Shape.Size, () => (float)random.Normal()), x.Shape, x.Device))];
    }

    private RandomKey Key(long step, int purpose) => new RandomKey(_seed).Fold(Domain).Fold(checked((uint)step)).Fold(purpose);

    private static T[] Draw<T>(long count, Func<T> next)
    {
        T[] values = new T[count];
        for (long i = 0; i < count; i++) values[i] = next();
        return values;
    }
}
