using Cotangent.Graph;

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
    public sealed record Head(
        Node Each, IReadOnlyList<Node> Operands, IReadOnlyList<bool> IsOwn, CrossEntropyAttributes Call, Func<Node, Node> ToParameter)
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

        /// <summary>A line of the objective's factors: [examples, rows].</summary>
        public Tensor Factors(int line) => Batched(CrossEntropyAttributes.Factors)[.., line];

        /// <summary>Each row's log-sum-exp, of the call that gives the embeddings' gradients too: [examples, rows].</summary>
        public Tensor LogSumExp => new Tensor(Joined(Operands[CrossEntropyAttributes.Factors], Call.At(CrossEntropyAttributes.LogSumExp))).Reshape(Examples, Rows);

        /// <summary>Recognises what the batching rule makes of a gradient by a classifier that examples share: a scan over them.</summary>
        public static Head? From(View view, Node g)
        {
            if (g.Op != Ops.Scan || g.Attributes is not ScanAttributes { Reverse: false } scan || scan.Output < scan.Carries) return null;
            Node one = scan.Body.Outputs[scan.Output];
            while (one.Op.IsTransparent) one = one.Inputs[0];
            if (one.Op != Ops.CrossEntropy || one.Attributes is not CrossEntropyAttributes { Output: CrossEntropyAttributes.ClassifierGradient } call) return null;

            Node[] operands = new Node[one.Inputs.Length];
            bool[] isOwn = new bool[operands.Length];
            for (int i = 0; i < operands.Length; i++)
            {
                int place = scan.Body.Inputs.IndexOf(one.Inputs[i]);
                if (place < 0 ? Walk.Topological(one.Inputs[i]).Any(x => scan.Body.Inputs.Contains(x)) : place < scan.Carries) return null;
                operands[i] = place < 0 ? one.Inputs[i] : g.Inputs[place];
                isOwn[i] = place >= scan.Carries && place < scan.Carries + scan.Sequences;
            }

            // A classifier of each example's own, or weights, are another function.
            bool isHead = isOwn[E] && !isOwn[C] && !isOwn[Weights] && !isOwn[Bias] && !isOwn[CrossEntropyAttributes.Order];
            return isHead ? new(view.Gradients, operands, isOwn, call, view.From([.. g.Shape.Skip(1)])) : null;
        }

        /// <summary>Σ_b factor_b·g_b, of the parameter's shape: gradients are linear in the factors of rows. Nothing is left out of it by a filter, which
        /// norms do not know.</summary>
        public Tensor WeightedSum(Tensor factors)
        {
            Tensor own = factors.Reshape(Examples, 1, 1), lines = Batched(CrossEntropyAttributes.Factors);
            Tensor scaled = Tensor.Where(own.NotEqual(0), lines * own.Cast(lines.DType), 0);
            CrossEntropyAttributes exact = Call with { Settings = Call.Settings with { FilterClassifier = 0 } };
            return new(Back(Joined(scaled.Node, exact)));
        }

        private Tensor Batched(int operand) => IsOwn[operand] ? new(Operands[operand])
            : new Tensor(Operands[operand]).Unsqueeze(0).BroadcastTo([Examples, .. Operands[operand].Shape]);

        // The rows of all examples as one call.
        private Node Joined(Node factors, CallAttributes call)
        {
            Tensor lines = factors.Shape.Rank == 3 ? new(factors) : Batched(CrossEntropyAttributes.Factors);
            Node[] inputs = [.. Operands];
            inputs[CrossEntropyAttributes.Factors] = lines.Permute(1, 0, 2).Reshape(4, Examples * Rows).Node;
            inputs[E] = Algebra.Reshape(inputs[E], [Examples * Rows, inputs[E].Shape[2]]);
            inputs[Targets] = TargetsOfRows.Reshape(Examples * Rows).Node;
            return new(Ops.CrossEntropy, [.. inputs], call);
        }
    }
}
