using System.Numerics;

namespace Cotangent.Optimizers.Privacy;

/// <summary>The distribution of the sum of all steps' privacy losses on a grid (Gopi, Lee, Wutschitz, arXiv 2106.02848, algorithm 1): each
/// step's loss truncated, rounded to the grid and shifted so that its mean is kept; sums by the Fourier transform, in which n steps are a power
/// and different phases a product.</summary>
internal sealed class LossDistribution
{
    private readonly double _first, _spacing;
    private readonly double[] _mass;

    private LossDistribution(double first, double spacing, double[] mass) => (_first, _spacing, _mass) = (first, spacing, mass);

    /// <summary>Composes phases on a grid.</summary>
    /// <param name="phases">The phases, q and σ above 0.</param>
    /// <param name="spacing">The grid's h.</param>
    /// <param name="points">The grid's points, a power of two: from −(points/2 − 1)·h on.</param>
    /// <exception cref="PrivacyException">The grid is too coarse to keep a step's mean.</exception>
    public static LossDistribution Compose(PrivacyPhase[] phases, double spacing, int points)
    {
        int zero = points / 2 - 1;
        RealFft fft = new(points);
        double[]? re = null, im = null;
        double shift = 0;
        long steps = 0;
        foreach (PrivacyPhase phase in phases)
        {
            (double[] mass, double moved) = Discretise(new PrivacyLoss(phase.SampleRate, phase.NoiseMultiplier), spacing, points, zero);
            (double[] a, double[] b) = fft.Forward(mass);
            Power(a, b, phase.Steps);
            if (re is null || im is null) (re, im) = (a, b);
            else Multiply(re, im, a, b);
            shift += phase.Steps * moved;
            steps += phase.Steps;
        }

        // Index K of the cyclic sum is the loss (K − steps·zero)·h, which belongs at index K − (steps − 1)·zero.
        double[] sum = fft.Inverse(re!, im!), aligned = new double[points];
        int offset = (int)((steps - 1) % points * zero % points);
        for (int i = 0; i < points; i++) aligned[i] = sum[(i + offset) % points];
        return new LossDistribution(-zero * spacing + shift, spacing, aligned);
    }

    /// <summary>The least ε ≥ 0 at which the mass above it is worth no more than δ: δ(ε) = Σ p·(1 − e^(ε−t)) over losses t above ε.</summary>
    public double Epsilon(double delta)
    {
        // From the largest loss down: kept = Σ p, discounted = Σ p·e^(−t) over what is above.
        double kept = 0, discounted = 0;
        for (int i = _mass.Length - 1; i >= 0; i--)
        {
            double t = _first + i * _spacing;
            if (t < 0) return 0;
            double nextKept = kept + _mass[i], nextDiscounted = discounted + _mass[i] * Math.Exp(-t);
            if (nextKept - Math.Exp(t) * nextDiscounted > delta) return Math.Max(0, Math.Log((kept - delta) / discounted));
            (kept, discounted) = (nextKept, nextDiscounted);
        }

        return 0;
    }

    // The mass of each cell [t − h/2, t + h/2), and by how much the mean moved.
    private static (double[] Mass, double Shift) Discretise(PrivacyLoss loss, double h, int points, int zero)
    {
        double[] mass = new double[points];
        double below = loss.Cdf((-zero - 0.5) * h), first = below, mean = 0;
        for (int i = 0; i < points; i++)
        {
            double above = loss.Cdf((i - zero + 0.5) * h);
            mass[i] = above - below;
            mean += mass[i] * ((i - zero) * h);
            below = above;
        }

        double inside = below - first;
        for (int i = 0; i < points; i++) mass[i] /= inside;
        double shift = loss.Mean() - mean / inside;
        return Math.Abs(shift) < h / 2 ? (mass, shift)
            : throw new PrivacyException(FormattableString.Invariant($"The grid of spacing {h} moves a step's mean loss by {shift}: it is too coarse."));
    }

    private static void Power(double[] re, double[] im, long n)
    {
        for (int i = 0; i < re.Length; i++)
        {
            (double baseRe, double baseIm, double r, double s) = (re[i], im[i], 1, 0);
            for (ulong bits = (ulong)n; bits != 0; bits >>= 1)
            {
                if ((bits & 1) != 0) (r, s) = (r * baseRe - s * baseIm, r * baseIm + s * baseRe);
                (baseRe, baseIm) = (baseRe * baseRe - baseIm * baseIm, 2 * baseRe * baseIm);
            }

            (re[i], im[i]) = (r, s);
        }
    }

    private static void Multiply(double[] re, double[] im, double[] a, double[] b)
    {
        for (int i = 0; i < re.Length; i++) (re[i], im[i]) = (re[i] * a[i] - im[i] * b[i], re[i] * b[i] + im[i] * a[i]);
    }

    /// <summary>The power of two that covers ±reach and more at a spacing; 0 if it is above a limit.</summary>
    public static int PointsFor(double reach, double spacing, int limit)
    {
        double needed = 2 * Math.Ceiling(reach / spacing) + 2;
        return needed <= limit ? (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, needed)) : 0;
    }
}
