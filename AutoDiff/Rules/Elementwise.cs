using Cotangent.Graph;
using static Cotangent.AutoDiff.Algebra;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Derivatives element by element. Coefficients reuse the result y where that is cheaper than the operand.</summary>
internal static class Elementwise
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Neg] = Rule.Linear((_, ct) => Neg(ct)),
        [Ops.Sqrt] = Rule.Scaled(y => Make.Div(Like(y, 0.5), y)),                       // ∞ at 0
        [Ops.Exp] = Rule.Scaled(y => y),
        [Ops.Expm1] = Rule.Scaled(y => Make.Add(y, Like(y, 1))),
        [Ops.Log] = Rule.Divided(X),
        [Ops.Log1p] = Rule.Divided(y => Make.Add(X(y), Like(y, 1))),
        [Ops.Sin] = Rule.Scaled(y => Make.Unary(Ops.Cos, X(y))),
        [Ops.Cos] = Rule.Scaled(y => Make.Neg(Make.Unary(Ops.Sin, X(y)))),
        [Ops.Tan] = Rule.Scaled(y => Make.Add(Make.Mul(y, y), Like(y, 1))),
        [Ops.Atan] = Rule.Divided(y => Make.Add(Make.Mul(X(y), X(y)), Like(y, 1))),
        [Ops.Tanh] = Rule.Scaled(y => Make.Sub(Like(y, 1), Make.Mul(y, y))),
        [Ops.Erf] = Rule.Scaled(y => Make.Scale(Make.Unary(Ops.Exp, Make.Neg(Make.Mul(X(y), X(y)))), 2 / Math.Sqrt(Math.PI))),
        [Ops.Abs] = Rule.Scaled(y => Make.Unary(Ops.Sign, X(y))),                       // 0 at 0

        [Ops.Add] = new()
        {
            Jvp = (_, dx) => Sum(dx[0], dx[1]),
            Transpose = (_, ct, _) => ct,
            IsLinear = Rule.RestIsZero,
        },
        [Ops.Sub] = new()
        {
            Jvp = (_, dx) => Sum(dx[0], dx[1] is { } d ? Neg(d) : null),
            Transpose = (_, ct, argument) => argument == 0 ? ct : Neg(ct),
            IsLinear = Rule.RestIsZero,
        },
        [Ops.Mul] = new()
        {
            Jvp = (y, dx) => X(y) == Y(y)
                ? Mul(dx[0]!, Make.Add(X(y), X(y)))
                : Sum(dx[0] is { } d ? Mul(d, Y(y)) : null, dx[1] is { } e ? Mul(e, X(y)) : null),
            Transpose = (y, ct, argument) => MulByShare(ct, y.Inputs[1 - argument]),
        },
        [Ops.Div] = new()
        {
            // (dx − y·db) / b: one division, in the tangent and in its transpose.
            Jvp = (y, dx) => Make.Div(Sum(dx[0], dx[1] is { } d ? Neg(Mul(d, y)) : null)!, Y(y)),
            Transpose = (y, ct, _) => DivByNumber(ct, Y(y)),
            IsLinear = (_, varies) => !varies[1],
        },
        [Ops.Rem] = new()
        {
            // x − b·truncate(x/b), whose quotient is piecewise constant.
            Jvp = (y, dx) => Sum(dx[0], dx[1] is { } d ? Neg(Mul(d, Make.Unary(Ops.Truncate, Make.Div(X(y), Y(y))))) : null),
        },
        [Ops.Max] = new() { Jvp = (y, dx) => Choice(dx, Y(y), X(y), X(y), Y(y)) },
        [Ops.Min] = new() { Jvp = (y, dx) => Choice(dx, X(y), Y(y), Y(y), X(y)) },
        [Ops.Pow] = new()
        {
            Jvp = (y, dx) => Sum(
                dx[0] is { } d ? Scaled(d, PowerByBase(y)) : null,
                dx[1] is { } e ? Mul(e, PowerByExponent(y)) : null),
        },
        [Ops.Where] = new()
        {
            Jvp = (y, dx) => Make.Where(X(y), dx[1] ?? Like(y, 0), dx[2] ?? Like(y, 0)),
            Transpose = (y, ct, argument) => argument == 1
                ? Make.Where(X(y), ct, Like(y, 0))
                : Make.Where(X(y), Like(y, 0), ct),
            IsLinear = (y, varies) => !varies[0] && (varies[1] || Fill(y.Inputs[1]) is 0) && (varies[2] || Fill(y.Inputs[2]) is 0),
        },
        [Ops.Cast] = new()
        {
            Jvp = (y, dx) => y.DType.IsFloat() ? Make.Cast(dx[0]!, y.DType) : null,
            Transpose = (y, ct, _) => Make.Cast(ct, X(y).DType),
        },

        // Steps: constant between their jumps.
        [Ops.Floor] = Rule.Zero,
        [Ops.Ceil] = Rule.Zero,
        [Ops.Truncate] = Rule.Zero,
        [Ops.Round] = Rule.Zero,
        [Ops.Sign] = Rule.Zero,
        [Ops.StopGradient] = Rule.Zero,

        // Discrete results or operands.
        [Ops.Not] = Rule.Zero,
        [Ops.And] = Rule.Zero,
        [Ops.Or] = Rule.Zero,
        [Ops.Xor] = Rule.Zero,
        [Ops.ShiftLeft] = Rule.Zero,
        [Ops.ShiftRight] = Rule.Zero,
        [Ops.Equal] = Rule.Zero,
        [Ops.NotEqual] = Rule.Zero,
        [Ops.Less] = Rule.Zero,
        [Ops.LessEqual] = Rule.Zero,
        [Ops.Threefry0] = Rule.Zero,
        [Ops.Threefry1] = Rule.Zero,
    };

    private static Node X(Node y) => y.Inputs[0];

    private static Node Y(Node y) => y.Inputs[1];

    private static Node? Scaled(Node dx, Node? coefficient) => coefficient is null ? null : Mul(dx, coefficient);

    /// <summary>The derivative of a choice between two operands: the first has a share where <paramref name="low"/> &lt;
    /// <paramref name="high"/>, the second where <paramref name="otherLow"/> &lt; <paramref name="otherHigh"/>. Of both the second has what
    /// the first leaves, so that one of them has the tangent where the other is NaN.</summary>
    private static Node? Choice(Node?[] dx, Node low, Node high, Node otherLow, Node otherHigh)
    {
        if (low == high) return dx[0];
        if (dx[0] is not { } d) return Mul(dx[1]!, Share(otherLow, otherHigh));
        Node share = Share(low, high);
        return Sum(Mul(d, share), dx[1] is { } e ? Mul(e, Make.Sub(Like(share, 1), share)) : null);
    }

    /// <summary>1 where <paramref name="low"/> &lt; <paramref name="high"/>, ½ at ties, 0 elsewhere.</summary>
    private static Node Share(Node low, Node high) => Make.Where(
        Make.Binary(Ops.Less, low, high),
        Like(high, 1),
        Make.Where(Make.Binary(Ops.Equal, low, high), Like(high, 0.5), Like(high, 0)));

    /// <summary>b·x^(b−1), exactly 0 for b = 0 (also at x = 0), null where b is the number 0.</summary>
    private static Node? PowerByBase(Node y)
    {
        Node x = X(y), b = Y(y);
        if (Fill(b) is { } number)
        {
            return number switch
            {
                0 => null,
                1 => Like(x, 1),
                2 => Make.Add(x, x),
                _ => Make.Scale(Make.Binary(Ops.Pow, x, Like(x, number - 1)), number),
            };
        }

        Node isZero = Make.Binary(Ops.Equal, b, Like(b, 0));
        Node exponent = Make.Where(isZero, Like(b, 1), Make.Sub(b, Like(b, 1)));
        return Make.Mul(b, Make.Binary(Ops.Pow, x, exponent));
    }

    /// <summary>x^b·log(x), taken as 0 at x = 0; NaN for x &lt; 0, where real powers are not functions of the exponent.</summary>
    private static Node PowerByExponent(Node y)
    {
        Node x = X(y);
        Node safe = Make.Where(Make.Binary(Ops.Equal, x, Like(x, 0)), Like(x, 1), x);
        return Make.Mul(y, Make.Unary(Ops.Log, safe));
    }
}
