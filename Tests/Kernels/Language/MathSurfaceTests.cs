using System.Numerics;
using System.Reflection;
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

    public static TheoryData<string> Methods => [.. s_methods.Where(m => !IsRefused(m)).Select(m => m.ToText())];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_InKernel_GivesWhatDotNetGives(string name)
    {
        MethodInfo method = s_methods.Single(m => m.ToText() == name);
        Kernel kernel = FrontEnd.Compile(MethodKernel.Make(method));
        for (int row = 0; row < MethodKernel.SampleRows; row++)
        {
            object[] arguments = [.. method.GetParameters().Select((p, i) => MethodKernel.Sample(p.ParameterType, row + 2 * i))];
            // Division by zero does not trap on devices, and its result is unspecified.
            bool divides = method.Name == nameof(Math.DivRem) && MethodKernel.IsZero(arguments[1]);
            if (!divides && MethodKernel.TryInvoke(method, arguments) is { } expected)
                MethodKernel.Compare(method, arguments, expected, MethodKernel.Run(kernel, method, arguments));
        }
    }

    [Fact]
    public void RefusedMethods_AreThoseListed()
    {
        foreach (MethodInfo method in s_methods.Where(IsRefused))
            Assert.Equal("CTG1008", Assert.Throws<KernelCompilationException>(() => FrontEnd.Compile(MethodKernel.Make(method))).Code);
    }

    private static bool IsRefused(MethodInfo method) => s_refused.Values.Any(f => f(method));

    private static IEnumerable<Type> Types(MethodInfo method) => method.GetParameters().Select(p => MethodKernel.Bare(p.ParameterType)).Append(method.ReturnType);
}
