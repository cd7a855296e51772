namespace Cotangent.Kernels.Targets;

/// <summary>Texts of OpenCL C functions on the bits of floats, for what a driver does not promise to round correctly or
/// to have.</summary>
internal static class OpenClSoftFloat
{
    /// <summary>√x by the integer square root of a 50-bit significand: the root has 25 bits, one more than the result,
    /// and the remainder is the sticky bit. The root of a float32 is never subnormal.</summary>
    public const string Sqrt = """
        float ct_sqrt_soft(float x)
        {
            uint bits = as_uint(x);
            if (x != x || x < 0.0f) return as_float(0x7fc00000u);
            if (bits << 1 == 0 || bits == 0x7f800000u) return x;
            int exponent = (int)(bits >> 23);
            uint m = bits & 0x7fffffu;
            if (exponent == 0)
            {
                int shift = clz(m) - 8;
                m <<= shift;
                exponent = 1 - shift;
            }
            else
            {
                m |= 0x800000u;
            }
            exponent -= 127;
            int odd = exponent & 1;
            ulong n = (ulong)m << (25 + odd);
            ulong root = 0;
            for (int b = 24; b >= 0; b--)
            {
                ulong next = root | (1ul << b);
                if (next * next <= n) root = next;
            }
            uint r = (uint)root;
            uint result = r >> 1;
            if ((r & 1) != 0 && ((result & 1) != 0 || root * root != n)) result++;
            return as_float(((uint)((exponent - odd) / 2 + 126) << 23) + result);
        }
        """;

    /// <summary>x / y by one 64-bit integer division; 27 or more quotient bits and the remainder as the sticky bit
    /// round once, also into subnormals.</summary>
    public const string Divide = """
        float ct_divide_soft(float x, float y)
        {
            uint sign = (as_uint(x) ^ as_uint(y)) & 0x80000000u;
            uint a = as_uint(x) & 0x7fffffffu;
            uint b = as_uint(y) & 0x7fffffffu;
            bool invalid = a == b && (a == 0 || a == 0x7f800000u);
            if (a > 0x7f800000u || b > 0x7f800000u || invalid) return as_float(0x7fc00000u);
            if (a == 0x7f800000u || b == 0) return as_float(sign | 0x7f800000u);
            if (a == 0 || b == 0x7f800000u) return as_float(sign);
            int ea = (int)(a >> 23);
            int eb = (int)(b >> 23);
            uint ma = a & 0x7fffffu;
            uint mb = b & 0x7fffffu;
            if (ea == 0) { int s = clz(ma) - 8; ma <<= s; ea = 1 - s; } else ma |= 0x800000u;
            if (eb == 0) { int s = clz(mb) - 8; mb <<= s; eb = 1 - s; } else mb |= 0x800000u;
            int exponent = ea - eb + 127;
            if (ma < mb) { ma <<= 1; exponent--; }
            ulong n = (ulong)ma << 30;
            ulong q = n / mb;
            if (q * mb != n) q |= 1;
            int drop = 7;
            if (exponent <= 0) { drop += 1 - exponent; exponent = 1; }
            if (drop > 40) drop = 40;
            ulong kept = q >> drop;
            ulong rest = q & ((1ul << drop) - 1);
            ulong tie = 1ul << (drop - 1);
            if (rest > tie || (rest == tie && (kept & 1) != 0)) kept++;
            if (exponent >= 255) return as_float(sign | 0x7f800000u);
            uint result = ((uint)(exponent - 1) << 23) + (uint)kept;
            return as_float(sign | result);
        }
        """;

    /// <summary>IEEE binary16 bits → float32. Subnormals are exact multiples of 2⁻²⁴.</summary>
    public const string FromFloat16 = """
        float ct_from_float16(ushort x)
        {
            uint sign = ((uint)x & 0x8000u) << 16;
            uint magnitude = (uint)x & 0x7fffu;
            uint quiet = magnitude > 0x7c00u ? 0x400000u : 0u;
            if (magnitude >= 0x7c00u) return as_float(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13 | quiet);
            if (magnitude < 0x400u) return as_float(sign | as_uint((float)magnitude * 0x1p-24f));
            return as_float(sign | ((magnitude << 13) + 0x38000000u));
        }
        """;

    /// <summary>float32 → IEEE binary16 bits, to nearest even; NaN keeps its sign and its payload's top and is
    /// quiet.</summary>
    public const string ToFloat16 = """
        ushort ct_to_float16(float x)
        {
            uint bits = as_uint(x);
            uint sign = (bits >> 16) & 0x8000u;
            uint magnitude = bits & 0x7fffffffu;
            if (magnitude > 0x7f800000u) return (ushort)(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
            if (magnitude >= 0x47800000u) return (ushort)(sign | 0x7c00u);
            if (magnitude < 0x38800000u)
            {
                float scaled = rint(as_float(magnitude) * 0x1p+24f);
                return (ushort)(sign | (uint)scaled);
            }
            uint rounded = magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u);
            return (ushort)(sign | (rounded >> 13));
        }
        """;

    /// <summary>float32 → bfloat16 bits, to nearest even; NaN stays NaN and quiet.</summary>
    public const string ToBFloat16 = """
        ushort ct_to_bfloat16(float x)
        {
            uint bits = as_uint(x);
            if (x != x) return (ushort)((bits >> 16) | 0x40u);
            return (ushort)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
        }
        """;

    /// <summary>The item's number in its group, X fastest, and the number of items.</summary>
    public const string ItemInGroup = """
        int ct_item()
        {
            return (int)(get_local_id(0) + get_local_size(0) * (get_local_id(1) + get_local_size(1) * get_local_id(2)));
        }
        int ct_items()
        {
            return (int)(get_local_size(0) * get_local_size(1) * get_local_size(2));
        }
        """;
}
