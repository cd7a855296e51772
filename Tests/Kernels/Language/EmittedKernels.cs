using System.Reflection;
using System.Reflection.Emit;
using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Kernels whose IL the tests write themselves.</summary>
internal sealed class EmittedKernels
{
    private static readonly ModuleBuilder s_module = AssemblyBuilder
        .DefineDynamicAssembly(new AssemblyName("EmittedKernels"), AssemblyBuilderAccess.Run).DefineDynamicModule("EmittedKernels");

    private static int s_count;

    /// <summary>A static void method of these parameters.</summary>
    public static MethodInfo Make(Type[] parameters, Action<ILGenerator> body)
    {
        TypeBuilder type = s_module.DefineType($"Kernels{Interlocked.Increment(ref s_count)}", TypeAttributes.Public);
        MethodBuilder method = type.DefineMethod("Kernel", MethodAttributes.Public | MethodAttributes.Static, typeof(void), parameters);
        body(method.GetILGenerator());
        return type.CreateType().GetMethod("Kernel")!;
    }

    /// <summary>Pushes the address of element i of a view parameter, where i is the kernel's index.</summary>
    public static void PushElement(ILGenerator il, int parameter, Type element)
    {
        il.Emit(OpCodes.Ldarga, parameter);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, ViewOf(element).GetMethod("get_Item", [typeof(Index1D)])!);
    }

    public static Type ViewOf(Type element) => typeof(ArrayView<>).MakeGenericType(element);
}
