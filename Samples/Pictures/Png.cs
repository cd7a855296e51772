using System.Buffers.Binary;
using System.IO.Compression;

namespace Cotangent.Samples.Pictures;

/// <summary>Writes pictures as PNG: 8 bits a channel, red, green, blue.</summary>
internal static class Png
{
    private static readonly uint[] s_crc = [.. Enumerable.Range(0, 256).Select(n =>
    {
        uint c = (uint)n;
        for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
        return c;
    })];

    /// <summary>Writes a picture, making its folder if need be.</summary>
    /// <param name="path">The file.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="pixels">Rows from the top, three bytes a pixel.</param>
    public static void Write(string path, int width, ReadOnlySpan<byte> pixels)
    {
        int rowBytes = 3 * width;
        if (width < 1 || pixels.IsEmpty || pixels.Length % rowBytes != 0)
            throw new ArgumentException($"{pixels.Length} bytes are no picture of {width} pixels a row.", nameof(pixels));

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using FileStream file = File.Create(path);
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), pixels.Length / rowBytes);
        (header[8], header[9]) = (8, 2); // 8 bits a channel, true colour
        Chunk(file, "IHDR"u8, header);

        using MemoryStream data = new();
        using (ZLibStream zip = new(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int at = 0; at < pixels.Length; at += rowBytes)
            {
                zip.WriteByte(0); // this row is not filtered
                zip.Write(pixels.Slice(at, rowBytes));
            }
        }

        Chunk(file, "IDAT"u8, data.ToArray());
        Chunk(file, "IEND"u8, []);
    }

    private static void Chunk(FileStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        uint crc = uint.MaxValue;
        foreach (byte b in type) crc = s_crc[(byte)(crc ^ b)] ^ (crc >> 8);
        foreach (byte b in data) crc = s_crc[(byte)(crc ^ b)] ^ (crc >> 8);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        file.Write(number);
    }
}
