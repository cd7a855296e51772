using Cotangent.Kernels.Ir;

namespace Cotangent.Graph;

/// <summary>Threefry-2x32, 20 rounds (Salmon et al., SC 2011): on the host, and as IR.</summary>
internal static class Threefry
{
    private static readonly int[] s_rotations = [13, 15, 26, 6, 17, 29, 16, 24];
    private const uint Parity = 0x1BD11BDA;

    /// <summary>Encrypts the counter (c0, c1) with the key (k0, k1).</summary>
    public static uint[] Block(uint k0, uint k1, uint c0, uint c1)
    {
        uint[] key = [k0, k1, k0 ^ k1 ^ Parity];
        uint x = c0 + k0, y = c1 + k1;
        for (int round = 0; round < 20; round++)
        {
            x += y;
            y = uint.RotateLeft(y, s_rotations[round % 8]) ^ x;
            if (round % 4 == 3)
            {
                int block = round / 4 + 1;
                x += key[block % 3];
                y += key[(block + 1) % 3] + (uint)block;
            }
        }

        return [x, y];
    }

    /// <summary>The same on UInt32 values of a kernel.</summary>
    public static Value[] Emit(Builder b, Value k0, Value k1, Value c0, Value c1)
    {
        Value[] key = [k0, k1, b.Binary(Opcode.Xor, b.Binary(Opcode.Xor, k0, k1), Constant.Of(Parity))];
        Value x = b.Add(c0, k0), y = b.Add(c1, k1);
        for (int round = 0; round < 20; round++)
        {
            x = b.Add(x, y);
            int left = s_rotations[round % 8];
            Value high = b.Binary(Opcode.ShiftLeft, y, Constant.Of(left));
            Value low = b.Binary(Opcode.ShiftRight, y, Constant.Of(32 - left));
            y = b.Binary(Opcode.Xor, b.Binary(Opcode.Or, high, low), x);
            if (round % 4 == 3)
            {
                int block = round / 4 + 1;
                x = b.Add(x, key[block % 3]);
                y = b.Add(y, b.Add(key[(block + 1) % 3], Constant.Of((uint)block)));
            }
        }

        return [x, y];
    }
}
