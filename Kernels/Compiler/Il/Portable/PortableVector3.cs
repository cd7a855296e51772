using System.Numerics;

namespace Cotangent.Kernels.Il;

/// <summary>Vector3 by components.</summary>
internal static class PortableVector3
{
    public static void Construct(ref Vector3 self, float x, float y, float z)
    {
        self.X = x;
        self.Y = y;
        self.Z = z;
    }

    public static void Construct(ref Vector3 self, float value) => self = new(value, value, value);

    public static void Construct(ref Vector3 self, Vector2 value, float z) => self = new(value.X, value.Y, z);

    public static Vector3 get_Zero() => new(0, 0, 0);

    public static Vector3 get_One() => new(1, 1, 1);

    public static Vector3 get_UnitX() => new(1, 0, 0);

    public static Vector3 get_UnitY() => new(0, 1, 0);

    public static Vector3 get_UnitZ() => new(0, 0, 1);

    public static Vector3 op_Addition(Vector3 left, Vector3 right) => new(left.X + right.X, left.Y + right.Y, left.Z + right.Z);

    public static Vector3 Add(Vector3 left, Vector3 right) => left + right;

    public static Vector3 op_Subtraction(Vector3 left, Vector3 right) => new(left.X - right.X, left.Y - right.Y, left.Z - right.Z);

    public static Vector3 Subtract(Vector3 left, Vector3 right) => left - right;

    public static Vector3 op_Multiply(Vector3 left, Vector3 right) => new(left.X * right.X, left.Y * right.Y, left.Z * right.Z);

    public static Vector3 Multiply(Vector3 left, Vector3 right) => left * right;

    public static Vector3 op_Division(Vector3 left, Vector3 right) => new(left.X / right.X, left.Y / right.Y, left.Z / right.Z);

    public static Vector3 Divide(Vector3 left, Vector3 right) => left / right;

    public static Vector3 op_Multiply(Vector3 left, float right) => new(left.X * right, left.Y * right, left.Z * right);

    public static Vector3 Multiply(Vector3 left, float right) => left * right;

    public static Vector3 op_Division(Vector3 left, float right) => new(left.X / right, left.Y / right, left.Z / right);

    public static Vector3 Divide(Vector3 left, float right) => left / right;

    public static Vector3 op_Multiply(float left, Vector3 right) => right * left;

    public static Vector3 Multiply(float left, Vector3 right) => right * left;

    public static Vector3 op_UnaryNegation(Vector3 value) => new(-value.X, -value.Y, -value.Z);

    public static Vector3 op_UnaryPlus(Vector3 value) => value;

    public static Vector3 Negate(Vector3 value) => -value;

    public static bool op_Equality(Vector3 left, Vector3 right) =>
        left.X == right.X && left.Y == right.Y && left.Z == right.Z;

    public static bool op_Inequality(Vector3 left, Vector3 right) => !(left == right);

    public static bool Equals(ref Vector3 self, Vector3 other) =>
        self.X.Equals(other.X) && self.Y.Equals(other.Y) && self.Z.Equals(other.Z);

    public static Vector3 Abs(Vector3 value) => new(MathF.Abs(value.X), MathF.Abs(value.Y), MathF.Abs(value.Z));

    public static Vector3 SquareRoot(Vector3 value) => new(MathF.Sqrt(value.X), MathF.Sqrt(value.Y), MathF.Sqrt(value.Z));

    public static Vector3 Truncate(Vector3 vector) => new(MathF.Truncate(vector.X), MathF.Truncate(vector.Y), MathF.Truncate(vector.Z));

    public static Vector3 Round(Vector3 vector) => new(MathF.Round(vector.X), MathF.Round(vector.Y), MathF.Round(vector.Z));

    public static Vector3 Sin(Vector3 vector) => new(MathF.Sin(vector.X), MathF.Sin(vector.Y), MathF.Sin(vector.Z));

    public static Vector3 Cos(Vector3 vector) => new(MathF.Cos(vector.X), MathF.Cos(vector.Y), MathF.Cos(vector.Z));

    public static Vector3 Exp(Vector3 vector) => new(MathF.Exp(vector.X), MathF.Exp(vector.Y), MathF.Exp(vector.Z));

    public static Vector3 Log(Vector3 vector) => new(MathF.Log(vector.X), MathF.Log(vector.Y), MathF.Log(vector.Z));

    public static Vector3 Log2(Vector3 vector) => new(MathF.Log2(vector.X), MathF.Log2(vector.Y), MathF.Log2(vector.Z));

    public static Vector3 Min(Vector3 x, Vector3 y) =>
        new(MathF.Min(x.X, y.X), MathF.Min(x.Y, y.Y), MathF.Min(x.Z, y.Z));

    public static Vector3 Max(Vector3 x, Vector3 y) =>
        new(MathF.Max(x.X, y.X), MathF.Max(x.Y, y.Y), MathF.Max(x.Z, y.Z));

    public static Vector3 CopySign(Vector3 value, Vector3 sign) =>
        new(MathF.CopySign(value.X, sign.X), MathF.CopySign(value.Y, sign.Y), MathF.CopySign(value.Z, sign.Z));

    public static Vector3 Clamp(Vector3 value, Vector3 min, Vector3 max) => Vector3.Min(Vector3.Max(value, min), max);

    public static Vector3 FusedMultiplyAdd(Vector3 left, Vector3 right, Vector3 addend) =>
        new(MathF.FusedMultiplyAdd(left.X, right.X, addend.X),
            MathF.FusedMultiplyAdd(left.Y, right.Y, addend.Y),
            MathF.FusedMultiplyAdd(left.Z, right.Z, addend.Z));

    public static Vector3 MultiplyAddEstimate(Vector3 left, Vector3 right, Vector3 addend) =>
        new(MathF.FusedMultiplyAdd(left.X, right.X, addend.X),
            MathF.FusedMultiplyAdd(left.Y, right.Y, addend.Y),
            MathF.FusedMultiplyAdd(left.Z, right.Z, addend.Z));

    public static float Dot(Vector3 x, Vector3 y) => x.X * y.X + x.Y * y.Y + x.Z * y.Z;

    public static float Sum(Vector3 value) => value.X + value.Y + value.Z;

    public static float Length(ref Vector3 self) => MathF.Sqrt(Vector3.Dot(self, self));

    public static float LengthSquared(ref Vector3 self) => Vector3.Dot(self, self);

    public static float Distance(Vector3 x, Vector3 y) => (x - y).Length();

    public static float DistanceSquared(Vector3 x, Vector3 y) => (x - y).LengthSquared();

    public static Vector3 Normalize(Vector3 value) => value / value.Length();

    public static Vector3 Lerp(Vector3 x, Vector3 y, float amount) => x + ((y - x) * amount);

    public static Vector3 Lerp(Vector3 x, Vector3 y, Vector3 amount) => x + ((y - x) * amount);

    public static Vector3 Reflect(Vector3 vector, Vector3 normal) => vector - (2 * Vector3.Dot(vector, normal) * normal);

    public static Vector3 Cross(Vector3 x, Vector3 y) =>
        new((x.Y * y.Z) - (x.Z * y.Y), (x.Z * y.X) - (x.X * y.Z), (x.X * y.Y) - (x.Y * y.X));

    public static float get_Item(ref Vector3 self, int index) =>
        System.Runtime.CompilerServices.Unsafe.Add(ref self.X, index);

    public static void set_Item(ref Vector3 self, int index, float value) =>
        System.Runtime.CompilerServices.Unsafe.Add(ref self.X, index) = value;
}
