using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Routines;

/// <summary>Steps written by hand: how they are planned and what they are given.</summary>
public class RoutineTests
{
    /// <summary>The sums and the products of an array's elements with a number; a third output has no elements.</summary>
    private static readonly Op s_sumAndProduct = new("sum and product", OpKind.Routine)
    {
        Infer = (x, a) => (((SumAndProduct)a!).Output == 2 ? [0, 3] : x[0].Shape, x[0].DType),
        Whole = (n, x) => n.Get<SumAndProduct>().Output switch
        {
            0 => [.. x[0].Select(e => e + x[1][0])],
            1 => [.. x[0].Select(e => e * x[1][0])],
            _ => [],
        },
        Routine = (device, n) => new SumAndProductRoutine(device, n.Inputs[0].Shape.Size),
    };

    public static TheoryData<string> All => Devices.AllWithDebug;

    [Theory, MemberData(nameof(All))]
    public void Outputs_AllUsed_AreComputedByOneStep(string device)
    {
        Tensor x = Tensor.From([1f, 2, 3], Devices.Get(device));
        Node[] y = Call(x, x.Sum());
        Assert.Equal([7f, 8, 9], new Tensor(y[0]).ToArray<float>());
        ExecutionPlan plan = Lowering.Plan(Capture.Of(Call(x, x.Sum())[..2]).Key.ToPlanGraph());
        Assert.Single(plan.Steps.OfType<RoutineStep>());
        Assert.Equal([13f, 20, 27], (new Tensor(y[0]) + new Tensor(y[1])).ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Output_TheOnlyOneUsed_IsRight(string device)
    {
        Tensor x = Tensor.From([1f, 2, 3], Devices.Get(device));
        Assert.Equal([6f, 12, 18], new Tensor(Call(x, x.Sum())[1]).ToArray<float>());
    }

    [Fact]
    public void Operands_ThatAreNumbersAndViews_AreStoredFirst()
    {
        Tensor x = Tensor.From([1f, 2, 3, 4]).Reshape(2, 2).T;
        Assert.Equal([3.5f, 5.5f, 4.5f, 6.5f], new Tensor(Call(x, Tensor.Scalar(2.5))[0]).ToArray<float>());
        Func<Tensor, Tensor, Tensor> compiled = Jit.Compile((Tensor a, Tensor s) => new Tensor(Call(a, s)[1]));
        Assert.Equal([2f, 6, 4, 8], compiled(x, Tensor.Scalar(2)).ToArray<float>());
        Assert.Equal([3f, 9, 6, 12], compiled(x, Tensor.Scalar(3)).ToArray<float>());
    }

    [Fact]
    public void Operands_WithoutElements_GiveOutputsWithoutElements()
    {
        Node[] y = Call(Tensor.Zeros([0, 2]), Tensor.Scalar(1));
        Assert.Empty(new Tensor(y[0]).ToArray<float>());
        Assert.Equal(Shape.From([0, 3]), new Tensor(y[2]).Realize().Shape);
    }

    [Fact]
    public void Inputs_ThatDieInTheStep_AreNotOverwrittenByIt()
    {
        // Both operands and both results are temporary: the plan checker sees any overlap.
        Tensor x = Tensor.From([1f, 2, 3]);
        Node[] y = Call(x.Exp().Log() + x, (x * x).Sum());
        Assert.Equal([44f, 74, 104], ((new Tensor(y[0]) + new Tensor(y[1])).Round()).ToArray<float>());
    }

    private static Node[] Call(Tensor x, Tensor number) =>
        [.. Enumerable.Range(0, 3).Select(i => new Node(s_sumAndProduct, [x.Node, number.Node], new SumAndProduct { Output = i }))];

    private static void Kernel(Index1D i, ArrayView<float> x, ArrayView<float> number, ArrayView<float> sum, ArrayView<float> product)
    {
        sum[i] = x[i] + number[0];
        product[i] = x[i] * number[0];
    }

    private sealed record SumAndProduct : CallAttributes
    {
        public override int OutputCount => 3;
    }

    private sealed class SumAndProductRoutine(Device device, long length) : Routine("sum and product")
    {
        private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>> _kernel =
            device.Load<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Kernel);

        public override long ScratchBytes => sizeof(float);

        public override void Launch(in RoutineCall call)
        {
            ArrayView<float> number = RoutineCall.View<float>(call.Scratch, 1);
            call.Device.Copy(call.Inputs[1].Memory!, call.Inputs[1].Bits, call.Scratch.Memory!, call.Scratch.Bits, sizeof(float));
            _kernel((int)length, RoutineCall.View<float>(call.Inputs[0], length), number,
                RoutineCall.View<float>(call.Outputs[0], length), RoutineCall.View<float>(call.Outputs[1], length));
        }
    }
}
