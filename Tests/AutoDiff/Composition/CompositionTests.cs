using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.Composition;

/// <summary>Transforms compose: whichever way a program is run or derived, it is the same program.</summary>
public class CompositionTests
{
    private const int Block = 8;

    public static TheoryData<string, int> Blocks
    {
        get
        {
            TheoryData<string, int> data = [];
            for (int block = 0; block < 4; block++) data.Add("cpu", block);
            if (Devices.Runs("opencl")) data.Add("opencl", 4);
            return data;
        }
    }

    [Theory, MemberData(nameof(Blocks))]
    public void Program_Compiled_IsTheProgram(string device, int block) => ForEach(device, block, 1, (program, d, _) =>
    {
        Tensor x = program.Input(d);
        Same(program.Run(x), Jit.Compile<Tensor, Tensor>(program.Run).Invoke(x));
    });

    [Theory, MemberData(nameof(Blocks))]
    public void Program_Vmapped_IsTheProgramOfEachExample(string device, int block) => ForEach(device, block, 3, (program, d, _) =>
    {
        Tensor x = program.Input(d, batch: 3);
        Tensor[] each = [.. Enumerable.Range(0, 3).Select(i => program.Run(x[i]))];
        Same(Tensor.Stack(0, each), Diff.Vmap((Tensor v) => program.Run(v))(x));
        Tensor[] gradients = [.. Enumerable.Range(0, 3).Select(i => Diff.Grad(program.Scalar)(x[i]))];
        Same(Tensor.Stack(0, gradients), Diff.Vmap((Tensor v) => Diff.Grad(program.Scalar)(v))(x));
    });

    [Theory, MemberData(nameof(Blocks))]
    public void Gradient_Compiled_IsTheGradientAndThatOfDifferences(string device, int block) => ForEach(device, block, 2, (program, d, _) =>
    {
        Tensor x = program.Input(d), gradient = Diff.Grad(program.Scalar)(x);
        Same(gradient, Jit.Compile((Tensor v) => Diff.Grad(program.Scalar)(v)).Invoke(x));
        Same(Diff.JacFwd(program.Scalar)(x), gradient);
        if (d.Kind == DeviceKind.Cpu) Same(Numerical.Jacobian(program.Scalar)(x), gradient, 1e-6);
    });

    [Theory, MemberData(nameof(Blocks))]
    public void Hessian_ForwardOverReverseReverseOverReverseForwardOverForward_Agree(string device, int block) => ForEach(device, block, 3, (program, d, _) =>
    {
        Tensor x = program.Input(d), hessian = Diff.JacFwd(Diff.Grad(program.Scalar))(x);
        Same(hessian, Diff.JacRev(Diff.Grad(program.Scalar))(x));
        Same(hessian, Diff.JacFwd(Diff.JacFwd(program.Scalar))(x));
        Same(hessian, Diff.JacRev(Diff.JacFwd(program.Scalar))(x));
        Same(hessian, Diff.Hessian(program.Scalar)(x));
    });

    /// <summary>Programs that found faults: 37, steps that needed each other's results; 7, a kernel too large for the runtime.</summary>
    [Theory]
    [InlineData(37)]
    [InlineData(7)]
    public void Hessian_ThatOnceFailedToPlan_IsThatOfTwoForwardModes(int seed)
    {
        RandomProgram program = new(seed);
        Tensor x = program.Input(Device.Cpu);
        Same(Diff.JacFwd(Diff.JacFwd(program.Scalar))(x), Diff.Hessian(program.Scalar)(x));
    }

    private static void ForEach(string device, int block, int cost, Action<RandomProgram, Device, int> check)
    {
        Device d = Devices.Get(device);

        // An OpenCL driver builds each program for a tenth of a second and more.
        int count = device == "cpu" ? Math.Max(4, Block / cost) : 3 / cost;
        for (int seed = Block * block; seed < Block * block + Math.Max(1, count); seed++)
        {
            try
            {
                check(new RandomProgram(seed), d, seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    private static void Same(Tensor expected, Tensor actual, double tolerance = 1e-11)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] x = expected.ToArray<double>(), y = actual.ToArray<double>();
        double scale = 1 + x.Select(Math.Abs).DefaultIfEmpty().Max();
        for (int i = 0; i < x.Length; i++)
        {
            if (!(Math.Abs(x[i] - y[i]) <= tolerance * scale))
                Assert.Fail($"element {i} is {y[i]:R}, not {x[i]:R}");
        }
    }
}
