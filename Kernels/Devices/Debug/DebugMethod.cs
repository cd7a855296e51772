using System.Reflection;
using Cotangent.Kernels.Il;

namespace Cotangent.Kernels;

/// <summary>A C# kernel that runs on Device.Debug: what messages call it and its views.</summary>
/// <param name="method">The kernel.</param>
/// <param name="argument">The argument for a parameter, by position.</param>
internal sealed class DebugMethod(MethodInfo method, Func<int, object?> argument)
{
    /// <summary>A kernel that a delegate calls; its closure has the arguments as a1, a2, …, not counting an index.</summary>
    public static DebugMethod Of(MethodInfo method, Delegate call)
    {
        int first = FrontEnd.KindOf(method) == Ir.LaunchKind.Grouped ? 1 : 0;
        return new(method, i => Captured(call.Target, $"a{i + first}"));
    }

    /// <summary>What an index outside the view at an address throws.</summary>
    public KernelIndexException Fault(nint address, object index, object length)
    {
        string? view = method.GetParameters().Select((p, i) => argument(i) is { } value ? Find(value, ParameterName.Of(p), address) : null)
            .FirstOrDefault(name => name is not null);
        return new(FrontEnd.NameOf(method), view ?? "shared or local memory", index.ToString()!, length.ToString()!);
    }

    /// <summary>A captured variable of a closure, or of the one around it.</summary>
    private static object? Captured(object? closure, string name)
    {
        foreach (FieldInfo field in closure?.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic) ?? [])
        {
            if (field.Name == name)
                return field.GetValue(closure);
            if (Closures.IsClosure(field.FieldType) && Captured(field.GetValue(closure), name) is { } found)
                return found;
        }

        return null;
    }

    private static string? Find(object value, string name, nint address)
    {
        if (value is IDeviceView view)
            return address != 0 && address >= view.Address && address <= view.Address + view.Bytes ? name : null;
        Type type = value.GetType();
        if (!type.IsValueType || type.IsPrimitive || type.IsEnum)
            return null;
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (field.GetValue(value) is { } part && Find(part, ParameterName.Of(name, field), address) is { } found)
                return found;
        }

        return null;
    }
}
