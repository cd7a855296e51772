using System.Reflection;

namespace Cotangent.Kernels.Il;

/// <summary>Names of types and methods as C# writes them, for diagnostics.</summary>
internal static class TypeText
{
    public static string ToText(this Type type)
    {
        if (type.IsByRef)
            return $"ref {type.GetElementType()!.ToText()}";
        if (type.IsArray || type.IsPointer)
            return type.GetElementType()!.ToText() + (type.IsPointer ? "*" : "[]");
        if (type.IsGenericParameter)
            return type.Name;
        string name = type.IsNested ? $"{type.DeclaringType!.Name}.{type.Name}" : type.Name;
        if (!type.IsGenericType)
            return type.IsEnum ? name : Keyword(type) ?? name;

        string bare = string.Join('.', name.Split('.').Select(part => part.Split('`')[0]));
        return $"{bare}<{string.Join(", ", type.GetGenericArguments().Select(ToText))}>";
    }

    public static string ToText(this MethodBase method)
    {
        string parameters = string.Join(", ", method.GetParameters().Select(p => p.ParameterType.ToText()));
        return $"{method.ToShortText()}({parameters})";
    }

    /// <summary>Type and name without parameters.</summary>
    public static string ToShortText(this MethodBase method) =>
        method.DeclaringType is { } type ? $"{type.ToText()}.{method.Name}" : method.Name;

    private static string? Keyword(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => "bool",
        TypeCode.Byte => "byte",
        TypeCode.SByte => "sbyte",
        TypeCode.Int16 => "short",
        TypeCode.UInt16 => "ushort",
        TypeCode.Int32 => "int",
        TypeCode.UInt32 => "uint",
        TypeCode.Int64 => "long",
        TypeCode.UInt64 => "ulong",
        TypeCode.Single => "float",
        TypeCode.Double => "double",
        TypeCode.Char => "char",
        TypeCode.String => "string",
        _ => type == typeof(object) ? "object" : type == typeof(void) ? "void" : null,
    };
}
