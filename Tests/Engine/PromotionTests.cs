namespace Cotangent.Tests.Engine;

public class PromotionTests
{
    private const string Order = "Bool UInt8 Int32 UInt32 Int64 Float16 BFloat16 Float32 Float64";

    // Rows and columns in the order above; b = Bool, u1 = UInt8, i4 = Int32, u4 = UInt32, i8 = Int64, f2, bf, f4, f8.
    private static readonly string[] s_table =
    [
        "b  u1 i4 u4 i8 f2 bf f4 f8",
        "u1 u1 i4 u4 i8 f2 bf f4 f8",
        "i4 i4 i4 i8 i8 f4 f4 f4 f8",
        "u4 u4 i8 u4 i8 f4 f4 f4 f8",
        "i8 i8 i8 i8 i8 f8 f8 f8 f8",
        "f2 f2 f4 f4 f8 f2 f4 f4 f8",
        "bf bf f4 f4 f8 f4 bf f4 f8",
        "f4 f4 f4 f4 f8 f4 f4 f4 f8",
        "f8 f8 f8 f8 f8 f8 f8 f8 f8",
    ];

    private static readonly Dictionary<string, DType> s_names = new()
    {
        ["b"] = DType.Bool, ["u1"] = DType.UInt8, ["i4"] = DType.Int32, ["u4"] = DType.UInt32, ["i8"] = DType.Int64,
        ["f2"] = DType.Float16, ["bf"] = DType.BFloat16, ["f4"] = DType.Float32, ["f8"] = DType.Float64,
    };

    [Fact]
    public void Promote_EachPair_IsTheTables()
    {
        DType[] types = [.. Order.Split(' ').Select(Enum.Parse<DType>)];
        for (int i = 0; i < types.Length; i++)
        {
            string[] row = s_table[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (int j = 0; j < types.Length; j++)
            {
                Assert.Equal(s_names[row[j]], DTypes.Promote(types[i], types[j]));
                Assert.Equal(s_names[row[j]], Tensor.Where(True, Tensor.Zeros([], types[i]), Tensor.Zeros([], types[j])).DType);
            }
        }
    }

    [Theory]
    [InlineData(DType.Bool, DType.Int32, DType.Float32)]
    [InlineData(DType.UInt8, DType.UInt8, DType.Float32)]
    [InlineData(DType.Int32, DType.Int32, DType.Float32)]
    [InlineData(DType.UInt32, DType.UInt32, DType.Float32)]
    [InlineData(DType.Int64, DType.Int64, DType.Float64)]
    [InlineData(DType.Float16, DType.Float16, DType.Float16)]
    [InlineData(DType.BFloat16, DType.BFloat16, DType.BFloat16)]
    [InlineData(DType.Float32, DType.Float32, DType.Float32)]
    [InlineData(DType.Float64, DType.Float64, DType.Float64)]
    public void Number_MeetsTensor_IsWeak(DType type, DType withInteger, DType withFraction)
    {
        Tensor x = Tensor.Ones([2], type);

        Assert.Equal(withInteger, (x + 2).DType);
        Assert.Equal(withInteger, (2 * x).DType);
        Assert.Equal(withFraction, (x * 0.5).DType);
        Assert.Equal(withFraction, (0.5f - x).DType);
    }

    [Fact]
    public void Number_MeetsFloat64_KeepsItsDigits() => Assert.Equal(0.1, (Tensor.Zeros([], DType.Float64) + 0.1).Item<double>());

    [Fact]
    public void Number_BeyondTheDType_Throws()
    {
        DTypeMismatchException e = Assert.Throws<DTypeMismatchException>(() => Tensor.Ones([2], DType.UInt8) + 300);

        Assert.Equal("CTG2002: The number 300 does not fit UInt8. Cast the tensor to a wider dtype first.", e.Message);
    }

    [Fact]
    public void Number_BeyondInt32_IsInt64OnItsOwn() => Assert.Equal(DType.Int64, ((Tensor)(1L << 40)).DType);

    /// <summary>Arithmetic of every pair of dtypes: the promoted one, but for Bool with Bool, which has logic and no arithmetic.</summary>
    [Fact]
    public void Operators_OfEachPair_GiveTheTables()
    {
        DType[] types = [.. Order.Split(' ').Select(Enum.Parse<DType>)];
        foreach (DType left in types)
        {
            foreach (DType right in types)
            {
                Tensor x = Tensor.Zeros([2], left), y = Tensor.Zeros([2], right);
                DType meet = DTypes.Promote(left, right);
                Assert.Equal(meet, DTypes.Promote(right, left));
                Func<Tensor>[] arithmetic = [() => x + y, () => x - y, () => x * y, () => x / y, () => x % y, () => Tensor.Maximum(x, y)];
                if (meet == DType.Bool) Assert.All(arithmetic, f => Assert.Throws<DTypeMismatchException>(f));
                else Assert.All(arithmetic, f => Assert.Equal(meet, f().DType));

                Func<Tensor>[] bits = [() => x & y, () => x | y, () => x ^ y];
                if (meet.IsFloat()) Assert.All(bits, f => Assert.Throws<DTypeMismatchException>(f));
                else Assert.All(bits, f => Assert.Equal(meet, f().DType));

                Assert.Equal(DType.Bool, x.Equal(y).DType);
                if (meet != DType.Bool) Assert.Equal(DType.Bool, (x < y).DType);
                Assert.Equal(meet, Tensor.Concat(0, x, y).DType);
            }
        }
    }

    /// <summary>What reductions and functions give for each dtype.</summary>
    [Theory]
    [InlineData(DType.Bool, DType.Int32, DType.Float32, DType.Float32)]
    [InlineData(DType.UInt8, DType.UInt32, DType.Float32, DType.Float32)]
    [InlineData(DType.Int32, DType.Int32, DType.Float32, DType.Float32)]
    [InlineData(DType.UInt32, DType.UInt32, DType.Float32, DType.Float32)]
    [InlineData(DType.Int64, DType.Int64, DType.Float64, DType.Float64)]
    [InlineData(DType.Float16, DType.Float16, DType.Float16, DType.Float16)]
    [InlineData(DType.BFloat16, DType.BFloat16, DType.BFloat16, DType.BFloat16)]
    [InlineData(DType.Float32, DType.Float32, DType.Float32, DType.Float32)]
    [InlineData(DType.Float64, DType.Float64, DType.Float64, DType.Float64)]
    public void Functions_OfEachDType_GiveTheTables(DType type, DType sum, DType mean, DType function)
    {
        Tensor x = Tensor.Ones([2, 3], type);

        Assert.Equal(sum, x.Sum(0).DType);
        Assert.Equal(sum, x.CumSum().DType);
        Assert.Equal(sum, x.CumProd().DType);
        Assert.Equal(mean, x.Mean(0).DType);
        Assert.Equal(mean, x.Median().DType);
        Assert.Equal(mean, x.AvgPool([2]).DType);
        Assert.Equal(function, x.Exp().DType);
        Assert.Equal(function, x.LogCumSumExp().DType);
        Assert.All([x.Sort(), x.CumMax(), x.MaxPool([2]), x.MatMul(x.T), Tensor.Einsum("ij,kj->ik", x, x)], y => Assert.Equal(type, y.DType));
        Assert.Equal(DType.Int32, x.ArgSort().DType);
    }

    [Fact]
    public void Number_BeyondInt32_MeetsEachDTypeAsItFits()
    {
        Tensor big = 1L << 40;
        Assert.Equal(DType.Int64, (Tensor.Ones([1], DType.Int64) + big).DType);
        Assert.Equal(DType.Float16, (Tensor.Ones([1], DType.Float16) + big).DType);
        foreach (DType narrow in new[] { DType.UInt8, DType.Int32, DType.UInt32 })
        {
            Assert.Throws<DTypeMismatchException>(() => Tensor.Ones([1], narrow) + big);
        }

        Assert.Throws<DTypeMismatchException>(() => Tensor.Ones([1], DType.UInt32) + -1);
    }

    [Fact]
    public void Number_WithNumber_IsAsOnItsOwn()
    {
        Tensor one = 1, half = 0.5;
        Assert.Equal(DType.Int32, (one + one).DType);
        Assert.Equal(DType.Float32, (one + half).DType);
        Assert.Equal(DType.Float64, (Tensor.Ones([], DType.Int64) + half).DType);
    }

    private static Tensor True => Tensor.Ones([], DType.Bool);
}
