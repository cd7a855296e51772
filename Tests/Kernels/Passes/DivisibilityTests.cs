using System.Numerics;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Passes;

/// <summary>Which powers of two the analysis finds, and that what it finds is so.</summary>
public class DivisibilityTests
{
    private static readonly IrType s_ints = IrType.Pointer(ScalarType.Int32, AddressSpace.Global);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [InlineData("n · 12 + 8", 2)]
    [InlineData("(n << 3) − (n · 40)", 3)]
    [InlineData("(n << 4) >> 2", 2)]
    [InlineData("n & −16", 4)]
    [InlineData("n ? 24 : 40", 3)]
    [InlineData("long(n · 4) · 2", 3)]
    [InlineData("n", 0)]
    public void TrailingZeros_OfAnExpression_AreFound(string expression, int expected) => Find(expected, (b, n) => expression switch
    {
        "n · 12 + 8" => b.Add(b.Mul(n, Constant.Of(12)), Constant.Of(8)),
        "(n << 3) − (n · 40)" => b.Sub(b.Binary(Opcode.ShiftLeft, n, Constant.Of(3)), b.Mul(n, Constant.Of(40))),
        "(n << 4) >> 2" => b.Binary(Opcode.ShiftRight, b.Binary(Opcode.ShiftLeft, n, Constant.Of(4)), Constant.Of(2)),
        "n & −16" => b.Binary(Opcode.And, n, Constant.Of(-16)),
        "n ? 24 : 40" => b.Select(b.Compare(Opcode.Less, n, Constant.Of(0)), Constant.Of(24), Constant.Of(40)),
        "long(n · 4) · 2" => b.Mul(b.Convert(b.Mul(n, Constant.Of(4)), ScalarType.Int64), Constant.Of(2L)),
        _ => n,
    });

    [Theory]
    [InlineData(8, 4, 2)]
    [InlineData(6, 4, 1)]
    [InlineData(0, 5, 0)]
    public void TrailingZeros_OfACounter_AreThoseOfStartAndStep(int start, int step, int expected)
    {
        Value? counter = null;
        Find(expected, (b, n) =>
        {
            b.For(Constant.Of(start), n, Constant.Of(step), [], (i, _) =>
            {
                counter = i;
                return [];
            });
            return counter!;
        });
    }

    [Fact]
    public void TrailingZeros_OfAValueThatBranchesYield_AreTheFewer() => Find(2, (b, n) => b.If(b.Compare(Opcode.Less, n, Constant.Of(0)),
        [ScalarType.Int32], () => [b.Mul(n, Constant.Of(4))], () => [b.Mul(n, Constant.Of(8))])[0]);

    // Every integer that a random kernel computes is stored and looked at.
    [Theory, MemberData(nameof(Seeds))]
    public void TrailingZeros_InRandomExpressions_AreThere(int seed)
    {
        Random random = new(seed);
        Parameter output = new(s_ints, 0), n = new(ScalarType.Int32, 1);
        Kernel kernel = new("random", LaunchKind.Range1D, [output, n]);
        Builder b = new(kernel.Body);
        List<Value> values = [n, b.Position(Opcode.GlobalIndex), Constant.Of(random.Next(100)), Constant.Of(-4), Constant.Of(48)];
        Opcode[] opcodes = [Opcode.Add, Opcode.Sub, Opcode.Mul, Opcode.And, Opcode.Or, Opcode.Xor, Opcode.Min, Opcode.Max, Opcode.Div,
            Opcode.Rem, Opcode.ShiftLeft, Opcode.ShiftRight];
        while (values.Count < 40)
        {
            Value x = values[random.Next(values.Count)];
            Opcode opcode = opcodes[random.Next(opcodes.Length)];
            Value y = opcode is Opcode.ShiftLeft or Opcode.ShiftRight ? Constant.Of(random.Next(40))
                : opcode is Opcode.Div or Opcode.Rem ? Constant.Of(1 << random.Next(8))
                : values[random.Next(values.Count)];
            values.Add(b.Binary(opcode, x, y));
        }

        for (int i = 0; i < values.Count; i++)
            b.Store(output, Constant.Of(i), values[i]);
        b.Append(new Return());
        Divisibility divisibility = new(kernel);
        foreach (int argument in (int[])[0, 1, -1, 96, int.MinValue, random.Next()])
        {
            HostMemory memory = HostMemory.Of(new int[values.Count]);
            Interpreter.Run(kernel, LaunchShape.Range(1), [KernelArgument.Pointer(memory), KernelArgument.Scalar(argument)]);
            int[] results = memory.Read<int>();
            for (int i = 0; i < results.Length; i++)
            {
                int zeros = divisibility.TrailingZeros(values[i]);
                Assert.True(results[i] == 0 || BitOperations.TrailingZeroCount(results[i]) >= zeros, $"value {i} is {results[i]}, said to be a multiple of 2^{zeros}");
            }
        }
    }

    private static void Find(int expected, Func<Builder, Value, Value> make)
    {
        Parameter output = new(s_ints, 0), n = new(ScalarType.Int32, 1);
        Kernel kernel = new("test", LaunchKind.Range1D, [output, n]);
        Builder b = new(kernel.Body);
        Value value = make(b, n);
        b.Append(new Return());
        Assert.Equal(expected, new Divisibility(kernel).TrailingZeros(value));
    }
}
