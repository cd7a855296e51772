using Cotangent.Kernels;

namespace Cotangent.Samples.NBody;

/// <summary>A body: where it is and how heavy.</summary>
internal struct Body
{
    public float X;
    public float Y;
    public float Z;
    public float Mass;
}

/// <summary>A velocity.</summary>
internal struct Velocity
{
    public float X;
    public float Y;
    public float Z;
}

/// <summary>The kernels of gravity in leapfrog steps: kick for half a step, drift, kick for half a step.</summary>
internal static class Gravity
{
    /// <summary>Closer than this, gravity is weaker than Newton's.</summary>
    public const float Softening = 0.02f;

    /// <summary>Changes a body's velocity by the pull of all bodies: 20 flops a pair.</summary>
    internal static void Kick(Index1D i, ArrayView<Body> bodies, ArrayView<Velocity> velocities, float time)
    {
        Body own = bodies[i];
        float ax = 0, ay = 0, az = 0;
        for (int j = 0; j < bodies.IntLength; j++)
        {
            Body other = bodies[j];
            float dx = other.X - own.X, dy = other.Y - own.Y, dz = other.Z - own.Z;
            float squared = dx * dx + dy * dy + dz * dz + Softening * Softening;
            float pull = other.Mass / (squared * MathF.Sqrt(squared));
            (ax, ay, az) = (ax + pull * dx, ay + pull * dy, az + pull * dz);
        }

        Velocity v = velocities[i];
        velocities[i] = new Velocity { X = v.X + time * ax, Y = v.Y + time * ay, Z = v.Z + time * az };
    }

    /// <summary>Moves a body along its velocity.</summary>
    internal static void Drift(Index1D i, ArrayView<Body> bodies, ArrayView<Velocity> velocities, float time)
    {
        Body b = bodies[i];
        Velocity v = velocities[i];
        bodies[i] = new Body { X = b.X + time * v.X, Y = b.Y + time * v.Y, Z = b.Z + time * v.Z, Mass = b.Mass };
    }

    /// <summary>Kinetic and potential energy, in float64 on the host.</summary>
    public static (double Kinetic, double Potential) Energy(Body[] bodies, Velocity[] velocities)
    {
        double kinetic = 0, potential = 0;
        for (int i = 0; i < bodies.Length; i++)
        {
            Velocity v = velocities[i];
            kinetic += 0.5 * bodies[i].Mass * ((double)v.X * v.X + (double)v.Y * v.Y + (double)v.Z * v.Z);
            for (int j = 0; j < i; j++)
            {
                double dx = bodies[i].X - bodies[j].X, dy = bodies[i].Y - bodies[j].Y, dz = bodies[i].Z - bodies[j].Z;
                potential -= bodies[i].Mass * bodies[j].Mass / Math.Sqrt(dx * dx + dy * dy + dz * dz + Softening * Softening);
            }
        }

        return (kinetic, potential);
    }
}
