using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Every public method of Math, MathF and BitOperations works in kernels, without a switch, and gives what .NET gives.</summary>
public sealed class MathSurfaceTests
{
    /// <summary>What is deliberately refused, by reason.</summary>
    private static readonly Dictionary<string, Func<MethodInfo, bool>> s_refused = new()
    {
        ["decimal has no hardware and 132 KB of code"] = m => Types(m).Contains(typeof(decimal)),
    };

    private static readonly MethodInfo[] s_methods =
    [
        .. new[] { typeof(Math), typeof(MathF), typeof(BitOperations) }
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)),
    ];

    private static readonly double[] s_samples = [0.75, 2, 5, 1, 100, 0, -3, -0.5, 31];

    public static TheoryData<string> Methods => [.. s_methods.Where(m => !IsRefused(m)).Select(m => m.ToText())];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_InKernel_GivesWhatDotNetGives(string name)
    {
        MethodInfo method = s_methods.Single(m => m.ToText() == name);
        Kernel kernel = FrontEnd.Compile(KernelOf(method));
        for (int row = 0; row < s_samples.Length; row++)
        {
            object[] arguments = [.. method.GetParameters().Select((p, i) => Sample(p.ParameterType, row + 2 * i))];
            // Division by zero does not trap on devices, and its result is unspecified.
            bool divides = method.Name == nameof(Math.DivRem) && IsZero(arguments[1]);
            if (!divides && TryInvoke(method, arguments) is { } expected)
                Compare(method, arguments, expected, Run(kernel, method, arguments));
        }
    }

    [Fact]
    public void RefusedMethods_AreThoseListed()
    {
        foreach (MethodInfo method in s_methods.Where(IsRefused))
            Assert.Equal("CTG1008", Assert.Throws<KernelCompilationException>(() => FrontEnd.Compile(KernelOf(method))).Code);
    }

    private static bool IsRefused(MethodInfo method) => s_refused.Values.Any(f => f(method));

    private static IEnumerable<Type> Types(MethodInfo method) => method.GetParameters().Select(p => Bare(p.ParameterType)).Append(method.ReturnType);

    private static Type Bare(Type type) => type.IsByRef ? type.GetElementType()! : type;

    /// <summary>void K(Index1D i, ArrayView&lt;R&gt; r, ArrayView&lt;A&gt; a, …) => r[i] = M(a[i], …); an out argument is a local.</summary>
    private static MethodInfo KernelOf(MethodInfo method)
    {
        Type[] inputs = [.. method.GetParameters().Select(p => Bare(p.ParameterType))];
        Type[] views = [.. inputs.Prepend(method.ReturnType).Select(EmittedKernels.ViewOf)];
        return EmittedKernels.Make([typeof(Index1D), .. views], il =>
        {
            EmittedKernels.PushElement(il, 1, method.ReturnType);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (method.GetParameters()[i].ParameterType.IsByRef)
                {
                    il.Emit(OpCodes.Ldloca, il.DeclareLocal(inputs[i]));
                    continue;
                }

                EmittedKernels.PushElement(il, i + 2, inputs[i]);
                il.Emit(OpCodes.Ldobj, inputs[i]);
            }

            il.Emit(OpCodes.Call, method);
            il.Emit(OpCodes.Stobj, method.ReturnType);
            il.Emit(OpCodes.Ret);
        });
    }

    private static object Sample(Type type, int row)
    {
        type = Bare(type);
        double x = s_samples[row % s_samples.Length];
        if (type.IsEnum)
            return Enum.ToObject(type, row % 5);
        if (type == typeof(nint))
            return (nint)x;
        if (type == typeof(nuint))
            return (nuint)Math.Abs(x);
        bool isUnsigned = type == typeof(byte) || type == typeof(ushort) || type == typeof(uint) || type == typeof(ulong);
        bool isFloat = type == typeof(float) || type == typeof(double);
        return Convert.ChangeType(isUnsigned ? Math.Abs(Math.Truncate(x)) : isFloat ? x : Math.Truncate(x), type, CultureInfo.InvariantCulture);
    }

    /// <summary>What .NET gives; null where it throws.</summary>
    private static object? TryInvoke(MethodInfo method, object[] arguments)
    {
        try
        {
            return method.Invoke(null, [.. arguments]);
        }
        catch (TargetInvocationException)
        {
            return null;
        }
    }

    private static object Run(Kernel kernel, MethodInfo method, object[] arguments)
    {
        List<DeviceMemory> memories = [Device.Debug.AllocateMemory(64)];
        foreach (object argument in arguments)
        {
            DeviceMemory memory = Device.Debug.AllocateMemory(64);
            Device.Debug.Write(Literals.BytesOf(argument), memory, 0);
            memories.Add(memory);
        }

        KernelArgument[] values = [.. memories.SelectMany(m => new[] { KernelArgument.Pointer(m), KernelArgument.Scalar(1L) })];
        Interpreter.Run(kernel, LaunchShape.Range(1), values);
        object result = typeof(MathSurfaceTests).GetMethod(nameof(Read), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(method.ReturnType).Invoke(null, [memories[0]])!;
        memories.ForEach(m => m.Release());
        return result;
    }

    private static unsafe object Read<T>(DeviceMemory memory)
        where T : unmanaged => *(T*)memory.HostPointer;

    private static void Compare(MethodInfo method, object[] arguments, object expected, object actual)
    {
        if (expected is ITuple x && actual is ITuple y)
        {
            for (int i = 0; i < x.Length; i++)
                Compare(method, arguments, x[i]!, y[i]!);
            return;
        }

        bool isEstimate = method.Name.Contains("Estimate", StringComparison.Ordinal);
        double tolerance = isEstimate ? 1e-2 : expected is float ? 1e-6 : 1e-14;
        bool same = expected is float or double
            ? IsClose(Convert.ToDouble(expected, CultureInfo.InvariantCulture), Convert.ToDouble(actual, CultureInfo.InvariantCulture), tolerance)
            : expected.Equals(actual);
        Assert.True(same, $"{method.ToText()} of ({string.Join(", ", arguments)}) is {expected}, in a kernel {actual}");
    }

    private static bool IsZero(object number) => Literals.BytesOf(number).All(b => b == 0);

    private static bool IsClose(double expected, double actual, double tolerance) =>
        expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected));
}
