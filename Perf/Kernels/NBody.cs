using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>Gravitational accelerations of all pairs, about 20 operations each: bodies as structs, all read by every item; and by
/// tiles through shared memory. By hand two vectors of bodies at a time.</summary>
internal static unsafe class NBody
{
    private const int Bodies = 2048;
    private const int Tile = 256;
    private const int Lanes = 16;
    private const float Softening = 1e-3f;

    private record struct Body(float X, float Y, float Z, float Mass);

    private static void Simple(Index1D i, ArrayView<Body> bodies, ArrayView<float> ax, ArrayView<float> ay, ArrayView<float> az)
    {
        Body me = bodies[i];
        float x = 0, y = 0, z = 0;
        for (int j = 0; j < bodies.IntLength; j++)
        {
            Body other = bodies[j];
            float dx = other.X - me.X, dy = other.Y - me.Y, dz = other.Z - me.Z;
            float inverse = 1 / MathF.Sqrt(dx * dx + dy * dy + dz * dz + Softening);
            float force = other.Mass * inverse * inverse * inverse;
            x += force * dx;
            y += force * dy;
            z += force * dz;
        }

        ax[i] = x;
        ay[i] = y;
        az[i] = z;
    }

    private static void Tiled(ArrayView<Body> bodies, ArrayView<float> ax, ArrayView<float> ay, ArrayView<float> az)
    {
        ArrayView<Body> tile = SharedMemory.Allocate<Body>(Tile);
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        Body me = bodies[i];
        float x = 0, y = 0, z = 0;
        for (int start = 0; start < bodies.IntLength; start += Tile)
        {
            tile[Group.IdxX] = bodies[start + Group.IdxX];
            Group.Barrier();
            for (int j = 0; j < Tile; j++)
            {
                Body other = tile[j];
                float dx = other.X - me.X, dy = other.Y - me.Y, dz = other.Z - me.Z;
                float inverse = 1 / MathF.Sqrt(dx * dx + dy * dy + dz * dz + Softening);
                float force = other.Mass * inverse * inverse * inverse;
                x += force * dx;
                y += force * dy;
                z += force * dz;
            }

            Group.Barrier();
        }

        ax[i] = x;
        ay[i] = y;
        az[i] = z;
    }

    public static Contest[] Cases(Lab lab)
    {
        DeviceBuffer<Body> bodies = lab.Device.Allocate<Body>(Bodies);
        Body* p = Lab.Pointer(bodies);
        lab.Floats(4 * Bodies, 0, 1).CopyTo(new Span<float>(p, 4 * Bodies));
        DeviceBuffer<float> ax = lab.Empty<float>(Bodies), ay = lab.Empty<float>(Bodies), az = lab.Empty<float>(Bodies);
        Action<Index1D, ArrayView<Body>, ArrayView<float>, ArrayView<float>, ArrayView<float>> simple =
            lab.Device.Load<Index1D, ArrayView<Body>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Simple);
        Action<KernelConfig, ArrayView<Body>, ArrayView<float>, ArrayView<float>, ArrayView<float>> tiled =
            lab.Device.LoadGrouped<ArrayView<Body>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Tiled);
        float* x = Lab.Pointer(ax), y = Lab.Pointer(ay), z = Lab.Pointer(az);
        return
        [
            Case("n-body 2048", () => simple(Bodies, bodies, ax, ay, az)),
            Case("n-body 2048, tiles of 256", () => tiled((Bodies / Tile, Tile), bodies, ax, ay, az)),
        ];

        Contest Case(string name, Action ours) => new(name)
        {
            Ours = ours,
            Hand = (from, to) =>
            {
                for (int i = from; i < to; i++)
                    ByHand(p, i * 2 * Lanes, x, y, z);
            },
            Plain = (from, to) => Plain(p, from * 2 * Lanes, to * 2 * Lanes, x, y, z),
            Units = Bodies / (2 * Lanes),
            Reset = Lab.Clear(ax),
            Result = () => [.. Lab.Numbers(ax), .. Lab.Numbers(ay), .. Lab.Numbers(az)],
            Tolerance = 1e-4,
            Work = 20.0 * Bodies * Bodies,
            Unit = "GFLOP/s",
        };
    }

    private static void ByHand(Body* bodies, int i, float* ax, float* ay, float* az)
    {
        float* words = (float*)(bodies + i), next = (float*)(bodies + i + Lanes);
        Vector512<float> mx0 = Gather(words), my0 = Gather(words + 1), mz0 = Gather(words + 2);
        Vector512<float> mx1 = Gather(next), my1 = Gather(next + 1), mz1 = Gather(next + 2);
        Vector512<float> x0 = default, y0 = default, z0 = default, x1 = default, y1 = default, z1 = default;
        Vector512<float> one = Vector512<float>.One, softening = Vector512.Create(Softening);
        for (int j = 0; j < Bodies; j++)
        {
            Vector512<float> ox = Vector512.Create(bodies[j].X), oy = Vector512.Create(bodies[j].Y), oz = Vector512.Create(bodies[j].Z);
            Vector512<float> mass = Vector512.Create(bodies[j].Mass);
            Vector512<float> dx0 = ox - mx0, dy0 = oy - my0, dz0 = oz - mz0, dx1 = ox - mx1, dy1 = oy - my1, dz1 = oz - mz1;
            Vector512<float> r0 = Vector512.FusedMultiplyAdd(dx0, dx0, Vector512.FusedMultiplyAdd(dy0, dy0,
                Vector512.FusedMultiplyAdd(dz0, dz0, softening)));
            Vector512<float> r1 = Vector512.FusedMultiplyAdd(dx1, dx1, Vector512.FusedMultiplyAdd(dy1, dy1,
                Vector512.FusedMultiplyAdd(dz1, dz1, softening)));
            Vector512<float> inverse0 = one / Vector512.Sqrt(r0), inverse1 = one / Vector512.Sqrt(r1);
            Vector512<float> force0 = mass * inverse0 * inverse0 * inverse0, force1 = mass * inverse1 * inverse1 * inverse1;
            x0 = Vector512.FusedMultiplyAdd(force0, dx0, x0);
            y0 = Vector512.FusedMultiplyAdd(force0, dy0, y0);
            z0 = Vector512.FusedMultiplyAdd(force0, dz0, z0);
            x1 = Vector512.FusedMultiplyAdd(force1, dx1, x1);
            y1 = Vector512.FusedMultiplyAdd(force1, dy1, y1);
            z1 = Vector512.FusedMultiplyAdd(force1, dz1, z1);
        }

        x0.Store(ax + i);
        y0.Store(ay + i);
        z0.Store(az + i);
        x1.Store(ax + i + Lanes);
        y1.Store(ay + i + Lanes);
        z1.Store(az + i + Lanes);
    }

    private static Vector512<float> Gather(float* first)
    {
        Vector512<float> result = default;
        for (int lane = 0; lane < Lanes; lane++)
            result = result.WithElement(lane, first[4 * lane]);
        return result;
    }

    private static void Plain(Body* bodies, int from, int to, float* ax, float* ay, float* az)
    {
        for (int i = from; i < to; i++)
        {
            Body me = bodies[i];
            float x = 0, y = 0, z = 0;
            for (int j = 0; j < Bodies; j++)
            {
                float dx = bodies[j].X - me.X, dy = bodies[j].Y - me.Y, dz = bodies[j].Z - me.Z;
                float inverse = 1 / MathF.Sqrt(dx * dx + dy * dy + dz * dz + Softening);
                float force = bodies[j].Mass * inverse * inverse * inverse;
                x += force * dx;
                y += force * dy;
                z += force * dz;
            }

            ax[i] = x;
            ay[i] = y;
            az[i] = z;
        }
    }
}
