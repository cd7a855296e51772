using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>The energy of one element of a mesh as a function of the coordinates of its vertices, written once over a
/// real-number type. The energy of the mesh is the sum over its elements.</summary>
/// <example><code>
/// public readonly struct Length : ILocalEnergy                      // ‖b − a‖² of an edge in space
/// {
///     public static int Valence =&gt; 2;
///     public static int Dimension =&gt; 3;
///     public static TReal Evaluate&lt;TReal, TBase&gt;(Element&lt;TBase&gt; e) where … =&gt;
///         TReal.Square(e.Coordinate&lt;TReal&gt;(1, 0) - e.Coordinate&lt;TReal&gt;(0, 0)) + …;
/// }
/// </code></example>
public interface ILocalEnergy
{
    /// <summary>Vertices of an element.</summary>
    static abstract int Valence { get; }

    /// <summary>Coordinates of a vertex. <see cref="Valence"/> times this many variables an element.</summary>
    static abstract int Dimension { get; }

    /// <summary>The energy.</summary>
    /// <typeparam name="TReal">The type of what depends on coordinates.</typeparam>
    /// <typeparam name="TBase">The type of what does not.</typeparam>
    static abstract TReal Evaluate<TReal, TBase>(Element<TBase> element)
        where TReal : unmanaged, IReal<TReal, TBase>
        where TBase : unmanaged, IReal<TBase>;
}

/// <summary>One element of a mesh, as an energy sees it inside a kernel.</summary>
/// <typeparam name="TBase">The type of coordinates and parameters in memory.</typeparam>
/// <param name="vertices">The vertices of all elements, Valence for each: [elements, Valence].</param>
/// <param name="coordinates">The coordinates of all vertices: [vertices, Dimension].</param>
/// <param name="parameters">The parameters of all elements, such as rest lengths: [parameters, elements], so that
/// neighbouring work items read neighbouring numbers.</param>
/// <param name="index">The element.</param>
/// <param name="count">The number of elements.</param>
/// <param name="valence">Vertices of an element.</param>
/// <param name="dimension">Coordinates of a vertex.</param>
public readonly struct Element<TBase>(ArrayView<int> vertices, ArrayView<TBase> coordinates, ArrayView<TBase> parameters,
    int index, int count, int valence, int dimension)
    where TBase : unmanaged, IReal<TBase>
{
    private readonly ArrayView<int> _vertices = vertices;
    private readonly ArrayView<TBase> _coordinates = coordinates;
    private readonly ArrayView<TBase> _parameters = parameters;
    private readonly int _index = index;
    private readonly int _count = count;
    private readonly int _valence = valence;
    private readonly int _dimension = dimension;

    /// <summary>A coordinate of one of the element's vertices: a variable.</summary>
    public TReal Coordinate<TReal>(int vertex, int axis)
        where TReal : unmanaged, IReal<TReal, TBase> => TReal.Variable(
            _coordinates[_vertices[_index * _valence + vertex] * _dimension + axis], vertex * _dimension + axis);

    /// <summary>A parameter of the element: a constant.</summary>
    public TBase Parameter(int k) => _parameters[k * _count + _index];
}
