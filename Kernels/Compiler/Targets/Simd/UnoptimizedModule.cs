using System.Diagnostics;
using System.Reflection;
using System.Reflection.Emit;

namespace Cotangent.Kernels.Targets;

/// <summary>The module that quick code belongs to: its attribute tells the JIT not to optimise, which halves the time to compile. Vectors stay
/// instructions; values wait on the stack between them.</summary>
/// <remarks>A <see cref="DynamicMethod"/> cannot itself be marked so. Where a runtime does not heed the attribute, the code is only faster and
/// later.</remarks>
internal static class UnoptimizedModule
{
    private const string Name = "Cotangent.QuickCode";

    public static Module Instance { get; } = Make();

    private static ModuleBuilder Make()
    {
        const DebuggableAttribute.DebuggingModes modes =
            DebuggableAttribute.DebuggingModes.Default | DebuggableAttribute.DebuggingModes.DisableOptimizations;
        ConstructorInfo constructor = typeof(DebuggableAttribute).GetConstructor([typeof(DebuggableAttribute.DebuggingModes)])!;
        AssemblyBuilder assembly = AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName(Name), AssemblyBuilderAccess.Run, [new CustomAttributeBuilder(constructor, [modes])]);
        return assembly.DefineDynamicModule(Name);
    }
}
