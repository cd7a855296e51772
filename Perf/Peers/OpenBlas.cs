using System.Runtime.InteropServices;

namespace Cotangent.Perf.Peers;

/// <summary>OpenBLAS's float32 product, loaded when first asked for, with the kernels that it chooses for this processor.</summary>
internal static unsafe class OpenBlas
{
    private const int RowMajor = 101, NoTranspose = 111, Transpose = 112;
    private static readonly string[] s_names = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas"];
    private static readonly Lazy<Library?> s_library = new(Load);

    /// <summary>True if it is on this machine.</summary>
    public static bool IsPresent => s_library.Value is not null;

    /// <summary>C = A·B as a peer: A is [m, k], B is [k, n] in memory unless transposed.</summary>
    public static Peer Product(int threads, int m, int n, int k, bool transposeA = false, bool transposeB = false) => new("openblas",
        () => s_library.Value is { } library ? new Contestant(library, threads, m, n, k, transposeA, transposeB) : null);

    /// <summary>The kernels that OpenBLAS has to be told to use; null if it chooses those of this processor itself, or is not here.</summary>
    /// <remarks>A release knows the processors of its time: of a later one it takes the kernels of the oldest, a fifth as fast.</remarks>
    public static string? CoreType => s_library.Value?.CoreType;

    private static Library? Load()
    {
        PeerEnvironment.ClearOfThisProcess();
        if (Open() is not { } handle)
        {
            Console.Error.WriteLine($"openblas is absent: none of {string.Join(", ", s_names)} loads.");
            return null;
        }

        string chosen = CoreOf(handle), fitting = Processor.BlasCore;
        if (Processor.Fits(chosen))
            return new Library(handle, null);
        NativeLibrary.Free(handle);
        PeerEnvironment.SetInThisProcess("OPENBLAS_CORETYPE", fitting);
        handle = Open()!.Value;
        PeerEnvironment.ClearOfThisProcess();
        Console.Error.WriteLine($"openblas took the kernels of {chosen}, as it does not know this processor; told to take those of {fitting} it " +
            $"has those of {CoreOf(handle)}.");
        return new Library(handle, fitting);
    }

    private static nint? Open()
    {
        foreach (string name in s_names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
                return handle;
        }

        return null;
    }

    private static string CoreOf(nint handle) => Marshal.PtrToStringUTF8(
        ((delegate* unmanaged<nint>)NativeLibrary.GetExport(handle, "openblas_get_corename"))())!;

    private sealed class Library(nint handle, string? coreType)
    {
        private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _multiply =
            (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
                NativeLibrary.GetExport(handle, "cblas_sgemm");

        private readonly delegate* unmanaged<int, void> _setThreads =
            (delegate* unmanaged<int, void>)NativeLibrary.GetExport(handle, "openblas_set_num_threads");

        public string? CoreType => coreType;

        public void Multiply(int a, int b, int m, int n, int k, float* x, int ldx, float* y, int ldy, float* z) =>
            _multiply(RowMajor, a, b, m, n, k, 1, x, ldx, y, ldy, 0, z, n);

        public void UseThreads(int count) => _setThreads(count);
    }

    private sealed class Contestant : IContestant
    {
        private readonly Library _library;
        private readonly (int M, int N, int K, bool A, bool B) _size;
        private readonly float* _a;
        private readonly float* _b;
        private readonly float* _c;
        private readonly int _threads = 1;

        public Contestant(Library library, int threads, int m, int n, int k, bool transposeA, bool transposeB)
        {
            _library = library;
            _size = (m, n, k, transposeA, transposeB);
            _a = Random((long)m * k);
            _b = Random((long)k * n);
            _c = Random((long)m * n);

            // Its best number of threads: small products are faster with one.
            double best = double.PositiveInfinity;
            for (int t = 1, fastest = 1; t <= threads; t = t < threads ? Math.Min(2 * t, threads) : t + 1, _threads = fastest)
            {
                double seconds = Enumerable.Range(0, 4).Min(_ => Run(t, Math.Max(1, (int)(2e7 / m / n / k))));
                if (seconds < best)
                    (best, fastest) = (seconds, t);
            }
        }

        public double Time(int repeats)
        {
            double seconds = Run(_threads, repeats);
            PeerEnvironment.Settle(_threads > 1);
            return seconds;
        }

        public void Warm(int repeats) => Run(_threads, repeats);

        public void Dispose()
        {
            NativeMemory.AlignedFree(_a);
            NativeMemory.AlignedFree(_b);
            NativeMemory.AlignedFree(_c);
        }

        private double Run(int threads, int repeats)
        {
            (int m, int n, int k, bool a, bool b) = _size;
            _library.UseThreads(threads);
            using OwnContestant clock = new(() => _library.Multiply(
                a ? Transpose : NoTranspose, b ? Transpose : NoTranspose, m, n, k, _a, a ? m : k, _b, b ? k : n, _c));
            return clock.Time(repeats);
        }

        private static float* Random(long count)
        {
            float* array = (float*)NativeMemory.AlignedAlloc((nuint)(4 * count), 64);
            Random random = new(1);
            for (long i = 0; i < count; i++)
                array[i] = random.NextSingle() - 0.5f;
            return array;
        }
    }
}
