using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Graphs that leave no room for rounding, against the reference, bit for bit but for the patterns of NaN: in quick code and in full
/// code, from leaves of every dtype, and as steps that write their results over what they have read.</summary>
public class ExactGraphTests
{
    private static readonly DType[] s_types =
        [DType.Float32, DType.BFloat16, DType.Int32, DType.Float16, DType.UInt8, DType.Float64, DType.Int64, DType.UInt32];

    private static readonly Dictionary<string, Device> s_devices = new()
    {
        ["quick"] = new CpuDevice(2, quick: true),
        ["full"] = new CpuDevice(2, quick: false),
    };

    public static TheoryData<string, int> Graphs => Cases(160, ["quick", "full", .. Devices.Hardware.Where(d => d != "cpu" && Devices.Runs(d))]);

    public static TheoryData<string, int> Steps => Cases(80, ["quick", "full"]);

    [Theory, MemberData(nameof(Graphs))]
    public void Realize_ExactGraph_HasTheReferencesBits(string device, int seed)
    {
        DType type = s_types[seed % s_types.Length];
        ExactGraphs graphs = new(seed, type);
        Dictionary<Node, double[]> elements = [];
        Node[] outputs = graphs.Make([.. Enumerable.Range(0, 1 + (seed % 3)).Select(_ => Leaf(graphs, type, Get(device), elements, mayBeEmpty: true))], 4 + seed % 20);
        double[][] truth = Reference.Evaluate(outputs, n => elements[n]);

        Executor.Realize(outputs);

        for (int k = 0; k < outputs.Length; k++) Same(truth[k], HostData.ToDoubles(outputs[k]), $"seed {seed}, {type}, output {k}, {outputs[k].Op}");
    }

    [Theory, MemberData(nameof(Steps))]
    public void Invoke_StepsThatReplaceWhatTheyRead_HaveTheReferencesBits(string device, int seed)
    {
        DType type = s_types[seed % s_types.Length];
        ExactGraphs start = new(seed, type);
        Shape shape = start.RandomShape(mayBeEmpty: false);
        double[][] values = [.. Enumerable.Range(0, 3).Select(_ => start.Elements(shape.Size))];
        State[] cells = [.. values.Select(v => new State(FromDoubles(v, shape, type, Get(device))))];
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            Node[] next = new ExactGraphs(seed + 1, type).Next([.. cells.Select(c => c.Value.Node)], 3 + seed % 12);
            for (int i = 0; i < cells.Length; i++) cells[i].Value = new Tensor(next[i]);
            return 0;
        });
        for (int run = 0; run < 3; run++)
        {
            Node[] leaves = [.. values.Select(_ => Make.Input(shape, type, Get(device), "x"))];
            Node[] next = new ExactGraphs(seed + 1, type).Next(leaves, 3 + seed % 12);
            double[][] before = values;
            values = Reference.Evaluate(next, n => before[Array.IndexOf(leaves, n)]);
            step.Invoke();
            for (int i = 0; i < cells.Length; i++) Same(values[i], HostData.ToDoubles(cells[i].Value.Realize().Node), $"seed {seed}, {type}, run {run}, cell {i}");
        }
    }

    private static TheoryData<string, int> Cases(int seeds, IEnumerable<string> devices)
    {
        TheoryData<string, int> cases = [];
        foreach (string device in devices)
        {
            for (int seed = 0; seed < seeds; seed++) cases.Add(device, seed);
        }

        return cases;
    }

    private static Device Get(string id) => s_devices.TryGetValue(id, out Device? device) ? device : Devices.Get(id);

    private static Node Leaf(ExactGraphs graphs, DType type, Device device, Dictionary<Node, double[]> elements, bool mayBeEmpty)
    {
        Shape shape = graphs.RandomShape(mayBeEmpty);
        double[] x = graphs.Elements(shape.Size);
        Node leaf = FromDoubles(x, shape, type, device).Node;
        elements[leaf] = x;
        return leaf;
    }

    private static Tensor FromDoubles(double[] x, Shape shape, DType type, Device device) =>
        Tensor.From(x, shape, device).Cast(type).Realize();

    private static void Same(double[] truth, double[] found, string what)
    {
        Assert.Equal(truth.Length, found.Length);
        for (int i = 0; i < truth.Length; i++)
        {
            bool same = double.IsNaN(truth[i]) ? double.IsNaN(found[i])
                : truth[i] == found[i] && (truth[i] != 0 || double.IsNegative(truth[i]) == double.IsNegative(found[i]));
            if (!same) Assert.Fail($"{what}: element {i} of {truth.Length} is {found[i]:R}, not {truth[i]:R}.");
        }
    }
}
