using System.CommandLine;
using System.Diagnostics;
using Cotangent.Kernels;
using Spectre.Console;

namespace Cotangent.Samples.Pictures;

/// <summary><c>blur</c>: a Gaussian blur whose kernel is an operation on tensors, along rows and then along columns.</summary>
internal static class Blur
{
    /// <summary>Red, green and blue between 0 and 1.</summary>
    internal struct Colour
    {
        public float R;
        public float G;
        public float B;
    }

    /// <summary>The weighted mean of a pixel's neighbours along one axis (dx, dy); beyond the edge is the pixel at the edge. With w
    /// weights 12·w + 12 bytes and 6·w flops a pixel, most of it from cache.</summary>
    internal static void Along(Index2D i, ArrayView<Colour> x, ArrayView<float> weights, ArrayView<Colour> y, int width, int height, int dx, int dy)
    {
        int radius = weights.IntLength / 2;
        float r = 0, g = 0, b = 0;
        for (int k = -radius; k <= radius; k++)
        {
            int column = Math.Min(Math.Max(i.X + k * dx, 0), width - 1), row = Math.Min(Math.Max(i.Y + k * dy, 0), height - 1);
            Colour c = x[row * width + column];
            float weight = weights[k + radius];
            (r, g, b) = (r + weight * c.R, g + weight * c.G, b + weight * c.B);
        }

        y[i.Y * width + i.X] = new Colour { R = r, G = g, B = b };
    }

    public static Command Create()
    {
        Option<string> device = CommandOptions.Device(), path = CommandOptions.Picture("blur");
        Option<int> size = CommandOptions.Count("--size", 512, 2, "Rows and columns of pixels.");
        Option<int> radius = CommandOptions.Count("--radius", 12, 0, "Pixels to each side that count.");
        Command command = new("blur", "Blurs a test card: the card and its blur, side by side.") { device, size, radius, path };
        command.SetAction(a => CommandOptions.Guarded(() =>
            Run(Device.Find(a.GetValue(device)!), a.GetValue(size), a.GetValue(radius), a.GetValue(path)!, AnsiConsole.Console)));
        return command;
    }

    public static void Run(Device device, int size, int radius, string path, IAnsiConsole console)
    {
        Tensor card = Card(size, device), weights = Weights(radius, device);
        CompiledFunction<Tensor, Tensor> blur = Jit.Compile((Tensor image) => Gaussian(image, weights));
        blur.Invoke(card).Realize();
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        Tensor blurred = blur.Invoke(card);
        device.Synchronize();
        TimeSpan time = Stopwatch.GetElapsedTime(start);

        Tensor both = Tensor.Concat(1, card, blurred);
        Png.Write(path, 2 * size, (both * 255 + 0.5f).Cast(DType.UInt8).ToArray<byte>());
        console.MarkupLineInterpolated($"{size} x {size} pixels, radius {radius}, in {time.TotalMilliseconds:F1} ms on {device}: {path}");
    }

    /// <summary>The blur of a picture [rows, columns, 3] by separable weights.</summary>
    internal static Tensor Gaussian(Tensor image, Tensor weights)
    {
        int height = image.Shape[0], width = image.Shape[1];
        Tensor rows = Tensor.Kernel(Along, new Index2D(width, height), [image, weights], image.Shape, numbers: [width, height, 1, 0]);
        return Tensor.Kernel(Along, new Index2D(width, height), [rows, weights], image.Shape, numbers: [width, height, 0, 1]);
    }

    /// <summary>exp(−2·(k/radius)²), made to sum to 1.</summary>
    internal static Tensor Weights(int radius, Device device)
    {
        Tensor k = (Tensor.Arange(2 * radius + 1, DType.Float32, device) - radius) / Math.Max(1, radius);
        Tensor weight = (-2 * k.Square()).Exp();
        return (weight / weight.Sum()).Realize();
    }

    /// <summary>Checkers, rings and a ramp of colours, as tensors.</summary>
    private static Tensor Card(int size, Device device)
    {
        Tensor x = Tensor.Iota([size, size], 1, DType.Float32, device) / size, y = Tensor.Iota([size, size], 0, DType.Float32, device) / size;
        Tensor checkers = ((8 * x).Floor() + (8 * y).Floor()) % 2;
        Tensor distance = ((x - 0.5f).Square() + (y - 0.5f).Square()).Sqrt();
        Tensor rings = 0.5f + 0.5f * (60 * distance).Cos();
        Tensor inside = distance < 0.35f;
        return Tensor.Stack(2,
            Tensor.Where(inside, rings, 0.9f * checkers), Tensor.Where(inside, rings * x, 0.2f + 0.6f * checkers * y), Tensor.Where(inside, y, x)).Realize();
    }
}
