namespace Cotangent.Samples.Lm;

/// <summary>Windows of a text as Int32 tensors [batch, context + 1].</summary>
internal static class Batches
{
    /// <summary>Random windows of a text that is on the device (UInt8 [n]), drawn on the device: a graph.</summary>
    public static Tensor Random(Tensor text, RandomKey key, int batch, int context)
    {
        Tensor offsets = (key.Bits([batch]) % (text.Shape[0] - context)).Cast(DType.Int32);
        return text.Gather(offsets.Unsqueeze(1) + Tensor.Arange(context + 1)).Cast(DType.Int32);
    }

    /// <summary>Windows that tile a text evenly, at most <paramref name="limit"/> batches: the same for each evaluation.</summary>
    public static IEnumerable<int[,]> Tiling(byte[] text, int batch, int context, int limit)
    {
        int windows = (text.Length - 1) / context;
        int used = Math.Min(windows, batch * limit);
        for (int first = 0; first < used; first += batch)
        {
            int[,] rows = new int[Math.Min(batch, used - first), context + 1];
            for (int row = 0; row < rows.GetLength(0); row++)
            {
                int start = (int)((long)(first + row) * windows / used) * context;
                for (int i = 0; i <= context; i++) rows[row, i] = text[start + i];
            }

            yield return rows;
        }
    }
}
