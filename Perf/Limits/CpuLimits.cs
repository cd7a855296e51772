using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Perf;

/// <summary>The limits of the processor: vector loops by hand on pinned threads, each over its own part of arrays of 256 MiB.</summary>
/// <remarks>A lane is a float, a step four vectors of 64 bytes; parts are multiples of a step, so that there is no tail. Loads ask for lines
/// ahead of the hardware's prefetcher, which stops at each page. Arrays lie in huge pages where the system has them.</remarks>
internal sealed unsafe partial class CpuLimits : Limits
{
    private const long Bytes = 256L << 20;
    private const long Least = 16L << 20;
    private const int Step = 64;
    private const int Ahead = 512;
    private const int FmaRounds = 2_000_000;
    private const int Chains = 12;

    private readonly float*[] _arrays;
    private readonly float[] _sums;

    public CpuLimits(int threads)
        : base(threads)
    {
        _sums = new float[threads * 16];
        _arrays = [Allocate(), Allocate(), Allocate()];
        // Each thread touches its part first, which decides where the pages are; pages never written are all the same page of zeros.
        Workers.Time(t =>
        {
            (long from, long to) = Part(t, Bytes / 4);
            foreach (float* array in _arrays)
                new Span<float>(array + from, (int)(to - from)).Fill(0.5f);
        });
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (float* array in _arrays)
            NativeMemory.AlignedFree(array);
    }

    private protected override double Sweep(Limit limit, double footprint)
    {
        if (limit == Limit.Fma)
            return Workers.Count * (2.0 * Chains * Vector512<float>.Count * FmaRounds) / Workers.Time(t => _sums[t * 16] = Fma());
        int arrays = limit switch { Limit.Read => 1, Limit.Triad => 3, _ => 2 };
        long length = (long)Math.Clamp(footprint / arrays, Least, Bytes) / sizeof(float) / (Step * Workers.Count) * (Step * Workers.Count);
        double seconds = Workers.Time(t =>
        {
            (long from, long to) = Part(t, length);
            float* x = _arrays[0] + from, y = _arrays[1] + from, z = _arrays[2] + from;
            long n = to - from;
            switch (limit)
            {
                case Limit.Read:
                    _sums[t * 16] = Read(x, n);
                    break;
                case Limit.Copy:
                    Copy(x, y, n);
                    break;
                case Limit.StreamingCopy:
                    StreamingCopy(x, y, n);
                    break;
                default:
                    Triad(x, y, z, n);
                    break;
            }
        });
        return arrays * 4.0 * length / seconds;
    }

    private (long From, long To) Part(int thread, long length)
    {
        long part = length / Workers.Count / Step * Step;
        return (thread * part, (thread + 1) * part);
    }

    private static float Read(float* x, long n)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (long i = 0; i < n; i += Step)
        {
            Prefetch(x + i);
            a += Vector512.LoadAligned(x + i);
            b += Vector512.LoadAligned(x + i + 16);
            c += Vector512.LoadAligned(x + i + 32);
            d += Vector512.LoadAligned(x + i + 48);
        }

        return Vector512.Sum(a + b + c + d);
    }

    private static void Copy(float* x, float* y, long n)
    {
        for (long i = 0; i < n; i += Step)
        {
            Prefetch(x + i);
            Vector512.LoadAligned(x + i).StoreAligned(y + i);
            Vector512.LoadAligned(x + i + 16).StoreAligned(y + i + 16);
            Vector512.LoadAligned(x + i + 32).StoreAligned(y + i + 32);
            Vector512.LoadAligned(x + i + 48).StoreAligned(y + i + 48);
        }
    }

    private static void StreamingCopy(float* x, float* y, long n)
    {
        for (long i = 0; i < n; i += Step)
        {
            Prefetch(x + i);
            Vector512.LoadAligned(x + i).StoreAlignedNonTemporal(y + i);
            Vector512.LoadAligned(x + i + 16).StoreAlignedNonTemporal(y + i + 16);
            Vector512.LoadAligned(x + i + 32).StoreAlignedNonTemporal(y + i + 32);
            Vector512.LoadAligned(x + i + 48).StoreAlignedNonTemporal(y + i + 48);
        }
    }

    private static void Triad(float* x, float* y, float* z, long n)
    {
        Vector512<float> s = Vector512.Create(0.5f);
        for (long i = 0; i < n; i += Step)
        {
            for (long j = i; j < i + Step; j += 16)
                Vector512.FusedMultiplyAdd(s, Vector512.LoadAligned(y + j), Vector512.LoadAligned(x + j)).StoreAlignedNonTemporal(z + j);
        }
    }

    private static void Prefetch(float* x)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(x + Ahead);
        Sse.Prefetch0(x + Ahead + 16);
        Sse.Prefetch0(x + Ahead + 32);
        Sse.Prefetch0(x + Ahead + 48);
    }

    // Twelve independent chains: two units with a latency of four cycles need eight.
    private static float Fma()
    {
        Vector512<float> m = Vector512.Create(0.5f);
        Vector512<float> a = m, b = m, c = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m;
        for (int round = 0; round < FmaRounds; round++)
        {
            a = Vector512.FusedMultiplyAdd(a, m, m);
            b = Vector512.FusedMultiplyAdd(b, m, m);
            c = Vector512.FusedMultiplyAdd(c, m, m);
            d = Vector512.FusedMultiplyAdd(d, m, m);
            e = Vector512.FusedMultiplyAdd(e, m, m);
            f = Vector512.FusedMultiplyAdd(f, m, m);
            g = Vector512.FusedMultiplyAdd(g, m, m);
            h = Vector512.FusedMultiplyAdd(h, m, m);
            i = Vector512.FusedMultiplyAdd(i, m, m);
            j = Vector512.FusedMultiplyAdd(j, m, m);
            k = Vector512.FusedMultiplyAdd(k, m, m);
            l = Vector512.FusedMultiplyAdd(l, m, m);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    // Huge pages save the processor most of its address translations: what a program that asks for them can reach.
    private static float* Allocate()
    {
        const int HugePage = 2 << 20, AdviseHugePages = 14;
        void* array = NativeMemory.AlignedAlloc((nuint)(Bytes + HugePage), HugePage);
        if (OperatingSystem.IsLinux())
            _ = Advise(array, (nuint)Bytes, AdviseHugePages);
        return (float*)array;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);
}
