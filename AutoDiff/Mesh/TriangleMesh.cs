using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>Points and the triangles between them.</summary>
/// <param name="Coordinates">[vertices, 2 or 3], Float64.</param>
/// <param name="Triangles">[triangles, 3], Int32, counterclockwise, seen from outside.</param>
public sealed record TriangleMesh(Tensor Coordinates, Tensor Triangles)
{
    /// <summary>The unit square in the plane as columns × rows squares of two triangles: (columns + 1)·(rows + 1) vertices.</summary>
    public static TriangleMesh Grid(int columns, int rows, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        double[,] points = new double[(columns + 1) * (rows + 1), 2];
        int[,] triangles = new int[2 * columns * rows, 3];
        for (int i = 0; i < points.GetLength(0); i++)
        {
            (points[i, 0], points[i, 1]) = ((double)(i % (columns + 1)) / columns, (double)(i / (columns + 1)) / rows);
        }

        for (int i = 0; i < columns * rows; i++)
        {
            int a = i / columns * (columns + 1) + i % columns, b = a + 1, c = a + columns + 1, d = c + 1;
            (triangles[2 * i, 0], triangles[2 * i, 1], triangles[2 * i, 2]) = (a, b, c);
            (triangles[2 * i + 1, 0], triangles[2 * i + 1, 1], triangles[2 * i + 1, 2]) = (b, d, c);
        }

        return new TriangleMesh(Tensor.From(points, device), Tensor.From(triangles, device));
    }

    /// <summary>The unit sphere: an icosahedron whose triangles are cut in four as many times as the level says. 10·4^level + 2
    /// vertices, 20·4^level triangles.</summary>
    public static TriangleMesh Icosphere(int level, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        double t = (1 + Math.Sqrt(5)) / 2;
        List<(double X, double Y, double Z)> points =
        [
            (-1, t, 0), (1, t, 0), (-1, -t, 0), (1, -t, 0), (0, -1, t), (0, 1, t), (0, -1, -t), (0, 1, -t), (t, 0, -1), (t, 0, 1), (-t, 0, -1), (-t, 0, 1),
        ];
        List<(int A, int B, int C)> triangles =
        [
            (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8),
            (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
        ];
        for (int i = 0; i < points.Count; i++) points[i] = OnSphere(points[i]);
        for (int l = 0; l < level; l++) triangles = Cut(points, triangles);
        return new TriangleMesh(
            Tensor.From([.. points.SelectMany(p => new[] { p.X, p.Y, p.Z })], [points.Count, 3], device),
            Tensor.From([.. triangles.SelectMany(p => new[] { p.A, p.B, p.C })], [triangles.Count, 3], device));
    }

    /// <summary>The edges, each once: [edges, 2], Int32, smaller vertex first, in order.</summary>
    public Tensor Edges()
    {
        int[] t = Triangles.ToArray<int>();
        SortedSet<(int, int)> edges = [];
        for (int i = 0; i < t.Length; i++)
        {
            (int a, int b) = (t[i], t[i % 3 == 2 ? i - 2 : i + 1]);
            edges.Add((Math.Min(a, b), Math.Max(a, b)));
        }

        return Tensor.From([.. edges.SelectMany(e => new[] { e.Item1, e.Item2 })], [edges.Count, 2], Triangles.Device);
    }

    private static List<(int A, int B, int C)> Cut(List<(double X, double Y, double Z)> points, List<(int A, int B, int C)> triangles)
    {
        Dictionary<(int, int), int> middles = [];
        List<(int, int, int)> cut = [];
        foreach ((int a, int b, int c) in triangles)
        {
            int ab = Middle(a, b), bc = Middle(b, c), ca = Middle(c, a);
            cut.AddRange([(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]);
        }

        return cut;

        int Middle(int a, int b)
        {
            (int, int) edge = (Math.Min(a, b), Math.Max(a, b));
            if (middles.TryGetValue(edge, out int known)) return known;
            ((double X, double Y, double Z) p, (double X, double Y, double Z) q) = (points[a], points[b]);
            points.Add(OnSphere((p.X + q.X, p.Y + q.Y, p.Z + q.Z)));
            return middles[edge] = points.Count - 1;
        }
    }

    private static (double X, double Y, double Z) OnSphere((double X, double Y, double Z) p)
    {
        double length = Math.Sqrt(p.X * p.X + p.Y * p.Y + p.Z * p.Z);
        return (p.X / length, p.Y / length, p.Z / length);
    }
}
