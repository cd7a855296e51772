using System.Numerics;

namespace Cotangent.Kernels.Il;

/// <summary>Vector2 by components.</summary>
internal static class PortableVector2
{
    public static void Construct(ref Vector2 self, float x, float y)
    {
        self.X = x;
        self.Y = y;
    }

    public static void Construct(ref Vector2 self, float value) => self = new(value, value);

    public static Vector2 get_Zero() => new(0, 0);

    public static Vector2 get_One() => new(1, 1);

    public static Vector2 get_UnitX() => new(1, 0);

    public static Vector2 get_UnitY() => new(0, 1);

    public static Vector2 op_Addition(Vector2 left, Vector2 right) => new(left.X + right.X, left.Y + right.Y);

    public static Vector2 Add(Vector2 left, Vector2 right) => left + right;

    public static Vector2 op_Subtraction(Vector2 left, Vector2 right) => new(left.X - right.X, left.Y - right.Y);

    public static Vector2 Subtract(Vector2 left, Vector2 right) => left - right;

    public static Vector2 op_Multiply(Vector2 left, Vector2 right) => new(left.X * right.X, left.Y * right.Y);

    public static Vector2 Multiply(Vector2 left, Vector2 right) => left * right;

    public static Vector2 op_Division(Vector2 left, Vector2 right) => new(left.X / right.X, left.Y / right.Y);

    public static Vector2 Divide(Vector2 left, Vector2 right) => left / right;

    public static Vector2 op_Multiply(Vector2 left, float right) => new(left.X * right, left.Y * right);

    public static Vector2 Multiply(Vector2 left, float right) => left * right;

    public static Vector2 op_Division(Vector2 left, float right) => new(left.X / right, left.Y / right);

    public static Vector2 Divide(Vector2 left, float right) => left / right;

    public static Vector2 op_Multiply(float left, Vector2 right) => right * left;

    public static Vector2 Multiply(float left, Vector2 right) => right * left;

    public static Vector2 op_UnaryNegation(Vector2 value) => new(-value.X, -value.Y);

    public static Vector2 op_UnaryPlus(Vector2 value) => value;

    public static Vector2 Negate(Vector2 value) => -value;

    public static bool op_Equality(Vector2 left, Vector2 right) =>
        left.X == right.X && left.Y == right.Y;

    public static bool op_Inequality(Vector2 left, Vector2 right) => !(left == right);

    public static bool Equals(ref Vector2 self, Vector2 other) =>
        self.X.Equals(other.X) && self.Y.Equals(other.Y);

    public static Vector2 Abs(Vector2 value) => new(MathF.Abs(value.X), MathF.Abs(value.Y));

    public static Vector2 SquareRoot(Vector2 value) => new(MathF.Sqrt(value.X), MathF.Sqrt(value.Y));

    public static Vector2 Truncate(Vector2 vector) => new(MathF.Truncate(vector.X), MathF.Truncate(vector.Y));

    public static Vector2 Round(Vector2 vector) => new(MathF.Round(vector.X), MathF.Round(vector.Y));

    public static Vector2 Sin(Vector2 vector) => new(MathF.Sin(vector.X), MathF.Sin(vector.Y));

    public static Vector2 Cos(Vector2 vector) => new(MathF.Cos(vector.X), MathF.Cos(vector.Y));

    public static Vector2 Exp(Vector2 vector) => new(MathF.Exp(vector.X), MathF.Exp(vector.Y));

    public static Vector2 Log(Vector2 vector) => new(MathF.Log(vector.X), MathF.Log(vector.Y));

    public static Vector2 Log2(Vector2 vector) => new(MathF.Log2(vector.X), MathF.Log2(vector.Y));

    public static Vector2 Min(Vector2 x, Vector2 y) =>
        new(MathF.Min(x.X, y.X), MathF.Min(x.Y, y.Y));

    public static Vector2 Max(Vector2 x, Vector2 y) =>
        new(MathF.Max(x.X, y.X), MathF.Max(x.Y, y.Y));

    public static Vector2 CopySign(Vector2 value, Vector2 sign) =>
        new(MathF.CopySign(value.X, sign.X), MathF.CopySign(value.Y, sign.Y));

    public static Vector2 Clamp(Vector2 value, Vector2 min, Vector2 max) => Vector2.Min(Vector2.Max(value, min), max);

    public static Vector2 FusedMultiplyAdd(Vector2 left, Vector2 right, Vector2 addend) =>
        new(MathF.FusedMultiplyAdd(left.X, right.X, addend.X),
            MathF.FusedMultiplyAdd(left.Y, right.Y, addend.Y));

    public static Vector2 MultiplyAddEstimate(Vector2 left, Vector2 right, Vector2 addend) =>
        new(MathF.FusedMultiplyAdd(left.X, right.X, addend.X),
            MathF.FusedMultiplyAdd(left.Y, right.Y, addend.Y));

    public static float Dot(Vector2 x, Vector2 y) => x.X * y.X + x.Y * y.Y;

    public static float Sum(Vector2 value) => value.X + value.Y;

    public static float Length(ref Vector2 self) => MathF.Sqrt(Vector2.Dot(self, self));

    public static float LengthSquared(ref Vector2 self) => Vector2.Dot(self, self);

    public static float Distance(Vector2 x, Vector2 y) => (x - y).Length();

    public static float DistanceSquared(Vector2 x, Vector2 y) => (x - y).LengthSquared();

    public static Vector2 Normalize(Vector2 value) => value / value.Length();

    public static Vector2 Lerp(Vector2 x, Vector2 y, float amount) => x + ((y - x) * amount);

    public static Vector2 Lerp(Vector2 x, Vector2 y, Vector2 amount) => x + ((y - x) * amount);

    public static Vector2 Reflect(Vector2 vector, Vector2 normal) => vector - (2 * Vector2.Dot(vector, normal) * normal);

    public static float Cross(Vector2 x, Vector2 y) => (x.X * y.Y) - (x.Y * y.X);

    public static float get_Item(ref Vector2 self, int index) =>
        System.Runtime.CompilerServices.Unsafe.Add(ref self.X, index);

    public static void set_Item(ref Vector2 self, int index, float value) =>
        System.Runtime.CompilerServices.Unsafe.Add(ref self.X, index) = value;
}
