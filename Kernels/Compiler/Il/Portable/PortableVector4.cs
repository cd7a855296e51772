using System.Numerics;

namespace Cotangent.Kernels.Il;

/// <summary>Vector4 by components.</summary>
internal static class PortableVector4
{
    public static void Construct(ref Vector4 self, float x, float y, float z, float w)
    {
        self.X = x;
        self.Y = y;
        self.Z = z;
        self.W = w;
    }

    public static void Construct(ref Vector4 self, float value) => self = new(value, value, value, value);

    public static void Construct(ref Vector4 self, Vector2 value, float z, float w) => self = new(value.X, value.Y, z, w);

    public static void Construct(ref Vector4 self, Vector3 value, float w) => self = new(value.X, value.Y, value.Z, w);

    public static Vector4 get_Zero() => new(0, 0, 0, 0);

    public static Vector4 get_One() => new(1, 1, 1, 1);

    public static Vector4 get_UnitX() => new(1, 0, 0, 0);

    public static Vector4 get_UnitY() => new(0, 1, 0, 0);

    public static Vector4 get_UnitZ() => new(0, 0, 1, 0);

    public static Vector4 get_UnitW() => new(0, 0, 0, 1);

    public static Vector4 op_Addition(Vector4 left, Vector4 right) => new(left.X + right.X, left.Y + right.Y, left.Z + right.Z, left.W + right.W);

    public static Vector4 Add(Vector4 left, Vector4 right) => left + right;

    public static Vector4 op_Subtraction(Vector4 left, Vector4 right) => new(left.X - right.X, left.Y - right.Y, left.Z - right.Z, left.W - right.W);

    public static Vector4 Subtract(Vector4 left, Vector4 right) => left - right;

    public static Vector4 op_Multiply(Vector4 left, Vector4 right) => new(left.X * right.X, left.Y * right.Y, left.Z * right.Z, left.W * right.W);

    public static Vector4 Multiply(Vector4 left, Vector4 right) => left * right;

    public static Vector4 op_Division(Vector4 left, Vector4 right) => new(left.X / right.X, left.Y / right.Y, left.Z / right.Z, left.W / right.W);

    public static Vector4 Divide(Vector4 left, Vector4 right) => left / right;

    public static Vector4 op_Multiply(Vector4 left, float right) => new(left.X * right, left.Y * right, left.Z * right, left.W * right);

    public static Vector4 Multiply(Vector4 left, float right) => left * right;

    public static Vector4 op_Division(Vector4 left, float right) => new(left.X / right, left.Y / right, left.Z / right, left.W / right);

    public static Vector4 Divide(Vector4 left, float right) => left / right;

    public static Vector4 op_Multiply(float left, Vector4 right) => right * left;

    public static Vector4 Multiply(float left, Vector4 right) => right * left;

    public static Vector4 op_UnaryNegation(Vector4 value) => new(-value.X, -value.Y, -value.Z, -value.W);

    public static Vector4 op_UnaryPlus(Vector4 value) => value;

    public static Vector4 Negate(Vector4 value) => -value;

    public static bool op_Equality(Vector4 left, Vector4 right) =>
        left.X == right.X && left.Y == right.Y && left.Z == right.Z && left.W == right.W;

    public static bool op_Inequality(Vector4 left, Vector4 right) => !(left == right);

    public static bool Equals(ref Vector4 self, Vector4 other) =>
        self.X.Equals(other.X) && self.Y.Equals(other.Y) && self.Z.Equals(other.Z) && self.W.Equals(other.W);

    public static Vector4 Abs(Vector4 value) => new(MathF.Abs(value.X), MathF.Abs(value.Y), MathF.Abs(value.Z), MathF.Abs(value.W));

    public static Vector4 SquareRoot(Vector4 value) => new(MathF.Sqrt(value.X), MathF.Sqrt(value.Y), MathF.Sqrt(value.Z), MathF.Sqrt(value.W));

    public static Vector4 Truncate(Vector4 vector) => new(MathF.Truncate(vector.X), MathF.Truncate(vector.Y), MathF.Truncate(vector.Z), MathF.Truncate(vector.W));

    public static Vector4 Round(Vector4 vector) => new(MathF.Round(vector.X), MathF.Round(vector.Y), MathF.Round(vector.Z), MathF.Round(vector.W));

    public static Vector4 Sin(Vector4 vector) => new(MathF.Sin(vector.X), MathF.Sin(vector.Y), MathF.Sin(vector.Z), MathF.Sin(vector.W));

    public static Vector4 Cos(Vector4 vector) => new(MathF.Cos(vector.X), MathF.Cos(vector.Y), MathF.Cos(vector.Z), MathF.Cos(vector.W));

    public static Vector4 Exp(Vector4 vector) => new(MathF.Exp(vector.X), MathF.Exp(vector.Y), MathF.Exp(vector.Z), MathF.Exp(vector.W));

    public static Vector4 Log(Vector4 vector) => new(MathF.Log(vector.X), MathF.Log(vector.Y), MathF.Log(vector.Z), MathF.Log(vector.W));

    public static Vector4 Log2(Vector4 vector) => new(MathF.Log2(vector.X), MathF.Log2(vector.Y), MathF.Log2(vector.Z), MathF.Log2(vector.W));

    public static Vector4 Min(Vector4 x, Vector4 y) =>
        new(MathF.Min(x.X, y.X), MathF.Min(x.Y, y.Y), MathF.Min(x.Z, y.Z), MathF.Min(x.W, y.W));

    public static Vector4 Max(Vector4 x, Vector4 y) =>
        new(MathF.Max(x.X, y.X), MathF.Max(x.Y, y.Y), MathF.Max(x.Z, y.Z), MathF.Max(x.W, y.W));

    public static Vector4 CopySign(Vector4 value, Vector4 sign) =>
        new(MathF.CopySign(value.X, sign.X), MathF.CopySign(value.Y, sign.Y), MathF.CopySign(value.Z, sign.Z), MathF.CopySign(value.W, sign.W));

    public static Vector4 Clamp(Vector4 value, Vector4 min, Vector4 max) => Vector4.Min(Vector4.Max(value, min), max);

    public static Vector4 FusedMultiplyAdd(Vector4 left, Vector4 right, Vector4 addend) =>
        new(MathF.FusedMultiplyAdd(left.X, right.X, addend.X),
            MathF.FusedMultiplyAdd(left.Y, right.Y, addend.Y),
            MathF.FusedMultiplyAdd(left.Z, right.Z, addend.Z),
            MathF.FusedMultiplyAdd(left.W, right.W, addend.W));

    public static Vector4 MultiplyAddEstimate(Vector4 left, Vector4 right, Vector4 addend) =>
        new(MathF.FusedMultiplyAdd(left.X, right.X, addend.X),
            MathF.FusedMultiplyAdd(left.Y, right.Y, addend.Y),
            MathF.FusedMultiplyAdd(left.Z, right.Z, addend.Z),
            MathF.FusedMultiplyAdd(left.W, right.W, addend.W));

    public static float Dot(Vector4 x, Vector4 y) => x.X * y.X + x.Y * y.Y + x.Z * y.Z + x.W * y.W;

    public static float Sum(Vector4 value) => value.X + value.Y + value.Z + value.W;

    public static float Length(ref Vector4 self) => MathF.Sqrt(Vector4.Dot(self, self));

    public static float LengthSquared(ref Vector4 self) => Vector4.Dot(self, self);

    public static float Distance(Vector4 x, Vector4 y) => (x - y).Length();

    public static float DistanceSquared(Vector4 x, Vector4 y) => (x - y).LengthSquared();

    public static Vector4 Normalize(Vector4 value) => value / value.Length();

    public static Vector4 Lerp(Vector4 x, Vector4 y, float amount) => x + ((y - x) * amount);

    public static Vector4 Lerp(Vector4 x, Vector4 y, Vector4 amount) => x + ((y - x) * amount);

    public static float get_Item(ref Vector4 self, int index) =>
        System.Runtime.CompilerServices.Unsafe.Add(ref self.X, index);

    public static void set_Item(ref Vector4 self, int index, float value) =>
        System.Runtime.CompilerServices.Unsafe.Add(ref self.X, index) = value;
}
