using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;

namespace Cotangent.Perf.Kernels;

/// <summary>What the cases are built from: the device, memory with reproducible contents, the threads of the hand-written ones.</summary>
internal sealed class Lab(int threads)
{
    private readonly Random _random = new(1);

    public Device Device { get; } = Device.CreateCpu(threads);

    public int Threads => threads;

    public IParallel Pool { get; } = threads == 1 ? SerialParallel.Instance : new WorkerPool(threads);

    public DeviceBuffer<T> Empty<T>(int length) where T : unmanaged
    {
        DeviceBuffer<T> buffer = Device.Allocate<T>(length);
        buffer.CopyFrom(new T[length]);
        return buffer;
    }

    /// <summary>Uniform in low … high.</summary>
    public DeviceBuffer<float> Floats(int length, float low, float high)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
            values[i] = low + (high - low) * _random.NextSingle();
        return Device.Allocate<float>(values);
    }

    public DeviceBuffer<byte> Bytes(int length)
    {
        byte[] values = new byte[length];
        _random.NextBytes(values);
        return Device.Allocate<byte>(values);
    }

    /// <summary>Where a buffer's elements are. The buffer must outlive the pointer's use: the cases hold both.</summary>
    public static unsafe T* Pointer<T>(DeviceBuffer<T> buffer) where T : unmanaged
    {
        KernelArgument argument = buffer.View.Argument;
        return (T*)(argument.Memory!.HostPointer + (nint)argument.Bits);
    }

    public static double[] Numbers(DeviceBuffer<float> buffer) => [.. buffer.ToArray().Select(x => (double)x)];

    public static double[] Numbers(DeviceBuffer<int> buffer) => [.. buffer.ToArray().Select(x => (double)x)];

    public static Action Clear<T>(DeviceBuffer<T> buffer) where T : unmanaged => () => buffer.CopyFrom(new T[buffer.Length]);
}
