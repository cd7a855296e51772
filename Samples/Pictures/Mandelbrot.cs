using System.CommandLine;
using System.Diagnostics;
using Cotangent.Kernels;
using Spectre.Console;

namespace Cotangent.Samples.Pictures;

/// <summary><c>mandelbrot</c>: a kernel over pixels whose loops end at different times.</summary>
internal static class Mandelbrot
{
    /// <summary>Steps until z ← z² + c leaves a circle of radius 16, made continuous; −1 for points that stay. 7 flops a
    /// step.</summary>
    internal static void Escape(Index2D i, ArrayView<float> steps, int width, float left, float top, float pixel, int limit)
    {
        float cx = left + i.X * pixel, cy = top + i.Y * pixel, x = 0, y = 0;
        int n = 0;
        while (n < limit && x * x + y * y < 256)
        {
            (x, y) = (x * x - y * y + cx, 2 * x * y + cy);
            n++;
        }

        steps[i.Y * width + i.X] = n == limit ? -1 : n + 1 - MathF.Log2(0.5f * MathF.Log(x * x + y * y));
    }

    public static Command Create()
    {
        Option<string> device = CommandOptions.Device(), path = CommandOptions.Picture("mandelbrot");
        Option<int> size = CommandOptions.Count("--size", 800, 1, "Rows of pixels; 3/2 as many columns.");
        Option<int> limit = CommandOptions.Count("--limit", 500, 1, "Steps after which a point counts as inside.");
        Command command = new("mandelbrot", "Draws the Mandelbrot set.") { device, size, limit, path };
        command.SetAction(a => CommandOptions.Guarded(() =>
            Run(Device.Find(a.GetValue(device)!), a.GetValue(size), a.GetValue(limit), a.GetValue(path)!, AnsiConsole.Console)));
        return command;
    }

    public static void Run(Device device, int height, int limit, string path, IAnsiConsole console)
    {
        int width = Math.Max(1, height * 3 / 2);
        float pixel = 2.4f / height;
        using DeviceBuffer<float> steps = device.Allocate<float>((long)width * height);
        var escape = device.Load<Index2D, ArrayView<float>, int, float, float, float, int>(Escape);

        // The first launch compiles.
        escape(new(1, 1), steps, width, 0, 0, pixel, 1);
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        escape(new(width, height), steps, width, -0.6f - width * pixel / 2, -1.2f, pixel, limit);
        device.Synchronize();
        TimeSpan time = Stopwatch.GetElapsedTime(start);

        Png.Write(path, width, [.. steps.ToArray().SelectMany(Colour)]);
        console.MarkupLineInterpolated($"{width} x {height} points in {time.TotalMilliseconds:F1} ms on {device}: {path}");
    }

    private static byte[] Colour(float steps)
    {
        if (steps < 0) return [0, 0, 0];
        float t = 0.35f * MathF.Log(1 + Math.Max(0, steps));
        return [Wave(t), Wave(t + 0.1f), Wave(t + 0.2f)];

        static byte Wave(float t) => (byte)(127.5f - 127.5f * MathF.Cos(2 * MathF.PI * t));
    }
}
