using System.Reflection;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Scalar functions inlined into IR give what C# gives, bit for bit: the mathematical library above all.</summary>
public sealed class InlineTests
{
    private static readonly double[] s_points =
    [
        0, -0.0, 1, -1, 0.3, -0.7, 2.5, 10.1, -20.7, 88.9, 1e-5, 1e-30, 3e4, 1e10, -1e18, 1e38, 1e-45, 700, -745,
        double.NaN, double.PositiveInfinity, double.NegativeInfinity,
    ];

    public static TheoryData<string> Functions => [.. typeof(XMath)
        .GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .Where(m => m.ReturnType == typeof(float) || m.ReturnType == typeof(double))
        .Where(m => m.GetParameters().Length <= 2 && m.GetParameters().All(p => p.ParameterType == m.ReturnType))
        .Select(m => m.ToText())];

    private static float Newton(float x)
    {
        if (x < 0)
            return float.NaN;
        if (x == 0 || !float.IsFinite(x))
            return x;
        float y = x > 1 ? x : 1;
        for (int i = 0; i < 100; i++)
        {
            float next = 0.5f * (y + x / y);
            if (next >= y)
                return y;
            y = next;
        }

        return -1;
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Inline_LibraryFunction_GivesCSharpsBits(string function) =>
        Check(typeof(XMath).GetMethods(BindingFlags.Public | BindingFlags.Static).Single(m => m.ToText() == function));

    [Fact]
    public void Inline_FunctionThatReturnsFromLoop_GivesCSharpsBits() =>
        Check(typeof(InlineTests).GetMethod(nameof(Newton), BindingFlags.NonPublic | BindingFlags.Static)!);

    [Fact]
    public void Inline_Twice_GivesTwoCopies()
    {
        MethodInfo method = typeof(InlineTests).GetMethod(nameof(Newton), BindingFlags.NonPublic | BindingFlags.Static)!;
        Parameter y = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Parameter x = new(ScalarType.Float32, 1);
        Kernel kernel = new("Twice", LaunchKind.Range1D, [y, x]);
        Builder b = new(kernel.Body);
        b.Store(y, Constant.Of(0), FrontEnd.Inline(method, [FrontEnd.Inline(method, [x], b)], b));
        b.Append(new Return());
        Verifier.Verify(kernel);
        DeviceMemory memory = Device.Debug.AllocateMemory(4);
        Interpreter.Run(kernel, LaunchShape.Range(1), [KernelArgument.Pointer(memory), KernelArgument.Scalar(16f)]);
        Assert.Equal(2, Read<float>(memory));
        memory.Release();
    }

    private static void Check(MethodInfo method)
    {
        ScalarType type = method.ReturnType == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;
        Parameter output = new(IrType.Pointer(type, AddressSpace.Global), 0);
        Parameter[] inputs = [.. method.GetParameters().Select((_, i) => new Parameter(type, i + 1))];
        Kernel kernel = new(method.Name, LaunchKind.Range1D, [output, .. inputs]);
        Builder b = new(kernel.Body);
        b.Store(output, Constant.Of(0), FrontEnd.Inline(method, [.. inputs], b));
        b.Append(new Return());
        Verifier.Verify(kernel);

        DeviceMemory memory = Device.Debug.AllocateMemory(8);
        foreach (double x in s_points)
        {
            foreach (double y in inputs.Length == 2 ? s_points : [0])
            {
                double[] point = [x, y];
                object[] arguments = [.. point.Take(inputs.Length).Select(v => type == ScalarType.Float32 ? (object)(float)v : v)];
                object expected = method.Invoke(null, arguments)!;
                Interpreter.Run(kernel, LaunchShape.Range(1), [KernelArgument.Pointer(memory), .. arguments.Select(Scalar)]);
                object actual = type == ScalarType.Float32 ? (object)Read<float>(memory) : Read<double>(memory);
                Assert.True(expected.Equals(actual), $"{method.Name}({string.Join(", ", arguments)}) is {expected}, inlined {actual}");
            }
        }

        memory.Release();
    }

    private static KernelArgument Scalar(object value) =>
        value is float x ? KernelArgument.Scalar(x) : KernelArgument.Scalar((double)value);

    private static unsafe T Read<T>(DeviceMemory memory)
        where T : unmanaged => *(T*)memory.HostPointer;
}
