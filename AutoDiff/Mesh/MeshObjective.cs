namespace Cotangent.AutoDiff.Mesh;

/// <summary>The energy of a mesh, the sum over its elements, with its gradient and its sparse Hessian: what Newton's method on a mesh
/// needs.</summary>
/// <remarks>Derivatives are made element by element with dual numbers in registers (see <see cref="Dual2{TBase, TVector, TMatrix}"/>)
/// and summed; nothing of the size of the dense Hessian exists. The elements and their parameters are constants. The pattern of
/// the Hessian is made when it is first asked for.</remarks>
/// <typeparam name="TEnergy">The energy of one element.</typeparam>
/// <example><code>
/// TriangleMesh sphere = TriangleMesh.Icosphere(3);
/// MeshObjective&lt;TriangleArea&gt; area = new(sphere.Triangles, Tensor.Ones([1, triangles], DType.Float64), vertexCount);
/// SparseMatrix h = area.Hessian(sphere.Coordinates);
/// Tensor step = Implicit.Solve(v =&gt; area.HessianProduct(x, v) + shift * v, -area.Gradient(x), LinearSolver.Cg());
/// </code></example>
public sealed class MeshObjective<TEnergy>
    where TEnergy : struct, ILocalEnergy
{
    private readonly Tensor _vertices;
    private readonly Tensor _parameters;
    private readonly int _vertexCount;
    private readonly Lazy<SparsePattern> _pattern;

    /// <summary>An objective over elements.</summary>
    /// <param name="vertices">[elements, TEnergy.Valence], Int32: different vertices of the mesh.</param>
    /// <param name="parameters">[parameters, elements], of the coordinates' dtype.</param>
    /// <param name="vertexCount">The vertices of the mesh, those of no element included.</param>
    public MeshObjective(Tensor vertices, Tensor parameters, int vertexCount)
    {
        ArgumentNullException.ThrowIfNull(vertices);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentOutOfRangeException.ThrowIfNegative(vertexCount);
        (_vertices, _parameters, _vertexCount) = (vertices, parameters, vertexCount);
        _pattern = new(() => new SparsePattern(
            vertices.ToArray<int>(), TEnergy.Valence, TEnergy.Dimension, vertexCount, vertices.Device));
    }

    /// <summary>The energy at coordinates [vertices, TEnergy.Dimension]: a scalar.</summary>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the energy and each other.</exception>
    public Tensor Energy(Tensor coordinates) =>
        MeshEnergy.Evaluate<TEnergy>(Checked(coordinates), _vertices, _parameters).Sum();

    /// <summary>Its gradient, of the coordinates' shape.</summary>
    /// <inheritdoc cref="Energy"/>
    public Tensor Gradient(Tensor coordinates) => Diff.Grad(Energy)(coordinates);

    /// <summary>Its Hessian, with a row and a column for each coordinate, vertex by vertex: d²·(V + 2E) entries for V vertices with d
    /// coordinates and E pairs of them that share an element. Symmetric to the bit. Not differentiable: differentiate
    /// <see cref="HessianProduct"/>.</summary>
    /// <inheritdoc cref="Energy"/>
    /// <exception cref="MeshException">An element has a vertex that is not there, or one twice.</exception>
    public SparseMatrix Hessian(Tensor coordinates) =>
        _pattern.Value.Assemble(MeshEnergy.Hessian<TEnergy>(Checked(coordinates), _vertices, _parameters));

    /// <summary>The product of its Hessian with a vector of the coordinates' shape, element by element: the Hessian is not
    /// assembled.</summary>
    /// <inheritdoc cref="Energy"/>
    public Tensor HessianProduct(Tensor coordinates, Tensor vector) => Diff.Hvp(Energy, coordinates, vector);

    private Tensor Checked(Tensor coordinates)
    {
        ArgumentNullException.ThrowIfNull(coordinates);
        return coordinates.Rank == 2 && coordinates.Shape[0] == _vertexCount ? coordinates : throw new ShapeMismatchException(
            $"{typeof(TEnergy).Name}: coordinates have shape {coordinates.Shape}; they must have [{_vertexCount}, {TEnergy.Dimension}].");
    }
}
