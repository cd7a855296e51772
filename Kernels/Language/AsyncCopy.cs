namespace Cotangent.Kernels;

/// <summary>Copies from global to shared memory that go on while the item does something else (<c>cp.async</c>, NVIDIA GPUs from
/// capability 8.0 on). Elsewhere they are done at once, so what is copied must not be relied on to be late.</summary>
/// <remarks>An item's copies since its last <see cref="Commit"/> are a batch; <see cref="Wait"/> waits for its own batches only, so a
/// Group.Barrier stands between the wait and what other items read. Until then neither the source may be written nor the target
/// touched.</remarks>
/// <example><code>
/// AsyncCopy.Start(ref tile[Group.IdxX], ref source[Grid.GlobalIndex.X]);
/// AsyncCopy.Commit();
/// … // work on the tile before
/// AsyncCopy.Wait(0);
/// Group.Barrier();
/// </code></example>
public static class AsyncCopy
{
    /// <summary>Begins to copy an element.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars, of 4, 8 or 16 bytes.</typeparam>
    /// <param name="target">In shared memory, at a multiple of the element's size.</param>
    /// <param name="source">In global memory, at a multiple of the element's size: a struct's fields need less, so of 8 or 16 bytes the
    /// kernel's author must know it.</param>
    public static void Start<T>(ref T target, ref T source)
        where T : unmanaged
    {
        if (Mma.IsNative)
            NativeStart(ref target, ref source);
        else
            target = source;
    }

    /// <summary>Ends a batch of copies.</summary>
    public static void Commit()
    {
        if (Mma.IsNative)
            NativeCommit();
    }

    /// <summary>Waits until all but the last <paramref name="pending"/> batches of this item are there.</summary>
    /// <param name="pending">A compile-time constant.</param>
    public static void Wait(int pending)
    {
        if (Mma.IsNative)
            NativeWait(pending);
    }

    // What the compiler knows.
    private static void NativeStart<T>(ref T target, ref T source)
        where T : unmanaged => target = source;

    private static void NativeCommit()
    {
    }

    private static void NativeWait(int pending) => _ = pending;
}
