using System.Text;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>A kernel as an OpenCL C function. Its name ends in a hash of its text: the same text is the same
/// function.</summary>
internal sealed class OpenClFunction
{
    private readonly OpenClHelpers _helpers = new();

    private OpenClFunction(Kernel kernel, OpenClTraits traits)
    {
        (string text, ScratchBytes, UsesDynamicShared) = OpenClPrinter.Print(kernel, UniqueName.Placeholder, traits, _helpers);
        (Name, Text) = UniqueName.Give(kernel, text);
    }

    /// <summary>The function's name, unique to its text.</summary>
    public string Name { get; }

    /// <summary>The function, without the helpers it calls.</summary>
    public string Text { get; }

    /// <summary>Bytes a work item of local memory that an argument behind the kernel's gives; 0 if there is none.</summary>
    public int ScratchBytes { get; }

    /// <summary>True if it takes two more arguments behind: local memory of the launch's size, and that size in bytes.</summary>
    public bool UsesDynamicShared { get; }

    /// <summary>Translates a kernel whose library calls have been expanded.</summary>
    /// <exception cref="DeviceException">CTG3007: the device lacks something the kernel needs.</exception>
    public static OpenClFunction Translate(Kernel kernel, OpenClTraits traits) => new(kernel, traits);

    /// <summary>The text of a program with these functions.</summary>
    public static string Program(IReadOnlyList<OpenClFunction> functions, OpenClTraits traits)
    {
        StringBuilder text = new();
        if (traits.Float64)
            text.Append("#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n");

        if (traits.Int64Atomics)
            text.Append("#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable\n");

        if (traits.ExtendedInt64Atomics)
            text.Append("#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable\n");

        text.Append("#pragma OPENCL FP_CONTRACT OFF\n\n");

        // A helper stands behind those it calls in each function's list, so also in the union that keeps first places.
        foreach (string helper in functions.SelectMany(f => f._helpers.Texts).Distinct())
            text.Append(helper).Append('\n');

        foreach (OpenClFunction function in functions)
            text.Append(function.Text).Append('\n');

        return text.ToString();
    }
}
