using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>Where the rows of an operand [batch, heads, rows, width] lie: elements from one batch, head and row to the next. The elements of a row
/// lie side by side.</summary>
internal readonly record struct RowLayout(long Batch, long Head, long Row)
{
    /// <summary>Row-major.</summary>
    public static RowLayout Contiguous(int heads, int rows, int width) => new((long)heads * rows * width, (long)rows * width, width);

    /// <summary>The first element of a row.</summary>
    public long At(int batch, int head, long row) => batch * Batch + head * Head + row * Row;
}

/// <summary>The layouts of the operands whose rows may lie apart, as those of heads do in the products of a layer: [batch, time, heads, width].</summary>
internal record struct AttentionLayouts
{
    public RowLayout Q { get; set; }

    public RowLayout K { get; set; }

    public RowLayout V { get; set; }

    public RowLayout Output { get; set; }

    public RowLayout DQ { get; set; }

    public RowLayout DK { get; set; }

    public RowLayout DV { get; set; }

    public RowLayout DOutput { get; set; }

    /// <summary>All row-major.</summary>
    public static AttentionLayouts Contiguous(in AttentionProblem p)
    {
        RowLayout q = RowLayout.Contiguous(p.Heads, p.Queries, p.Width), output = RowLayout.Contiguous(p.Heads, p.Queries, p.Values);
        RowLayout k = RowLayout.Contiguous(p.KeyHeads, p.Keys, p.Width), v = RowLayout.Contiguous(p.KeyHeads, p.Keys, p.Values);
        return new() { Q = q, K = k, V = v, Output = output, DQ = q, DK = k, DV = v, DOutput = output };
    }
}
