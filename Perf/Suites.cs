using System.Diagnostics;
using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>The measured cases: medians of repeated runs, in GB/s or GFLOP/s.</summary>
internal static class Suites
{
    private const int Floats = 1 << 24;
    private const int Rounds = 9;

    /// <summary>The copy limit: memory copies of as many parts as threads, at once; on other devices than the CPU, their
    /// own copy. Bytes read and written a second.</summary>
    public static double Copy(Device device, int threads)
    {
        const long bytes = 4L * Floats;
        DeviceMemory from = device.AllocateMemory(bytes), to = device.AllocateMemory(bytes);
        // Pages that were never written are all the same page of zeros, in the cache: reading them measures nothing.
        Span<byte> pattern = new byte[1 << 20];
        pattern.Fill(1);
        for (long at = 0; at < bytes; at += pattern.Length)
        {
            device.Write(pattern, from, at);
            device.Write(pattern, to, at);
        }

        if (device.Kind != DeviceKind.Cpu)
        {
            return 2 * bytes / 1e9 / Median(() =>
            {
                device.Copy(from, 0, to, 0, bytes);
                device.Synchronize();
            });
        }

        long part = bytes / threads;
        double seconds = Median(() => Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            unsafe
            {
                Buffer.MemoryCopy((byte*)from.HostPointer + i * part, (byte*)to.HostPointer + i * part, part, part);
            }
        }));
        GC.KeepAlive((from, to));
        return 2 * bytes / seconds / 1e9;
    }

    /// <summary>One fused chain over 16 M floats, 12 bytes an element, and copies, a round of each in turn: the rate of
    /// memory changes with what else the machine does. The medians of both and of the rounds' ratios.</summary>
    public static (double Chain, double Copy, double Ratio) Chain(Device device, int threads)
    {
        RandomKey key = new(1);
        Tensor x = key.Normal([Floats]).To(device).Realize(), y = key.Uniform([Floats]).To(device).Realize();
        double[] chain = new double[Rounds], copy = new double[Rounds], ratio = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            chain[round] = 12.0 * Floats / MedianInPlace(device, () => (x * y + 0.5f).Tanh() * x + y) / 1e9;
            copy[round] = Copy(device, threads);
            ratio[round] = chain[round] / copy[round];
        }

        return (Middle(chain), Middle(copy), Middle(ratio));
    }

    public static double MatMul(Device device, int n)
    {
        RandomKey key = new(2);
        Tensor x = key.Normal([n, n]).To(device).Realize(), y = key.Uniform([n, n]).To(device).Realize();
        return 2.0 * n * n * n / MedianInPlace(device, () => x.MatMul(y)) / 1e9;
    }

    /// <summary>Independent fused multiply-adds in registers, all threads.</summary>
    public static double FmaPeak(int threads)
    {
        const int rounds = 4_000_000;
        double seconds = Median(() => Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => Fma(rounds)));
        return (double)threads * rounds * 8 * 2 * Vector512<float>.Count / seconds / 1e9;
    }

    private static float Fma(int rounds)
    {
        Vector512<float> a = Vector512<float>.One, b = a, c = a, d = a, e = a, f = a, g = a, h = a, m = Vector512.Create(0.5f);
        for (int i = 0; i < rounds; i++)
        {
            a = Vector512.FusedMultiplyAdd(a, m, m);
            b = Vector512.FusedMultiplyAdd(b, m, m);
            c = Vector512.FusedMultiplyAdd(c, m, m);
            d = Vector512.FusedMultiplyAdd(d, m, m);
            e = Vector512.FusedMultiplyAdd(e, m, m);
            f = Vector512.FusedMultiplyAdd(f, m, m);
            g = Vector512.FusedMultiplyAdd(g, m, m);
            h = Vector512.FusedMultiplyAdd(h, m, m);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h);
    }

    /// <summary>The median time of a compiled function whose result goes into the same memory each time, as in a training step.</summary>
    public static double MedianInPlace(Device device, Func<Tensor> function)
    {
        State result = new(function().Realize());
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            result.Value = function();
            return 0;
        });
        return Median(() =>
        {
            step.Invoke();
            device.Synchronize();
        });
    }

    private static double Median(Action run, int repetitions = 11)
    {
        for (int i = 0; i < 3; i++) run();
        double[] seconds = new double[repetitions];
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return Middle(seconds);
    }

    private static double Middle(double[] samples)
    {
        Array.Sort(samples);
        return samples[samples.Length / 2];
    }
}
