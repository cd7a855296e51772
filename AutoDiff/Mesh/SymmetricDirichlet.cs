namespace Cotangent.AutoDiff.Mesh;

/// <summary>The symmetric Dirichlet energy of a triangle in the plane, A·(‖J‖² + ‖J⁻¹‖²): how far the map J from its rest shape
/// is from a rotation, infinite if the triangle is turned over. Parameters of an element: the inverse of the rest
/// shape's edge matrix [b − a, c − a], row by row, and the rest area A.</summary>
public readonly struct SymmetricDirichlet : ILocalEnergy
{
    /// <inheritdoc/>
    public static int Valence => 3;

    /// <inheritdoc/>
    public static int Dimension => 2;

    /// <summary>The parameters of a mesh's triangles from their rest shape in the plane.</summary>
    /// <param name="rest">[vertices, 2].</param>
    /// <param name="triangles">[triangles, 3], Int32.</param>
    /// <returns>[5, triangles].</returns>
    public static Tensor Parameters(Tensor rest, Tensor triangles)
    {
        Tensor corner = rest.Gather(triangles), u = corner[.., 1] - corner[.., 0], v = corner[.., 2] - corner[.., 0];
        Tensor det = u[.., 0] * v[.., 1] - v[.., 0] * u[.., 1];
        return Tensor.Stack(0, v[.., 1] / det, -v[.., 0] / det, -u[.., 1] / det, u[.., 0] / det, 0.5f * det);
    }

    /// <inheritdoc/>
    public static TReal Evaluate<TReal, TBase>(Element<TBase> element)
        where TReal : unmanaged, IReal<TReal, TBase>
        where TBase : unmanaged, IReal<TBase>
    {
        TReal ax = element.Coordinate<TReal>(0, 0), ay = element.Coordinate<TReal>(0, 1);
        TReal ux = element.Coordinate<TReal>(1, 0) - ax, uy = element.Coordinate<TReal>(1, 1) - ay;
        TReal vx = element.Coordinate<TReal>(2, 0) - ax, vy = element.Coordinate<TReal>(2, 1) - ay;
        TBase r00 = element.Parameter(0), r01 = element.Parameter(1), r10 = element.Parameter(2), r11 = element.Parameter(3);
        TReal j00 = r00 * ux + r10 * vx, j01 = r01 * ux + r11 * vx;
        TReal j10 = r00 * uy + r10 * vy, j11 = r01 * uy + r11 * vy;

        // In the plane ‖J⁻¹‖² = ‖J‖²/det².
        TReal det = j00 * j11 - j01 * j10;
        TReal norm = TReal.Square(j00) + TReal.Square(j01) + TReal.Square(j10) + TReal.Square(j11);
        TReal energy = element.Parameter(4) * (norm + norm / TReal.Square(det));
        return det > TReal.From(0) ? energy : TReal.From(double.PositiveInfinity);
    }
}
