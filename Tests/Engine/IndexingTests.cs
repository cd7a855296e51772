using Cotangent.Kernels;
using static Cotangent.TensorIndex;

namespace Cotangent.Tests.Engine;

public class IndexingTests
{
    private static readonly Tensor s_x = Tensor.Arange(24).Reshape(2, 3, 4);
    private static readonly Tensor s_i = Tensor.From([0, -1, 1]);
    private static readonly Tensor s_j = Tensor.From(new[,] { { 1 }, { 2 } });
    private static readonly Tensor s_r = Tensor.Arange(3);

    [Fact]
    public void OneHot_OfBytes_DeeperThanAByteCounts_HasASingleOne()
    {
        int[] hot = Tensor.From<byte>([5, 255]).OneHot(300, DType.Int32).ToArray<int>();
        Assert.Equal([5, 300 + 255], Enumerable.Range(0, 600).Where(i => hot[i] != 0));
    }

    [Fact]
    public void CrossEntropy_OfBytesAnd256Classes_IsThatOfIntegers()
    {
        Tensor logits = Tensor.Arange(3 * 256).Reshape(3, 256).Cast(DType.Float32).Sin();
        Tensor targets = Tensor.From<byte>([0, 5, 255]);
        Assert.Equal(Nn.CrossEntropy(logits, targets.Cast(DType.Int32)).Item<float>(), Nn.CrossEntropy(logits, targets).Item<float>());
    }

    [Fact]
    public void Index_RandomBasicExpressions_AgreeWithBruteForce()
    {
        Random random = new(12345);
        for (int i = 0; i < 400; i++)
        {
            Shape shape = Shape.From(Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(0, 6)));
            (TensorIndex[] parts, Shape expectedShape, int[] expected, string text) = RandomExpression(shape, random);

            Tensor actual = Tensor.Arange((int)shape.Size).Reshape(shape)[parts];

            Assert.True(expectedShape == actual.Shape, $"{shape}[{text}] is {actual.Shape}, not {expectedShape}");
            Assert.True(expected.SequenceEqual(actual.ToArray<int>()), $"{shape}[{text}]");
        }
    }

    /// <summary>An expression and its value by lists of positions an axis, Python's definition of a slice.</summary>
    private static (TensorIndex[] Parts, Shape Shape, int[] Elements, string Text) RandomExpression(Shape shape, Random random)
    {
        List<TensorIndex> parts = [];
        List<string> text = [];
        List<(int Axis, List<int> Positions, bool Kept)> axes = [];
        List<int> result = [];
        int ellipsis = random.Next(3) == 0 ? random.Next(shape.Rank + 1) : -1, skipped = ellipsis < 0 ? 0 : random.Next(shape.Rank - ellipsis + 1);
        for (int axis = 0; axis <= shape.Rank; axis++)
        {
            if (random.Next(6) == 0)
            {
                parts.Add(NewAxis);
                text.Add("None");
                result.Add(1);
            }

            if (axis == ellipsis)
            {
                parts.Add(Ellipsis);
                text.Add("...");
                for (int k = 0; k < skipped; k++, axis++) Add(Enumerable.Range(0, shape[axis]).ToList(), true);
            }

            if (axis == shape.Rank) break;
            int n = shape[axis];
            switch (random.Next(4))
            {
                case 0 when n > 0:
                    int at = random.Next(-n, n);
                    parts.Add(at < 0 && random.Next(2) == 0 ? (TensorIndex)(^-at) : (TensorIndex)at);
                    text.Add($"{at}");
                    Add([at < 0 ? at + n : at], false);
                    break;
                case 1:
                    int low = random.Next(0, n + 2), high = random.Next(0, n + 2);
                    parts.Add(low..^high);
                    text.Add($"{low}..^{high}");
                    Add([.. Enumerable.Range(0, n).Where(p => p >= low && p < n - high)], true);
                    break;
                default:
                    int? start = random.Next(3) == 0 ? null : random.Next(-n - 2, n + 3), stop = random.Next(3) == 0 ? null : random.Next(-n - 2, n + 3);
                    int step = random.Next(1, 4) * (random.Next(2) == 0 ? 1 : -1);
                    parts.Add(Slice(start, stop, step));
                    text.Add($"{start}:{stop}:{step}");
                    Add(Python(n, start, stop, step), true);
                    break;
            }

            void Add(List<int> positions, bool kept)
            {
                axes.Add((axes.Count, positions, kept));
                if (kept) result.Add(positions.Count);
            }
        }

        List<int> elements = [0];
        foreach ((int axis, List<int> positions, _) in axes) elements = [.. elements.SelectMany(e => positions.Select(p => e * shape[axis] + p))];
        return ([.. parts], Shape.From(result), [.. elements], string.Join(", ", text));
    }

    private static List<int> Python(int n, int? start, int? stop, int step)
    {
        int from = Clip(start, step > 0 ? 0 : n - 1), to = Clip(stop, step > 0 ? n : -1);
        List<int> positions = [];
        for (int p = from; step > 0 ? p < to : p > to; p += step) positions.Add(p);
        return positions;

        int Clip(int? position, int otherwise) => position is not { } p ? otherwise
            : Math.Clamp(p < 0 ? p + n : p, step > 0 ? 0 : -1, step > 0 ? n : n - 1);
    }

    public static TheoryData<string, int[], int[]> NumPyGathers => new()
    {
        { "x[i]", [3, 3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23] },
        { "x[:, i]", [2, 3, 4], [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 16, 17, 18, 19] },
        { "x[..., j]", [2, 3, 2, 1], [1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22] },
        { "x[i, :, r]", [3, 3], [0, 4, 8, 13, 17, 21, 14, 18, 22] },
        { "x[0, :, i]", [3, 3], [0, 4, 8, 3, 7, 11, 1, 5, 9] },
        { "x[:, 1, i]", [2, 3], [4, 7, 5, 16, 19, 17] },
        { "x[:, r[None], j]", [2, 2, 3], [1, 5, 9, 2, 6, 10, 13, 17, 21, 14, 18, 22] },
        { "x[1, i]", [3, 4], [12, 13, 14, 15, 20, 21, 22, 23, 16, 17, 18, 19] },
        { "x[None, :, i, 1:3]", [1, 2, 3, 2], [1, 2, 9, 10, 5, 6, 13, 14, 21, 22, 17, 18] },
        { "x[i, None, :, r]", [3, 1, 3], [0, 4, 8, 13, 17, 21, 14, 18, 22] },
        { "x[i, r, r]", [3], [0, 17, 22] },
    };

    [Theory, MemberData(nameof(NumPyGathers))]
    public void Index_Tensors_AgreesWithNumPy(string expression, int[] shape, int[] elements)
    {
        Tensor y = expression switch
        {
            "x[i]" => s_x[s_i],
            "x[:, i]" => s_x[.., s_i],
            "x[..., j]" => s_x[Ellipsis, s_j],
            "x[i, :, r]" => s_x[s_i, .., s_r],
            "x[0, :, i]" => s_x[0, .., s_i],
            "x[:, 1, i]" => s_x[.., 1, s_i],
            "x[:, r[None], j]" => s_x[.., s_r[NewAxis], s_j],
            "x[1, i]" => s_x[1, s_i],
            "x[None, :, i, 1:3]" => s_x[NewAxis, .., s_i, 1..3],
            "x[i, None, :, r]" => s_x[s_i, NewAxis, .., s_r],
            _ => s_x[s_i, s_r, s_r],
        };

        Assert.Equal(shape, y.Shape);
        Assert.Equal(elements, y.ToArray<int>());
    }

    [Fact]
    public void Index_TensorOutsideTheAxis_GivesNaN()
    {
        Tensor x = Tensor.From([1f, 2f, 3f]);

        Assert.Equal([float.NaN, 1f, 3f, float.NaN], x[Tensor.From([3, -3, -1, -4])].ToArray<float>());
        Assert.Equal([float.NaN, 2f], x.Reshape(3, 1)[Tensor.From([1, 1]), Tensor.From([1, 0])].ToArray<float>());
    }

    [Fact]
    public void Index_WrongExpressions_ThrowWithTheReason()
    {
        AssertThrows<AxisOutOfRangeException>("CTG2005: index: position 3 is outside axis 1 of [2, 3, 4], which has 3 elements. Use -3 … 2.", () => s_x[.., 3]);
        AssertThrows<AxisOutOfRangeException>("CTG2005: index: position 0 is outside axis 0 of [2, 3, 4], which has 2 elements. Use -2 … 1.", () => s_x[^0]);
        AssertThrows<AxisOutOfRangeException>("CTG2005: index: 4 indices for the 3 axes of [2, 3, 4]. Leave some out, or add NewAxis.", () => s_x[0, 0, 0, 0]);
        AssertThrows<AxisOutOfRangeException>("CTG2005: index: more than one Ellipsis; which axes each stands for is ambiguous.", () => s_x[Ellipsis, Ellipsis]);
        AssertThrows<DTypeMismatchException>(
            "CTG2002: index: a Bool mask would give a shape that depends on values. Use Tensor.Where, or multiply by the mask.", () => s_x[s_x > 3]);
        AssertThrows<DTypeMismatchException>("CTG2002: index: indices are Float32; they must be Int32. Cast them.", () => s_x[Tensor.Ones([2])]);
    }

    private static void AssertThrows<T>(string message, Func<Tensor> action) where T : CotangentException =>
        Assert.Equal(message, Assert.Throws<T>(action).Message);
}
