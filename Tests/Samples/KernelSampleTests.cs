using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Cotangent.Kernels;
using Cotangent.Samples.NBody;
using Cotangent.Samples.Pictures;
using Spectre.Console;

namespace Cotangent.Tests.Samples;

/// <summary>The samples of kernels on small sizes, on every device.</summary>
public sealed class KernelSampleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cotangent-kernels-").FullName;

    public static TheoryData<string> All => Devices.AllWithDebug;

    private string File => Path.Combine(_folder, "new", "picture.png");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, MemberData(nameof(All))]
    public void Mandelbrot_Run_DrawsTheSet(string device)
    {
        string text = Console(c => Mandelbrot.Run(Device.Find(device), 24, 60, File, c));
        Assert.StartsWith("36 x 24 points in ", text, StringComparison.Ordinal);
        (int width, byte[] pixels) = Read(File);
        Assert.Equal((36, 36 * 24 * 3), (width, pixels.Length));

        // The middle is inside, the corner is not, and the set is its own mirror image but for the row of the axis.
        Assert.Equal<byte>([0, 0, 0], pixels[(3 * (12 * 36 + 18))..(3 * (12 * 36 + 19))]);
        Assert.NotEqual<byte>([0, 0, 0], pixels[..3]);
        Assert.InRange(Enumerable.Range(0, 36 * 24).Count(i => pixels[3 * i] + pixels[3 * i + 1] + pixels[3 * i + 2] == 0), 120, 260);
    }

    [Theory, MemberData(nameof(All))]
    public void Blur_Run_DrawsTheCardTwice(string device)
    {
        Console(c => Blur.Run(Device.Find(device), 32, 3, File, c));
        (int width, byte[] pixels) = Read(File);
        Assert.Equal((64, 64 * 32 * 3), (width, pixels.Length));

        // The blur has about the mean of the card and a smaller variation along rows.
        (double mean, double variation) = Half(0);
        (double blurredMean, double blurredVariation) = Half(32);
        Assert.Equal(mean, blurredMean, 3.0);
        Assert.InRange(blurredVariation, 0.1 * variation, 0.7 * variation);

        (double, double) Half(int first)
        {
            double sum = 0, steps = 0;
            for (int row = 0; row < 32; row++)
            {
                for (int column = 0; column < 32; column++)
                {
                    int at = 3 * (row * 64 + first + column);
                    sum += pixels[at];
                    if (column > 0) steps += Math.Abs(pixels[at] - pixels[at - 3]);
                }
            }

            return (sum / (32 * 32), steps);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Blur_OfAConstant_IsThatConstant(string device)
    {
        Device d = Device.Find(device);
        Tensor y = Blur.Gaussian(Tensor.Full([5, 7, 3], 0.75, device: d), Blur.Weights(2, d));
        Assert.All(y.ToArray<float>(), x => Assert.Equal(0.75f, x, 1e-5f));
    }

    [Theory, MemberData(nameof(All))]
    public void NBody_Run_KeepsEnergy(string device)
    {
        double worst = 0;
        string text = Console(c => worst = NBodyCommand.Run(Device.Find(device), 24, 40, 1, File, c));
        Assert.InRange(worst, 1e-12, 1e-4);
        Assert.Contains("24 bodies, 40 steps in", text, StringComparison.Ordinal);
        Assert.Contains("│ 40   │", text, StringComparison.Ordinal);
        (int width, byte[] pixels) = Read(File);
        Assert.Equal((900, 900 * 900 * 3), (width, pixels.Length));
        Assert.InRange(pixels.Count(p => p > 0), 24, 24 * 41 * 3);
    }

    [Fact]
    public void Commands_WithMistakes_SayThemInOneSentence()
    {
        Assert.Equal(2, Cotangent.Samples.Program.Main(["mandelbrot", "--device", "abacus", "--size", "4"]));
        Assert.NotEqual(0, Cotangent.Samples.Program.Main(["nbody", "--size", "0"]));
        Assert.Equal(2, Cotangent.Samples.Program.Main(["blur", "--size", "4", "--out", _folder]));
    }

    private static string Console(Action<IAnsiConsole> run)
    {
        StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 200;
        run(console);
        return text.ToString();
    }

    /// <summary>Reads what the samples write, checking lengths and checksums on the way.</summary>
    private static (int Width, byte[] Pixels) Read(string path)
    {
        byte[] file = System.IO.File.ReadAllBytes(path);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10], file[..8]);
        Dictionary<string, byte[]> chunks = [];
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            Assert.Equal(Crc(file.AsSpan(at + 4, length + 4)), BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)));
            chunks[Encoding.ASCII.GetString(file, at + 4, 4)] = file[(at + 8)..(at + 8 + length)];
            at += 12 + length;
        }

        Assert.Equal(["IHDR", "IDAT", "IEND"], chunks.Keys);
        int width = BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"]), height = BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"].AsSpan(4));
        using MemoryStream rows = new();
        using (ZLibStream zip = new(new MemoryStream(chunks["IDAT"]), CompressionMode.Decompress)) zip.CopyTo(rows);
        byte[] bytes = rows.ToArray();
        Assert.Equal(height * (3 * width + 1), bytes.Length);
        return (width, [.. Enumerable.Range(0, height).SelectMany(r => bytes[(r * (3 * width + 1) + 1)..((r + 1) * (3 * width + 1))])]);
    }

    /// <summary>CRC-32, bit by bit.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }

        return ~crc;
    }
}
