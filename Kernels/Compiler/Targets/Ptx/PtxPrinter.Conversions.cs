using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Conversions.</summary>
internal sealed partial class PtxPrinter
{
    private string Convert(ScalarType from, ScalarType to, string x)
    {
        if (from == to)
            return x;

        // The 16-bit floats are bits here: in and out through float.
        if (from is ScalarType.Float16 or ScalarType.BFloat16)
            return Convert(ScalarType.Float32, to, Widen(from, x));
        if (to is ScalarType.Float16 or ScalarType.BFloat16)
            return Narrow(to, Convert(from, ScalarType.Float32, x));
        bool fromFloat = from is ScalarType.Float32 or ScalarType.Float64;
        bool toFloat = to is ScalarType.Float32 or ScalarType.Float64;
        if (to == ScalarType.Bool)
        {
            return _text.Compute("pred", $"setp.{(fromFloat ? "neu" : "ne")}.{PtxTypes.Arithmetic(from)}", x,
                PtxTypes.Literal(Constant.Of(from, 0)));
        }

        if (from == ScalarType.Bool)
            return FromBool(to, x);
        return (fromFloat, toFloat) switch
        {
            (true, true) => _text.Compute(to.Name(), to == ScalarType.Float64 ? "cvt.f64.f32" : "cvt.rn.f32.f64", x),
            (true, false) => FloatToInteger(from, to, x),
            (false, true) => _text.Compute(to.Name(), $"cvt.rn.{to.Name()}.{PtxTypes.Arithmetic(from)}", x),
            _ => IntegerToInteger(from, to, x),
        };
    }

    private string FromBool(ScalarType to, string x)
    {
        string suffix = PtxTypes.Register(to);
        return _text.Compute(suffix, $"selp.{suffix}", PtxTypes.Literal(Constant.Of(to, 1)), PtxTypes.Literal(Constant.Of(to, 0)), x);
    }

    // cvt saturates. Its NaN gives 0 only from float32 to 32 bits.
    private string FloatToInteger(ScalarType from, ScalarType to, string x)
    {
        bool isNarrow = to.Size() < 4;
        string type = isNarrow ? "s32" : PtxTypes.Arithmetic(to);
        string bits = PtxTypes.Bits(to);
        string result = _text.Compute(bits, $"cvt.rzi.{type}.{from.Name()}", x);
        if (from == ScalarType.Float64 || bits == "b64")
        {
            string isNaN = _text.Compute("pred", $"setp.nan.{from.Name()}", x, x);
            result = _text.Compute(bits, $"selp.{bits}", "0", result, isNaN);
        }

        if (!isNarrow)
            return result;
        int width = 8 * to.Size();
        (int low, int high) = to.IsSigned() ? (-(1 << (width - 1)), (1 << (width - 1)) - 1) : (0, (1 << width) - 1);
        return _text.Compute("b32", "min.s32", _text.Compute("b32", "max.s32", result, $"{low}"), $"{high}");
    }

    private string IntegerToInteger(ScalarType from, ScalarType to, string x)
    {
        if (to.Size() == 8)
            return from.Size() == 8 ? x : _text.Compute("b64", from.IsSigned() ? "cvt.s64.s32" : "cvt.u64.u32", x);
        string low = from.Size() == 8 ? _text.Compute("b32", "cvt.u32.u64", x) : x;
        return Extended(to, low);
    }

    /// <summary>The low bits of a register as a type's number, extended by its sign.</summary>
    private string Extended(ScalarType type, string x) => type.Size() switch
    {
        >= 4 => x,
        int size when type.IsSigned() => _text.Compute("b32", "bfe.s32", x, "0", $"{8 * size}"),
        int size => _text.Compute("b32", "and.b32", x, $"{(1 << (8 * size)) - 1}"),
    };

    private string Widen(ScalarType from, string x)
    {
        if (from == ScalarType.BFloat16)
            return _text.Compute("f32", "mov.b32", _text.Compute("b32", "shl.b32", x, "16"));
        return _text.Compute("f32", "cvt.f32.f16", _text.Compute("b16", "cvt.u16.u32", x));
    }

    private string Narrow(ScalarType to, string x)
    {
        if (to == ScalarType.Float16)
            return _text.Compute("b32", "cvt.u32.u16", _text.Compute("b16", "cvt.rn.f16.f32", x));

        if (_traits.BFloat16)
            return _text.Compute("b32", "cvt.u32.u16", _text.Compute("b16", "cvt.rn.bf16.f32", x));

        // To nearest even on the bits; NaN stays NaN and quiet.
        string bits = _text.Compute("b32", "mov.b32", x);
        string high = _text.Compute("b32", "shr.u32", bits, "16");
        string odd = _text.Compute("b32", "and.b32", high, "1");
        string sum = _text.Compute("b32", "add.u32", _text.Compute("b32", "add.u32", bits, odd), "32767");
        string rounded = _text.Compute("b32", "shr.u32", sum, "16");
        string quiet = _text.Compute("b32", "or.b32", high, "64");
        return _text.Compute("b32", "selp.b32", quiet, rounded, _text.Compute("pred", "setp.nan.f32", x, x));
    }

    private string BitCast(ScalarType from, ScalarType to, string x)
    {
        string suffix = PtxTypes.Register(to);
        if (to.Size() < 4)
            return Extended(to, x);
        return suffix == PtxTypes.Register(from) ? x : _text.Compute(suffix, $"mov.{PtxTypes.Bits(to)}", x);
    }
}
