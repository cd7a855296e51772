using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cotangent.Optimizers.Privacy;

/// <summary>Numbers from the operating system's cryptographic generator.</summary>
internal sealed class SecureRandom
{
    private readonly byte[] _bytes = new byte[1 << 13];
    private int _used = int.MaxValue;

    /// <summary>Uniform on (0, 1): odd multiples of 2⁻⁵⁴, so that neither end occurs.</summary>
    public double Uniform() => ((Bits() >> 11) + 0.5) * (1.0 / (1L << 53));

    /// <summary>Normal: the sum of four independent deviates, halved. Which doubles one Box–Muller deviate can be tells of the sum that it was
    /// added to; four have no such pattern that could be enumerated.</summary>
    public double Normal()
    {
        (double a, double b) = Pair();
        (double c, double d) = Pair();
        return (a + b + c + d) / 2;
    }

    private (double, double) Pair()
    {
        double radius = Math.Sqrt(-2 * Math.Log(Uniform()));
        (double sin, double cos) = Math.SinCos(2 * Math.PI * Uniform());
        return (radius * sin, radius * cos);
    }

    private ulong Bits()
    {
        if (_used > _bytes.Length - sizeof(ulong))
        {
            RandomNumberGenerator.Fill(_bytes);
            _used = 0;
        }

        ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(_used));
        _used += sizeof(ulong);
        return bits;
    }
}
