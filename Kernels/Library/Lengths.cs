namespace Cotangent.Kernels.Library;

/// <summary>What the library's functions check before they launch anything, and how they cut work into groups.</summary>
internal static class Lengths
{
    /// <summary>Throws unless a view has a certain length.</summary>
    public static void Same(string function, string view, long length, string other, long expected)
    {
        if (length != expected)
            throw new ViewLengthException(function, view, length, $"{expected}, as many as '{other}'");
    }

    /// <summary>Throws if a view is too short.</summary>
    public static void AtLeast(string function, string view, long length, long least)
    {
        if (length < least)
            throw new ViewLengthException(function, view, length, $"at least {least}");
    }

    /// <summary>Throws if a view is too long for 32-bit positions.</summary>
    public static void Countable(string function, string view, long length)
    {
        if (length > int.MaxValue)
            throw new ViewLengthException(function, view, length, $"at most {int.MaxValue}: positions are 32-bit numbers");
    }

    /// <summary>Tiles that cover a length; at least one, so that an empty input is a tile without elements.</summary>
    public static int Tiles(long length, int tile) => (int)Math.Max(1, (length + tile - 1) / tile);

    /// <summary>An empty view that has memory, in place of one that may have none.</summary>
    public static ArrayView<T> OrEmpty<T, TOther>(ArrayView<T> view, ArrayView<TOther> memory)
        where T : unmanaged
        where TOther : unmanaged => view.Length > 0 ? view : memory.SubView(0, 0).Cast<T>();
}
