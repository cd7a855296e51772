namespace Cotangent.Kernels.Cpu;

/// <summary>Where the operands of an attention lie; null for those that are absent. Float32 but for what is said.</summary>
internal unsafe struct AttentionOperands
{
    public float* Q;
    public float* K;
    public float* V;

    /// <summary>Added to the scores.</summary>
    public float* Bias;

    /// <summary>Bool: which cells are seen.</summary>
    public byte* Mask;

    /// <summary>Int32 by batch: how many keys are seen.</summary>
    public int* Lengths;

    /// <summary>The two words of the dropout's key.</summary>
    public uint* Key;

    /// <summary>The result, [batch, heads, queries, values] by its layout: written by the forward pass, read by the others.</summary>
    public float* Output;

    /// <summary>The logarithm of each row's sum of exponentials: as <see cref="Output"/>.</summary>
    public float* LogSumExp;

    /// <summary>Gradients or tangents of q, k, v, bias, output, log-sum-exp.</summary>
    public float* DQ;
    public float* DK;
    public float* DV;
    public float* DBias;
    public float* DOutput;
    public float* DLogSumExp;

    /// <summary>Where the rows of q, k, v, the output and their gradients lie.</summary>
    public AttentionLayouts Layouts;

    /// <summary>Scratch memory of as many bytes as the pass asks for.</summary>
    public byte* Scratch;
}
