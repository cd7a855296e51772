using System.Buffers.Binary;
using System.Text.Json;
using Cotangent.Kernels;

namespace Cotangent.Interop;

/// <summary>Files of named tensors in the safetensors format: a length, a JSON header, the elements. Reading trusts
/// nothing.</summary>
/// <example><code>
/// SafeTensors.SaveTree("model.safetensors", parameters);
/// parameters = SafeTensors.LoadTree("model.safetensors", like: parameters);
/// </code></example>
public static class SafeTensors
{
    private const string MetadataKey = "__metadata__";

    /// <summary>Writes named tensors, with text to go with them; atomically. The same tensors give the same
    /// bytes.</summary>
    public static void Save(
        string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);

        // The reference implementation's order: wide elements first, which keeps each tensor aligned, then by name.
        KeyValuePair<string, Tensor>[] sorted =
            [.. tensors.OrderByDescending(t => t.Value.DType.Size()).ThenBy(t => t.Key, StringComparer.Ordinal)];
        Check(sorted);
        Tensor.Realize([.. sorted.Select(t => t.Value)]);
        byte[] header = SafeTensorsHeader.Write(
            sorted.Select(t => (t.Key, t.Value.DType, t.Value.Shape)), (metadata ?? []).OrderBy(m => m.Key, StringComparer.Ordinal));
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach ((_, Tensor tensor) in sorted) TensorStream.Write(stream, tensor);
        });
    }

    /// <summary>Reads all tensors of a file.</summary>
    /// <exception cref="TensorFileException">The file is not a sound safetensors file; the message has the
    /// reason.</exception>
    public static SafeTensorsFile Load(string path, Device? device = null)
    {
        using FileStream stream = File.OpenRead(path);
        SafeTensorsHeader header = ReadHeader(path, stream);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        long start = stream.Position;
        foreach (SafeTensorsHeader.Entry entry in header.Entries)
        {
            stream.Position = start + entry.Begin;
            tensors.Add(entry.Name, ReadTensor(path, stream, entry, device ?? Device.Default));
        }

        return new SafeTensorsFile(tensors, header.Metadata);
    }

    /// <summary>Writes the tensors of a tree under their paths, see <see cref="Trees.Names{T}(T)"/>.</summary>
    public static void SaveTree<T>(string path, T tree, IEnumerable<KeyValuePair<string, string>>? metadata = null) =>
        Save(path, Trees.Names(tree).Zip(Trees.Flatten(tree), KeyValuePair.Create), metadata);

    /// <summary>Reads a tree written by <see cref="SaveTree{T}"/>: one with the structure of <paramref
    /// name="like"/>.</summary>
    /// <exception cref="TensorFileException">The file is not sound, or has other names, shapes or dtypes than the
    /// tree.</exception>
    public static T LoadTree<T>(string path, T like, Device? device = null) => Load(path, device).ToTree(path, like);

    internal static SafeTensorsHeader ReadHeader(string path, Stream stream)
    {
        if (stream.Length < 8)
            throw new TensorFileException(path, $"it has {stream.Length} bytes; a safetensors file has at least 8.");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafeTensorsHeader.MaxLength)
        {
            throw new TensorFileException(path, $"its header claims {length} bytes, more than the " +
                $"{SafeTensorsHeader.MaxLength} allowed; " +
                "it is corrupted or no safetensors file.");
        }

        if (length > (ulong)(stream.Length - 8))
            throw new TensorFileException(path, $"it is truncated: its header has {length} bytes, but only " +
                $"{stream.Length - 8} follow.");

        byte[] text = new byte[length];
        stream.ReadExactly(text);
        try
        {
            return SafeTensorsHeader.Parse(text, stream.Length - 8 - (long)length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidDataException)
        {
            // Text that is no Unicode surfaces as an InvalidOperationException where it is decoded.
            throw new TensorFileException(path, e is InvalidDataException ? e.Message : "its header is not valid " +
                "JSON: " + e.Message, e);
        }
    }

    private static Tensor ReadTensor(string path, Stream stream, SafeTensorsHeader.Entry entry, Device device)
    {
        try
        {
            return TensorStream.Read(stream, entry.Shape, entry.DType, device);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw new TensorFileException(path, $"tensor '{entry.Name}': {e.Message}", e);
        }
    }

    private static void Check(KeyValuePair<string, Tensor>[] tensors)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((string name, _) in tensors)
        {
            if (name == MetadataKey)
                throw new ArgumentException($"'{MetadataKey}' is the format's own name; call the tensor something " +
                    "else.");
            if (!names.Add(name)) throw new ArgumentException($"Two tensors are called '{name}'.");
        }
    }
}
