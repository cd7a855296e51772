namespace Cotangent.Graph;

/// <summary>The outputs of <see cref="Ops.GramNorms"/>.</summary>
internal sealed record GramNormsAttributes : CallAttributes
{
    /// <summary>‖Σₜ aₜ⊗gₜ‖².</summary>
    public const int Norms = 0;

    /// <summary>Σₜ ‖aₜ‖‖gₜ‖: its square bounds the terms of the norms' sums.</summary>
    public const int Lengths = 1;

    /// <summary>True to make the sums themselves tile by tile, keeping their squares only; by Gram matrices on devices without groups for that.</summary>
    public bool ByTiles { get; init; }

    /// <inheritdoc/>
    public override int OutputCount => 2;
}
