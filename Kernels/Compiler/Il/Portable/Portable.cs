using System.Collections.Concurrent;
using System.Numerics;
using System.Reflection;

namespace Cotangent.Kernels.Il;

/// <summary>Bodies that stand for methods of .NET whose own are written for the CPU's vector units or by the runtime. A body has the
/// method's name and parameters, with <c>this</c> as its first, a reference; a constructor's is called Construct.</summary>
internal static class Portable
{
    private static readonly Dictionary<Type, Type> s_bodies = new()
    {
        [typeof(Vector2)] = typeof(PortableVector2),
        [typeof(Vector3)] = typeof(PortableVector3),
        [typeof(Vector4)] = typeof(PortableVector4),
        [typeof(Span<>)] = typeof(PortableSpan),
        [typeof(ReadOnlySpan<>)] = typeof(PortableReadOnlySpan),
        [typeof(Interlocked)] = typeof(PortableInterlocked),
        [typeof(Math)] = typeof(PortableMath),
        [typeof(MathF)] = typeof(PortableMathF),
        [typeof(float)] = typeof(PortableMathF),
        [typeof(double)] = typeof(PortableMath),
        [typeof(BitOperations)] = typeof(PortableBitOperations),
    };

    private static readonly ConcurrentDictionary<MethodBase, MethodBase?> s_found = new();

    /// <summary>The body that stands for a method, or null.</summary>
    public static MethodBase? Find(MethodBase method) =>
        method.DeclaringType is { } type && s_bodies.ContainsKey(Open(type)) ? s_found.GetOrAdd(method, Search) : null;

    private static Type Open(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static MethodInfo? Search(MethodBase method)
    {
        Type type = method.DeclaringType!;
        string name = method.IsConstructor ? "Construct" : method.Name;
        Type[] parameters = [.. method.GetParameters().Select(p => p.ParameterType)];
        if (!method.IsStatic)
            parameters = [type.MakeByRefType(), .. parameters];
        Type[] arguments = [.. type.GetGenericArguments(), .. method.IsGenericMethod ? method.GetGenericArguments() : []];
        foreach (MethodInfo body in s_bodies[Open(type)].GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (body.Name != name || body.GetGenericArguments().Length != arguments.Length)
                continue;
            MethodInfo closed = arguments.Length == 0 ? body : body.MakeGenericMethod(arguments);
            if (closed.GetParameters().Select(p => p.ParameterType).SequenceEqual(parameters))
                return closed;
        }

        return null;
    }
}
