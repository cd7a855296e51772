using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Branches on comparisons of the lane's index, which scalar tests decide for all lanes at once.</summary>
public class SimdRangeBranchTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(256)]
    public void Launch_EveryComparison_EqualsTheInterpreter(int bits)
    {
        CpuDevice device = new(1, SimdRandomTests.Isa(bits), lower: k => k);
        Opcode[] comparisons = [Opcode.Less, Opcode.LessEqual, Opcode.Greater, Opcode.GreaterEqual, Opcode.Equal, Opcode.NotEqual];
        foreach (Opcode comparison in comparisons)
        {
            foreach (int bound in (int[])[-1, 0, 1, 63, 64, 65, 127, 128, 199, int.MaxValue])
            {
                Check(device, (b, i) => b.Compare(comparison, i, Constant.Of(bound)));
                Check(device, (b, i) => b.Compare(comparison, Constant.Of(bound), i));
            }
        }
    }

    [Fact]
    public void Launch_TreesOfComparisons_EqualsTheInterpreter()
    {
        CpuDevice device = new(1, lower: k => k);
        foreach (Opcode join in (Opcode[])[Opcode.And, Opcode.Or])
        {
            foreach ((int low, int high) in ((int, int)[])[(0, 199), (64, 128), (70, 75), (128, 64)])
            {
                Check(device, (b, i) => b.Binary(join, b.Compare(Opcode.Greater, i, Constant.Of(low)),
                    b.Unary(Opcode.Not, b.Compare(Opcode.GreaterEqual, i, Constant.Of(high)))));
            }
        }
    }

    [Fact]
    public void Launch_LanesThatWrapAround_EqualsTheInterpreter() =>
        Check(new CpuDevice(1, lower: k => k), (b, i) =>
            b.Compare(Opcode.Greater, b.Add(i, Constant.Of(int.MaxValue - 100)), Constant.Of(0)));

    /// <summary>Both arms yield and store; the true one holds a loop that some lanes leave early, and a nested branch.</summary>
    private static void Check(CpuDevice device, Func<Builder, Value, Value> condition)
    {
        const int Extent = 200;
        Parameter x = new(IrType.Pointer(ScalarType.Int32, AddressSpace.Global), 0);
        Parameter y = new(IrType.Pointer(ScalarType.Int32, AddressSpace.Global), 1);
        Kernel kernel = new("branch", LaunchKind.Range1D, [x, y]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex);
        Value result = b.If(condition(b, i), [ScalarType.Int32],
            () =>
            {
                Value rounds = b.For(Constant.Of(0), b.Load(x, i), Constant.Of(1), [i], (k, s) => [b.Add(s[0], k)])[0];
                b.If(b.Compare(Opcode.Less, i, Constant.Of(100)), () => b.Store(y, i, rounds));
                return [rounds];
            },
            () =>
            {
                b.Store(y, i, Constant.Of(7));
                return [b.Mul(i, Constant.Of(3))];
            })[0];
        b.Store(x, i, b.Add(result, b.Load(y, i)));
        b.Append(new Return());
        Verifier.Verify(kernel, "the test");
        byte[] bytes = MemoryMarshal.AsBytes<int>(Enumerable.Range(0, Extent).Select(k => k % 5).ToArray()).ToArray();
        RandomCase c = new(kernel, LaunchShape.Range(Extent), [bytes, bytes], [0ul, 0ul]);
        string? difference = c.Difference(c.Interpret(), c.RunOn(device));
        Assert.True(difference is null, $"{Printer.Print(kernel)}: {difference}");
    }
}
