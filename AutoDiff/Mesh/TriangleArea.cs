namespace Cotangent.AutoDiff.Mesh;

/// <summary>The area of a triangle in space times a weight: w·½‖(b − a) × (c − a)‖. Its derivatives are infinite where it has no area.
/// Parameters of an element: w.</summary>
public readonly struct TriangleArea : ILocalEnergy
{
    /// <inheritdoc/>
    public static int Valence => 3;

    /// <inheritdoc/>
    public static int Dimension => 3;

    /// <inheritdoc/>
    public static TReal Evaluate<TReal, TBase>(Element<TBase> element)
        where TReal : unmanaged, IReal<TReal, TBase>
        where TBase : unmanaged, IReal<TBase>
    {
        TReal ax = element.Coordinate<TReal>(0, 0), ay = element.Coordinate<TReal>(0, 1), az = element.Coordinate<TReal>(0, 2);
        TReal ux = element.Coordinate<TReal>(1, 0) - ax, uy = element.Coordinate<TReal>(1, 1) - ay, uz = element.Coordinate<TReal>(1, 2) - az;
        TReal vx = element.Coordinate<TReal>(2, 0) - ax, vy = element.Coordinate<TReal>(2, 1) - ay, vz = element.Coordinate<TReal>(2, 2) - az;
        TReal x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
        return 0.5 * element.Parameter(0) * TReal.Sqrt(TReal.Square(x) + TReal.Square(y) + TReal.Square(z));
    }
}
