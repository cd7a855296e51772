namespace Cotangent.AutoDiff.Mesh;

/// <summary>A spring between two points in space: ½·k·r·(‖b − a‖²/r − 1)² with the squared rest length r. Parameters of an
/// element: k, r.</summary>
public readonly struct Spring : ILocalEnergy
{
    /// <inheritdoc/>
    public static int Valence => 2;

    /// <inheritdoc/>
    public static int Dimension => 3;

    /// <inheritdoc/>
    public static TReal Evaluate<TReal, TBase>(Element<TBase> element)
        where TReal : unmanaged, IReal<TReal, TBase>
        where TBase : unmanaged, IReal<TBase>
    {
        TBase stiffness = element.Parameter(0), rest = element.Parameter(1);
        TReal x = element.Coordinate<TReal>(1, 0) - element.Coordinate<TReal>(0, 0);
        TReal y = element.Coordinate<TReal>(1, 1) - element.Coordinate<TReal>(0, 1);
        TReal z = element.Coordinate<TReal>(1, 2) - element.Coordinate<TReal>(0, 2);
        TReal stretch = TBase.From(1) / rest * (TReal.Square(x) + TReal.Square(y) + TReal.Square(z)) + -1;
        return 0.5 * (stiffness * rest) * TReal.Square(stretch);
    }
}
