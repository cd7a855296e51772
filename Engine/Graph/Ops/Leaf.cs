namespace Cotangent.Graph;

internal static partial class Ops
{
    /// <summary>A realised value; the node has storage.</summary>
    public static readonly Op Data = new("data", OpKind.Leaf)
    {
        Infer = (_, _) => throw new InvalidOperationException("A data node is made from a shape, a dtype and storage."),
    };

    /// <summary>A placeholder of a trace.</summary>
    public static readonly Op Input = new("input", OpKind.Leaf)
    {
        Infer = (_, a) => (((InputAttributes)a!).Shape, ((InputAttributes)a!).DType),
    };

    /// <summary>A number, rank 0.</summary>
    public static readonly Op Number = new("number", OpKind.Leaf)
    {
        Infer = (_, a) => ([], ((NumberAttributes)a!).DType),
        Whole = (n, _) => [Numbers.ToDouble(n.Get<NumberAttributes>())],
    };

    /// <summary>Counts 0, 1, … along one axis, the same along the others; UInt8 wraps.</summary>
    public static readonly Op Iota = new("iota", OpKind.Leaf)
    {
        Infer = (_, a) => (((IotaAttributes)a!).Shape, ((IotaAttributes)a!).DType),
        Whole = (n, _) => NDIndex.Fill(n.Shape, at => at[n.Get<IotaAttributes>().Axis] is var i && n.DType == DType.UInt8 ? (byte)i : i),
    };
}
