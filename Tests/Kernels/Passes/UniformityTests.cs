using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;
using LaneShape = Cotangent.Kernels.Passes.Shape;

namespace Cotangent.Tests.Kernels.Passes;

public class UniformityTests
{
    private static readonly IrType s_ints = IrType.Pointer(ScalarType.Int32, AddressSpace.Global);

    // Neighbouring items along X, as in a range kernel's vector.
    private static Uniformity OverLanes(Kernel kernel) => new(kernel, node =>
        node.Opcode is Opcode.GlobalIndex or Opcode.GroupIndex
            && node.Axis == Axis.X ? LaneShape.Linear : LaneShape.Uniform);

    private static (Uniformity Shapes, T Values) Analyze<T>(Func<Builder, Parameter, Parameter, T> body)
    {
        Parameter x = new(s_ints, 0);
        Parameter n = new(ScalarType.Int32, 1);
        Kernel kernel = new("test", LaunchKind.Range1D, [x, n]);
        Builder b = new(kernel.Body);
        T values = body(b, x, n);
        b.Append(new Return());
        Verifier.Verify(kernel);
        return (OverLanes(kernel), values);
    }

    [Fact]
    public void Shape_IndexArithmetic_KeepsTheStride()
    {
        (Uniformity shapes, Value[] v) = Analyze<Value[]>((b, x, n) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value shifted = b.Add(b.Mul(n, n), i);
            return [i, shifted, b.Convert(shifted, ScalarType.Int64), b.Mul(i, Constant.Of(3)), b.Mul(i, n),
                b.Load(x, shifted), b.Load(x, n), b.Add(n, n), b.Position(Opcode.GlobalIndex, Axis.Y)];
        });
        Assert.Equal(
            [LaneShape.Linear, LaneShape.Linear, LaneShape.Linear, LaneShape.Strided, LaneShape.Varying,
                LaneShape.Varying, LaneShape.Uniform, LaneShape.Uniform, LaneShape.Uniform],
            v.Select(value => shapes[value]));
        Assert.Equal([1L, 1, 1, 3, 0], v.Take(5).Select(shapes.StrideOf));
    }

    [Fact]
    public void Shape_IfOnAVaryingCondition_MergesToVarying()
    {
        (Uniformity shapes, Value[] v) = Analyze<Value[]>((b, x, n) =>
        {
            Value varying = b.Compare(Opcode.Less, b.Position(Opcode.GlobalIndex), n);
            Value uniform = b.Compare(Opcode.Less, n, Constant.Of(3));
            return [b.If(varying, [ScalarType.Int32], () => [Constant.Of(1)], () => [Constant.Of(2)])[0],
                b.If(uniform, [ScalarType.Int32], () => [Constant.Of(1)], () => [Constant.Of(2)])[0]];
        });
        Assert.Equal([LaneShape.Varying, LaneShape.Uniform], v.Select(value => shapes[value]));
    }

    [Fact]
    public void Shape_LoopWithAVaryingExit_IsUniformInsideAndVaryingAfter()
    {
        Value? counter = null;
        (Uniformity shapes, Value after) = Analyze((b, x, n) =>
        {
            Value bound = b.Load(x, b.Position(Opcode.GlobalIndex));
            return b.For(Constant.Of(0), bound, Constant.Of(1), [Constant.Of(0)], (i, s) =>
            {
                counter = i;
                return [b.Add(s[0], n)];
            })[0];
        });
        Assert.Equal(LaneShape.Uniform, shapes[counter!]);
        Assert.Equal(LaneShape.Varying, shapes[after]);
    }

    [Fact]
    public void Shape_UniformLoop_StaysUniform()
    {
        (Uniformity shapes, Value after) = Analyze((b, x, n) =>
            b.For(Constant.Of(0), n, Constant.Of(1), [Constant.Of(0)], (i, s) => [b.Add(s[0], i)])[0]);
        Assert.Equal(LaneShape.Uniform, shapes[after]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Shape_RandomKernels_HoldsForWhatRuns(bool optimised)
    {
        int claims = 0;
        for (int seed = 0; seed < 120; seed++)
        {
            RandomCase c = RandomKernels.Next(new Random(seed), new RandomKernelOptions { Local = false });
            Kernel kernel = optimised ? Pipeline.Run(c.Kernel) : c.Kernel;
            Uniformity shapes = OverLanes(kernel);
            HashSet<INode> inLoops = [.. kernel.Body.Descendants().OfType<Loop>().SelectMany(l =>
                l.Body.Descendants())];
            HashSet<object> skipped = [.. inLoops, .. inLoops.OfType<Structured>().SelectMany(s => s.Results)];
            Dictionary<(Value, int Y, int Z), (int X, ulong Bits)> first = [];
            c.Interpret(kernel, (index, value, bits) =>
            {
                LaneShape shape = shapes[value];
                if (shape == LaneShape.Varying || skipped.Contains(value) || value.Type.IsPointer
                    || value.Type == ScalarType.Void)
                {
                    return;
                }

                if (first.TryGetValue((value, index.Y, index.Z), out (int X, ulong Bits) other))
                {
                    ulong mask = ulong.MaxValue >> (64 - 8 * value.Type.Scalar.Size());
                    claims++;
                    if (bits != (other.Bits + (ulong)(shapes.StrideOf(value) * (index.X - other.X)) & mask))
                    {
                        string text = Printer.Print(kernel, value as INode);
                        Assert.Fail($"seed {seed}: {shape} value differs at {index}\n{text}");
                    }
                }

                first.TryAdd((value, index.Y, index.Z), (index.X, bits));
            });
        }

        Assert.True(claims > 5000, $"only {claims} claims");
    }
}
