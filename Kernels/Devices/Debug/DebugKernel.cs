using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>An IR kernel on Device.Debug: interpreted as it is.</summary>
internal sealed class DebugKernel(Device device, Kernel source) : CompiledKernel(device, source)
{
    public override string Listing => Printer.Print(Source);
}
