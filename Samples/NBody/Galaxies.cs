namespace Cotangent.Samples.NBody;

/// <summary>The start of a simulation: two discs of stars on circular orbits around heavy centres, passing each
/// other.</summary>
internal static class Galaxies
{
    private const float StarMass = 1e-5f;

    /// <summary>The bodies and velocities for a seed; the first half is the first galaxy.</summary>
    public static (Body[] Bodies, Velocity[] Velocities) Create(int count, int seed)
    {
        Body[] bodies = new Body[count];
        Velocity[] velocities = new Velocity[count];
        Random random = new(seed);
        int half = (count + 1) / 2;
        Fill(bodies.AsSpan(0, half), velocities.AsSpan(0, half), random, -0.8f, -0.35f, 0.45f, 1);
        Fill(bodies.AsSpan(half), velocities.AsSpan(half), random, 0.8f, 0.35f, -0.45f, -1);
        return (bodies, velocities);
    }

    private static void Fill(Span<Body> bodies, Span<Velocity> velocities, Random random, float x, float y, float speed, float turn)
    {
        for (int i = 0; i < bodies.Length; i++)
        {
            if (i == 0)
            {
                (bodies[0], velocities[0]) = (new Body { X = x, Y = y, Mass = 1 }, new Velocity { X = speed });
                continue;
            }

            float radius = 0.08f + 0.42f * MathF.Sqrt(random.NextSingle()), angle = 2 * MathF.PI * random.NextSingle();
            (float sine, float cosine) = MathF.SinCos(angle);
            float orbit = turn * MathF.Sqrt(radius * radius / MathF.Pow(radius * radius + Gravity.Softening * Gravity.Softening, 1.5f));
            bodies[i] = new Body { X = x + radius * cosine, Y = y + radius * sine, Z = 0.02f * (random.NextSingle() - 0.5f), Mass = StarMass };
            velocities[i] = new Velocity { X = speed - orbit * sine, Y = orbit * cosine };
        }
    }
}
