namespace Cotangent.Kernels.Library;

/// <summary>A target that is no class.</summary>
/// <param name="row">The row.</param>
/// <param name="target">What it holds.</param>
internal sealed class InvalidTargetException(int row, int target) : Exception($"row {row}: {target}")
{
    public int Row { get; } = row;

    public int Target { get; } = target;
}

/// <summary>The rows that count, found on the host: ignored ones cost nothing after this.</summary>
internal static class RowList
{
    /// <summary>Writes the numbers of the rows whose target is a class.</summary>
    /// <returns>How many there are.</returns>
    /// <exception cref="InvalidTargetException">A target is neither a class nor to be ignored.</exception>
    public static int Find(ReadOnlySpan<int> targets, CrossEntropyProblem problem, Span<int> rows)
    {
        int count = 0;
        for (int row = 0; row < targets.Length; row++)
        {
            int target = targets[row];
            if (target == CrossEntropyProblem.Ignored)
                continue;
            if ((uint)target >= (uint)problem.Total)
                throw new InvalidTargetException(row, target);
            rows[count++] = row;
        }

        return count;
    }
}
