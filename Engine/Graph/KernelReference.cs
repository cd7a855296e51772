using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>Runs a user's kernel by the IR interpreter, in its own dtypes.</summary>
internal static class KernelReference
{
    /// <summary>The outputs' elements.</summary>
    /// <param name="call">The kernel and its launch.</param>
    /// <param name="inputs">The input nodes: tensors, then numbers.</param>
    /// <param name="values">Their elements.</param>
    /// <param name="unwritten">The byte with which output memory is filled before the launch, unless the call zeroes
    /// it.</param>
    public static double[][] Run(KernelAttributes call, IReadOnlyList<Node> inputs, double[][] values, byte unwritten)
    {
        Device device = Device.TryFind("interpreter")!;
        UserKernel kernel = call.Kernel;
        KernelArgument[] arguments = new KernelArgument[kernel.Source.Parameters.Length];
        List<DeviceMemory> blocks = [];
        try
        {
            for (int i = 0; i < kernel.Inputs.Length; i++)
            {
                Bind(kernel.Inputs[i], inputs[i].Shape, HostData.FromDoubles(kernel.Inputs[i].DType, values[i]));
            }

            for (int i = 0; i < kernel.Outputs.Length; i++)
            {
                byte[] bytes = new byte[call.Outputs[i].Size * kernel.Outputs[i].DType.Size()];
                bytes.AsSpan().Fill(call.ZeroOutputs ? (byte)0 : unwritten);
                Bind(kernel.Outputs[i], call.Outputs[i], bytes);
            }

            for (int i = 0; i < kernel.Numbers.Length; i++)
            {
                KernelParameter number = kernel.Numbers[i];
                double x = values[kernel.Inputs.Length + i][0];
                arguments[number.Index] = KernelArgument.Raw(Numbers.Of(number.DType, x).Bits);
            }

            device.Launch(device.Compile(kernel.Source), call.Launch, arguments);
            return [.. kernel.Outputs.Select((p, i) => Read(p, call.Outputs[i]))];
        }
        finally
        {
            foreach (DeviceMemory block in blocks) block.Release();
        }

        void Bind(KernelParameter view, Shape shape, byte[] bytes)
        {
            DeviceMemory memory = device.AllocateMemory(bytes.Length);
            blocks.Add(memory);
            if (bytes.Length > 0) device.Write(bytes, memory, 0);
            arguments[view.Index] = KernelArgument.Pointer(memory);
            int next = view.Index + 1;
            foreach (long x in view.ArgumentsOf(shape)) arguments[next++] = KernelArgument.Scalar(x);
        }

        double[] Read(KernelParameter view, Shape shape)
        {
            byte[] bytes = new byte[shape.Size * view.DType.Size()];
            if (bytes.Length > 0) device.Read(arguments[view.Index].Memory!, 0, bytes);
            return HostData.ToDoubles(view.DType, bytes);
        }
    }
}
