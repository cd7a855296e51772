namespace Cotangent.Samples.Lm;

/// <summary>A text as bytes, its end held out for validation.</summary>
internal sealed class Corpus
{
    private Corpus(string name, byte[] train, byte[] validation)
    {
        Name = name;
        Train = train;
        Validation = validation;
    }

    public string Name { get; }

    public byte[] Train { get; }

    /// <summary>The last tenth.</summary>
    public byte[] Validation { get; }

    /// <summary>Entropy of the byte frequencies, in bits a byte: what a model reaches that ignores context.</summary>
    public double UnigramEntropy
    {
        get
        {
            long[] counts = new long[256];
            foreach (byte b in Train) counts[b]++;
            return counts.Where(c => c > 0).Sum(c => -(double)c / Train.Length * Math.Log2((double)c / Train.Length));
        }
    }

    /// <summary>Identifies the text in a checkpoint.</summary>
    public string Digest => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData([.. Train, .. Validation]))[..16];

    /// <summary>Reads a file, or the corpus beside the program: Cotangent's own sources and docs, frozen.</summary>
    /// <exception cref="UserErrorException">The file is missing, unreadable, empty, or too short for the context.</exception>
    public static Corpus Load(string? path, int context)
    {
        string file = path ?? Path.Combine(AppContext.BaseDirectory, "corpus.txt");
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"The text file '{file}' cannot be read: {e.Message}");
        }

        if (bytes.Length == 0) throw new UserErrorException($"The text file '{file}' is empty; there is nothing to train on.");
        int split = bytes.Length - bytes.Length / 10;
        if (bytes.Length - split <= context)
        {
            throw new UserErrorException($"The context of {context} bytes is longer than what the text file '{file}' holds out: " +
                $"{bytes.Length - split} of its {bytes.Length} bytes. Give a longer text or a smaller --context.");
        }

        return new Corpus(Path.GetFileName(file), bytes[..split], bytes[split..]);
    }
}
