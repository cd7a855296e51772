using System.Numerics;
using System.Reflection;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>The static methods of .NET's number types in kernels: each gives what .NET gives, or is refused by number. None is
/// compiled wrongly, none breaks the compiler.</summary>
public sealed class ForeignSurfaceTests
{
    public static TheoryData<string> Types => [.. s_types.Keys];

    private static readonly Dictionary<string, Type> s_types = new[]
    {
        typeof(Vector2), typeof(Vector3), typeof(Vector4), typeof(Half), typeof(float), typeof(double), typeof(int), typeof(uint),
        typeof(long), typeof(ulong), typeof(short), typeof(byte), typeof(nint), typeof(char), typeof(BitConverter),
        typeof(BFloat16), typeof(Complex), typeof(Quaternion), typeof(TimeSpan),
    }.ToDictionary(t => t.Name);

    [Theory]
    [MemberData(nameof(Types))]
    public void Method_InKernel_IsRightOrRefused(string type)
    {
        List<string> faults = [];
        int compiled = 0;
        foreach (MethodInfo method in s_types[type].GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
        {
            if (!IsPlain(method))
                continue;
            try
            {
                Check(method, FrontEnd.Compile(MethodKernel.Make(method)));
                compiled++;
            }
            catch (KernelCompilationException e) when (e.Code != "CTG9999")
            {
                // Refused, with its reason.
            }
            catch (Exception e)
            {
                faults.Add(e.Message);
            }
        }

        Assert.True(faults.Count == 0, string.Join("\n", faults));
        Assert.True(compiled > 0, "nothing compiles");
    }

    // CreateScalarUnsafe leaves the other components undefined.
    private static bool IsPlain(MethodInfo method) => !method.ContainsGenericParameters && method.Name != "CreateScalarUnsafe"
        && method.ReturnType != typeof(void)
        && method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType).All(t => !t.IsByRef && Literals.CanFreeze(t));

    private static void Check(MethodInfo method, Kernel kernel)
    {
        for (int row = 0; row < MethodKernel.SampleRows; row++)
        {
            object[] arguments = [.. method.GetParameters().Select((p, i) => MethodKernel.Sample(p.ParameterType, row + 2 * i))];
            bool divides = method.Name is "DivRem" or "op_Division" or "op_Modulus" && arguments.Any(MethodKernel.IsZero);
            if (!divides && MethodKernel.TryInvoke(method, arguments) is { } expected)
                MethodKernel.Compare(method, arguments, expected, MethodKernel.Run(kernel, method, arguments));
        }
    }
}
