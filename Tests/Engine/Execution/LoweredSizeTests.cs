using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>The weights by which kernels are cut follow the code of the mathematical library.</summary>
public class LoweredSizeTests
{
    public static TheoryData<string, bool> Functions
    {
        get
        {
            TheoryData<string, bool> rows = [];
            foreach (string name in Enum.GetNames<MathFunction>())
            {
                rows.Add(name, false);
                rows.Add(name, true);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_FitsAKernel(string name, bool isDouble)
    {
        ScalarType type = isDouble ? ScalarType.Float64 : ScalarType.Float32;
        Parameter x = new(type, 0);
        MathFunction function = Enum.Parse<MathFunction>(name);
        bool isBinary = function is MathFunction.Pow or MathFunction.Atan2;
        Instruction call = new(Opcode.Call, type, isBinary ? [x, x] : [x]) { Function = function };

        Assert.InRange(LoweredSize.Of(call), 10, CodeSize.Largest);
    }

    [Fact]
    public void Op_WeighsAsItsFunction()
    {
        Node x = Tensor.Zeros([4]).Node;
        Node sine = Make.Unary(Ops.Sin, x);
        Instruction call = new(Opcode.Call, ScalarType.Float32, new Parameter(ScalarType.Float32, 0)) { Function = MathFunction.Sin };

        Assert.Equal(LoweredSize.Of(call), CodeSize.Of(sine));
        Assert.True(CodeSize.Of(sine) > CodeSize.Of(Make.Unary(Ops.Exp, x)));
    }
}
