namespace Cotangent.Kernels.Il;

/// <summary>A construct that kernels cannot contain. Carries no place: the front end, which knows where it stands, turns it into a
/// <see cref="KernelCompilationException"/>.</summary>
internal sealed class RefusalException(Diagnostic diagnostic, string what, string? instead = null) : Exception(what)
{
    public Diagnostic Diagnostic { get; } = diagnostic;

    /// <summary>What to write instead; the diagnostic's own remedy unless a better one is known at the place.</summary>
    public string Instead { get; } = instead ?? diagnostic.Remedy;
}
