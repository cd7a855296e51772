namespace Cotangent.Perf;

/// <summary>What bounds a case. Bytes are those the program asks for: what a cache reads before it is overwritten does not count.</summary>
internal enum Limit
{
    /// <summary>Nothing that is measured here.</summary>
    None,

    /// <summary>Reading an array.</summary>
    Read,

    /// <summary>Reading one array and writing another with ordinary stores.</summary>
    Copy,

    /// <summary>The same with stores that bypass the caches.</summary>
    StreamingCopy,

    /// <summary>z = x + s·y of three arrays.</summary>
    Triad,

    /// <summary>Fused multiply-adds in registers, two operations each.</summary>
    Fma,
}
