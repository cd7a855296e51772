namespace Cotangent.Optimizers.Privacy;

/// <summary>Poisson sampling: each record is in a batch with the same probability, independently. Batches differ in size and may be empty.</summary>
public static class PoissonSampler
{
    /// <summary>The records of a batch, ascending, from a key: the same on every device.</summary>
    /// <param name="key">A key of this step's own.</param>
    /// <param name="records">How many records there are, at most 2³¹ − 1.</param>
    /// <param name="rate">q in [0, 1]; met to 2⁻⁵².</param>
    public static int[] Sample(RandomKey key, long records, double rate)
    {
        ArgumentNullException.ThrowIfNull(key);
        double[] uniform = key.Uniform([checked((int)records)], DType.Float64).ToArray<double>();
        return Where(uniform.Length, i => uniform[i] < rate);
    }

    /// <summary>As <see cref="Sample(RandomKey, long, double)"/>, from the operating system's cryptographic generator.</summary>
    public static int[] Sample(long records, double rate)
    {
        SecureRandom random = new();
        return Where(checked((int)records), _ => random.Uniform() < rate);
    }

    private static int[] Where(int count, Func<int, bool> isIn)
    {
        List<int> batch = [];
        for (int i = 0; i < count; i++)
        {
            if (isIn(i)) batch.Add(i);
        }

        return [.. batch];
    }
}
