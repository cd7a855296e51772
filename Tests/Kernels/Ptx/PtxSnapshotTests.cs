using System.Text;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;
using Cotangent.Kernels.Targets;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>The text of ten representative kernels, kept to be read when it changes: Goldens/Ptx. Which bits the text computes other
/// tests say; these show what a change to the front end, a pass or the target does to the code.</summary>
public class PtxSnapshotTests
{
    /// <summary>Set it to 1 to write what is instead of comparing with what was.</summary>
    private const string Renewal = "COTANGENT_RENEW_SNAPSHOTS";

    private const int Tile = 128;

    private record struct Body(float X, float Y, float Z, float Mass);

    private static readonly (string Name, string Kernel, Action<PtxDevice> Run)[] s_snapshots =
    [
        ("axpy", "PtxSnapshotTests_Axpy", d => d.Load<Index1D, float, ArrayView<float>, ArrayView<float>>(Axpy)(2, 3, Floats(d, 2), Floats(d, 2))),
        ("row-sum", "row_sum", d => Values(d, 3, 300).Sum(1).Realize()),
        ("transpose", "TransposeTiles_Run", d => Transposition.Transpose<float>(d, Floats(d, 6), Floats(d, 6), 2, 3)),
        ("scan", "ScanTiles_Scan", d => Scan.Inclusive<int, AddInt32>(d, d.Allocate<int>(new int[4000]), d.Allocate<int>(4000))),
        ("radix-sort", "RadixSortKernels_SortTile", d =>
            RadixSort.Keys<uint, AscendingUInt32>(d, d.Allocate<uint>(new uint[100]), d.Allocate<uint>(100))),
        ("histogram", "HistogramKernels_CountShared", d => Histogram.Count(d, d.Allocate<int>(new int[100]), d.Allocate<int>(16))),
        ("softmax", "row_exp_reduce_max_sum", d => Values(d, 3, 300).Softmax().Realize()),
        ("gemm", "RegisterGemm_Multiply", d => new GemmVariant(GemmMethod.Register64, ScalarType.Float32, TermsOfA: true).Compile(d)),
        ("layer-norm", "row_sum", d => Nn.LayerNorm(Values(d, 3, 128), Values(d, 128), Values(d, 128), 1e-5).Realize()),
        ("n-body", "PtxSnapshotTests_Gravity", d => d.LoadGrouped<ArrayView<Body>, ArrayView<Body>>(Gravity)
            ((1, Tile), d.Allocate<Body>(new Body[Tile]), d.Allocate<Body>(Tile))),
    ];

    public static TheoryData<string> Names => [.. s_snapshots.Select(s => s.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Kernel_AsPtx_IsAsItWas(string name)
    {
        (_, string kernel, Action<PtxDevice> run) = s_snapshots.Single(s => s.Name == name);
        PtxDevice device = new();
        run(device);
        PtxFunction function = device.Functions.Values.Where(f => f.Name.StartsWith(kernel, StringComparison.Ordinal)).MinBy(f => f.Text.Length)!;
        string text = PtxFunction.Module([function], device.Traits).Replace(function.Name, kernel, StringComparison.Ordinal);

        string path = Path.Combine("Goldens", "Ptx", $"{name}.ptx");
        if (Environment.GetEnvironmentVariable(Renewal) == "1")
        {
            File.WriteAllText(Path.Combine(Repository.Root, "Tests", path), text);
            return;
        }

        string before = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, path)).ReplaceLineEndings("\n");
        if (before != text)
        {
            Assert.Fail($"The PTX of '{name}' is not that of Tests/{path.Replace('\\', '/')}. Read the difference; if it is an improvement, or " +
                $"none that matters, run this test with {Renewal}=1 and commit what it writes.\n{Difference(before.Split('\n'), text.Split('\n'))}");
        }
    }

    /// <summary>Lines that went, with −, and lines that came, with +, by a longest common subsequence.</summary>
    private static string Difference(string[] before, string[] after)
    {
        int[,] common = new int[before.Length + 1, after.Length + 1];
        for (int i = before.Length - 1; i >= 0; i--)
        {
            for (int j = after.Length - 1; j >= 0; j--)
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        StringBuilder text = new();
        for (int i = 0, j = 0; i < before.Length || j < after.Length;)
        {
            if (i < before.Length && j < after.Length && before[i] == after[j])
                (i, j) = (i + 1, j + 1);
            else if (j == after.Length || (i < before.Length && common[i + 1, j] >= common[i, j + 1]))
                text.Append("- ").Append(before[i++]).Append('\n');
            else
                text.Append("+ ").Append(after[j++]).Append('\n');
        }

        return text.ToString();
    }

    private static void Axpy(Index1D i, float a, ArrayView<float> x, ArrayView<float> y) => y[i] += a * x[i];

    // All bodies' pull on each, by tiles in shared memory.
    private static void Gravity(ArrayView<Body> bodies, ArrayView<Body> forces)
    {
        ArrayView<Body> tile = SharedMemory.Allocate<Body>(Tile);
        int i = Grid.IdxX * Tile + Group.IdxX;
        Body me = bodies[i];
        float x = 0, y = 0, z = 0;
        for (int start = 0; start < bodies.IntLength; start += Tile)
        {
            tile[Group.IdxX] = bodies[start + Group.IdxX];
            Group.Barrier();
            for (int j = 0; j < Tile; j++)
            {
                Body other = tile[j];
                float dx = other.X - me.X, dy = other.Y - me.Y, dz = other.Z - me.Z;
                float inverse = 1 / MathF.Sqrt(dx * dx + dy * dy + dz * dz + 1e-3f);
                float force = other.Mass * inverse * inverse * inverse;
                x += force * dx;
                y += force * dy;
                z += force * dz;
            }

            Group.Barrier();
        }

        forces[i] = new(x, y, z, 0);
    }

    private static DeviceBuffer<float> Floats(PtxDevice device, int length) => device.Allocate<float>(new float[length]);

    private static Tensor Values(PtxDevice device, params int[] shape)
    {
        Shape extents = Shape.Create(shape);
        return Tensor.From(new float[extents.Size], extents, device);
    }
}
