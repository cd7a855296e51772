using Cotangent.AutoDiff;
using Cotangent.AutoDiff.Mesh;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.Mesh;

/// <summary>Sparse Hessians from dual numbers against Hessians of the same energies composed of tensors.</summary>
public class MeshObjectiveTests
{
    public static TheoryData<string> All => Devices.All;

    [Theory, MemberData(nameof(All))]
    public void Grid_SymmetricDirichlet_HasTheComposedDerivatives(string device)
    {
        TriangleMesh grid = TriangleMesh.Grid(3, 4, Device.Find(device));
        Tensor parameters = SymmetricDirichlet.Parameters(grid.Coordinates, grid.Triangles), x = Moved(grid.Coordinates, 0.05);
        MeshObjective<SymmetricDirichlet> objective = new(grid.Triangles, parameters, 20);
        Tensor Composed(Tensor x)
        {
            Tensor corner = x.Gather(grid.Triangles), u = corner[.., 1] - corner[.., 0], v = corner[.., 2] - corner[.., 0];
            Tensor j0 = parameters[0].Unsqueeze(1) * u + parameters[2].Unsqueeze(1) * v;
            Tensor j1 = parameters[1].Unsqueeze(1) * u + parameters[3].Unsqueeze(1) * v;
            Tensor det = j0[.., 0] * j1[.., 1] - j1[.., 0] * j0[.., 1], norm = (j0.Square() + j1.Square()).Sum(1);
            return (parameters[4] * (norm + norm / det.Square())).Sum();
        }

        // Edges of a 3 × 4 grid: 4·4 + 5·3 + 12 = 43.
        Check(objective, Composed, x, 4 * (20 + 2 * 43), 1e-10);
    }

    [Theory, MemberData(nameof(All))]
    public void Icosphere_Area_HasTheComposedDerivatives(string device)
    {
        TriangleMesh sphere = TriangleMesh.Icosphere(1, Device.Find(device));
        Tensor x = Moved(sphere.Coordinates, 0.03), weights = (Tensor.Arange(80, DType.Float64, x.Device) * 0.1).Cos() + 2;
        MeshObjective<TriangleArea> objective = new(sphere.Triangles, weights.Unsqueeze(0), 42);
        Tensor Composed(Tensor x)
        {
            Tensor corner = x.Gather(sphere.Triangles), u = corner[.., 1] - corner[.., 0], v = corner[.., 2] - corner[.., 0];
            Tensor Component(int i, int j) => u[.., i] * v[.., j] - u[.., j] * v[.., i];
            return (weights * 0.5 * (Component(1, 2).Square() + Component(2, 0).Square() + Component(0, 1).Square()).Sqrt()).Sum();
        }

        Check(objective, Composed, x, 9 * (42 + 2 * 120), 1e-10);
    }

    [Fact]
    public void Icosphere_Springs_HaveTheComposedDerivatives()
    {
        TriangleMesh sphere = TriangleMesh.Icosphere(1);
        Tensor edges = sphere.Edges(), x = Moved(sphere.Coordinates, 0.05);
        Tensor rest = Tensor.Full([1, 120], 0.3, DType.Float64), parameters = Tensor.Concat(0, rest * 5, rest);
        Tensor Composed(Tensor x)
        {
            Tensor ends = x.Gather(edges), d = ends[.., 1] - ends[.., 0];
            return (0.5 * parameters[0] * parameters[1] * (d.Square().Sum(1) / parameters[1] - 1).Square()).Sum();
        }

        Check(new MeshObjective<Spring>(edges, parameters, 42), Composed, x, 9 * (42 + 2 * 120), 1e-10);
    }

    [Fact]
    public void Area_OfAKnownTriangle_HasItsDerivatives()
    {
        MeshObjective<TriangleArea> area = new(Tensor.From(new[,] { { 0, 1, 2 } }), Tensor.Ones([1, 1], DType.Float64), 3);
        Tensor x = Tensor.From(new double[,] { { 0, 0, 0 }, { 1, 0, 0 }, { 0, 2, 0 } });
        Assert.Equal(1, area.Energy(x).Item<double>(), 1e-14);
        Assert.Equal([-1, -0.5, 0, 1, 0, 0, 0, 0.5, 0], area.Gradient(x).ToArray<double>().Select(g => Math.Round(g, 12)));
        Tensor h = area.Hessian(x).ToDense();
        foreach ((int i, int j, double expected) in new[]
        {
            (2, 2, 1.25), (2, 5, -1), (2, 8, -0.25), (5, 5, 1), (5, 8, 0), (8, 8, 0.25), (0, 4, 0.5), (0, 7, -0.5), (3, 7, 0.5), (4, 6, -0.5),
        })
        {
            Assert.Equal(expected, h[i, j].Item<double>(), 1e-12);
            Assert.Equal(expected, h[j, i].Item<double>(), 1e-12);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Icosphere_HasTheCountsOfItsLevel(int level)
    {
        TriangleMesh sphere = TriangleMesh.Icosphere(level);
        int power = 1 << (2 * level);
        Assert.Equal([10 * power + 2, 3], sphere.Coordinates.Shape);
        Assert.Equal([20 * power, 3], sphere.Triangles.Shape);
        Assert.Equal([30 * power, 2], sphere.Edges().Shape);
        Assert.All(sphere.Coordinates.Square().Sum(1).ToArray<double>(), r => Assert.Equal(1, r, 1e-14));

        // Outward: the volume is positive, and near that of the ball.
        Tensor c = sphere.Coordinates.Gather(sphere.Triangles), a = c[.., 0], b = c[.., 1], d = c[.., 2];
        Tensor det = a[.., 0] * (b[.., 1] * d[.., 2] - b[.., 2] * d[.., 1]) + a[.., 1] * (b[.., 2] * d[.., 0] - b[.., 0] * d[.., 2])
            + a[.., 2] * (b[.., 0] * d[.., 1] - b[.., 1] * d[.., 0]);
        Assert.InRange((det.Sum() / 6).Item<double>(), level == 0 ? 2.5 : 4.0, 4 * Math.PI / 3);
    }

    [Fact]
    public void Hessian_OfTheOrderOfTriangles_IsTheSameUpToRounding_AndOfOneOrderToTheBit()
    {
        TriangleMesh grid = TriangleMesh.Grid(5, 5);
        Tensor x = Moved(grid.Coordinates, 0.02), parameters = SymmetricDirichlet.Parameters(grid.Coordinates, grid.Triangles);
        double[] Values(Tensor triangles, Tensor p) => new MeshObjective<SymmetricDirichlet>(triangles, p, 36).Hessian(x).Values.ToArray<double>();
        double[] first = Values(grid.Triangles, parameters);
        Assert.Equal(first, Values(grid.Triangles, parameters));
        double[] reversed = Values(grid.Triangles.Flip(0), parameters.Flip(1));
        for (int i = 0; i < first.Length; i++) Assert.Equal(first[i], reversed[i], 1e-12 * (1 + Math.Abs(first[i])));
    }

    [Fact]
    public void Mistakes_AreNamed()
    {
        Tensor one = Tensor.Ones([1, 1], DType.Float64), x = Tensor.Zeros([3, 3], DType.Float64);
        MeshObjective<TriangleArea> Of(int a, int b, int c) => new(Tensor.From(new[,] { { a, b, c } }), one, 3);
        Assert.Contains("Element 0 has vertex 3; the mesh has 3 vertices.", Assert.Throws<MeshException>(() => Of(0, 1, 3).Hessian(x)).Message, StringComparison.Ordinal);
        Assert.Contains("Element 0 has vertex 1 twice.", Assert.Throws<MeshException>(() => Of(0, 1, 1).Hessian(x)).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeMismatchException>(() => Of(0, 1, 2).Energy(Tensor.Zeros([4, 3], DType.Float64)));
        Assert.Throws<ShapeMismatchException>(() => Of(0, 1, 2).Hessian(Tensor.Ones([3, 3], DType.Float64)).Multiply(Tensor.Ones([8], DType.Float64)));
    }

    private static void Check<TEnergy>(MeshObjective<TEnergy> objective, Func<Tensor, Tensor> composed, Tensor x, int entries, double tolerance)
        where TEnergy : struct, ILocalEnergy
    {
        int n = (int)x.Size;
        Near(composed(x), objective.Energy(x), tolerance);
        Near(Diff.Grad(composed)(x), objective.Gradient(x), tolerance);
        SparseMatrix sparse = objective.Hessian(x);
        Assert.Equal([entries], sparse.Values.Shape);
        Tensor dense = Diff.Hessian(composed)(x).Reshape(n, n), assembled = sparse.ToDense();
        Near(dense, assembled, tolerance);

        // Symmetric to the bit, in order, and rows where they are said to be.
        Assert.Equal(assembled.ToArray<double>(), assembled.T.ToArray<double>());
        int[] rows = sparse.Rows.ToArray<int>(), columns = sparse.Columns.ToArray<int>(), offsets = sparse.RowOffsets.ToArray<int>();
        for (int k = 1; k < rows.Length; k++) Assert.True((rows[k - 1], columns[k - 1]).CompareTo((rows[k], columns[k])) < 0);
        for (int r = 0; r < n; r++) Assert.All(rows[offsets[r]..offsets[r + 1]], row => Assert.Equal(r, row));

        Tensor v = (Tensor.Arange(n, DType.Float64, x.Device) * 3).Cos().Reshape(x.Shape);
        Near(sparse.Multiply(v), objective.HessianProduct(x, v), tolerance);
        Near(dense.MatMul(v.Reshape(n)).Reshape(x.Shape), sparse.Multiply(v), tolerance);
    }

    private static Tensor Moved(Tensor x, double by) => x + by * (Tensor.Arange((int)x.Size, DType.Float64, x.Device) * 7).Sin().Reshape(x.Shape);

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double scale = 1 + expected.ToArray<double>().Max(Math.Abs);
        foreach ((double e, double a) in expected.ToArray<double>().Zip(actual.ToArray<double>())) Assert.Equal(e, a, tolerance * scale);
    }
}
