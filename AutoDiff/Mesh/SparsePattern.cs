using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>Where the Hessian of a mesh may differ from zero: at pairs of coordinates whose vertices share an element, and on the diagonal
/// blocks. It follows from the elements alone: made once for a mesh.</summary>
/// <remarks>Element Hessians are summed into the blocks (a, b) with a ≤ b, in the order of the elements; the other half is a copy. So the
/// matrix is symmetric to the bit, and the same each time.</remarks>
internal sealed class SparsePattern
{
    private readonly Tensor _rowOffsets;
    private readonly Tensor _rows;
    private readonly Tensor _columns;
    private readonly Tensor _slots;
    private readonly Tensor _sources;
    private readonly int _size;
    private readonly int _slotCount;

    /// <param name="vertices">The elements' vertices, one element after the other.</param>
    /// <param name="valence">Vertices of an element.</param>
    /// <param name="dimension">Coordinates of a vertex.</param>
    /// <param name="vertexCount">The vertices of the mesh.</param>
    /// <param name="device">Where matrices are assembled.</param>
    public SparsePattern(int[] vertices, int valence, int dimension, int vertexCount, Device device)
    {
        _size = checked(vertexCount * dimension);
        SortedSet<int>[] neighbours = Neighbours(vertices, valence, vertexCount);
        Dictionary<(int, int), int> blocks = [];
        for (int a = 0; a < vertexCount; a++) foreach (int b in neighbours[a]) if (b >= a) blocks[(a, b)] = blocks.Count;
        _slotCount = checked(blocks.Count * dimension * dimension);

        int Slot(int a, int p, int b, int q)
        {
            if (a > b || (a == b && p > q)) (a, p, b, q) = (b, q, a, p);
            return (blocks[(a, b)] * dimension + p) * dimension + q;
        }

        List<int> rows = [], columns = [], sources = [];
        int[] offsets = new int[_size + 1];
        for (int r = 0; r < _size; r++)
        {
            foreach (int b in neighbours[r / dimension])
            {
                for (int q = 0; q < dimension; q++)
                {
                    rows.Add(r);
                    columns.Add(b * dimension + q);
                    sources.Add(Slot(r / dimension, r % dimension, b, q));
                }
            }

            offsets[r + 1] = rows.Count;
        }

        int elements = vertices.Length / valence, n = valence * dimension, entry = 0;
        int[] slots = new int[n * (n + 1) / 2 * elements];
        for (int i = 0; i < n; i++)
        {
            for (int j = i; j < n; j++, entry++)
            {
                for (int e = 0; e < elements; e++)
                {
                    slots[entry * elements + e] = Slot(vertices[e * valence + i / dimension], i % dimension,
                        vertices[e * valence + j / dimension], j % dimension);
                }
            }
        }

        _rowOffsets = Tensor.From(offsets, device);
        _rows = Tensor.From([.. rows], [rows.Count], device);
        _columns = Tensor.From([.. columns], [columns.Count], device);
        _sources = Tensor.From([.. sources], [sources.Count], device);
        _slots = Tensor.From(slots, device);
    }

    /// <summary>The sum of element Hessians.</summary>
    /// <param name="elements">Upper triangles, [n·(n + 1)/2, elements].</param>
    public SparseMatrix Assemble(Tensor elements)
    {
        Tensor upper = Tensor.Zeros([_slotCount], elements.DType, elements.Device).ScatterAdd(_slots, elements.Reshape(-1));
        return new SparseMatrix(_size, _rowOffsets, _rows, _columns, upper.Gather(_sources));
    }

    private static SortedSet<int>[] Neighbours(int[] vertices, int valence, int vertexCount)
    {
        SortedSet<int>[] neighbours = [.. Enumerable.Range(0, vertexCount).Select(v => new SortedSet<int> { v })];
        for (int e = 0; e < vertices.Length / valence; e++)
        {
            ReadOnlySpan<int> own = vertices.AsSpan(e * valence, valence);
            for (int i = 0; i < valence; i++)
            {
                if (own[i] < 0 || own[i] >= vertexCount) throw new MeshException(
                    $"Element {e} has vertex {own[i]}; the mesh has {vertexCount} vertices.");
                if (own[..i].Contains(own[i])) throw new MeshException($"Element {e} has vertex {own[i]} twice.");
                for (int j = 0; j < i; j++)
                {
                    neighbours[own[i]].Add(own[j]);
                    neighbours[own[j]].Add(own[i]);
                }
            }
        }

        return neighbours;
    }
}
