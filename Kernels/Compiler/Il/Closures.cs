using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Il;

/// <summary>The objects in which C# keeps what a lambda or local function captures.</summary>
internal static class Closures
{
    private static readonly MethodInfo s_clone =
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>True for a class that the C# compiler made to hold captured variables.</summary>
    public static bool IsClosure(Type type) => type.IsClass && type.Name.Contains("DisplayClass", StringComparison.Ordinal)
        && type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    /// <summary>True for a class without state: C# makes a lambda without captures an instance method of one.</summary>
    public static bool IsEmpty(Type type) => FieldsOf(type).Length == 0;

    /// <summary>The same delegate with its captured variables as they are now.</summary>
    public static TKernel Snapshot<TKernel>(TKernel kernel)
        where TKernel : Delegate => kernel.Target is { } target && IsClosure(target.GetType())
            ? (TKernel)Delegate.CreateDelegate(typeof(TKernel), Copy(target), kernel.Method)
            : kernel;

    /// <summary>Why a captured variable cannot be a constant.</summary>
    public static RefusalException Refuse(FieldInfo field)
    {
        string name = field.Name.Contains("this", StringComparison.Ordinal) ? "this" : field.Name;
        return new(Diagnostics.CapturedValue, $"The kernel captures '{name}' of type '{field.FieldType.ToText()}'.");
    }

    /// <summary>A copy of a closure and of those it refers to.</summary>
    public static object Copy(object closure)
    {
        object copy = s_clone.Invoke(closure, null)!;
        foreach (FieldInfo field in FieldsOf(closure.GetType()))
        {
            if (IsClosure(field.FieldType) && field.GetValue(closure) is { } outer)
                field.SetValue(copy, Copy(outer));
        }

        return copy;
    }

    private static FieldInfo[] FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
}

/// <summary>A captured variable and the bytes it had when a kernel was compiled with it.</summary>
internal sealed record CapturedVariable(ImmutableArray<FieldInfo> Path, byte[] Bytes)
{
    /// <summary>True if the variable has the same value in another closure of the same class.</summary>
    public bool IsSameIn(object closure)
    {
        object? value = closure;
        foreach (FieldInfo field in Path)
            value = value is null ? null : field.GetValue(value);
        return value is not null && Literals.BytesOf(value).AsSpan().SequenceEqual(Bytes);
    }
}
