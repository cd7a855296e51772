namespace Cotangent.Kernels.Il;

/// <summary>Span's bulk operations as loops.</summary>
internal static class PortableSpan
{
    public static void Clear<T>(ref Span<T> self)
    {
        for (int i = 0; i < self.Length; i++)
            self[i] = default!;
    }

    public static void Fill<T>(ref Span<T> self, T value)
    {
        for (int i = 0; i < self.Length; i++)
            self[i] = value;
    }

    public static void CopyTo<T>(ref Span<T> self, Span<T> destination)
    {
        for (int i = 0; i < self.Length; i++)
            destination[i] = self[i];
    }
}

/// <summary>ReadOnlySpan's bulk operations as loops.</summary>
internal static class PortableReadOnlySpan
{
    public static void CopyTo<T>(ref ReadOnlySpan<T> self, Span<T> destination)
    {
        for (int i = 0; i < self.Length; i++)
            destination[i] = self[i];
    }
}
