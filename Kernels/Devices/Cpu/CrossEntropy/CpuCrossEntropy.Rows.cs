using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

// What is known of each row once all classes have been seen.
internal sealed unsafe partial class CpuCrossEntropy<TKernels>
{
    /// <summary>Puts the strips of each row together, in their order.</summary>
    private void Join()
    {
        for (int r = 0; r < _b.Rows; r++)
        {
            if (r < _b.Count) JoinRow(r);
            else (_b.LogSumExp[r], _b.Slope[r], _b.OfTarget[r], _b.OfWeights[r]) = (0, 0, 0, 0);
        }
    }

    private void JoinRow(int r)
    {
        int row = _b.List[_b.FirstRow + r], n = _p.Rows, target = _b.Targets[r];
        float logit = _b.TargetLogits[r];
        (float lse, float weighted, int best) = Fold(r);

        // lse − z as one difference: both may be large where the loss is small. What has no factor does not count.
        float a = _x.Factors[row], b = _x.Factors[n + row], c = _x.Factors[2L * n + row], d = _x.Factors[3L * n + row];
        float term = a == 0 ? 0 : target >= 0 ? a * (lse - logit) : a * lse;
        float rest = target >= 0 ? a + b : 0;
        if (rest != 0) term += rest * logit;
        if (c != 0) term += c * weighted;
        if (d != 0) term += d * lse * lse;
        _b.Terms[row] = term;
        _b.LogSumExp[r] = lse;
        _b.Slope[r] = d == 0 ? a : a + (2 * d * lse);
        _b.OfTarget[r] = b;
        _b.OfWeights[r] = c;
        if (_x.LogSumExp != null) _x.LogSumExp[row] = lse;
        if (_x.TargetLogits != null) _x.TargetLogits[row] = logit;
        if (_x.WeightedLogits != null) _x.WeightedLogits[row] = weighted;
        if (_x.BestLogits != null) _x.BestLogits[row] = _b.Largest[((long)best * _b.Rows) + r];
        if (_x.Predicted != null) _x.Predicted[row] = _b.Best[((long)best * _b.Rows) + r] + _p.Start;
    }

    /// <summary>The log-sum-exp and weighted sum of a row, and the first strip with its largest logit.</summary>
    private (float LogSumExp, float Weighted, int Best) Fold(int r)
    {
        float shift = float.NegativeInfinity, most = _b.Largest[r];
        double sum = 0, weighted = 0;
        int best = 0;
        for (int k = 0; k < _b.Strips; k++)
        {
            long at = ((long)k * _b.Rows) + r;
            float own = Reference(at);
            if (_b.Sums[at] != 0 && !(own <= shift)) shift = own;
            if (_b.Largest[at] > most) (most, best) = (_b.Largest[at], k);
        }

        for (int k = 0; k < _b.Strips; k++)
        {
            long at = ((long)k * _b.Rows) + r;
            if (_b.Sums[at] != 0) sum += _b.Sums[at] * Math.Exp((double)Reference(at) - shift);
            if (_x.ClassWeights != null) weighted += _b.Weighted[at];
        }

        return (sum == 0 ? float.NegativeInfinity : (float)(shift + Math.Log(sum)), (float)weighted, best);
    }

    /// <summary>What was taken from a row's logits in a strip before exponentials.</summary>
    private float Reference(long at) => _shape.IsEager ? _b.References[at] : float.IsFinite(_b.Largest[at]) ? _b.Largest[at] : 0;
}
