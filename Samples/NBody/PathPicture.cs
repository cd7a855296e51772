namespace Cotangent.Samples.NBody;

/// <summary>Where bodies were, seen from above: brighter where they were longer, each galaxy in its colour.</summary>
internal sealed class PathPicture(int size)
{
    private const float HalfWidth = 1.7f;

    private readonly int[] _first = new int[size * size];
    private readonly int[] _second = new int[size * size];

    /// <summary>Adds the bodies where they are now.</summary>
    public void Add(ReadOnlySpan<Body> bodies)
    {
        int half = (bodies.Length + 1) / 2;
        for (int i = 0; i < bodies.Length; i++)
        {
            int column = (int)MathF.Floor((bodies[i].X / HalfWidth + 1) * size / 2), row = (int)MathF.Floor((1 - bodies[i].Y / HalfWidth) * size / 2);
            if (column < 0 || column >= size || row < 0 || row >= size) continue;
            (i < half ? _first : _second)[row * size + column]++;
        }
    }

    /// <summary>Three bytes a pixel.</summary>
    public byte[] ToPixels()
    {
        byte[] pixels = new byte[3 * size * size];
        float scale = 1 / MathF.Log(2 + Math.Max(_first.Max(), _second.Max()) / 4f);
        for (int i = 0; i < _first.Length; i++)
        {
            float a = MathF.Log(1 + _first[i]) * scale, b = MathF.Log(1 + _second[i]) * scale;
            pixels[3 * i] = Byte(a + 0.3f * b);
            pixels[3 * i + 1] = Byte(0.6f * (a + b));
            pixels[3 * i + 2] = Byte(b + 0.25f * a);
        }

        return pixels;
    }

    private static byte Byte(float x) => (byte)Math.Min(255, 255 * x);
}
