using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Cotangent.Kernels;

namespace Cotangent.Interop;

/// <summary>NumPy's files: .npy with one array, .npz with several, zipped. Little-endian numbers and Bool; BFloat16 has
/// no NumPy dtype.</summary>
public static partial class Npy
{
    private const int MaxHeader = 1 << 20;

    private static readonly (string Descr, DType Type)[] s_dtypes =
    [
        ("|b1", DType.Bool), ("|u1", DType.UInt8), ("<i4", DType.Int32), ("<u4", DType.UInt32), ("<i8", DType.Int64),
        ("<f2", DType.Float16), ("<f4", DType.Float32), ("<f8", DType.Float64),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Writes one array; atomically.</summary>
    public static void Save(string path, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        byte[] header = Header(tensor);
        tensor.Realize();
        AtomicFile.Write(path, stream => Write(stream, header, tensor));
    }

    /// <summary>Reads one array.</summary>
    /// <exception cref="TensorFileException">It is no sound .npy file of a known dtype; the message has the
    /// reason.</exception>
    public static Tensor Load(string path, Device? device = null)
    {
        using FileStream stream = File.OpenRead(path);
        Tensor tensor = Guard(path, () => Read(stream, device ?? Device.Default));
        return stream.Position == stream.Length
            ? tensor
            : throw new TensorFileException(path, $"{stream.Length - stream.Position} bytes follow the array.");
    }

    /// <summary>Writes named arrays, uncompressed; atomically.</summary>
    public static void SaveZip(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        (string Name, Tensor Tensor, byte[] Header)[] all = [.. tensors.Select(t => (t.Key, t.Value, Header(t.Value)))];
        Tensor.Realize([.. all.Select(t => t.Tensor)]);
        AtomicFile.Write(path, stream =>
        {
            using ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach ((string name, Tensor tensor, byte[] header) in all)
            {
                ZipArchiveEntry entry = zip.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
                entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream part = entry.Open();
                Write(part, header, tensor);
            }
        });
    }

    /// <summary>Reads the arrays of a .npz file by name.</summary>
    /// <exception cref="TensorFileException">It is no sound .npz file; the message has the reason.</exception>
    public static IReadOnlyDictionary<string, Tensor> LoadZip(string path, Device? device = null) => Guard(path, () =>
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.FullName.EndsWith(".npy", StringComparison.Ordinal)))
        {
            using Stream stream = entry.Open();
            if (!tensors.TryAdd(entry.FullName[..^4], Read(stream, device ?? Device.Default)))
                throw new InvalidDataException($"it has two arrays called '{entry.FullName[..^4]}'.");
        }

        return tensors;
    });

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new TensorFileException(path, e is EndOfStreamException ? "it is truncated." : e.Message, e);
        }
    }

    /// <summary>The magic number, version 1.0, and the header padded so that the elements begin at a multiple of 64
    /// bytes.</summary>
    private static byte[] Header(Tensor tensor)
    {
        string descr = s_dtypes.FirstOrDefault(d => d.Type == tensor.DType).Descr
            ?? throw new DTypeMismatchException($"npy: NumPy has no {tensor.DType}. Cast to Float32 first, or use " +
                "SafeTensors.");
        string shape = string.Concat(tensor.Shape.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n}, "))).TrimEnd();
        if (tensor.Rank > 1) shape = shape.TrimEnd(',');
        string text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}";
        text = text.PadRight((text.Length + 11 + 63) / 64 * 64 - 11) + "\n";
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, checked((ushort)text.Length));
        return [.. Magic, 1, 0, .. length, .. Encoding.ASCII.GetBytes(text)];
    }

    private static void Write(Stream stream, byte[] header, Tensor tensor)
    {
        stream.Write(header);
        TensorStream.Write(stream, tensor);
    }

    private static Tensor Read(Stream stream, Device device)
    {
        Span<byte> magic = stackalloc byte[8];
        stream.ReadExactly(magic);
        if (!magic[..6].SequenceEqual(Magic) || magic[6] is < 1 or > 3)
            throw new InvalidDataException("it is no .npy file of version 1 to 3.");

        Span<byte> length = stackalloc byte[4];
        length.Clear();
        stream.ReadExactly(magic[6] == 1 ? length[..2] : length);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (size > MaxHeader)
            throw new InvalidDataException($"its header claims {size} bytes, more than the {MaxHeader} allowed.");
        byte[] text = new byte[size];
        stream.ReadExactly(text);
        (DType type, Shape shape, bool isFortran) = Parse(Encoding.UTF8.GetString(text));
        Tensor tensor = TensorStream.Read(stream, isFortran ? Shape.From(shape.Reverse()) : shape, type, device);
        return isFortran ? tensor.Permute([.. Enumerable.Range(0, shape.Rank).Reverse()]) : tensor;
    }

    private static (DType Type, Shape Shape, bool IsFortran) Parse(string header)
    {
        Match match = HeaderPattern().Match(header);
        if (!match.Success) throw new InvalidDataException($"its header is not understood: {header.Trim()}");
        string descr = match.Groups["descr"].Value;
        if (!s_dtypes.Any(d => d.Descr == descr))
        {
            throw new InvalidDataException(
                $"its dtype '{descr}' is unknown; known are {string.Join(", ", s_dtypes.Select(d => d.Descr))}.");
        }

        UInt128 size = 8;
        List<int> extents = [];
        foreach (string word in match.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int n))
                throw new InvalidDataException($"its shape ({match.Groups["shape"].Value}) is not understood.");
            extents.Add(n);
            size *= (uint)n;
            if (size > long.MaxValue)
                throw new InvalidDataException($"its shape ({match.Groups["shape"].Value}) is too large.");
        }

        return (s_dtypes.First(d => d.Descr == descr).Type, Shape.From(extents), match.Groups["order"].Value == "True");
    }

    [GeneratedRegex(@"^\s*\{\s*'descr':\s*'(?<descr>[^']*)',\s*'fortran_order':\s*(?<order>True|False),\s*'shape':\s*\((?<shape>[\d,\s]*)\),?\s*\}\s*$")]
    private static partial Regex HeaderPattern();
}
