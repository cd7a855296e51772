using System.Collections.Immutable;

namespace Cotangent.Graph;

/// <summary>A call that holds functions: a loop or a choice.</summary>
internal abstract record ControlAttributes : CallAttributes
{
    /// <summary>Its functions.</summary>
    public abstract ImmutableArray<SubGraph> Bodies { get; }

    /// <summary>The same call of other functions.</summary>
    public abstract ControlAttributes WithBodies(ImmutableArray<SubGraph> bodies);

    /// <summary>The call as a program keeps it: its functions' numbers are further inputs, after all others.</summary>
    public (ControlAttributes Call, ImmutableArray<Node> Numbers) ForProgram()
    {
        (ImmutableArray<SubGraph> bodies, ImmutableArray<Node> numbers) = SubGraph.LiftNumbers(Bodies);
        return (WithBodies(bodies), numbers);
    }
}

/// <summary>A loop over the first axis of some inputs. The body takes the carries, a slice of each sequence and the constants, and gives
/// the next carries and a slice of each stacked output.</summary>
/// <param name="Body">(carries, slices, constants) → (carries, slices).</param>
/// <param name="Carries">The number of carries: of the call's first inputs and first outputs.</param>
/// <param name="Sequences">The number of inputs after the carries that are taken slice by slice; the rest are constants.</param>
/// <param name="Length">The number of rounds, at least 1.</param>
/// <param name="Reverse">True if the last slice comes first.</param>
internal sealed record ScanAttributes(SubGraph Body, int Carries, int Sequences, int Length, bool Reverse) : ControlAttributes
{
    /// <summary>What reverse mode keeps; no part of the value.</summary>
    public ScanMemory Memory { get; init; } = ScanMemory.SaveAll;

    /// <inheritdoc/>
    public override int OutputCount => Body.Outputs.Length;

    /// <inheritdoc/>
    public override ImmutableArray<SubGraph> Bodies => [Body];

    /// <inheritdoc/>
    public override ControlAttributes WithBodies(ImmutableArray<SubGraph> bodies) =>
        this with { Body = bodies[0], Memory = ScanMemory.SaveAll };

    /// <inheritdoc/>
    public override string ToString() => $"scan {Length}{(Reverse ? " reversed" : "")}.{Output} {Body}";
}

/// <summary>A loop while a condition holds. Condition and body take the carries and the constants.</summary>
/// <param name="Condition">(carries, constants) → a Bool scalar.</param>
/// <param name="Body">(carries, constants) → carries.</param>
internal sealed record WhileAttributes(SubGraph Condition, SubGraph Body) : ControlAttributes
{
    /// <inheritdoc/>
    public override int OutputCount => Body.Outputs.Length;

    /// <inheritdoc/>
    public override ImmutableArray<SubGraph> Bodies => [Condition, Body];

    /// <inheritdoc/>
    public override ControlAttributes WithBodies(ImmutableArray<SubGraph> bodies) =>
        this with { Condition = bodies[0], Body = bodies[1] };

    /// <inheritdoc/>
    public override string ToString() => $"while.{Output} {Condition} do {Body}";
}

/// <summary>A choice between two functions of the same inputs: the call's inputs after the first, a Bool scalar.</summary>
internal sealed record CondAttributes(SubGraph IfTrue, SubGraph IfFalse) : ControlAttributes
{
    /// <inheritdoc/>
    public override int OutputCount => IfTrue.Outputs.Length;

    /// <inheritdoc/>
    public override ImmutableArray<SubGraph> Bodies => [IfTrue, IfFalse];

    /// <inheritdoc/>
    public override ControlAttributes WithBodies(ImmutableArray<SubGraph> bodies) =>
        this with { IfTrue = bodies[0], IfFalse = bodies[1] };

    /// <inheritdoc/>
    public override string ToString() => $"cond.{Output} {IfTrue} else {IfFalse}";
}
