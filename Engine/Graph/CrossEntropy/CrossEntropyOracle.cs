using Cotangent.Kernels.Library;

namespace Cotangent.Graph;

/// <summary>Linear cross-entropy in float64, formula by formula.</summary>
internal sealed class CrossEntropyOracle
{
    private readonly CrossEntropyProblem _p;
    private readonly double[] _e;
    private readonly double[] _c;
    private readonly double[] _targets;
    private readonly double[] _weights;
    private readonly double[] _bias;
    private readonly double[][] _logits;
    private readonly double[] _lse;

    private CrossEntropyOracle(Node n, double[][] x)
    {
        CrossEntropyCallAttributes attributes = n.Get<CrossEntropyCallAttributes>();
        int first = attributes.FirstInput;
        _p = attributes.ProblemOf(n);
        (_e, _c, _targets, _weights, _bias) = (x[first], x[first + 1], x[first + 2], x[first + 3], x[first + 4]);
        _logits = [.. Rows.Select(i => Classes.Select(v => Capped(_p.Scale * Dot(_e, i, _c, v) + At(_bias, v))).ToArray())];
        _lse = [.. _logits.Select(LogSumExp)];
    }

    private IEnumerable<int> Rows => Enumerable.Range(0, _p.Rows);

    private IEnumerable<int> Classes => Enumerable.Range(0, _p.Vocabulary);

    /// <summary>The value of <see cref="Ops.CrossEntropy"/>.</summary>
    public static double[] Value(Node n, double[][] x)
    {
        CrossEntropyOracle o = new(n, x);
        double[] factors = x[CrossEntropyAttributes.Factors];
        return n.Get<CrossEntropyAttributes>().Output switch
        {
            CrossEntropyAttributes.Objective => [o.Rows.Where(o.Counts).Sum(i => o.Term(factors, i))],
            CrossEntropyAttributes.LogSumExp => o.Each(i => o._lse[i]),
            CrossEntropyAttributes.TargetLogit => o.Each(i => o.TargetOf(i) is >= 0 and var v ? o._logits[i][v] : 0),
            CrossEntropyAttributes.WeightedLogits => o.Each(i => o._weights.Length == 0 ? 0 : o.Classes.Sum(v => o._weights[v] * o._logits[i][v])),
            CrossEntropyAttributes.BestLogit => o.Each(i => o._logits[i].Max()),
            CrossEntropyAttributes.Predicted =>
                [.. o.Rows.Select(i => o.Counts(i) ? Array.IndexOf(o._logits[i], o._logits[i].Max()) + o._p.Start : -1.0)],
            CrossEntropyAttributes.EmbeddingGradient => o.TimesClassifier(o.Gradient(factors), o._c),
            CrossEntropyAttributes.ClassifierGradient => o.TimesEmbeddings(o.Gradient(factors), o._e),
            CrossEntropyAttributes.BiasGradient => o.SumOverRows(n, o.Gradient(factors)),
            _ => [0, 0],
        };
    }

    /// <summary>The value of <see cref="Ops.CrossEntropyTangent"/>.</summary>
    public static double[] Tangent(Node n, double[][] x)
    {
        CrossEntropyOracle o = new(n, x);
        double[][] dz = o.Tangents(x);
        return n.Get<CrossEntropyTangentAttributes>().Output switch
        {
            CrossEntropyTangentAttributes.LogSumExp => o.Each(i => o.Mean(dz[i], i)),
            CrossEntropyTangentAttributes.TargetLogit => o.Each(i => o.TargetOf(i) is >= 0 and var v ? dz[i][v] : 0),
            _ => o.Each(i => o._weights.Length == 0 ? 0 : o.Classes.Sum(v => o._weights[v] * dz[i][v])),
        };
    }

    /// <summary>The value of <see cref="Ops.CrossEntropyHessian"/>.</summary>
    public static double[] Hessian(Node n, double[][] x)
    {
        CrossEntropyOracle o = new(n, x);
        double[] factors = x[CrossEntropyHessianAttributes.Factors];
        double[][] dz = o.Tangents(x), g = o.Gradient(factors);
        double[][] dg = [.. o.Rows.Select(i =>
        {
            double mean = o.Mean(dz[i], i), curvature = 2 * factors[3 * o._p.Rows + i];
            double slope = factors[i] + curvature * o._lse[i];
            return o.Classes.Select(v =>
            {
                double p = Math.Exp(o._logits[i][v] - o._lse[i]), s = o.Slope(i, v);
                double d = p * (slope * (dz[i][v] - mean) + curvature * mean) * s;
                if (o._p.Softcap > 0) d -= o.Raw(factors, i, v) * 2 * o._logits[i][v] / (o._p.Softcap * o._p.Softcap) * dz[i][v];
                return o.Counts(i) ? d : 0;
            }).ToArray();
        })];
        return n.Get<CrossEntropyHessianAttributes>().Output switch
        {
            CrossEntropyHessianAttributes.Embeddings => Add(o.TimesClassifier(dg, o._c), x[1].Length > 0 ? o.TimesClassifier(g, x[1]) : null),
            CrossEntropyHessianAttributes.Classifier => Add(o.TimesEmbeddings(dg, o._e), x[0].Length > 0 ? o.TimesEmbeddings(g, x[0]) : null),
            _ => o.SumOverRows(n, dg),
        };
    }

    private static double[] Add(double[] x, double[]? y) => y is null ? x : [.. x.Zip(y, (a, b) => a + b)];

    private static double At(double[] x, int i) => x.Length == 0 ? 0 : x[i];

    private static double LogSumExp(double[] z)
    {
        double max = z.Max(), shift = double.IsFinite(max) ? max : 0;
        return shift + Math.Log(z.Sum(x => Math.Exp(x - shift)));
    }

    private double Capped(double u) => _p.Softcap > 0 ? _p.Softcap * Math.Tanh(u / _p.Softcap) : u;

    /// <summary>The derivative of the softcap.</summary>
    private double Slope(int i, int v) => _p.Softcap > 0 ? 1 - Math.Pow(_logits[i][v] / _p.Softcap, 2) : 1;

    private bool Counts(int i) => _targets[i] != CrossEntropyProblem.Ignored;

    private int TargetOf(int i) => Counts(i) && (int)_targets[i] - _p.Start is >= 0 and var v && v < _p.Vocabulary ? v : -1;

    private double[] Each(Func<int, double> row) => [.. Rows.Select(i => Counts(i) ? row(i) : 0)];

    private double Dot(double[] e, int i, double[] c, int v)
    {
        double sum = 0;
        for (int d = 0; d < _p.Width; d++) sum += e[i * _p.Width + d] * c[v * _p.Width + d];
        return sum;
    }

    private double Term(double[] factors, int i)
    {
        int n = _p.Rows, target = TargetOf(i);
        double weighted = factors[2 * n + i] == 0 || _weights.Length == 0 ? 0 : Classes.Sum(v => _weights[v] * _logits[i][v]);
        return factors[i] * _lse[i] + (target >= 0 ? factors[n + i] * _logits[i][target] : 0) + factors[2 * n + i] * weighted
            + factors[3 * n + i] * _lse[i] * _lse[i];
    }

    /// <summary>The derivative by a logit.</summary>
    private double Raw(double[] factors, int i, int v)
    {
        int n = _p.Rows;
        double difference = _logits[i][v] - _lse[i], slope = factors[i] + 2 * factors[3 * n + i] * _lse[i];
        double g = slope * Math.Exp(difference) + factors[2 * n + i] * At(_weights, v);
        return TargetOf(i) == v ? g + factors[n + i] : g;
    }

    /// <summary>The derivative by the products.</summary>
    private double[][] Gradient(double[] factors) =>
        [.. Rows.Select(i => Classes.Select(v => Counts(i) ? Raw(factors, i, v) * Slope(i, v) : 0).ToArray())];

    /// <summary>The tangents of logits along the directions, the first three inputs.</summary>
    private double[][] Tangents(double[][] x) => [.. Rows.Select(i => Classes.Select(v => Slope(i, v) * (At(x[2], v)
        + _p.Scale * ((x[0].Length > 0 ? Dot(x[0], i, _c, v) : 0) + (x[1].Length > 0 ? Dot(_e, i, x[1], v) : 0)))).ToArray())];

    private double Mean(double[] dz, int i) => Classes.Sum(v => Math.Exp(_logits[i][v] - _lse[i]) * dz[v]);

    private double[] TimesClassifier(double[][] g, double[] c) => [.. Rows.SelectMany(i => Enumerable.Range(0, _p.Width)
        .Select(d => _p.Scale * Classes.Sum(v => g[i][v] * c[v * _p.Width + d])))];

    private double[] TimesEmbeddings(double[][] g, double[] e) => [.. Classes.SelectMany(v => Enumerable.Range(0, _p.Width)
        .Select(d => _p.Scale * Rows.Sum(i => g[i][v] * e[i * _p.Width + d])))];

    private double[] SumOverRows(Node n, double[][] g) => n.Shape.Size == 0 ? [] : [.. Classes.Select(v => Rows.Sum(i => g[i][v]))];
}
