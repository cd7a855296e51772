using System.Collections.Concurrent;
using System.Reflection;

namespace Cotangent.Kernels.Il;

/// <summary>Finds the method that a constrained call on a concrete type means.</summary>
internal static class InterfaceResolution
{
    private static readonly ConcurrentDictionary<(Type, MethodInfo), MethodInfo> s_resolved = new();

    /// <summary>The method of a struct that implements an interface's.</summary>
    public static MethodInfo Resolve(Type type, MethodInfo declaration) =>
        s_resolved.TryGetValue((type, declaration), out MethodInfo? known)
            ? known
            : s_resolved.GetOrAdd((type, declaration), ResolveNew(type, declaration));

    private static MethodInfo ResolveNew(Type type, MethodInfo declaration)
    {
        if (!type.IsValueType)
        {
            throw new RefusalException(Diagnostics.VirtualCall,
                $"'{declaration.ToText()}' is called on the class '{type.ToText()}'.");
        }

        MethodInfo open = declaration.IsGenericMethod ? declaration.GetGenericMethodDefinition() : declaration;
        MethodInfo? found = declaration.DeclaringType!.IsInterface ? FromInterface(type, open) : FromBase(type, open);
        if (found is null || found.IsAbstract)
        {
            throw new RefusalException(Diagnostics.VirtualCall,
                $"'{declaration.ToText()}' has no implementation in '{type.ToText()}' that works without boxing.");
        }

        return declaration.IsGenericMethod && found.IsGenericMethodDefinition
            ? found.MakeGenericMethod(declaration.GetGenericArguments())
            : found;
    }

    private static MethodInfo? FromInterface(Type type, MethodInfo declaration)
    {
        InterfaceMapping map = type.GetInterfaceMap(declaration.DeclaringType!);
        for (int i = 0; i < map.InterfaceMethods.Length; i++)
        {
            if (!Same(map.InterfaceMethods[i], declaration))
                continue;
            MethodInfo? target = map.TargetMethods[i];
            bool isDefault = target is null || target.DeclaringType!.IsInterface;
            return isDefault ? DefaultBody(type, target ?? declaration) : target;
        }

        return null;
    }

    private static MethodInfo? DefaultBody(Type type, MethodInfo method)
    {
        if (!method.IsAbstract)
            return method;

        // Another interface of the type may give the body: interface B : A { static T A.M() => …; }
        return type.GetInterfaces()
            .SelectMany(i => i.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            .FirstOrDefault(m => !m.IsAbstract && m.Name.EndsWith("." + method.Name, StringComparison.Ordinal)
                && m.GetParameters().Select(p => p.ParameterType)
                    .SequenceEqual(method.GetParameters().Select(p => p.ParameterType)));
    }

    private static MethodInfo? FromBase(Type type, MethodInfo declaration) =>
        declaration.DeclaringType == type ? declaration : null;

    private static bool Same(MethodInfo x, MethodInfo y) => x.MetadataToken == y.MetadataToken && x.Module == y.Module;
}
