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
        CrossEntropyGradients wanted = new(isUsed[CrossEntropyAttributes.EmbeddingGradient], isUsed[CrossEntropyAttributes.ClassifierGradient],
            isUsed[CrossEntropyAttributes.BiasGradient]);
        return _cpu is null ? Launcher.ScratchBytes(wanted.Any, hasTangents: false) : _cpu.ScratchBytes(wanted);
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
    protected override void Launch(in RoutineCall call, CrossEntropyOperands<T> x)
    {
        (x.EmbeddingTangents, x.ClassifierTangents, x.BiasTangents) = (Input<T>(call, 0), Input<T>(call, 1), Input<T>(call, 2));
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

    /// <inheritdoc/>
    protected override void Launch(in RoutineCall call, CrossEntropyOperands<T> x)
    {
        (x.EmbeddingTangents, x.ClassifierTangents, x.BiasTangents) = (Input<T>(call, 0), Input<T>(call, 1), Input<T>(call, 2));
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
