namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>mma.sync on the registers of a warp's lanes, by the fragment layouts of the PTX ISA (sections "Matrix Fragments for
/// mma.m16n8k8" and "for mma.m16n8k16"). The sum is exact and rounded once: hardware is allowed another order.</summary>
internal static class PtxMatrices
{
    /// <summary>The sums' registers by lane.</summary>
    /// <param name="type">tf32, f16 or bf16.</param>
    /// <param name="a">Four registers a lane.</param>
    /// <param name="b">Two registers a lane.</param>
    /// <param name="c">Four registers a lane.</param>
    public static uint[][] MultiplyAdd(string type, uint[][] a, uint[][] b, uint[][] c)
    {
        int depth = type == "tf32" ? 8 : 16;
        double[,] left = new double[16, depth], right = new double[depth, 8];
        for (int lane = 0; lane < 32; lane++)
        {
            (int group, int thread) = (lane / 4, lane % 4);
            for (int i = 0; i < depth / 2; i++)
            {
                // For tf32: rows g for a0 and a2, columns t for a0 and a1. For 16 bits: row g for a0, a1, a4, a5, columns by pairs.
                (int row, int column) = depth == 8
                    ? (i is 0 or 2 ? group : group + 8, i < 2 ? thread : thread + 4)
                    : (i is < 2 or 4 or 5 ? group : group + 8, thread * 2 + (i & 1) + (i < 4 ? 0 : 8));
                left[row, column] = Element(type, a[lane], i);
            }

            for (int i = 0; i < depth / 4; i++)
            {
                int row = depth == 8 ? thread + 4 * i : thread * 2 + (i & 1) + (i < 2 ? 0 : 8);
                right[row, group] = Element(type, b[lane], i);
            }
        }

        uint[][] sums = new uint[32][];
        for (int lane = 0; lane < 32; lane++)
        {
            sums[lane] = new uint[4];
            for (int i = 0; i < 4; i++)
            {
                (int row, int column) = (i < 2 ? lane / 4 : lane / 4 + 8, lane % 4 * 2 + (i & 1));
                double sum = BitConverter.UInt32BitsToSingle(c[lane][i]);
                for (int k = 0; k < depth; k++)
                    sum += left[row, k] * right[k, column];
                sums[lane][i] = BitConverter.SingleToUInt32Bits((float)sum);
            }
        }

        return sums;
    }

    /// <summary>The bits of the nearest tf32 number, ties away from zero.</summary>
    public static uint Round(uint bits)
    {
        double x = BitConverter.UInt32BitsToSingle(bits);
        if (!double.IsFinite(x) || x == 0)
            return bits;
        double unit = Math.ScaleB(1, Math.Max(Math.ILogB(x), -126) - 10);
        return BitConverter.SingleToUInt32Bits((float)(Math.Round(x / unit, MidpointRounding.AwayFromZero) * unit));
    }

    private static double Element(string type, uint[] registers, int i) => type switch
    {
        "tf32" => BitConverter.UInt32BitsToSingle(registers[i] & 0xFFFFE000),
        "f16" => (double)BitConverter.UInt16BitsToHalf((ushort)(registers[i / 2] >> (16 * (i & 1)))),
        _ => BitConverter.UInt32BitsToSingle(registers[i / 2] >> (16 * (i & 1)) << 16),
    };
}
