using Cotangent.Graph;

namespace Cotangent;

/// <summary>A parsed specification of einsum: each operand's axes as labels, and the result's. Letters label themselves; the axes of an
/// ellipsis are −1 (the last one), −2, …</summary>
internal sealed class Einsum
{
    private readonly string _text;
    private readonly List<int[]> _inputs = [];
    private readonly Dictionary<int, int> _extents = [];
    private int[] _output = [];

    private Einsum(string text) => _text = text;

    /// <summary>The einsum of operands that have one dtype.</summary>
    public static Node Apply(string text, Node[] operands)
    {
        Einsum spec = new(text);
        spec.Parse(operands);
        List<Term> terms = [.. operands.Select((x, i) => spec.Squeezed(Diagonal(new(x, spec._inputs[i]))))];
        while (terms.Count > 1) spec.ContractBest(terms);
        return spec.Result(terms[0]);
    }

    private void Parse(Node[] operands)
    {
        string[] sides = _text.Replace(" ", "").Split("->");
        if (sides.Length > 2) throw Fault("it has more than one '->'");
        string[] inputs = sides[0].Split(',');
        if (inputs.Length != operands.Length) throw Fault($"it names {inputs.Length} operands, but {operands.Length} tensors were given");
        for (int i = 0; i < inputs.Length; i++) _inputs.Add(Labels(inputs[i], operands[i].Shape, $"operand {i}"));
        for (int i = 0; i < inputs.Length; i++) Measure(i, operands);
        _output = sides.Length == 2 ? Output(sides[1]) : Implicit();
    }

    /// <summary>The labels of an operand's axes.</summary>
    private int[] Labels(string part, Shape shape, string what)
    {
        int dots = part.IndexOf("...", StringComparison.Ordinal);
        string letters = dots < 0 ? part : part.Remove(dots, 3);
        foreach (char c in letters)
        {
            if (!char.IsAsciiLetter(c)) throw Fault($"'{c}' in '{part}' is no letter; axes are a-z and A-Z, and '...' may stand once");
        }

        int covered = shape.Rank - letters.Length;
        if (dots < 0 ? covered != 0 : covered < 0)
        {
            throw Fault($"'{part}' names {letters.Length} axes, but {what} has {shape.Rank}: {shape}");
        }

        return dots < 0 ? [.. letters.Select(c => (int)c)]
            : [.. letters[..dots].Select(c => (int)c), .. Enumerable.Range(-covered, covered), .. letters[dots..].Select(c => (int)c)];
    }

    /// <summary>Notes the extents of an operand's axes. Those of an ellipsis broadcast, letters do not.</summary>
    private void Measure(int operand, Node[] operands)
    {
        for (int axis = 0; axis < _inputs[operand].Length; axis++)
        {
            int label = _inputs[operand][axis], extent = operands[operand].Shape[axis];
            if (!_extents.TryGetValue(label, out int known) || (label < 0 && known == 1))
            {
                _extents[label] = extent;
            }
            else if (known != extent && (label >= 0 || extent != 1))
            {
                string name = label < 0 ? $"axis {label} of '...'" : $"the letter '{(char)label}'";
                throw Fault($"{name} is {known} and, in operand {operand}, {extent} long: the operands are " +
                    string.Join(", ", operands.Select(x => x.Shape)));
            }
        }
    }

    private int[] Output(string part)
    {
        int covered = _extents.Keys.Count(label => label < 0);
        int count = part.Replace("...", "").Length + (part.Contains("...") ? covered : 0);
        int[] output = Labels(part, Shape.From(Enumerable.Repeat(1, count)), "the result");
        foreach (int label in output)
        {
            if (!_extents.ContainsKey(label)) throw Fault($"the letter '{(char)label}' of the result is in no operand");
            if (output.Count(l => l == label) > 1) throw Fault($"the letter '{(char)label}' is in the result twice");
        }

        return covered == 0 || part.Contains("...") ? output
            : throw Fault("operands have '...' and the result has not; sum over named axes, or write '...' in the result");
    }

    /// <summary>Without an arrow: the axes of the ellipsis, then the letters that occur once, in their order.</summary>
    private int[] Implicit()
    {
        IEnumerable<int> once = _inputs.SelectMany(l => l).Where(l => l >= 0).GroupBy(l => l).Where(g => g.Count() == 1).Select(g => g.Key);
        return [.. _extents.Keys.Where(l => l < 0).Order(), .. once.Order()];
    }

    /// <summary>Takes the diagonal of axes with the same letter.</summary>
    private static Term Diagonal(Term x)
    {
        for (int i = 0; i < x.Labels.Length; i++)
        {
            int j = Array.LastIndexOf(x.Labels, x.Labels[i]);
            if (j == i) continue;
            x = new(Make.Diagonal(x.Node, i, j, 0), [.. x.Labels[..j], .. x.Labels[(j + 1)..]]);
            i--;
        }

        return x;
    }

    /// <summary>Drops axes of an ellipsis that repeat: the others have them.</summary>
    private Term Squeezed(Term x)
    {
        bool[] kept = [.. x.Labels.Select((label, i) => x.Node.Shape[i] == _extents[label])];
        return new(Make.Reshape(x.Node, Shape.From(x.Node.Shape.Where((_, i) => kept[i]))), [.. x.Labels.Where((_, i) => kept[i])]);
    }

    /// <summary>Contracts the two operands whose result grows least, the cheapest of these: opt_einsum's greedy order.</summary>
    private void ContractBest(List<Term> terms)
    {
        (double Growth, double Work, int I, int J) best = (double.PositiveInfinity, 0, 0, 1);
        for (int i = 0; i < terms.Count; i++) terms[i] = SumOut(terms[i], Kept(terms, i, i));
        for (int i = 0; i < terms.Count; i++)
        {
            for (int j = i + 1; j < terms.Count; j++)
            {
                HashSet<int> kept = Kept(terms, i, j), all = [.. terms[i].Labels, .. terms[j].Labels];
                double growth = Volume(all.Where(kept.Contains)) - Volume(terms[i].Labels) - Volume(terms[j].Labels), work = Volume(all);
                if ((growth, work).CompareTo((best.Growth, best.Work)) < 0) best = (growth, work, i, j);
            }
        }

        HashSet<int> needed = Kept(terms, best.I, best.J);
        Term product = Contract(terms[best.I], terms[best.J], needed);
        terms.RemoveAt(best.J);
        terms[best.I] = product;
    }

    private double Volume(IEnumerable<int> labels) => labels.Aggregate(1.0, (volume, label) => volume * _extents[label]);

    /// <summary>The labels that something other than two operands needs.</summary>
    private HashSet<int> Kept(List<Term> terms, int i, int j) => [.. _output, .. terms.Where((_, k) => k != i && k != j).SelectMany(t => t.Labels)];

    private static Term SumOut(Term x, HashSet<int> kept)
    {
        Shape axes = Shape.From(Enumerable.Range(0, x.Labels.Length).Where(i => !kept.Contains(x.Labels[i])));
        return new(Make.Sum(x.Node, axes), [.. x.Labels.Where(kept.Contains)]);
    }

    private Term Contract(Term x, Term y, HashSet<int> kept)
    {
        int[] shared = [.. x.Labels.Intersect(y.Labels)];
        int[] batch = [.. shared.Where(kept.Contains)], contracted = [.. shared.Where(l => !kept.Contains(l))];
        int[] left = [.. x.Labels.Except(shared)], right = [.. y.Labels.Except(shared)];
        bool isProduct = contracted.Length > 0 && left.Length + right.Length > 0 && x.Node.DType.IsFloat();
        if (!isProduct) return Elementwise(x, y, [.. batch, .. left, .. right], contracted);
        return new(
            Make.Dot(x.Node, y.Node, new DotAttributes(x.Axes(batch), y.Axes(batch), x.Axes(contracted), y.Axes(contracted),
                Tensor.MatMulPrecision)),
            [.. batch, .. left, .. right]);
    }

    private Term Elementwise(Term x, Term y, int[] kept, int[] contracted)
    {
        int[] all = [.. kept, .. contracted];
        Node product = Make.Mul(Spread(x, all), Spread(y, all));
        return new(Make.Sum(product, Shape.From(Enumerable.Range(kept.Length, contracted.Length))), kept);
    }

    /// <summary>An operand with these axes, repeated along those that it lacks.</summary>
    private Node Spread(Term x, int[] labels)
    {
        Node ordered = Make.Permute(x.Node, x.Axes([.. labels.Where(x.Labels.Contains)]));
        Node aligned = Make.Reshape(ordered, Shape.From(labels.Select(l => x.Labels.Contains(l) ? _extents[l] : 1)));
        return Make.Expand(aligned, Shape.From(labels.Select(l => _extents[l])));
    }

    private Node Result(Term x)
    {
        x = SumOut(x, [.. _output]);
        return Make.Permute(x.Node, x.Axes(_output));
    }

    private EinsumException Fault(string reason) => new($"einsum '{_text}': {reason}.");

    /// <summary>A node with the labels of its axes, each once.</summary>
    private readonly record struct Term(Node Node, int[] Labels)
    {
        public Shape Axes(int[] labels)
        {
            int[] own = Labels;
            return Shape.From(labels.Select(l => Array.IndexOf(own, l)));
        }
    }
}
