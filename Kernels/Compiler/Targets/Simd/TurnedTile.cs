using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Targets;

/// <summary>Reads a tile of a matrix that a kernel goes through across its rows, whole cache lines at a time, and lays it out along them.</summary>
internal static unsafe class TurnedTile
{
    /// <summary>Rows of the result: the 4-byte elements of a cache line.</summary>
    public const int Rows = 16;

    // Not more: lines a power of two apart share few places of the caches.
    private const int RowsAhead = 16;

    /// <summary>target[r·lanes + j] = source[j·stride + r] for 16 r and all lanes j, of 4-byte elements, stride being in bytes. Fetches some
    /// rows ahead, into the tile beside this one at the end.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Fill(nint source, nint stride, nint target, int lanes)
    {
        byte* from = (byte*)source;
        uint* to = (uint*)target;
        if (!Avx.IsSupported || lanes % 8 != 0)
        {
            FillElements(from, stride, to, lanes);
            return;
        }

        for (int j = 0; j < lanes; j += 8)
        {
            byte* row = from + j * stride;
            for (int i = 0; i < 8; i++)
                Sse.Prefetch1(row + (RowsAhead + i) * stride);
            TurnEight(row, stride, (float*)to + j, lanes);
            TurnEight(row + 32, stride, (float*)to + 8 * lanes + j, lanes);
        }
    }

    private static void FillElements(byte* from, nint stride, uint* to, int lanes)
    {
        for (int j = 0; j < lanes; j++)
        {
            for (int r = 0; r < Rows; r++)
                to[r * lanes + j] = ((uint*)(from + j * stride))[r];
        }
    }

    /// <summary>Eight rows of eight elements become columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnEight(byte* from, nint stride, float* to, int lanes)
    {
        Vector256<float> r0 = Vector256.Load((float*)from), r1 = Vector256.Load((float*)(from + stride));
        Vector256<float> r2 = Vector256.Load((float*)(from + 2 * stride)), r3 = Vector256.Load((float*)(from + 3 * stride));
        Vector256<float> r4 = Vector256.Load((float*)(from + 4 * stride)), r5 = Vector256.Load((float*)(from + 5 * stride));
        Vector256<float> r6 = Vector256.Load((float*)(from + 6 * stride)), r7 = Vector256.Load((float*)(from + 7 * stride));
        (r0, r1) = (Avx.UnpackLow(r0, r1), Avx.UnpackHigh(r0, r1));
        (r2, r3) = (Avx.UnpackLow(r2, r3), Avx.UnpackHigh(r2, r3));
        (r4, r5) = (Avx.UnpackLow(r4, r5), Avx.UnpackHigh(r4, r5));
        (r6, r7) = (Avx.UnpackLow(r6, r7), Avx.UnpackHigh(r6, r7));
        const byte Low = 0b01_00_01_00, High = 0b11_10_11_10;
        (r0, r2) = (Avx.Shuffle(r0, r2, Low), Avx.Shuffle(r0, r2, High));
        (r1, r3) = (Avx.Shuffle(r1, r3, Low), Avx.Shuffle(r1, r3, High));
        (r4, r6) = (Avx.Shuffle(r4, r6, Low), Avx.Shuffle(r4, r6, High));
        (r5, r7) = (Avx.Shuffle(r5, r7, Low), Avx.Shuffle(r5, r7, High));

        // Columns 0, 2, 1, 3 of the first four rows, and of the last four; the halves are columns 4 apart.
        Avx.Permute2x128(r0, r4, 0x20).Store(to);
        Avx.Permute2x128(r2, r6, 0x20).Store(to + lanes);
        Avx.Permute2x128(r1, r5, 0x20).Store(to + 2 * lanes);
        Avx.Permute2x128(r3, r7, 0x20).Store(to + 3 * lanes);
        Avx.Permute2x128(r0, r4, 0x31).Store(to + 4 * lanes);
        Avx.Permute2x128(r2, r6, 0x31).Store(to + 5 * lanes);
        Avx.Permute2x128(r1, r5, 0x31).Store(to + 6 * lanes);
        Avx.Permute2x128(r3, r7, 0x31).Store(to + 7 * lanes);
    }
}
