using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Metadata;

namespace Cotangent.Kernels.Il;

/// <summary>Methods of .NET's own libraries and of this one check their arguments and throw. Kernels have no exceptions, and such a
/// check is not what the method is for: the branch that throws is dropped.</summary>
internal static class Libraries
{
    /// <summary>True for code whose throws are argument checks. A user's throw means something and is refused.</summary>
    public static bool Contains(MethodBase method)
    {
        if (method.DeclaringType is not { } type || IsImplementationDetail(type))
            return false;
        Assembly assembly = type.Assembly;
        return assembly == typeof(object).Assembly || assembly == typeof(Libraries).Assembly
            || assembly.GetName().Name!.StartsWith("System.", StringComparison.Ordinal);
    }

    /// <summary>True for a method that only throws: ThrowHelper's, and what C# calls where no arm of a switch fits.</summary>
    public static bool OnlyThrows(MethodBase method)
    {
        if (method.DeclaringType is { } type && IsImplementationDetail(type))
            return method.Name.StartsWith("Throw", StringComparison.Ordinal);
        if (!Contains(method))
            return false;
        return method.IsDefined(typeof(DoesNotReturnAttribute), inherit: false)
            || (method.Name.StartsWith("Throw", StringComparison.Ordinal) && !method.Name.StartsWith("ThrowIf", StringComparison.Ordinal)
                && !method.Name.StartsWith("ThrowFor", StringComparison.Ordinal));
    }

    /// <summary>The blocks of a library method from which control always comes to a throw.</summary>
    public static HashSet<IlBlock> ThrowingBlocks(MethodCode code)
    {
        HashSet<IlBlock> throwing = [];
        if (!Contains(code.Method))
            return throwing;
        foreach (IlBlock block in code.Blocks)
        {
            for (int i = block.First; i <= block.Last; i++)
            {
                if (Throws(code, code.Instructions[i]))
                    throwing.Add(block);
            }
        }

        for (bool changed = throwing.Count > 0; changed;)
        {
            changed = false;
            foreach (IlBlock block in code.Blocks)
                changed |= block.Successors.Count > 0 && block.Successors.TrueForAll(throwing.Contains) && throwing.Add(block);
        }

        return throwing;
    }

    private static bool Throws(MethodCode code, IlInstruction instruction) => instruction.Code switch
    {
        ILOpCode.Throw or ILOpCode.Rethrow => true,
        ILOpCode.Call => code.ResolveMethod((int)instruction.Operand) is { } callee && OnlyThrows(callee),
        _ => false,
    };

    private static bool IsImplementationDetail(Type type) => type.Name == "<PrivateImplementationDetails>";
}
