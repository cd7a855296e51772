using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>The derivatives of attention composed of primitives, in scans over blocks of queries or of keys: no buffer holds all scores, and
/// neither do the derivatives of these scans, which keep nothing of a round but compute it again.</summary>
/// <remarks>Heads are [key heads, group]: q is [batch, key heads, group, queries, width], k [batch, key heads, 1, keys, width]. Blocks are
/// padded with cells that are not seen.</remarks>
/// <param name="form">The attention.</param>
/// <param name="inputs">q, k, v, extras, output, log-sum-exp, then tangents or cotangents.</param>
internal sealed class AttentionBlocks(AttentionForm form, IReadOnlyList<Node> inputs)
{
    /// <summary>The most queries or keys of a block.</summary>
    private const int Largest = 128;

    private readonly Node _q = inputs[0];
    private readonly Node _k = inputs[1];
    private int _dk = -1;
    private int _dv = -1;

    private AttentionForm Form => form;

    private IReadOnlyList<Node> Inputs => inputs;

    private int Batch => _q.Shape[0];

    private int KeyHeads => _k.Shape[1];

    private int Group => KeyHeads == 0 ? 1 : _q.Shape[1] / KeyHeads;

    private int Queries => _q.Shape[2];

    private int Keys => _k.Shape[2];

    /// <summary>An output of <see cref="Ops.AttentionTangent"/>.</summary>
    public Node Tangent(AttentionTangentAttributes call)
    {
        bool isValue = call.Output == AttentionAttributes.Value;
        (_dk, _dv) = (call.At(form, AttentionForm.K), call.At(form, AttentionForm.V));
        return OverQueries(call, block =>
        {
            Tensor weights = block.Weights(), t = weights * block.ScoreTangent(call), sum = t.Sum(-1, keepDims: true);
            if (!isValue) return sum.Squeeze(-1);
            Tensor value = block.Kept(t).MatMul(block.Keys(AttentionForm.V)) - sum * block.Rows(form.Inputs);
            return call.At(form, AttentionForm.V) is >= 0 and var dv ? value + block.Kept(weights).MatMul(block.Keys(dv)) : value;
        });
    }

    /// <summary>An output of <see cref="Ops.AttentionGrad"/>.</summary>
    public Node Gradient(int which) => which == AttentionForm.Q
        ? OverQueries(null, block => block.ScoreGradient().MatMul(block.Keys(AttentionForm.K)) * form.Scale)
        : OverKeys(block => which == AttentionForm.K
            ? (block.ScoreGradient().Transpose().MatMul(block.Rows(AttentionForm.Q)) * form.Scale).Sum(2)
            : block.Kept(block.Weights()).Transpose().MatMul(block.Rows(form.Inputs + 2)).Sum(2));

    /// <summary>The cotangent of a bias of this shape.</summary>
    public Node BiasGradient(Shape shape)
    {
        // The axes that the bias repeats along are summed in each block, that of the queries at the end.
        Shape axes = Shape.From(new[] { (shape[0], 0), (shape[1], 1), (shape[3], 3) }.Where(a => a.Item1 == 1).Select(a => a.Item2));
        Tensor sum = new(OverQueries(null, block =>
        {
            Tensor ds = block.ScoreGradient();
            ds = ds.Reshape(Shape.From([ds.Shape[0], ds.Shape[1] * ds.Shape[2], ds.Shape[3], ds.Shape[4]]));
            return axes.Rank == 0 ? ds : ds.Sum([.. axes], keepDims: true);
        }, isGrouped: false));
        return (shape[2] == 1 && Queries != 1 ? sum.Sum(2, keepDims: true) : sum).Node;
    }

    /// <summary>Joins the blocks' results along the axis of the queries; heads are one axis again.</summary>
    private Node OverQueries(AttentionTangentAttributes? call, Func<Block, Tensor> body, bool isGrouped = true)
    {
        int rounds = Math.Max(1, (Queries + Largest - 1) / Largest), size = (Queries + rounds - 1) / rounds;
        int own = form.Inputs + 2;
        int[] byRow = [AttentionForm.Q, form.Inputs, form.Inputs + 1,
            .. call is null ? Enumerable.Range(own, inputs.Count - own) : call.At(form, AttentionForm.Q) is >= 0 and var dq ? [dq] : []];
        int[] byCell = [.. new[] { form.At(AttentionExtras.Bias), form.At(AttentionExtras.Mask),
            call?.At(form, AttentionTangentAttributes.Bias) ?? -1 }.Where(i => i >= 0 && inputs[i].Shape[2] != 1)];
        int[] cut = [.. byRow, .. byCell];
        Tensor[] xs = [.. cut.Select(i => Split(Grouped(i), 3, rounds, size)), Tensor.Arange(rounds) * size];
        (_, Tensor all) = Flow.Scan<Tensor?, Tensor[], Tensor>(
            (_, x) => (null, body(new Block(this, Map(cut, x), x[^1], size, null, Keys))), null, xs, memory: ScanMemory.Recompute);

        // [rounds, batch, (key heads, group or heads), size, …] → [batch, heads, queries, …]
        int axis = isGrouped ? 3 : 2;
        all = Joined(all, axis, Queries);
        return isGrouped ? all.Reshape(Shape.From(all.Shape.Skip(3).Prepend(KeyHeads * Group).Prepend(Batch))).Node : all.Node;
    }

    /// <summary>Joins the blocks' results along the axis of the keys: [batch, key heads, keys, …].</summary>
    private Node OverKeys(Func<Block, Tensor> body)
    {
        int rounds = Math.Max(1, (Keys + Largest - 1) / Largest), size = (Keys + rounds - 1) / rounds;
        int[] byCell = [.. new[] { form.At(AttentionExtras.Bias), form.At(AttentionExtras.Mask) }.Where(i => i >= 0 && inputs[i].Shape[3] != 1)];
        int[] cut = [AttentionForm.K, AttentionForm.V, .. byCell];
        Tensor[] xs = [.. cut.Select(i => Split(Grouped(i), i <= AttentionForm.V ? 3 : 4, rounds, size)), Tensor.Arange(rounds) * size];
        (_, Tensor all) = Flow.Scan<Tensor?, Tensor[], Tensor>(
            (_, x) => (null, body(new Block(this, Map(cut, x), null, Queries, x[^1], size))), null, xs, memory: ScanMemory.Recompute);
        return Joined(all, 2, Keys).Node;
    }

    private static Dictionary<int, Tensor> Map(int[] cut, Tensor[] slices) =>
        cut.Select((input, at) => (input, slices[at])).ToDictionary(p => p.input, p => p.Item2);

    /// <summary>An input with its heads as [key heads, group].</summary>
    private Tensor Grouped(int input)
    {
        Tensor x = new(inputs[input]);
        int heads = x.Shape[1];
        if (input is AttentionForm.K or AttentionForm.V || input == _dk || input == _dv) return x.Unsqueeze(2);
        return heads == 1 && KeyHeads * Group != 1
            ? x.Unsqueeze(2)
            : x.Reshape(Shape.From([x.Shape[0], KeyHeads, Group, .. x.Shape.Skip(2)]));
    }

    /// <summary>[rounds, …, size, …] of […, extent, …].</summary>
    private static Tensor Split(Tensor x, int axis, int rounds, int size)
    {
        int more = rounds * size - x.Shape[axis];
        if (more > 0)
        {
            Shape none = Shape.From(x.Shape.Select(_ => 0));
            x = new Tensor(Make.Pad(x.Node, none, Shape.From(x.Shape.Select((_, i) => i == axis ? more : 0)), none));
        }

        Tensor cut = x.Reshape(Shape.From([.. x.Shape.Take(axis), rounds, size, .. x.Shape.Skip(axis + 1)]));
        return new Tensor(Make.Permute(cut.Node, Shape.From([axis, .. Enumerable.Range(0, cut.Rank).Where(i => i != axis)])));
    }

    /// <summary>The inverse of <see cref="Split"/>: blocks along the first axis, joined along another and cut to its extent.</summary>
    private static Tensor Joined(Tensor blocks, int axis, int extent)
    {
        int[] order = [.. Enumerable.Range(1, axis), 0, .. Enumerable.Range(axis + 1, blocks.Rank - axis - 1)];
        Tensor x = new(Make.Permute(blocks.Node, Shape.From(order)));
        x = x.Reshape(Shape.From([.. x.Shape.Take(axis), x.Shape[axis] * x.Shape[axis + 1], .. x.Shape.Skip(axis + 2)]));
        Shape ones = Shape.From(x.Shape.Select(_ => 1));
        return new Tensor(Make.Slice(x.Node, Shape.From(x.Shape.Select(_ => 0)),
            Shape.From(x.Shape.Select((n, i) => i == axis ? extent : n)), ones));
    }

    /// <summary>The scores of some queries and some keys, and what is made of them.</summary>
    /// <param name="all">The attention.</param>
    /// <param name="slices">The inputs that are cut into blocks, by number.</param>
    /// <param name="query">The first query; null for 0.</param>
    /// <param name="queries">The number of queries.</param>
    /// <param name="key">The first key; null for 0.</param>
    /// <param name="keys">The number of keys.</param>
    private sealed class Block(AttentionBlocks all, Dictionary<int, Tensor> slices, Tensor? query, int queries, Tensor? key, int keys)
    {
        private readonly AttentionForm _form = all.Form;

        private Shape Cells => [all.Batch, all.KeyHeads, all.Group, queries, keys];

        /// <summary>An input by rows: the block's, or all.</summary>
        public Tensor Rows(int input) => Keys(input);

        /// <summary>An input by keys: the block's, or all.</summary>
        public Tensor Keys(int input) => slices.TryGetValue(input, out Tensor? slice) ? slice : all.Grouped(input);

        /// <summary>exp(score − lse), 0 for what is not seen.</summary>
        public Tensor Weights()
        {
            Tensor scores = Rows(AttentionForm.Q).MatMul(Keys(AttentionForm.K).Transpose()) * _form.Scale;
            if (_form.At(AttentionExtras.Bias) is >= 0 and var bias) scores += Rows(bias);
            Tensor lse = Rows(_form.Inputs + 1).Unsqueeze(-1), isEmpty = lse.Equal(double.NegativeInfinity);
            Tensor seen = Seen() & !isEmpty;
            Tensor exponent = Tensor.Where(seen, scores - lse, double.NegativeInfinity);
            return exponent.Exp();
        }

        /// <summary>Weights after dropout.</summary>
        public Tensor Kept(Tensor weights)
        {
            if (_form.At(AttentionExtras.Key) is not (>= 0 and var input)) return weights;
            float keep = 1 - (float)_form.Dropout;
            uint below = (uint)Math.Ceiling((double)keep * (1 << 23));
            Tensor isKept = (Words(new Tensor(all.Inputs[input])) >> 9) < below;
            return Tensor.Where(isKept, weights * (1.0 / keep), 0);
        }

        /// <summary>The tangent of the scores.</summary>
        public Tensor ScoreTangent(AttentionTangentAttributes call)
        {
            Tensor? sum = null;
            if (call.At(_form, AttentionForm.Q) is >= 0 and var dq)
                Add(Rows(dq).MatMul(Keys(AttentionForm.K).Transpose()) * _form.Scale);
            if (call.At(_form, AttentionForm.K) is >= 0 and var dk)
                Add(Rows(AttentionForm.Q).MatMul(Keys(dk).Transpose()) * _form.Scale);
            if (call.At(_form, AttentionTangentAttributes.Bias) is >= 0 and var bias) Add(Rows(bias));
            return sum ?? Tensor.Scalar(0, all._q.DType, all._q.Device);

            void Add(Tensor x) => sum = sum is null ? x : sum + x;
        }

        /// <summary>The cotangent of the scores: P·(dO·vᵀ − delta).</summary>
        public Tensor ScoreGradient()
        {
            int own = _form.Inputs;
            Tensor weights = Weights(), dOutput = Rows(own + 2);
            Tensor delta = (dOutput * Rows(own)).Sum(-1, keepDims: true);
            if (all.Inputs.Count > own + 3) delta -= Rows(own + 3).Unsqueeze(-1);
            Tensor dp = dOutput.MatMul(Keys(AttentionForm.V).Transpose());
            return Kept(weights) * dp - weights * delta;
        }

        private Tensor Index(int axis, Tensor? first)
        {
            Tensor index = Tensor.Iota([queries, keys], axis);
            return first is null ? index : index + first;
        }

        private Tensor Seen()
        {
            Tensor i = Index(0, query), j = Index(1, key), own = i + (all.Keys - all.Queries);
            Tensor seen = (i < all.Queries) & (j < all.Keys);
            if (_form.Causal) seen &= j <= own;
            if (_form.Window > 0) seen &= (own - j < _form.Window) & (j - own < _form.Window);
            if (_form.At(AttentionExtras.Lengths) is >= 0 and var lengths)
                seen &= j < new Tensor(all.Inputs[lengths]).Reshape(-1, 1, 1, 1, 1);
            if (_form.At(AttentionExtras.Mask) is >= 0 and var mask) seen &= Rows(mask);
            return seen;
        }

        /// <summary>The random words of the cells: see <see cref="RandomKey.Bits"/>.</summary>
        private Tensor Words(Tensor keyWords)
        {
            int together = _form.DropoutBatch;
            Tensor batch = Tensor.Iota(Cells, 0), inBatch = together < all.Batch ? batch % together : batch;
            Tensor head = Tensor.Iota(Cells, 1) * all.Group + Tensor.Iota(Cells, 2);
            Tensor row = (inBatch * (all.KeyHeads * all.Group) + head) * all.Queries + Index(0, query);
            Tensor cell = row.Cast(DType.Int64) * all.Keys + Index(1, key).Cast(DType.Int64);
            Tensor words = keyWords.Shape[0] == 1 ? keyWords[0] : keyWords.Gather(Tensor.Arange(all.Batch) / together);
            Node Word(int which) => (keyWords.Shape[0] == 1 ? words[which] : words[.., which].Reshape(-1, 1, 1, 1, 1)).BroadcastTo(Cells).Node;
            Node[] threefry = [Word(0), Word(1), (cell >> 32).Cast(DType.UInt32).Node, cell.Cast(DType.UInt32).Node];
            return new Tensor(new Node(Ops.Threefry0, [.. threefry])) ^ new Tensor(new Node(Ops.Threefry1, [.. threefry]));
        }
    }
}
