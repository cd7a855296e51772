using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>What the library's tests share: executors, lengths and seeded elements.</summary>
public static class LibraryCases
{
    /// <summary>The devices, the C# itself and the interpreter.</summary>
    public static TheoryData<string> Executors => [.. new[] { "debug", "interpreter" }.Concat(Devices.Hardware)
        .Where(id => id == "interpreter" || Devices.Runs(id))];

    /// <summary>Lengths about the sizes of vectors, groups and tiles. Debug devices run work items as threads or one by one.</summary>
    internal static int[] Lengths(Device device) => device.Kind == DeviceKind.Debug
        ? device.Id == "debug" ? [0, 1, 300] : [0, 1, 33, 257, 4500]
        : [0, 1, 31, 32, 33, 255, 256, 257, 1000, 3840, 3841, 4096, 16_384, 16_385, 65_537, new Random(7).Next(100_000, 200_000)];

    /// <summary>Elements of a seeded sequence.</summary>
    internal static T[] Elements<T>(int length, Func<Random, T> next)
    {
        Random random = new(length + 1);
        T[] result = new T[length];
        for (int i = 0; i < length; i++)
            result[i] = next(random);
        return result;
    }

    /// <summary>Numbers whose sums are not exact.</summary>
    internal static float[] Floats(int length) => Elements(length, r => (float)(r.NextDouble() * 2 - 1) * MathF.Exp(r.Next(-8, 8)));

    /// <summary>All bits of an int.</summary>
    internal static int[] Ints(int length) => Elements(length, r => (int)r.NextInt64(int.MinValue, 1L + int.MaxValue));
}

/// <summary>x → Scale·x + Offset: composition is associative and does not commute.</summary>
internal struct Affine
{
    public uint Scale;
    public uint Offset;

    public static Affine Sample(int i) => new() { Scale = (uint)(2 * i + 3), Offset = (uint)(i * i) };

    public readonly Affine Then(Affine next) => new() { Scale = Scale * next.Scale, Offset = Offset * next.Scale + next.Offset };
}

/// <summary>Composition of <see cref="Affine"/>.</summary>
internal readonly struct Compose : IScanReduceOperation<Affine>
{
    public Affine Identity => new() { Scale = 1 };

    public Affine Apply(Affine first, Affine second) => first.Then(second);

    public void AtomicApply(ref Affine target, Affine value) => target = target.Then(value);
}

/// <summary>The product, modulo 2³².</summary>
internal readonly struct Product : IScanReduceOperation<uint>
{
    public uint Identity => 1;

    public uint Apply(uint first, uint second) => first * second;

    public void AtomicApply(ref uint target, uint value) => target *= value;
}
