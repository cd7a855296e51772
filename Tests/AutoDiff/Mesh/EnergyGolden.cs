using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cotangent.Tests.AutoDiff.Mesh;

/// <summary>A recorded element: coordinates, energy and derivatives. See Tests/Goldens/local-energies.json.</summary>
internal sealed record EnergyGolden(string Name, double[] At, double Energy, double[] Gradient, double[] Eigenvalues,
    IReadOnlyList<(int Row, int Column, double Value)> Entries)
{
    public static IReadOnlyList<EnergyGolden> Of(string energy)
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "local-energies.json")))!;
        return [.. file[energy]!.AsArray().Select(c => Read(c!))];
    }

    private static EnergyGolden Read(JsonNode c)
    {
        List<(int, int, double)> entries = [];
        if (c["hessian"]?.Deserialize<double[][]>() is { } rows)
        {
            for (int i = 0; i < rows.Length; i++) for (int j = 0; j < rows.Length; j++) entries.Add((i, j, rows[i][j]));
        }

        foreach (double[] e in c["entries"]?.Deserialize<double[][]>() ?? []) entries.Add(((int)e[0], (int)e[1], e[2]));
        return new((string)c["name"]!, c["at"].Deserialize<double[]>()!, (double)c["energy"]!,
            c["gradient"].Deserialize<double[]>()!, c["eigenvalues"].Deserialize<double[]>()!, entries);
    }
}

/// <summary>Eigenvalues of small symmetric matrices, by Jacobi's rotations.</summary>
internal static class Jacobi
{
    public static double[] Eigenvalues(double[,] matrix)
    {
        double[,] a = (double[,])matrix.Clone();
        int n = a.GetLength(0);
        for (int sweep = 0; sweep < 30; sweep++)
        {
            for (int p = 0; p < n; p++) for (int q = p + 1; q < n; q++) Rotate(a, n, p, q);
        }

        return [.. Enumerable.Range(0, n).Select(i => a[i, i]).Order()];
    }

    private static void Rotate(double[,] a, int n, int p, int q)
    {
        if (a[p, q] == 0) return;
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1)), c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        for (int k = 0; k < n; k++) (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]);
        for (int k = 0; k < n; k++) (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]);
    }
}
