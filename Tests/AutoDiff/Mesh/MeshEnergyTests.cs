using Cotangent.AutoDiff;
using Cotangent.AutoDiff.Mesh;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.Mesh;

/// <summary>Meshes as tensors: the local kernels under Diff.</summary>
public class MeshEnergyTests
{
    private static readonly int[,] s_faces = { { 0, 1, 2 }, { 1, 3, 2 }, { 2, 3, 5 }, { 2, 5, 4 } };

    private static readonly double[,] s_rest = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 }, { 0, 2 }, { 1, 2 } };

    public static TheoryData<string> All => Devices.All;

    [Theory, MemberData(nameof(All))]
    public void PlanarMesh_AtKnownPoints_HasItsEnergy(string device)
    {
        (Tensor rest, Func<Tensor, Tensor> energy) = Planar(Device.Find(device), DType.Float64);
        Assert.Equal(8.0, energy(rest).Item<double>(), 1e-12);
        Assert.Equal(40.625, energy(rest * Tensor.From([0.5, 0.25], rest.Device)).Item<double>(), 1e-12);
        Assert.All(Diff.Grad(energy)(rest).ToArray<double>(), g => Assert.Equal(0, g, 1e-12));

        (Tensor single, Func<Tensor, Tensor> inSingle) = Planar(Device.Find(device), DType.Float32);
        Assert.Equal(40.625f, inSingle(single * Tensor.From([0.5f, 0.25f], single.Device)).Item<float>(), 1e-4f);
    }

    [Theory, MemberData(nameof(All))]
    public void Derivatives_OfAMesh_AgreeWithDifferences(string device)
    {
        (Tensor rest, Func<Tensor, Tensor> energy) = Planar(Device.Find(device), DType.Float64);
        double[] noise = [.. Enumerable.Range(0, 12).Select(i => Math.Sin(7 * i) / 8)];
        Tensor x = rest + Tensor.From(noise, [6, 2], rest.Device), v = Tensor.From(noise, [6, 2], rest.Device) * 3;
        Tensor g = Diff.Grad(energy)(x);
        Near(Numerical.Grad(energy)(x), g, 1e-7);
        Near(Numerical.Jvp(Diff.Grad(energy), x, v), Diff.Hvp(energy, x, v), 1e-6);

        // Reverse over reverse, which transposes the product with the Hessian, is the same.
        Near(Diff.Hvp(energy, x, v), Diff.Grad(y => (Diff.Grad(energy)(y) * v).Sum())(x), 1e-12);

        // Moving the mesh changes nothing.
        Assert.All(g.Sum(0).ToArray<double>(), s => Assert.Equal(0, s, 1e-12));
        Assert.All(Diff.Hvp(energy, x, Tensor.OnesLike(x)).ToArray<double>(), s => Assert.Equal(0, s, 1e-11));
    }

    [Fact]
    public void Descent_Compiled_BringsTheMeshToRest()
    {
        (Tensor rest, Func<Tensor, Tensor> energy) = Planar(Device.Cpu, DType.Float64);
        State x = new(rest * Tensor.From([0.5, 0.75], Device.Cpu));
        CompiledFunction<Tensor> step = Jit.Compile(() =>
        {
            (Tensor value, Tensor g) = Diff.ValueAndGrad(energy)(x.Value);
            x.Value -= 0.01 * g;
            return value;
        });
        double last = double.PositiveInfinity;
        for (int i = 0; i < 300; i++)
        {
            double value = step.Invoke().Item<double>();
            Assert.True(value < last + 1e-12, $"step {i}: {value} after {last}");
            last = value;
        }

        Assert.Equal(8.0, last, 1e-3);
    }

    [Fact]
    public void Springs_OfATetrahedron_AgreeWithDifferences()
    {
        Tensor edges = Tensor.From(new[,] { { 0, 1 }, { 0, 2 }, { 0, 3 }, { 1, 2 }, { 1, 3 }, { 2, 3 } }, Device.Cpu);
        Tensor parameters = Tensor.Stack(0, Tensor.Full([6], 2, DType.Float64), Tensor.Arange(6, DType.Float64) * 0.25 + 0.5);
        Func<Tensor, Tensor> energy = x => MeshEnergy.Evaluate<Spring>(x, edges, parameters).Sum();
        Tensor x = Tensor.From(new[,] { { 0, 0, 0 }, { 1, 0.1, 0 }, { 0.2, 1, 0 }, { 0.1, 0.3, 0.9 } }, Device.Cpu);
        Near(Numerical.Grad(energy)(x), Diff.Grad(energy)(x), 1e-7);
        Near(Numerical.Jvp(Diff.Grad(energy), x, x), Diff.Hvp(energy, x, x), 1e-6);
    }

    [Fact]
    public void Mistakes_AreNamed()
    {
        Tensor x = Tensor.From(s_rest, Device.Cpu), faces = Tensor.From(s_faces, Device.Cpu), p = SymmetricDirichlet.Parameters(x, faces);
        Says<ShapeMismatchException>("Spring: coordinates have shape [6, 2]; they must have [vertices, 3].", () => MeshEnergy.Evaluate<Spring>(x, faces, p));
        Says<ShapeMismatchException>("parameters have shape [5, 4]; they must have [parameters, 1]", () => MeshEnergy.Evaluate<SymmetricDirichlet>(x, faces[..1], p));
        Says<DTypeMismatchException>("takes Int32; it is given Int64[4, 3]", () => MeshEnergy.Evaluate<SymmetricDirichlet>(x, faces.Cast(DType.Int64), p));
        Says<KernelDerivativeException>("SymmetricDirichlet: energies of a mesh are differentiated by its coordinates",
            () => Diff.Grad(q => MeshEnergy.Evaluate<SymmetricDirichlet>(x, faces, q).Sum())(p));

        static void Says<T>(string text, Func<object> call) where T : Exception =>
            Assert.Contains(text, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
    }

    private static (Tensor Coordinates, Func<Tensor, Tensor> Energy) Planar(Device device, DType type)
    {
        Tensor rest = Tensor.From(s_rest, device).Cast(type), faces = Tensor.From(s_faces, device);
        Tensor parameters = SymmetricDirichlet.Parameters(rest, faces);
        return (rest, x => MeshEnergy.Evaluate<SymmetricDirichlet>(x, faces, parameters).Sum());
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double scale = 1 + expected.ToArray<double>().Max(Math.Abs);
        foreach ((double e, double a) in expected.ToArray<double>().Zip(actual.ToArray<double>())) Assert.Equal(e, a, tolerance * scale);
    }
}
