namespace Cotangent.Graph;

/// <summary>One output of a call that computes several. Outputs of one call are nodes of the same op and inputs whose
/// attributes differ in <see cref="Output"/> alone; one step computes them.</summary>
internal abstract record CallAttributes : Attributes
{
    /// <summary>Which of the outputs the node is.</summary>
    public int Output { get; init; }

    /// <summary>How many the call has.</summary>
    public abstract int OutputCount { get; }

    /// <summary>False if an output that nobody uses needs no memory, since it is then not computed.</summary>
    public virtual bool NeedsMemory(int output) => true;

    /// <summary>Another output of the same call.</summary>
    public CallAttributes At(int output) => output == Output ? this : this with { Output = output };

    /// <summary>True for attributes that differ in <see cref="Output"/> at most.</summary>
    public bool IsSameCall(CallAttributes other) => At(0).Equals(other.At(0));
}
