using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Transcendentals;

/// <summary>The library on devices: every bit is that of the C# method on the host.</summary>
public class XMathDeviceTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string device in Devices.Hardware.Where(Devices.Runs))
            {
                foreach (string function in Enum.GetNames<MathFunction>())
                {
                    cases.Add(device, function);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Call_OnDevice_GivesTheHostsBits(string device, string function)
    {
        RandomCase c = Case(Enum.Parse<MathFunction>(function));
        byte[]?[] results = c.RunOn(Device.Find(device));
        Assert.Null(c.Difference(c.Interpret(), results));
    }

    /// <summary>Stores f(x, y) over y in single and in double precision; the interpreter calls the C# method.</summary>
    private static RandomCase Case(MathFunction function)
    {
        double[] x = [.. Points()];
        double[] y = [.. x.Reverse()];
        IrType singles = IrType.Pointer(ScalarType.Float32, AddressSpace.Global);
        IrType doubles = IrType.Pointer(ScalarType.Float64, AddressSpace.Global);
        Kernel kernel = new($"math_{function}", LaunchKind.Range1D,
            [new Parameter(singles, 0), new Parameter(singles, 1), new Parameter(doubles, 2),
                new Parameter(doubles, 3)]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex);
        Store(0);
        Store(2);
        b.Append(new Return());
        return new RandomCase(kernel, LaunchShape.Range(x.Length),
            [Bytes<float>([.. x.Select(v => (float)v)]), Bytes<float>([.. y.Select(v => (float)v)]), Bytes<double>(x),
                Bytes<double>(y)],
            [0, 0, 0, 0]);

        void Store(int first)
        {
            Value left = b.Load(kernel.Parameters[first], i);
            Value right = b.Load(kernel.Parameters[first + 1], i);
            bool binary = function is MathFunction.Pow or MathFunction.Atan2;
            b.Store(kernel.Parameters[first + 1], i, binary ? b.Call(function, left, right) : b.Call(function, left));
        }
    }

    private static byte[] Bytes<T>(ReadOnlySpan<T> values) where T : unmanaged =>
        MemoryMarshal.AsBytes(values).ToArray();

    private static IEnumerable<double> Points()
    {
        Random random = new(11);
        double[] specials = [0, -0.0, 1, -1, 0.5, -2, double.NaN, double.PositiveInfinity, double.NegativeInfinity,
            1e-40, -1e-310, 88.7, -103.9, 709.7,
            -745, 1e7, -3e30, 1e300, 3, 2, double.MaxValue, double.Epsilon];
        return specials.Concat(Enumerable.Range(0, 300).Select(_ =>
            (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 5))));
    }
}
