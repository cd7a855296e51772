using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>An input of a case: shape, dtype, and how its elements are drawn.</summary>
public sealed record Arg(Shape Shape, DType DType = DType.Float32)
{
    /// <summary>The least element.</summary>
    public double Low { get; init; } = -2;

    /// <summary>The largest element.</summary>
    public double High { get; init; } = 2;

    /// <summary>Keeps elements at least this far from whole numbers: kinks and jumps (0 for abs and relu, all for
    /// floor) are there.</summary>
    public double Gap { get; init; }

    /// <summary>Makes all elements at least 0.01 apart, so that maxima have no ties near.</summary>
    public bool Distinct { get; init; }

    /// <summary>Elements for a seed: exactly representable in the dtype (floats in <paramref name="floats"/>, if
    /// given).</summary>
    public double[] Draw(Random random, DType? floats = null)
    {
        DType type = DType.IsFloat() ? floats ?? DType : DType;
        double[] result = new double[Shape.Size];
        for (int i = 0; i < result.Length; i++) result[i] = Element(random);
        if (Distinct)
        {
            int[] ranks = [.. Enumerable.Range(0, result.Length)];
            random.Shuffle(ranks);
            for (int i = 0; i < result.Length; i++) result[i] = Low + (ranks[i] + 0.5) * (High - Low) / result.Length;
        }

        return [.. result.Select(x => Ops.Convert(type, x))];
    }

    private double Element(Random random)
    {
        if (DType == DType.Bool) return random.Next(2);
        if (!DType.IsFloat()) return random.NextInt64((long)Low, (long)High + 1);
        while (true)
        {
            double x = Low + (High - Low) * random.NextDouble();
            if (Math.Abs(x - Math.Round(x)) >= Gap) return x;
        }
    }
}

/// <summary>One row of the conformance table: a function of tensors, its inputs, and what may be asked of its
/// derivatives. The same rows drive values on every device, gradient checks and the coverage test.</summary>
public sealed record OpCase(string Name, Func<Tensor[], Tensor> Apply, params Arg[] Args)
{
    /// <summary>False where a derivative with respect to the floating inputs does not exist or is not
    /// offered.</summary>
    public bool Differentiable { get; init; } = true;

    /// <summary>True if the function is linear in its first input, the others fixed.</summary>
    public bool Linear { get; init; }

    /// <summary>Units in the last place of the largest result that a device may be off, beyond twice the error of
    /// rounding each operation: for the functions' own two units and for sums in another order.</summary>
    public double Ulps { get; init; } = 4;

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The inputs' elements: the same ones every time.</summary>
    public double[][] Draw(DType? floats = null)
    {
        Random random = new(Name.Sum(c => c) * 31 + Args.Length);
        return [.. Args.Select(a => a.Draw(random, floats))];
    }

    /// <summary>Tensors of data with given elements, in the dtypes of the inputs, or floats in another.</summary>
    public Tensor[] Inputs(double[][] elements, Device device, DType? floats = null) => [.. Args.Select((a, i) =>
    {
        DType type = a.DType.IsFloat() ? floats ?? a.DType : a.DType;
        return new Tensor(HostData.Leaf(HostData.FromDoubles(type, elements[i]), a.Shape, type, device));
    })];

    /// <summary>The float64 value of the function on float64 inputs, by the reference.</summary>
    public double[] Truth(double[][] elements) => Evaluate(elements, DType.Float64, (_, x) => x);

    /// <summary>The value that operations one by one have whose results are rounded to their dtypes.</summary>
    public double[] Plain(double[][] elements, DType? floats = null) => Evaluate(elements, floats, (type, x) => Ops.Convert(type, x));

    private double[] Evaluate(double[][] elements, DType? floats, Func<DType, double, double> round)
    {
        Dictionary<Node, double[]> values = [];
        Tensor[] inputs = [.. Args.Select((a, i) =>
        {
            Node placeholder = Make.Input(a.Shape, a.DType.IsFloat() ? floats ?? a.DType : a.DType, Device.Cpu, $"x{i}");
            values[placeholder] = elements[i];
            return new Tensor(placeholder);
        })];
        return RoundedReference.Evaluate([Apply(inputs).Node], values, round)[0];
    }
}
