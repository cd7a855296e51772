namespace Cotangent.Optimizers.Privacy;

/// <summary>Where sampling and noise come from.</summary>
public enum RandomSource
{
    /// <summary>Threefry from the seed and the step: the same on every device, and in every run where <see cref="PrivateOptions.Seed"/> is given. Who knows
    /// the seed can take the noise off: leave it out, or keep it secret.</summary>
    Seed,

    /// <summary>The operating system's cryptographic generator; never the same again. Normals are sums of four Box–Muller deviates in double
    /// precision (Holohan and Braghin, arXiv 2107.10138), made on the host.</summary>
    OperatingSystem,
}
