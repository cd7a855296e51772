using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>Rényi differential privacy of the subsampled Gaussian mechanism, converted by Canonne, Kamath and Steinke (arXiv 2004.00010,
/// proposition 12): ε = ρ(α) + log(1 − 1/α) − (log δ + log α)/(α − 1), the least over the orders.</summary>
public sealed class RdpAccountant : PrivacyAccountant
{
    private readonly double[] _orders;

    /// <summary>With the default orders, or others: finite and above 1.</summary>
    /// <exception cref="PrivacyException">There is no order, or one is not above 1.</exception>
    public RdpAccountant(params IEnumerable<double> orders)
    {
        ArgumentNullException.ThrowIfNull(orders);
        _orders = [.. orders];
        if (_orders.Length == 0) _orders = [.. DefaultOrders];
        if (_orders.FirstOrDefault(a => !(a > 1 && double.IsFinite(a)), 2) is var wrong and not 2)
            throw new PrivacyException(FormattableString.Invariant($"The Rényi order {wrong} is not finite and above 1."));
    }

    /// <summary>1.1, 1.2, … 10.9, 12, 13, … 64 as Opacus, and sparser up to 1024: at small ε the best order is large.</summary>
    public static IReadOnlyList<double> DefaultOrders { get; } =
    [
        .. Enumerable.Range(1, 99).Select(x => 1 + x / 10.0), .. Enumerable.Range(12, 53).Select(x => (double)x),
        72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, 1024,
    ];

    /// <inheritdoc/>
    public override string Name => "rdp";

    /// <summary>The Rényi divergences of all steps, one for each order.</summary>
    /// <exception cref="PrivacyException">A phase that samples has no noise.</exception>
    public double[] Divergences(PrivacyLedger ledger)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        if (ledger.Phases.Any(p => p is { SampleRate: > 0, NoiseMultiplier: 0 })) throw new PrivacyException("Steps without noise have no finite divergence.");
        return Divergences(ledger.Phases);
    }

    /// <summary>The order at which ε is least; the first or last one says that the range of orders is too narrow.</summary>
    public double BestOrder(PrivacyLedger ledger, double delta) => Best(Divergences(ledger), delta).Order;

    /// <summary>δ at an ε: the same conversion, solved for δ.</summary>
    public double Delta(PrivacyLedger ledger, double epsilon)
    {
        double[] rho = Divergences(ledger);
        double log = 0;
        for (int i = 0; i < rho.Length; i++)
        {
            double a = _orders[i];
            log = Math.Min(log, (a - 1) * (rho[i] - epsilon + XMath.Log1p(-1 / a)) - Math.Log(a));
            if (epsilon >= 0) log = Math.Min(log, 0.5 * Math.Log(-XMath.Expm1(-rho[i])));
        }

        return Math.Exp(log);
    }

    /// <summary>ε of given divergences, for a mechanism that is none of the phases'.</summary>
    /// <param name="divergences">One for each order.</param>
    /// <param name="delta">δ in (0, 1).</param>
    public double Convert(IReadOnlyList<double> divergences, double delta)
    {
        ArgumentNullException.ThrowIfNull(divergences);
        if (divergences.Count != _orders.Length)
            throw new PrivacyException($"There are {divergences.Count} divergences for {_orders.Length} orders.");
        return Best(divergences, delta).Epsilon;
    }

    private protected override PrivacyBound Bound(PrivacyPhase[] phases, double delta)
    {
        double epsilon = Best(Divergences(phases), delta).Epsilon;
        return new PrivacyBound(0, epsilon, epsilon);
    }

    private double[] Divergences(IReadOnlyList<PrivacyPhase> phases)
    {
        double[] rho = new double[_orders.Length];
        foreach (PrivacyPhase p in phases)
        {
            for (int i = 0; i < rho.Length; i++) rho[i] += p.Steps * SubsampledGaussian.Rdp(p.SampleRate, p.NoiseMultiplier, _orders[i]);
        }

        return rho;
    }

    private (double Epsilon, double Order) Best(IReadOnlyList<double> rho, double delta)
    {
        (double Epsilon, double Order) best = (double.PositiveInfinity, _orders[0]);
        for (int i = 0; i < rho.Count; i++)
        {
            double a = _orders[i];

            // A divergence so small that total variation alone is below δ (Bretagnolle and Huber): ε is 0.
            double epsilon = delta * delta + XMath.Expm1(-rho[i]) > 0 ? 0
                : rho[i] + XMath.Log1p(-1 / a) - (Math.Log(delta) + Math.Log(a)) / (a - 1);
            if (epsilon < best.Epsilon) best = (epsilon, a);
        }

        return (Math.Max(0, best.Epsilon), best.Order);
    }
}
