using Cotangent.Kernels.Library;

namespace Cotangent.Graph;

/// <summary>The float64 meaning of attention and its derivatives: row by row, with all weights of a row at once.</summary>
internal static class AttentionOracle
{
    public static double[] Forward(Node n, double[][] x)
    {
        Rows rows = new(n, x);
        AttentionProblem p = rows.Problem;
        bool isValue = n.Get<AttentionAttributes>().Output == AttentionAttributes.Value;
        double[] result = new double[n.Shape.Size];
        rows.Each((row, batch, head, query) =>
        {
            double[] scores = rows.Scores(batch, head, query);
            double largest = scores.Length == 0 ? double.NegativeInfinity : scores.Max();
            double sum = double.IsNegativeInfinity(largest) ? 0 : scores.Sum(s => Math.Exp(s - largest));
            if (!isValue)
            {
                result[row] = sum == 0 ? double.NegativeInfinity : largest + Math.Log(sum);
                return;
            }

            double[] kept = rows.Kept(batch, head, query);
            for (int j = 0; j < p.Keys; j++)
            {
                double weight = sum == 0 || double.IsNegativeInfinity(scores[j]) ? 0 : Math.Exp(scores[j] - largest) / sum * kept[j];
                long at = n.Get<AttentionAttributes>().IsByTime ? (((long)batch * p.Queries + query) * p.Heads + head) * p.Values : row * p.Values;
                for (int d = 0; d < p.Values && weight != 0; d++) result[at + d] += weight * x[2][rows.Value(batch, head, j) + d];
            }
        });
        return result;
    }

    public static double[] Grad(Node n, double[][] x)
    {
        Rows rows = new(n, x);
        AttentionProblem p = rows.Problem;
        AttentionGradAttributes call = n.Get<AttentionGradAttributes>();
        if (call.IsStacked) return Stacked(n, x, call with { IsStacked = false });
        int which = call.Output, own = call.Form.Inputs;
        double[] result = new double[n.Shape.Size], output = x[own], lse = x[own + 1], dOutput = x[call.OutputCotangent];
        double[]? dLse = call.LogSumExpCotangent is >= 0 and var at ? x[at] : null;
        rows.Each((row, batch, head, query) =>
        {
            double[] weights = rows.Weights(batch, head, query, lse[row]), kept = rows.Kept(batch, head, query);
            double delta = dLse is null ? 0 : -dLse[row];
            for (int d = 0; d < p.Values; d++) delta += dOutput[row * p.Values + d] * output[row * p.Values + d];
            for (int j = 0; j < p.Keys; j++)
            {
                if (weights[j] == 0) continue;
                long key = rows.Key(batch, head, j), value = rows.Value(batch, head, j);
                double dot = 0;
                for (int d = 0; d < p.Values; d++) dot += dOutput[row * p.Values + d] * x[2][value + d];
                double ds = weights[j] * (dot * kept[j] - delta) * rows.Scale;
                for (int d = 0; d < p.Width && which == 0; d++) result[row * p.Width + d] += ds * x[1][key + d];
                for (int d = 0; d < p.Width && which == 1; d++) result[key + d] += ds * x[0][row * p.Width + d];
                for (int d = 0; d < p.Values && which == 2; d++) result[value + d] += weights[j] * kept[j] * dOutput[row * p.Values + d];
            }
        });
        return result;
    }

    /// <summary>The cotangents of q, k and v, [batch, heads, time, width] each, as [batch, time, 3, heads, width].</summary>
    private static double[] Stacked(Node n, double[][] x, AttentionGradAttributes call)
    {
        double[] result = new double[n.Shape.Size];
        (int batches, int time, int heads, int width) = (n.Shape[0], n.Shape[1], n.Shape[3], n.Shape[4]);
        for (int which = 0; which < 3; which++)
        {
            double[] one = Grad(new Node(n.Op, n.Inputs, call.At(which), n.Device), x);
            for (int i = 0; i < one.Length; i++)
            {
                (int row, int d) = Math.DivRem(i, width);
                (int head, int t) = Math.DivRem(row, time);
                (int batch, head) = Math.DivRem(head, heads);
                result[((((long)batch * time + t) * 3 + which) * heads + head) * width + d] = one[i];
            }
        }

        return result;
    }

    public static double[] Tangent(Node n, double[][] x)
    {
        Rows rows = new(n, x);
        AttentionProblem p = rows.Problem;
        AttentionTangentAttributes call = n.Get<AttentionTangentAttributes>();
        int own = call.Form.Inputs;
        double[] result = new double[n.Shape.Size], output = x[own], lse = x[own + 1];
        double[]?[] tangents = [.. Enumerable.Range(0, 4).Select(i => call.At(call.Form, i) is >= 0 and var at ? x[at] : null)];
        rows.Each((row, batch, head, query) =>
        {
            double[] weights = rows.Weights(batch, head, query, lse[row]), kept = rows.Kept(batch, head, query);
            double sum = 0;
            for (int j = 0; j < p.Keys; j++)
            {
                if (weights[j] == 0) continue;
                long key = rows.Key(batch, head, j), value = rows.Value(batch, head, j);
                double ds = 0;
                for (int d = 0; d < p.Width; d++)
                {
                    if (tangents[0] is { } dq) ds += rows.Scale * dq[row * p.Width + d] * x[1][key + d];
                    if (tangents[1] is { } dk) ds += rows.Scale * dk[key + d] * x[0][row * p.Width + d];
                }

                if (tangents[3] is { } db) ds += db[p.BiasTangent.At(batch, head, query, j)];
                sum += weights[j] * ds;
                for (int d = 0; d < p.Values && call.Output == AttentionAttributes.Value; d++)
                {
                    result[row * p.Values + d] += weights[j] * kept[j] * (ds * x[2][value + d] + (tangents[2] is { } dv ? dv[value + d] : 0));
                }
            }

            if (call.Output == AttentionAttributes.LogSumExp) result[row] = sum;
            for (int d = 0; d < p.Values && call.Output == AttentionAttributes.Value; d++)
                result[row * p.Values + d] -= sum * output[row * p.Values + d];
        });
        return result;
    }

    /// <summary>The rows of scores of a call.</summary>
    private sealed class Rows(Node n, double[][] x)
    {
        private readonly AttentionForm _form = n.Get<AnyAttention>().Form;

        public AttentionProblem Problem { get; } = AttentionShapes.Problem(n);

        public double Scale => _form.Scale;

        public void Each(Action<long, int, int, int> row)
        {
            long number = 0;
            for (int batch = 0; batch < Problem.Batch; batch++)
            {
                for (int head = 0; head < Problem.Heads; head++)
                {
                    for (int query = 0; query < Problem.Queries; query++) row(number++, batch, head, query);
                }
            }
        }

        public long Key(int batch, int head, int key) => KeyRow(batch, head, key) * Problem.Width;

        public long Value(int batch, int head, int key) => KeyRow(batch, head, key) * Problem.Values;

        /// <summary>The scores of a row; −∞ for hidden cells.</summary>
        public double[] Scores(int batch, int head, int query)
        {
            int length = _form.At(AttentionExtras.Lengths) is >= 0 and var l ? (int)x[l][batch] : Problem.Keys;
            int from = Problem.FirstKey(query), to = Problem.EndKey(query, length);
            int bias = _form.At(AttentionExtras.Bias), mask = _form.At(AttentionExtras.Mask);
            long row = ((long)batch * Problem.Heads + head) * Problem.Queries + query;
            double[] scores = new double[Problem.Keys];
            for (int j = 0; j < scores.Length; j++)
            {
                if (j < from || j >= to || (mask >= 0 && x[mask][Problem.Mask.At(batch, head, query, j)] == 0))
                {
                    scores[j] = double.NegativeInfinity;
                    continue;
                }

                for (int d = 0; d < Problem.Width; d++) scores[j] += x[0][row * Problem.Width + d] * x[1][Key(batch, head, j) + d];
                scores[j] = scores[j] * Scale + (bias < 0 ? 0 : x[bias][Problem.Bias.At(batch, head, query, j)]);
            }

            return scores;
        }

        /// <summary>exp(score − lse).</summary>
        public double[] Weights(int batch, int head, int query, double lse) =>
            [.. Scores(batch, head, query).Select(s => double.IsNegativeInfinity(s) ? 0 : Math.Exp(s - lse))];

        /// <summary>What each weight is multiplied by: 0, or 1 / (1 − dropout).</summary>
        public double[] Kept(int batch, int head, int query)
        {
            double[] kept = new double[Problem.Keys];
            Array.Fill(kept, 1);
            if (_form.At(AttentionExtras.Key) is not (>= 0 and var at)) return kept;
            int key = Problem.DropoutKey(batch);
            long first = Problem.FirstCell(batch, head, query);
            for (int j = 0; j < kept.Length; j++)
            {
                uint[] words = Threefry.Block((uint)x[at][key], (uint)x[at][key + 1], (uint)((first + j) >> 32), (uint)(first + j));
                kept[j] = (words[0] ^ words[1]) >> 9 < Problem.KeepBelow ? 1.0 / Problem.KeepProbability : 0;
            }

            return kept;
        }

        private long KeyRow(int batch, int head, int key) =>
            ((long)batch * Problem.KeyHeads + head / Problem.Group) * Problem.Keys + key;
    }
}
