using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Targets;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Short innermost axes along which elements read differently: the CPU's items compute all of them.</summary>
public class StructElementTests
{
    [Theory]
    [InlineData(2, 640)]
    [InlineData(3, 333)] // a ragged end
    [InlineData(4, 100)]
    [InlineData(2, 10)] // too few for the lanes
    public void Elements_OfAShortInnermostAxis_ReadWhatTheyShould(int width, int rows)
    {
        Tensor x = Normal(1, 5, rows, width), factors = Normal(2, width), offsets = Normal(3, rows, 1);
        Tensor y = x * factors + x.Flip(-1) * offsets;
        float[] a = x.ToArray<float>(), f = factors.ToArray<float>(), o = offsets.ToArray<float>(), found = y.ToArray<float>();
        for (int i = 0; i < found.Length; i++)
        {
            int c = i % width, r = i / width % rows;
            Assert.Equal((double)a[i] * f[c] + (double)a[i - c + width - 1 - c] * o[r], found[i], 1e-5);
        }
    }

    [Fact]
    public void Parts_OfAConcatenationAlongAShortAxis_AreChosenOnce()
    {
        Tensor x = Normal(1, 500), y = Normal(2, 500);
        float[] a = x.ToArray<float>(), b = y.ToArray<float>(), found = Tensor.Stack(-1, x, y, x * y).ToArray<float>();
        for (int i = 0; i < 500; i++) Assert.Equal([a[i], b[i], a[i] * b[i]], found[(3 * i)..(3 * i + 3)]);
    }

    [Fact]
    public void Pairs_TurnedInPlace_AreReadBeforeTheyAreOverwritten()
    {
        State cell = new(Normal(1, 1000, 2).Realize());
        float[] before = cell.Value.ToArray<float>();
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            cell.Value = cell.Value.Flip(-1) * 2 + cell.Value * Tensor.From([1f, 3f], Device.Cpu);
            return 0;
        });
        step.Invoke();
        float[] after = cell.Value.ToArray<float>();
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(before[2 * i + 1] * 2 + before[2 * i], after[2 * i], 1e-5);
            Assert.Equal(before[2 * i] * 2 + before[2 * i + 1] * 3, after[2 * i + 1], 1e-5);
        }
    }

    [Fact]
    public void InterleavedRotary_OnTheCpu_DividesNoIndexes()
    {
        RotaryTable table = new(16, 64, device: Device.Cpu);
        Kernel kernel = ((KernelStep)Assert.Single(Steps(Nn.Rotary(Normal(1, 2, 16, 64), table, interleaved: true)))).Fused.Kernel;
        if (VectorIsa.Best.Bits == 512)
            Assert.DoesNotContain(kernel.Body.Descendants().OfType<Instruction>(), x => x.Opcode == Opcode.Rem && x.Operands[1] is Constant { AsInteger: 2 });
    }

    private static Step[] Steps(Tensor x) =>
        [.. Lowering.Plan(Capture.Of([x.Node]).Key.ToPlanGraph()).Steps];

    private static Tensor Normal(int seed, params int[] shape) => new RandomKey(seed).Normal(Shape.Create(shape)).To(Device.Cpu).Realize();
}
