using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

// Operands and working memory as pointers.
internal sealed unsafe partial class CpuCrossEntropy<TKernels>
{
    /// <summary>Operands; null for those that are not there.</summary>
    private readonly struct Pointers(in CrossEntropyOperands<float> x)
    {
        public readonly float* Embeddings = Of(x.Embeddings);
        public readonly float* Classifier = Of(x.Classifier);
        public readonly int* Targets = Of(x.Targets);
        public readonly float* ClassWeights = Of(x.ClassWeights);
        public readonly float* Bias = Of(x.Bias);
        public readonly float* Factors = Of(x.Factors);
        public readonly float* Objective = Of(x.Objective);
        public readonly float* LogSumExp = Of(x.LogSumExp);
        public readonly float* TargetLogits = Of(x.TargetLogits);
        public readonly float* WeightedLogits = Of(x.WeightedLogits);
        public readonly float* BestLogits = Of(x.BestLogits);
        public readonly int* Predicted = Of(x.Predicted);
        public readonly float* EmbeddingGradient = Of(x.EmbeddingGradient);
        public readonly float* ClassifierGradient = Of(x.ClassifierGradient);
        public readonly float* BiasGradient = Of(x.BiasGradient);

        public static void* Of(KernelArgument argument) =>
            argument.Memory is { } memory ? (void*)(memory.HostPointer + (nint)argument.Bits) : null;

        private static float* Of(ArrayView<float> view) => view.Length == 0 ? null : (float*)Of(view.Argument);

        private static int* Of(ArrayView<int> view) => view.Length == 0 ? null : (int*)Of(view.Argument);
    }

    /// <summary>The block of rows at work.</summary>
    private struct Block
    {
        public readonly int Strips;
        public readonly float* Embeddings;

        /// <summary>Logits of all classes, or what has been made of them; null if they are not kept.</summary>
        public readonly float* Kept;

        /// <summary>What was taken from logits before exponentials, of each row: of each chunk of classes, and of strips at their end.</summary>
        public readonly float* ChunkReferences;
        public readonly float* References;
        public readonly float* PackedForLogits;
        public readonly float* PackedForClassifier;
        public readonly float* StripGradients;
        public readonly float* Largest;
        public readonly float* Sums;
        public readonly float* Weighted;
        public readonly int* Best;
        public readonly float* LogSumExp;
        public readonly float* Slope;
        public readonly float* OfTarget;
        public readonly float* OfWeights;
        public readonly float* TargetLogits;
        public readonly int* Targets;
        public readonly float* Terms;
        public readonly int* List;

        /// <summary>Its place in the list of rows that count, their number, and that in whole vectors.</summary>
        public int FirstRow;
        public int Count;
        public int Rows;

        public Block(CrossEntropyProblem p, CpuCrossEntropyShape shape, CrossEntropyGradients wanted, byte* scratch)
        {
            Strips = shape.Strips;
            Rows = shape.Rows;
            long block = (long)Rows * p.Width, packed = (long)Rows * GemmBlocking.RoundUp(p.Width, 64), sums = (long)Strips * Rows;
            float* at = (float*)scratch;
            PackedForLogits = Take(ref at, packed);
            PackedForClassifier = shape.SharesPanels ? PackedForLogits : Take(ref at, wanted.OfClassifier ? packed : 0);
            StripGradients = Take(ref at, wanted.OfEmbeddings ? block * Strips : 0);

            // Once packed they are not read again, unless classes are left out; and sums of strips begin later.
            Embeddings = shape.IsEager ? StripGradients : Take(ref at, block);
            Kept = shape.Keeps ? Take(ref at, (long)p.Vocabulary * Rows) : null;
            ChunkReferences = Take(ref at, shape is { Keeps: true, IsEager: true } ? (long)Strips * shape.Chunks(p.Vocabulary) * Rows : 0);
            References = Take(ref at, sums);
            Largest = Take(ref at, sums);
            Sums = Take(ref at, sums);
            Weighted = Take(ref at, sums);
            Best = (int*)Take(ref at, sums);
            LogSumExp = Take(ref at, Rows);
            Slope = Take(ref at, Rows);
            OfTarget = Take(ref at, Rows);
            OfWeights = Take(ref at, Rows);
            TargetLogits = Take(ref at, Rows);
            Targets = (int*)Take(ref at, Rows);
            Terms = Take(ref at, p.Rows);
            List = (int*)Take(ref at, p.Rows);
        }

        /// <summary>So many numbers, 64-byte aligned.</summary>
        private static float* Take(ref float* at, long length)
        {
            float* start = at;
            at += (length + 15) / 16 * 16;
            return start;
        }
    }
}
