namespace Cotangent.Graph;

internal static partial class Ops
{
    /// <summary>A C# kernel: inputs are the tensors behind its input views, then its numbers, rank 0. Multiple outputs are
    /// multiple nodes, see <see cref="KernelAttributes"/>. The value is the kernel's own, in its own dtypes, by the IR
    /// interpreter; elements that it does not write are undefined.</summary>
    public static readonly Op UserKernel = new("kernel", OpKind.Kernel)
    {
        Infer = (x, a) =>
        {
            KernelAttributes call = (KernelAttributes)a!;
            call.Kernel.CheckInputs(x);
            return (call.Outputs[call.Output], call.Kernel.Outputs[call.Output].DType);
        },
        Whole = (n, x) =>
            KernelReference.Run(n.Get<KernelAttributes>(), n.Inputs, x, unwritten: 0xFF)[n.Get<KernelAttributes>().Output],
    };
}
