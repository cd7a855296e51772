using System.Numerics;
using System.Runtime.CompilerServices;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs the ops of a linear cross-entropy. Outputs that nobody uses have no memory and are not computed.</summary>
internal abstract class CrossEntropyRoutine<T, TMath>(Device device, Node n) : Routine(n.Op.Name)
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMath : struct, IRealFunctions<T>
{
    private readonly Node _node = n;
    private readonly int _first = n.Get<CrossEntropyCallAttributes>().FirstInput;

    protected CrossEntropyProblem Problem { get; } = n.Get<CrossEntropyCallAttributes>().ProblemOf(n);

    /// <summary>What computes it; made when it is first needed.</summary>
    protected CrossEntropyLauncher<T, TMath> Launcher => field ??= new(device, Problem);

    /// <inheritdoc/>
    public sealed override void Launch(in RoutineCall call)
    {
        CrossEntropyOperands<T> x = new()
        {
            Embeddings = Input<T>(call, _first),
            Classifier = Input<T>(call, _first + 1),
            Targets = Input<int>(call, _first + 2),
            ClassWeights = Input<T>(call, _first + 3),
            Bias = Input<T>(call, _first + 4),
            Scratch = call.Scratch,
        };
        try
        {
            Launch(call, x);
        }
        catch (InvalidTargetException fault)
        {
            throw new TargetOutOfRangeException(fault.Row, fault.Target, Problem.Total);
        }
    }

    protected abstract void Launch(in RoutineCall call, CrossEntropyOperands<T> x);

    /// <summary>The direction that derivatives go along: the first three inputs.</summary>
    protected void SetDirection(in RoutineCall call, ref CrossEntropyOperands<T> x) =>
        (x.EmbeddingTangents, x.ClassifierTangents, x.BiasTangents) = (Input<T>(call, 0), Input<T>(call, 1), Input<T>(call, 2));

    /// <summary>Parts of the direction along E and C: for each a product gives a part of the logits' tangents.</summary>
    protected int Directions => (HasDirection(0) ? 1 : 0) + (HasDirection(1) ? 1 : 0);

    protected bool HasDirection(int input) => _node.Inputs[input].Shape.Size > 0;

    /// <summary>Arithmetic of so many matrix products over all logits, and of so much for each logit beside them.</summary>
    protected double FlopsOf(int products, double each) => (double)Problem.Rows * Problem.Vocabulary * ((2.0 * products * Problem.Width) + each);

    /// <summary>What a logit costs beside its product: the largest, its exponential (16) and their sum; bias; softcap (a hyperbolic tangent counts 40);
    /// the weighted sum.</summary>
    protected double EachLogit => 19 + (Problem.HasBias ? 1 : 0) + (Problem.Softcap > 0 ? 42 : 0) + (Problem.HasClassWeights ? 2 : 0);

    /// <summary>What a derivative by a logit costs.</summary>
    protected double EachDerivative => 1 + (Problem.HasBias ? 1 : 0) + (Problem.Softcap > 0 ? 4 : 0) + (Problem.HasClassWeights ? 2 : 0);

    protected ArrayView<TElement> Input<TElement>(in RoutineCall call, int input)
        where TElement : unmanaged => RoutineCall.View<TElement>(call.Inputs[input], _node.Inputs[input].Shape.Size);

    protected ArrayView<TElement> Output<TElement>(in RoutineCall call, int output)
        where TElement : unmanaged => call.Outputs[output].Memory is null ? ArrayView<TElement>.Empty
        : RoutineCall.View<TElement>(call.Outputs[output], new Node(_node.Op, _node.Inputs, _node.Get<CallAttributes>().At(output), _node.Device).Shape.Size);
}

/// <summary>Runs <see cref="Ops.CrossEntropy"/>.</summary>
internal sealed class CrossEntropyValueRoutine<T, TMath>(Device device, Node n) : CrossEntropyRoutine<T, TMath>(device, n)
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMath : struct, IRealFunctions<T>
{
    private readonly CpuCrossEntropy? _cpu = CpuOf(device, n);

    /// <summary>What is left out of gradients is not in the float64 ones.</summary>
    public override bool IsVerifiable => Problem.TileRows == 0;

    /// <inheritdoc/>
    public override long ScratchBytesFor(ReadOnlySpan<bool> isUsed)
    {
        CrossEntropyGradients wanted = WantedOf(isUsed);
        return _cpu is null ? Launcher.ScratchBytes(wanted.Any, hasTangents: false) : _cpu.ScratchBytes(wanted);
    }

    /// <summary>Products for the logits and for each gradient; logits that are made a second time count a second time.</summary>
    public override double FlopsFor(ReadOnlySpan<bool> isUsed)
    {
        CrossEntropyGradients wanted = WantedOf(isUsed);
        if (!wanted.Any) return FlopsOf(1, EachLogit);
        int gradients = (wanted.OfEmbeddings ? 1 : 0) + (wanted.OfClassifier ? 1 : 0), logits = _cpu?.MakesLogitsTwice(wanted) == true ? 2 : 1;
        return FlopsOf(logits + gradients, (logits * EachLogit) + EachDerivative);
    }

    /// <inheritdoc/>
    protected override void Launch(in RoutineCall call, CrossEntropyOperands<T> x)
    {
        x.Factors = Input<T>(call, CrossEntropyAttributes.Factors);
        x.Order = Input<int>(call, CrossEntropyAttributes.Order);
        x.Objective = Output<T>(call, CrossEntropyAttributes.Objective);
        x.LogSumExp = Output<T>(call, CrossEntropyAttributes.LogSumExp);
        x.TargetLogits = Output<T>(call, CrossEntropyAttributes.TargetLogit);
        x.WeightedLogits = Output<T>(call, CrossEntropyAttributes.WeightedLogits);
        x.BestLogits = Output<T>(call, CrossEntropyAttributes.BestLogit);
        x.Predicted = Output<int>(call, CrossEntropyAttributes.Predicted);
        x.EmbeddingGradient = Output<T>(call, CrossEntropyAttributes.EmbeddingGradient);
        x.ClassifierGradient = Output<T>(call, CrossEntropyAttributes.ClassifierGradient);
        x.BiasGradient = Output<T>(call, CrossEntropyAttributes.BiasGradient);
        x.KeptTiles = Output<int>(call, CrossEntropyAttributes.KeptTiles);
        if (_cpu is null)
        {
            Launcher.Run(x, call.Cancellation);
            return;
        }

        // T is float.
        ((CpuDevice)call.Device).Run(_cpu, Unsafe.As<CrossEntropyOperands<T>, CrossEntropyOperands<float>>(ref x), call.Cancellation);
    }

    private static CrossEntropyGradients WantedOf(ReadOnlySpan<bool> isUsed) => new(isUsed[CrossEntropyAttributes.EmbeddingGradient],
        isUsed[CrossEntropyAttributes.ClassifierGradient], isUsed[CrossEntropyAttributes.BiasGradient]);

    private static CpuCrossEntropy? CpuOf(Device device, Node n) =>
        device is CpuDevice && typeof(T) == typeof(float) && n.Get<CrossEntropyAttributes>().ProblemOf(n) is var problem
        && CpuCrossEntropy.Takes(problem) ? CpuCrossEntropy.Create(problem) : null;
}

/// <summary>Runs <see cref="Ops.CrossEntropyTangent"/>.</summary>
internal sealed class CrossEntropyTangentRoutine<T, TMath>(Device device, Node n) : CrossEntropyRoutine<T, TMath>(device, n)
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMath : struct, IRealFunctions<T>
{
    /// <inheritdoc/>
    public override long ScratchBytesFor(ReadOnlySpan<bool> isUsed) => Launcher.ScratchBytes(hasGradients: false, hasTangents: true);

    /// <inheritdoc/>
    public override double FlopsFor(ReadOnlySpan<bool> isUsed) => FlopsOf(1 + Directions, EachLogit + 16 + EachDerivative);

    /// <inheritdoc/>
    protected override void Launch(in RoutineCall call, CrossEntropyOperands<T> x)
    {
        SetDirection(call, ref x);
        x.LogSumExp = Output<T>(call, CrossEntropyTangentAttributes.LogSumExp);
        x.TargetLogits = Output<T>(call, CrossEntropyTangentAttributes.TargetLogit);
        x.WeightedLogits = Output<T>(call, CrossEntropyTangentAttributes.WeightedLogits);
        Launcher.RunTangent(x, call.Cancellation);
    }
}

/// <summary>Runs <see cref="Ops.CrossEntropyHessian"/>.</summary>
internal sealed class CrossEntropyHessianRoutine<T, TMath>(Device device, Node n) : CrossEntropyRoutine<T, TMath>(device, n)
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMath : struct, IRealFunctions<T>
{
    /// <inheritdoc/>
    public override long ScratchBytesFor(ReadOnlySpan<bool> isUsed) => Launcher.ScratchBytes(hasGradients: true, hasTangents: true);

    /// <summary>Logits and their tangents; for each result G's tangent times an operand, and G times that operand's direction.</summary>
    public override double FlopsFor(ReadOnlySpan<bool> isUsed)
    {
        int ofE = isUsed[CrossEntropyHessianAttributes.Embeddings] ? HasDirection(1) ? 2 : 1 : 0;
        int ofC = isUsed[CrossEntropyHessianAttributes.Classifier] ? HasDirection(0) ? 2 : 1 : 0;
        return FlopsOf(1 + Directions + ofE + ofC, EachLogit + 16 + (3 * EachDerivative));
    }

    /// <inheritdoc/>
    protected override void Launch(in RoutineCall call, CrossEntropyOperands<T> x)
    {
        SetDirection(call, ref x);
        x.Factors = Input<T>(call, CrossEntropyHessianAttributes.Factors);
        x.EmbeddingGradient = Output<T>(call, CrossEntropyHessianAttributes.Embeddings);
        x.ClassifierGradient = Output<T>(call, CrossEntropyHessianAttributes.Classifier);
        x.BiasGradient = Output<T>(call, CrossEntropyHessianAttributes.Bias);
        Launcher.RunHessian(x, call.Cancellation);
    }
}

/// <summary>The routines of linear cross-entropy by op and dtype.</summary>
internal static class CrossEntropyRoutines
{
    public static Routine Of(Device device, Node n) =>
        n.Inputs[n.Get<CrossEntropyCallAttributes>().FirstInput].DType == DType.Float64
            ? Of<double, DoubleFunctions>(device, n)
            : Of<float, SingleFunctions>(device, n);

    private static Routine Of<T, TMath>(Device device, Node n)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T> =>
        n.Op == Ops.CrossEntropy ? new CrossEntropyValueRoutine<T, TMath>(device, n)
        : n.Op == Ops.CrossEntropyTangent ? new CrossEntropyTangentRoutine<T, TMath>(device, n)
        : new CrossEntropyHessianRoutine<T, TMath>(device, n);
}
