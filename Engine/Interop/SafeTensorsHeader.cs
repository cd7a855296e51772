using System.Text.Json;

namespace Cotangent.Interop;

/// <summary>The JSON header of a safetensors file, strictly read: every byte of the data belongs to exactly one
/// tensor.</summary>
internal sealed record SafeTensorsHeader(IReadOnlyList<SafeTensorsHeader.Entry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The format's limit of the header's length.</summary>
    public const int MaxLength = 100_000_000;

    private const string MetadataKey = "__metadata__";

    private static readonly (string Name, DType Type)[] s_dtypes =
    [
        ("BOOL", DType.Bool), ("U8", DType.UInt8), ("I32", DType.Int32), ("U32", DType.UInt32), ("I64", DType.Int64),
        ("F16", DType.Float16), ("BF16", DType.BFloat16), ("F32", DType.Float32), ("F64", DType.Float64),
    ];

    /// <summary>One tensor: bytes Begin … End of the data.</summary>
    internal sealed record Entry(string Name, DType DType, Shape Shape, long Begin, long End);

    /// <summary>The header of tensors that follow one another, padded with spaces to 8 bytes.</summary>
    public static byte[] Write(
        IEnumerable<(string Name, DType DType, Shape Shape)> tensors, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            KeyValuePair<string, string>[] texts = [.. metadata];
            if (texts.Length > 0)
            {
                json.WriteStartObject(MetadataKey);
                foreach ((string key, string text) in texts) json.WriteString(key, text);
                json.WriteEndObject();
            }

            long begin = 0;
            foreach ((string name, DType type, Shape shape) in tensors)
            {
                long end = begin + shape.Size * type.Size();
                json.WriteStartObject(name);
                json.WriteString("dtype", s_dtypes.First(d => d.Type == type).Name);
                json.WriteStartArray("shape");
                foreach (int n in shape) json.WriteNumberValue(n);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(end);
                json.WriteEndArray();
                json.WriteEndObject();
                begin = end;
            }

            json.WriteEndObject();
        }

        while (stream.Length % 8 != 0) stream.WriteByte((byte)' ');
        return stream.ToArray();
    }

    /// <summary>Reads a header for data of a given length.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidDataException">It does not describe the data.</exception>
    public static SafeTensorsHeader Parse(ReadOnlyMemory<byte> text, long dataLength)
    {
        using JsonDocument json = JsonDocument.Parse(text);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException("its header is no JSON object.");
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        List<Entry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonProperty property in json.RootElement.EnumerateObject())
        {
            if (!names.Add(property.Name)) throw new InvalidDataException($"its header names '{property.Name}' twice.");
            if (property.Name == MetadataKey) ReadMetadata(property.Value, metadata);
            else entries.Add(ReadEntry(property.Name, property.Value));
        }

        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        CheckOffsets(entries, dataLength);
        return new(entries, metadata);
    }

    private static void ReadMetadata(JsonElement json, Dictionary<string, string> metadata)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new InvalidDataException("its metadata is no JSON object.");
        foreach (JsonProperty item in json.EnumerateObject())
        {
            if (item.Value.ValueKind != JsonValueKind.String || !metadata.TryAdd(item.Name, item.Value.GetString()!))
                throw new InvalidDataException($"its metadata '{item.Name}' is not one text.");
        }
    }

    private static Entry ReadEntry(string name, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("dtype", out JsonElement dtype)
            || !json.TryGetProperty("shape", out JsonElement shape) || !json.TryGetProperty("data_offsets", out JsonElement offsets))
        {
            throw new InvalidDataException($"tensor '{name}' lacks dtype, shape or data_offsets.");
        }

        string? text = dtype.ValueKind == JsonValueKind.String ? dtype.GetString() : null;
        if (!s_dtypes.Any(d => d.Name == text))
        {
            throw new InvalidDataException(
                $"tensor '{name}' has the unknown dtype {dtype.GetRawText()}; known are " +
                $"{string.Join(", ", s_dtypes.Select(d => d.Name))}.");
        }

        DType type = s_dtypes.First(d => d.Name == text).Type;
        long[] extents = ReadNumbers(name, "shape", shape), range = ReadNumbers(name, "data_offsets", offsets);
        if (extents.Any(n => n > int.MaxValue))
            throw new InvalidDataException($"tensor '{name}' has an extent beyond 2^31 - 1.");
        if (range.Length != 2 || range[0] > range[1])
            throw new InvalidDataException($"tensor '{name}' has data_offsets {offsets.GetRawText()}.");
        UInt128 bytes = extents.Contains(0) ? 0 : (UInt128)type.Size();
        foreach (long n in extents)
        {
            bytes *= (UInt128)n;
            if (bytes > long.MaxValue) break;
        }

        return bytes == (UInt128)(range[1] - range[0])
            ? new Entry(name, type, Shape.From(extents.Select(n => (int)n)), range[0], range[1])
            : throw new InvalidDataException(
                $"tensor '{name}' of {text} {shape.GetRawText()} needs {bytes} bytes, but its data_offsets span " +
                $"{range[1] - range[0]}.");
    }

    private static long[] ReadNumbers(string name, string what, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw new InvalidDataException($"tensor '{name}' has a {what} that is no list.");
        return [.. json.EnumerateArray().Select(n => n.ValueKind == JsonValueKind.Number && n.TryGetInt64(out long value) && value >= 0
            ? value
            : throw new InvalidDataException($"tensor '{name}' has the {what} {json.GetRawText()}."))];
    }

    private static void CheckOffsets(List<Entry> entries, long dataLength)
    {
        long end = 0;
        foreach (Entry entry in entries)
        {
            if (entry.Begin < end)
                throw new InvalidDataException($"tensor '{entry.Name}' overlaps the one before it at byte " +
                    $"{entry.Begin}.");
            if (entry.Begin > end)
                throw new InvalidDataException($"the bytes {end} to {entry.Begin} before tensor '{entry.Name}' " +
                    "belong to none.");
            end = entry.End;
        }

        if (end > dataLength)
            throw new InvalidDataException($"it is truncated: its tensors need {end} bytes of data and " +
                $"{dataLength} are there.");
        if (end < dataLength)
            throw new InvalidDataException($"{dataLength - end} bytes after the last tensor belong to none.");
    }
}
