using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>Wrong calls: thrown where they are made, typed, with the shapes and the remedy.</summary>
public class TensorErrorTests
{
    private static readonly Tensor s_x = Tensor.Zeros([2, 3]);

    public static TheoryData<string, string> Mistakes => new()
    {
        { "add", "CTG2001: add: shapes [2, 3] and [2, 4] do not broadcast: axis 1 is 3 on the left and 4 on the right. Make them equal, make one of them 1, or reshape first." },
        { "add ranks", "CTG2001: add: shapes [2, 3] and [4] do not broadcast: axis -1 is 3 on the left and 4 on the right. Make them equal, make one of them 1, or reshape first." },
        { "matmul", "CTG2001: matmul: shapes [2, 3] and [2, 3] do not fit: the left has 3 columns and the right 2 rows. Transpose or reshape one of them." },
        { "matmul scalar", "CTG2001: matmul: shapes [2, 3] and []: a scalar is no matrix. Multiply with * instead." },
        { "reshape", "CTG2001: reshape: [2, 3] has 6 elements, which the other extents of [4, -1] do not divide." },
        { "reshape size", "CTG2001: reshape: [2, 3] has 6 elements and [5] has 5." },
        { "broadcast", "CTG2001: broadcast_to: [2, 3] does not broadcast to [3]: only axes of extent 1 repeat." },
        { "squeeze", "CTG2001: squeeze: axis 0 of [2, 3] has extent 2; only extent 1 can go. Index it instead." },
        { "permute", "CTG2005: permute: [0] is not a permutation of the axes of [2, 3]: name each axis once." },
        { "sum axis", "CTG2005: sum: axis 2 is outside the 2 axes of [2, 3]." },
        { "sum twice", "CTG2005: sum: axes [1, -1] name axis 1 of [2, 3] twice." },
        { "pad", "CTG2001: pad: 1 pairs for the 2 axes of [2, 3]. Give one (before, after) an axis." },
        { "concat", "CTG2001: concat: shapes [2, 3] and [3, 2] differ outside axis 0." },
        { "split", "CTG2001: split: axis 1 of [2, 3] does not divide into 2 equal parts. Give the sizes instead." },
        { "stack nothing", "CTG2001: stack: there are no tensors to join." },
        { "item", "CTG2001: Item: [2, 3] has 6 elements, not one. Index or reduce first, or use ToArray." },
        { "read", "CTG2002: ToArray<Int32>: the elements are Float32. Cast(DType.Int32) first, or read Float32." },
        { "from", "CTG2001: from: 2 elements do not fill [3], which has 3." },
        { "negative", "CTG2001: full: the shape [2, -1] has a negative extent." },
        { "bool add", "CTG2002: add: the dtype is Bool; it must be a number. Cast the operand first." },
        { "not", "CTG2002: not: the dtype is Float32; it must be Bool. Compare with something first, or use ~ for bits." },
        { "where", "CTG2002: where: the condition is Float32; it must be Bool. Compare it with something first." },
        { "gather", "CTG2002: gather: indices are Int64; they must be Int32. Cast them." },
        { "scatter", "CTG2001: scatter_add: updates [2, 3] into [2, 3] at indices [4] along axis 0 must have the shape [4, 3]." },
        { "norm", "CTG2001: layer_norm: a parameter of shape [2] for an input of shape [2, 3]; it must be [3]." },
        { "attention", "CTG2001: attention: q [2, 3], k [4, 3] and v [5, 3]: k and v must have as many rows." },
        { "cross", "CTG2001: cross_entropy: logits [2, 3] and targets [3] do not fit: logits need the axes of targets and one more, the classes." },
        { "key", "CTG2001: RandomKey: the value is Float32[2, 3]; it must be UInt32[2]." },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void Mistake_AtTheCall_ThrowsWithTheRemedy(string name, string message)
    {
        CotangentException e = Assert.ThrowsAny<CotangentException>(() => Make(name));

        Assert.Equal(message, e.Message);
    }

    [Fact]
    public void Read_TracedValue_ThrowsWithThePlaceholder()
    {
        Tensor x = new Tensor(Graph.Make.Input([3], DType.Float32, Device.Cpu, "x")) * 2;

        TracedValueException e = Assert.Throws<TracedValueException>(() => x.ToArray<float>());

        Assert.StartsWith("CTG2004: The value of this Float32[3] tensor depends on x, which has no value while", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CrossEntropy_TargetOutsideTheClasses_IsNaN() =>
        Assert.True(float.IsNaN(Nn.CrossEntropy(s_x, Tensor.From([0, 3])).Item<float>()));

    private static object Make(string name) => name switch
    {
        "add" => s_x + Tensor.Zeros([2, 4]),
        "add ranks" => s_x + Tensor.Zeros([4]),
        "matmul" => s_x.MatMul(s_x),
        "matmul scalar" => s_x.MatMul(2.0),
        "reshape" => s_x.Reshape(4, -1),
        "reshape size" => s_x.Reshape(5),
        "broadcast" => s_x.BroadcastTo([3]),
        "squeeze" => s_x.Squeeze(0),
        "permute" => s_x.Permute(0),
        "sum axis" => s_x.Sum(2),
        "sum twice" => s_x.Sum([1, -1]),
        "pad" => s_x.Pad((0, 1)),
        "concat" => Tensor.Concat(0, s_x, Tensor.Zeros([3, 2])),
        "split" => s_x.Split(2, 1),
        "stack nothing" => Tensor.Stack(0),
        "item" => s_x.Item<float>(),
        "read" => s_x.ToArray<int>(),
        "from" => Tensor.From([1f, 2f], [3]),
        "negative" => Tensor.Zeros([2, -1]),
        "bool add" => (s_x > 0) + (s_x > 0),
        "not" => !s_x,
        "where" => Tensor.Where(s_x, s_x, s_x),
        "gather" => s_x.Gather(Tensor.Zeros([2], DType.Int64)),
        "scatter" => s_x.ScatterAdd(Tensor.Arange(4), s_x),
        "norm" => Nn.LayerNorm(s_x, Tensor.Ones([2])),
        "attention" => Nn.Attention(s_x, Tensor.Zeros([4, 3]), Tensor.Zeros([5, 3])),
        "cross" => Nn.CrossEntropy(s_x, Tensor.Zeros([3], DType.Int32)),
        _ => new RandomKey(s_x),
    };
}
