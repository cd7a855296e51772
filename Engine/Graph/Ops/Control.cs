using Cotangent.Execution;

namespace Cotangent.Graph;

// Loops and choices. The functions that they run are in their attributes; see ControlAttributes for the order of inputs and outputs.
internal static partial class Ops
{
    /// <summary>A loop of known length that carries values from round to round, takes slices and stacks results.</summary>
    public static readonly Op Scan = new("scan", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            ScanAttributes scan = (ScanAttributes)a!;
            CheckInputs("scan", scan.Body, x, i => IsSequence(scan, i) ? Shape.From(x[i].Shape.Skip(1)) : x[i].Shape);
            Node y = scan.Body.Outputs[scan.Output];
            return (scan.Output < scan.Carries ? y.Shape : [scan.Length, .. y.Shape], y.DType);
        },
        Whole = ScanReference,
        Routine = (device, n) => new ScanRoutine(device, n),
    };

    /// <summary>A loop that runs while a condition of its carries holds.</summary>
    public static readonly Op While = new("while", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            WhileAttributes loop = (WhileAttributes)a!;
            CheckInputs("while", loop.Condition, x, i => x[i].Shape);
            CheckInputs("while", loop.Body, x, i => x[i].Shape);
            Node y = loop.Body.Outputs[loop.Output];
            return (y.Shape, y.DType);
        },
        Whole = WhileReference,
        Routine = (device, n) => new WhileRoutine(device, n),
    };

    /// <summary>One of two functions, chosen by a Bool scalar; the other is not computed.</summary>
    public static readonly Op Cond = new("cond", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            CondAttributes cond = (CondAttributes)a!;
            CheckInputs("cond", cond.IfTrue, [.. x.Skip(1)], i => x[i + 1].Shape);
            CheckInputs("cond", cond.IfFalse, [.. x.Skip(1)], i => x[i + 1].Shape);
            Node y = cond.IfTrue.Outputs[cond.Output];
            return (y.Shape, y.DType);
        },
        Whole = (n, x) =>
        {
            CondAttributes cond = n.Get<CondAttributes>();
            return (x[0][0] != 0 ? cond.IfTrue : cond.IfFalse).Evaluate(x[1..])[cond.Output];
        },
        Routine = (device, n) => new CondRoutine(device, n),
    };

    private static bool IsSequence(ScanAttributes scan, int input) => input >= scan.Carries && input < scan.Carries + scan.Sequences;

    private static void CheckInputs(string op, SubGraph body, IReadOnlyList<Node> x, Func<int, Shape> shape)
    {
        if (body.Inputs.Length != x.Count) throw new InvalidOperationException($"{op}: {x.Count} inputs for {body.Inputs.Length}.");
        for (int i = 0; i < x.Count; i++)
        {
            Node expected = body.Inputs[i];
            if (expected.Shape != shape(i) || expected.DType != x[i].DType) throw new InvalidOperationException(
                $"{op}: input {i} is {x[i].DType}{shape(i)}; its function takes {expected.DType}{expected.Shape}.");
        }
    }

    private static double[] ScanReference(Node n, double[][] x)
    {
        ScanAttributes scan = n.Get<ScanAttributes>();
        double[][] carries = x[..scan.Carries], constants = x[(scan.Carries + scan.Sequences)..];
        bool isCarry = scan.Output < scan.Carries;
        double[] stacked = isCarry ? [] : new double[n.Shape.Size];
        for (int round = 0; round < scan.Length; round++)
        {
            int at = scan.Reverse ? scan.Length - 1 - round : round;
            IEnumerable<double[]> slices = x[scan.Carries..(scan.Carries + scan.Sequences)].Select(s => Slice(s, at));
            double[][] y = scan.Body.Evaluate([.. carries, .. slices, .. constants]);
            carries = y[..scan.Carries];
            if (!isCarry) y[scan.Output].CopyTo(stacked, y[scan.Output].Length * at);
        }

        return isCarry ? carries[scan.Output] : stacked;

        double[] Slice(double[] all, int at) => all.Length / scan.Length is var size ? all[(size * at)..(size * (at + 1))] : all;
    }

    private static double[] WhileReference(Node n, double[][] x)
    {
        WhileAttributes loop = n.Get<WhileAttributes>();
        double[][] carries = x[..loop.OutputCount], constants = x[loop.OutputCount..];
        while (loop.Condition.Evaluate([.. carries, .. constants])[0][0] != 0)
            carries = loop.Body.Evaluate([.. carries, .. constants]);

        return carries[loop.Output];
    }
}
