using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Interop;

/// <summary>Moves elements between files and devices a piece at a time, so that a tensor may be larger than an
/// array.</summary>
internal static class TensorStream
{
    private const int Piece = 1 << 24;

    public static void Write(Stream stream, Tensor tensor)
    {
        Storage storage = tensor.Realize().Node.Storage!;
        long bytes = tensor.Size * tensor.DType.Size();
        byte[] piece = new byte[Math.Min(Piece, bytes)];
        for (long done = 0; done < bytes; done += piece.Length)
        {
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, bytes - done));
            storage.Device.Read(storage.Memory, storage.ByteOffset + done, part);
            stream.Write(part);
        }
    }

    /// <exception cref="EndOfStreamException">The stream ends before the tensor does.</exception>
    public static Tensor Read(Stream stream, Shape shape, DType type, Device device)
    {
        long bytes = shape.Size * type.Size();
        Storage storage = new(device.AllocateMemory(bytes), bytes);
        byte[] piece = new byte[Math.Min(Piece, bytes)];
        for (long done = 0; done < bytes; done += piece.Length)
        {
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, bytes - done));
            stream.ReadExactly(part);
            if (type == DType.Bool && part.ContainsAnyExceptInRange((byte)0, (byte)1))
                throw new InvalidDataException("a Bool element is neither 0 nor 1");
            device.Write(part, storage.Memory, storage.ByteOffset + done);
        }

        return new Tensor(new Node(shape, type, storage));
    }
}
