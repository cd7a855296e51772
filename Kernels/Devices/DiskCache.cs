using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cotangent.Kernels;

/// <summary>Compiled programs on the disk, found by everything they depend on. Losing an entry costs a compilation, so every
/// fault of the disk reads as absent and nothing here throws; a wrong entry would be worse than none, so each carries a
/// checksum.</summary>
/// <remarks>
/// An entry is one file, named by the SHA-256 of its key: <c>CTGC</c>, the length of the payload (Int64), the SHA-256 of key
/// and payload, the payload. It is written beside its place and renamed, so that other processes see all of it or nothing;
/// two that write the same entry write the same bytes.
/// </remarks>
internal sealed class DiskCache(string directory, long capacity = DiskCache.DefaultCapacity)
{
    /// <summary>Bytes kept, half a gibibyte: the entries unused for longest go first.</summary>
    public const long DefaultCapacity = 1L << 29;

    private const int HashBytes = 32;
    private const int HeaderBytes = 4 + sizeof(long) + HashBytes;

    private static ReadOnlySpan<byte> Magic => "CTGC"u8;

    /// <summary>The user's cache, as COTANGENT_CACHE says; null where it is switched off or the user has no home.</summary>
    public static DiskCache? Default { get; } = EngineEnvironment.CacheDirectory is { } directory ? new DiskCache(directory) : null;

    /// <summary>Where the entry of a key lies.</summary>
    public string PathOf(string key) =>
        Path.Combine(directory, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))));

    /// <summary>The payload stored under a key; null if there is none, or it is not whole.</summary>
    public byte[]? TryRead(string key)
    {
        try
        {
            string path = PathOf(key);
            byte[] file = File.ReadAllBytes(path);
            if (file.Length < HeaderBytes || !file.AsSpan(0, 4).SequenceEqual(Magic)
                || BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(4)) != file.Length - HeaderBytes)
            {
                return null;
            }

            byte[] payload = file[HeaderBytes..];
            if (!Checksum(key, payload).AsSpan().SequenceEqual(file.AsSpan(4 + sizeof(long), HashBytes)))
                return null;
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
            return payload;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Stores a payload, replacing what was there; does nothing where the disk refuses.</summary>
    public void Write(string key, ReadOnlySpan<byte> payload)
    {
        string path = PathOf(key), temporary = $"{path}.{Path.GetRandomFileName()}";
        byte[] header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(4), payload.Length);
        Checksum(key, payload).CopyTo(header.AsSpan(4 + sizeof(long)));
        try
        {
            Directory.CreateDirectory(directory);
            try
            {
                using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                {
                    stream.Write(header);
                    stream.Write(payload);
                }

                File.Move(temporary, path, overwrite: true);
            }
            catch
            {
                File.Delete(temporary);
                throw;
            }

            Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full or read-only disk: the next process compiles again.
        }
    }

    private static byte[] Checksum(string key, ReadOnlySpan<byte> payload)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(key));
        hash.AppendData(payload);
        return hash.GetHashAndReset();
    }

    /// <summary>Deletes the entries unused for longest while there are more bytes than the capacity.</summary>
    private void Trim()
    {
        FileInfo[] entries = new DirectoryInfo(directory).GetFiles();
        long bytes = entries.Sum(e => e.Length);
        foreach (FileInfo entry in entries.OrderBy(e => e.LastAccessTimeUtc))
        {
            if (bytes <= capacity) break;
            bytes -= entry.Length;
            entry.Delete();
        }
    }
}
