using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>The OpenCL C functions that instructions call because no operator or built-in has their exact meaning on
/// every driver. Asking for a name adds the function to the program's text, once, after those it calls.</summary>
internal sealed partial class OpenClHelpers
{
    private readonly List<string> _texts = [];
    private readonly HashSet<string> _defined = [];

    /// <summary>The definitions asked for so far, in an order in which each stands before its callers.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>float32 square root, rounded correctly without the driver's promise of it.</summary>
    public string Sqrt(OpenClTraits traits) => traits.Float64
        ? Define("ct_sqrt", "float ct_sqrt(float x) { return (float)sqrt((double)x); }")
        : Define("ct_sqrt_soft", OpenClSoftFloat.Sqrt);

    /// <summary>float32 quotient, rounded correctly without the driver's promise of it. Rounding a float64 quotient of
    /// float32 numbers again is harmless: 53 ≥ 2·24 + 2 bits, so it cannot come to lie on a tie, nor on one between
    /// subnormals.</summary>
    public string Divide(OpenClTraits traits) => traits.Float64
        ? Define("ct_divide", "float ct_divide(float x, float y) { return (float)((double)x / (double)y); }")
        : Define("ct_divide_soft", OpenClSoftFloat.Divide);

    /// <summary>Quotient towards zero that never traps: x / 0 is 0, MinValue / −1 wraps.</summary>
    public string IntegerDivide(ScalarType type)
    {
        string t = OpenClTypes.Memory(type);
        return Define($"ct_div_{t}", type.IsSigned()
            ? $$"""
            {{t}} ct_div_{{t}}({{t}} x, {{t}} y)
            {
                {{t}} quotient = x / (y == 0 || y == -1 ? 1 : y);
                return y == 0 ? 0 : y == -1 ? ({{t}})(0 - ({{OpenClTypes.Unsigned(type)}})x) : quotient;
            }
            """
            : $$"""
            {{t}} ct_div_{{t}}({{t}} x, {{t}} y)
            {
                {{t}} quotient = x / (y == 0 ? 1 : y);
                return y == 0 ? 0 : quotient;
            }
            """);
    }

    /// <summary>Remainder with the dividend's sign that never traps: x % 0 is 0.</summary>
    public string IntegerRemainder(ScalarType type)
    {
        string t = OpenClTypes.Memory(type);
        string unsafeDivisor = type.IsSigned() ? "y == 0 || y == -1" : "y == 0";
        return Define($"ct_rem_{t}", $$"""
            {{t}} ct_rem_{{t}}({{t}} x, {{t}} y) { return x % ({{unsafeDivisor}} ? 1 : y); }
            """);
    }

    /// <summary>IEEE 754-2019 minimum. Equal operands are equal bits or ±0, where or-ing the signs gives −0.</summary>
    public string Minimum(ScalarType type) => MinMax(type, "min", "<", "|");

    /// <summary>IEEE 754-2019 maximum.</summary>
    public string Maximum(ScalarType type) => MinMax(type, "max", ">", "&");

    /// <summary>Truncates and saturates; NaN gives 0.</summary>
    public string FloatToInteger(ScalarType from, ScalarType to)
    {
        string f = OpenClTypes.Memory(from);
        string t = OpenClTypes.Memory(to);
        int bits = 8 * to.Size();
        string suffix = from == ScalarType.Float32 ? "f" : "";
        string over = $"0x1p+{(to.IsSigned() ? bits - 1 : bits)}{suffix}";
        string low = to.IsSigned() ? $"-{over}" : $"0.0{suffix}";
        string name = t.ToUpperInvariant();
        (string min, string max) = (to.IsSigned() ? $"{Limit(name)}_MIN" : "0", $"{Limit(name)}_MAX");
        return Define($"ct_{f}_to_{t}", $$"""
            {{t}} ct_{{f}}_to_{{t}}({{f}} x)
            {
                bool inside = x >= {{low}} && x < {{over}};
                {{t}} truncated = ({{t}})(inside ? x : 0);
                return inside ? truncated : x >= {{over}} ? {{max}} : x < {{low}} ? {{min}} : 0;
            }
            """);

        static string Limit(string type) => type switch
        {
            "CHAR" => "SCHAR",
            "SHORT" => "SHRT",
            "USHORT" => "USHRT",
            _ => type,
        };
    }

    /// <summary>The bits of a 16-bit float → float32, exactly.</summary>
    public string Widen(ScalarType from) => from == ScalarType.BFloat16
        ? Define("ct_from_bfloat16", "float ct_from_bfloat16(ushort x) { return as_float((uint)x << 16); }")
        : Define("ct_from_float16", OpenClSoftFloat.FromFloat16);

    /// <summary>float32 → the bits of a 16-bit float, to nearest even.</summary>
    public string Narrow(ScalarType to) => to == ScalarType.BFloat16
        ? Define("ct_to_bfloat16", OpenClSoftFloat.ToBFloat16)
        : Define("ct_to_float16", OpenClSoftFloat.ToFloat16);

    /// <summary>Sum, minimum or maximum over the group. With n items and p the smallest power of two ≥ n:
    /// for s = p/2, p/4, …, 1, v[i] with i &lt; s and i + s &lt; n becomes v[i] op v[i + s]; v[0] is the
    /// result.</summary>
    public string GroupReduce(Opcode opcode, ScalarType type, OpenClTraits traits)
    {
        string t = OpenClTypes.Memory(type);
        string u = OpenClTypes.Unsigned(type);
        bool isFloat = type is ScalarType.Float32 or ScalarType.Float64;
        (string suffix, string combined) = opcode switch
        {
            Opcode.GroupAdd => ("add", isFloat ? "v[i] + v[i + s]" : $"({t})(({u})v[i] + ({u})v[i + s])"),
            Opcode.GroupMin => ("min", $"{(isFloat ? Minimum(type) : "min")}(v[i], v[i + s])"),
            _ => ("max", $"{(isFloat ? Maximum(type) : "max")}(v[i], v[i + s])"),
        };
        string tree = traits.SerialGroups
            ? $$"""
                barrier(CLK_LOCAL_MEM_FENCE);
                if (item == 0)
                {
                    for (int s = p / 2; s > 0; s /= 2)
                    {
                        for (int i = 0; i < s && i + s < n; i++) v[i] = {{combined}};
                    }
                }
            """
            : $$"""
                int i = item;
                for (int s = p / 2; s > 0; s /= 2)
                {
                    barrier(CLK_LOCAL_MEM_FENCE);
                    if (i < s && i + s < n) v[i] = {{combined}};
                }
            """;
        Define("ct_item", OpenClSoftFloat.ItemInGroup);
        return Define($"ct_group_{suffix}_{t}", $$"""
            {{t}} ct_group_{{suffix}}_{{t}}({{t}} x, __local ulong* scratch)
            {
                __local {{t}}* v = (__local {{t}}*)scratch;
                int item = ct_item();
                int n = ct_items();
                int p = 1;
                while (p < n) p *= 2;
                barrier(CLK_LOCAL_MEM_FENCE);
                v[item] = x;
            {{tree}}
                barrier(CLK_LOCAL_MEM_FENCE);
                return v[0];
            }
            """);
    }

    /// <summary>Another item's value: the same item's for the whole group, or any item's, or one of the own warp.</summary>
    public string GroupExchange(Opcode opcode, ScalarType type)
    {
        string t = OpenClTypes.Memory(type);
        (string name, string item) = opcode switch
        {
            Opcode.GroupBroadcast => ("broadcast", "item"),
            Opcode.GroupShuffle => ("shuffle", "item >= 0 && item < ct_items() ? item : own"),
            _ => ("warp_shuffle", "item >= 0 && item < 32 && (own & ~31) + item < ct_items() ? (own & ~31) + item : own"),
        };
        Define("ct_item", OpenClSoftFloat.ItemInGroup);
        return Define($"ct_group_{name}_{t}", $$"""
            {{t}} ct_group_{{name}}_{{t}}({{t}} x, int item, __local ulong* scratch)
            {
                __local {{t}}* v = (__local {{t}}*)scratch;
                int own = ct_item();
                v[own] = x;
                barrier(CLK_LOCAL_MEM_FENCE);
                return v[{{item}}];
            }
            """);
    }

    private string MinMax(ScalarType type, string name, string better, string merge)
    {
        string t = OpenClTypes.Memory(type);
        string bits = OpenClTypes.Unsigned(type);
        return Define($"ct_{name}_{t}", $$"""
            {{t}} ct_{{name}}_{{t}}({{t}} x, {{t}} y)
            {
                {{t}} merged = as_{{t}}(as_{{bits}}(x) {{merge}} as_{{bits}}(y));
                return x != x || y != y ? x + y : x {{better}} y ? x : y {{better}} x ? y : merged;
            }
            """);
    }

    private string Define(string name, string text)
    {
        if (_defined.Add(name))
            _texts.Add(text + "\n");

        return name;
    }
}
