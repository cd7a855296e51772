using System.Collections.Immutable;

namespace Cotangent.Kernels.Il;

/// <summary>One row of the table of diagnostics.</summary>
/// <param name="Code">The number.</param>
/// <param name="Title">The rule in a few words.</param>
/// <param name="Remedy">What to write instead, unless the place suggests something better.</param>
internal sealed record Diagnostic(string Code, string Title, string Remedy);

/// <summary>The refusals of the kernel language, CTG1xxx. docs/diagnostics.md has cause, remedy and example of each.</summary>
internal static class Diagnostics
{
    public static readonly Diagnostic HeapObject = new("CTG1001", "Kernels have no managed heap",
        "Use a struct, or an array of constant length.");

    public static readonly Diagnostic VirtualCall = new("CTG1002", "Calls must be known at compile time",
        "Use a struct type parameter with (static) abstract interface members: it is resolved when the kernel is compiled.");

    public static readonly Diagnostic Recursion = new("CTG1003", "Kernels cannot recurse",
        "Rewrite the recursion as a loop, with LocalMemory as the stack where one is needed, or let its depth be a constant.");

    public static readonly Diagnostic ExceptionUse = new("CTG1004", "Kernels have no exceptions",
        "Check arguments in the caller, or write an error code to a view.");

    public static readonly Diagnostic StringUse = new("CTG1005", "Kernels have no strings",
        "Format text in the caller.");

    public static readonly Diagnostic StaticField = new("CTG1006", "Static fields must be frozen scalars",
        "Make it const or static readonly with a scalar type, or pass the value as a kernel parameter.");

    public static readonly Diagnostic UnsupportedMethod = new("CTG1007", "A method has no meaning on devices",
        "Use Math, MathF, XMath or your own static methods.");

    public static readonly Diagnostic UnsupportedType = new("CTG1008", "A type cannot be used in kernels",
        "Use the primitive types, Half, BFloat16, ArrayView<T>, and structs of these.");

    public static readonly Diagnostic UnsupportedInstruction = new("CTG1009", "A language construct is not supported",
        "Write it with ordinary arithmetic, structs, branches and loops.");

    public static readonly Diagnostic UntrackedReference = new("CTG1010", "A reference must be known at compile time",
        "Use an index into a view, or copy the value, instead of a ref that may refer to different variables.");

    public static readonly Diagnostic AllocationSize = new("CTG1011", "Shared and local arrays have constant sizes",
        "Use a const, or a static abstract property of a type parameter that returns a constant.");

    public static readonly Diagnostic GroupInRange = new("CTG1012", "Group features need explicit groups",
        "Remove the leading index parameter and launch with LoadGrouped and a KernelConfig.");

    public static readonly Diagnostic Signature = new("CTG1013", "A kernel is a static void method",
        "Write a static method that returns void and takes its results as ArrayView<T> parameters.");

    public static readonly Diagnostic Uninitialised = new("CTG1014", "A value is read before it is assigned",
        "Assign the variable on every path; a default ArrayView<T> cannot be read.");

    public static readonly Diagnostic Irreducible = new("CTG1015", "Control flow must be structured",
        "Use loops and ifs instead of a goto into a loop, and let every path reach the method's end.");

    public static readonly Diagnostic CapturedValue = new("CTG1016", "Captured values are constants of the kernel",
        "Capture numbers and structs of numbers; pass views and what changes as kernel parameters.");

    public static ImmutableArray<Diagnostic> All { get; } =
    [
        HeapObject, VirtualCall, Recursion, ExceptionUse, StringUse, StaticField, UnsupportedMethod, UnsupportedType,
        UnsupportedInstruction, UntrackedReference, AllocationSize, GroupInRange, Signature, Uninitialised, Irreducible,
        CapturedValue,
    ];
}
