using Cotangent.Graph;
using Cotangent.Kernels.Library;

namespace Cotangent.AutoDiff;

internal abstract partial record SampleForm
{
    /// <summary>The classifier of a linear cross-entropy: gradient b is Σₜ dzₜ⊗eₜ of derivatives dz by the logits of the example's rows, which are not
    /// there. A part of the classes at a time they are made again for norms; weighted sums are one call of the op with scaled factors.</summary>
    /// <param name="Each">The gradients.</param>
    /// <param name="Operands">Those of <see cref="Ops.CrossEntropy"/>, by number, with the examples as first axis where each has its own.</param>
    /// <param name="IsOwn">Which are so.</param>
    /// <param name="Call">The call of one example.</param>
    /// <param name="ToParameter">From [classes, width] to the parameter.</param>
    /// <param name="Order">Which of the parameter's axes the classes are.</param>
    public sealed record Head(
        Node Each, IReadOnlyList<Node> Operands, IReadOnlyList<bool> IsOwn, CrossEntropyAttributes Call, Func<Node, Node> ToParameter, AxisOrder Order)
        : SampleForm(Each, ToParameter)
    {
        private const int E = 1, C = 2, Targets = 3, Weights = 4, Bias = 5;

        /// <summary>Examples.</summary>
        public int Examples => Operands[E].Shape[0];

        /// <summary>Rows of an example.</summary>
        public int Rows => Operands[E].Shape[1];

        /// <summary>[examples, rows, width].</summary>
        public Tensor Embeddings => new(Operands[E]);

        /// <summary>[classes, width].</summary>
        public Tensor Classifier => new(Operands[C]);

        /// <summary>Int32 [examples, rows].</summary>
        public Tensor TargetsOfRows => Batched(Targets);

        /// <summary>[classes]; null if there are none.</summary>
        public Tensor? ClassWeights => Operands[Weights].Shape.Size == 0 ? null : new(Operands[Weights]);

        /// <summary>[classes]; null if there is none.</summary>
        public Tensor? ClassBias => Operands[Bias].Shape.Size == 0 ? null : new(Operands[Bias]);

        /// <summary>What each gradient is multiplied by after the call: [examples], or a scalar; null for 1.</summary>
        public Tensor? Scale { get; init; }

        /// <summary>A line of the objective's factors: [examples, rows].</summary>
        public Tensor Factors(int line)
        {
            Tensor own = Batched(CrossEntropyAttributes.Factors)[.., line];
            return Scale is null ? own : own * Scale.Reshape(-1, 1);
        }

        /// <summary>Each row's log-sum-exp, of the call that gives the embeddings' gradients too: [examples, rows].</summary>
        public Tensor LogSumExp => new Tensor(Joined(Operands[CrossEntropyAttributes.Factors], TargetsOfRows, Call.At(CrossEntropyAttributes.LogSumExp))).Reshape(Examples, Rows);

        /// <summary>Recognises what the batching rule makes of a gradient by a classifier that examples share: a scan over them.</summary>
        public static Head? From(View view, Node g)
        {
            Shape own = [.. g.Shape.Skip(1)];
            (g, Tensor? scale) = Unscaled(g);
            if (g.Op != Ops.Scan || g.Attributes is not ScanAttributes { Reverse: false } scan || scan.Output < scan.Carries) return null;
            Node one = scan.Body.Outputs[scan.Output];
            while (one.Op.IsTransparent) one = one.Inputs[0];
            if (one.Op != Ops.CrossEntropy || one.Attributes is not CrossEntropyAttributes { Output: CrossEntropyAttributes.ClassifierGradient } call) return null;

            Node[] operands = new Node[one.Inputs.Length];
            bool[] isOwn = new bool[operands.Length];
            for (int i = 0; i < operands.Length; i++)
            {
                int place = scan.Body.Inputs.IndexOf(one.Inputs[i]);
                if (place >= 0 && place < scan.Carries) return null;
                if ((operands[i] = place < 0 ? Outside(scan, g, one.Inputs[i])! : g.Inputs[place]) is null) return null;
                isOwn[i] = place >= 0 && place < scan.Carries + scan.Sequences;
            }

            // A classifier of each example's own, or weights, are another function.
            bool isHead = isOwn[E] && !isOwn[C] && !isOwn[Weights] && !isOwn[Bias] && !isOwn[CrossEntropyAttributes.Order];
            return isHead ? new(view.Gradients, operands, isOwn, call, view.From(own), view.Axes.Order(1)) { Scale = scale } : null;
        }

        // What a round makes of what all rounds share, such as a classifier that is a part of an arena; null if it depends on the round.
        private static Node? Outside(ScanAttributes scan, Node call, Node inside)
        {
            Dictionary<Node, int> places = scan.Body.Inputs.Select((x, i) => (x, i)).ToDictionary(p => p.x, p => p.i);
            Node[] used = [.. Walk.Topological(inside).Where(places.ContainsKey)];
            return used.Any(x => places[x] < scan.Carries + scan.Sequences) ? null
                : Walk.Substitute([inside], used.ToDictionary(x => x, x => call.Inputs[places[x]]))[0];
        }

        /// <summary>The one head that is a part of a sum; null for none, and for several, whose cross terms are not made.</summary>
        public static Head? Join(View view, Shape own, IReadOnlyList<Head> heads) => heads is [{ Order: AxisOrder.Plain } h]
            ? new(view.Gradients, h.Operands, h.IsOwn, h.Call, view.From(own), view.Axes.Order(1)) { Scale = h.Scale }
            : null;

        // Gradients that each are multiplied by a number: a loss that is a part of the one asked for.
        private static (Node Gradients, Tensor? Scale) Unscaled(Node g)
        {
            Tensor? scale = null;
            while (true)
            {
                if (g.Op.IsTransparent)
                {
                    g = g.Inputs[0];
                }
                else if (g.Op == Ops.Neg)
                {
                    (g, scale) = (g.Inputs[0], scale is null ? Tensor.Scalar(-1, g.DType) : -scale);
                }
                else if (g.Op == Ops.Mul && g.Inputs.FirstOrDefault(x => NumberOf(x) is not null) is { } factor)
                {
                    Tensor number = NumberOf(factor)!;
                    (g, scale) = (g.Inputs[g.Inputs[0] == factor ? 1 : 0], scale is null ? number : scale * number);
                }
                else
                {
                    return (g, scale);
                }
            }
        }

        // A number for each example, or for all, repeated.
        private static Tensor? NumberOf(Node x)
        {
            if (Algebra.Fill(x) is { } number) return Tensor.Scalar(number, x.DType);
            if (x.Op != Ops.Expand || x.Inputs[0].Shape is not { Rank: > 0 } shape || shape.Skip(1).Any(n => n != 1)) return null;
            return new(Algebra.Reshape(x.Inputs[0], [shape[0]]));
        }

        /// <summary>Σ_b factor_b·g_b, of the parameter's shape: gradients are linear in the factors of rows. Nothing is left out of it by a filter, which
        /// norms do not know.</summary>
        public Tensor WeightedSum(Tensor factors)
        {
            Tensor own = factors.Reshape(Examples, 1, 1), lines = Batched(CrossEntropyAttributes.Factors);
            Tensor scaled = lines * (Scale is null ? own : own * Scale.Reshape(-1, 1, 1)).Cast(lines.DType);
            CrossEntropyAttributes exact = Call with { Settings = Call.Settings with { FilterClassifier = 0 } };

            // Rows of examples that do not count are not read: what is not finite in them reaches no sum.
            Tensor targets = Tensor.Where(factors.Reshape(Examples, 1).NotEqual(0), TargetsOfRows, CrossEntropyProblem.Ignored);
            return new(Back(Joined(scaled.Node, targets, exact)));
        }

        private Tensor Batched(int operand) => IsOwn[operand] ? new(Operands[operand])
            : new Tensor(Operands[operand]).Unsqueeze(0).BroadcastTo([Examples, .. Operands[operand].Shape]);

        // The rows of all examples as one call.
        private Node Joined(Node factors, Tensor targets, CallAttributes call)
        {
            Tensor lines = factors.Shape.Rank == 3 ? new(factors) : Batched(CrossEntropyAttributes.Factors);
            Node[] inputs = [.. Operands];
            inputs[CrossEntropyAttributes.Factors] = lines.Permute(1, 0, 2).Reshape(4, Examples * Rows).Node;
            inputs[E] = Algebra.Reshape(inputs[E], [Examples * Rows, inputs[E].Shape[2]]);
            inputs[Targets] = targets.Reshape(Examples * Rows).Node;
            return new(Ops.CrossEntropy, [.. inputs], call);
        }
    }
}
