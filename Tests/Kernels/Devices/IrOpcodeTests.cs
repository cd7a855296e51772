using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.OpenCl;

namespace Cotangent.Tests;

/// <summary>Every pure opcode on every type against the interpreter, on special values crossed with each other and on
/// random bits.</summary>
public class IrOpcodeTests
{
    private static readonly ScalarType[] s_integers = [ScalarType.Int32, ScalarType.UInt32, ScalarType.Int64, ScalarType.UInt64];
    private static readonly ScalarType[] s_floats = [ScalarType.Float32, ScalarType.Float64];

    private static readonly ScalarType[] s_types = [.. Enum.GetValues<ScalarType>().Where(t => t != ScalarType.Void)];

    private static readonly Opcode[] s_arithmetic =
        [Opcode.Add, Opcode.Sub, Opcode.Mul, Opcode.Div, Opcode.Rem, Opcode.Min, Opcode.Max];

    private static readonly Opcode[] s_comparisons =
        [Opcode.Equal, Opcode.NotEqual, Opcode.Less, Opcode.LessEqual, Opcode.Greater, Opcode.GreaterEqual];

    private static readonly ulong[] s_singles = [.. new[]
    {
        0f, -0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 3, 1e-3f, 1e10f, -1e10f, float.NaN, float.PositiveInfinity, float.NegativeInfinity,
        float.Epsilon, -float.Epsilon, 1.1754942e-38f, 1.17549435e-38f, float.MaxValue, float.MinValue, 2147483648f, -2147483648f,
        2147483520f, 4294967296f, 4294967040f, 9.223372e18f, 1.8446744e19f, 8388609f, 0.49999997f, 255.5f, -128.7f, 65519.996f, 65520f,
        6.1e-5f, 5.96e-8f, 2.98e-8f, 3.0e-8f,
    }.Select(x => (ulong)BitConverter.SingleToUInt32Bits(x))];

    private static readonly ulong[] s_doubles = [.. new[]
    {
        0d, -0d, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, 1e-3, 1e10, -1e10, double.NaN, double.PositiveInfinity, double.NegativeInfinity,
        double.Epsilon, 2.2250738585072009e-308, double.MaxValue, double.MinValue, 2147483647.5, -2147483648.9, 4294967295.9,
        9.2233720368547758e18, 1.8446744073709552e19, -9.2233720368547758e18, 4503599627370497.5, 0.49999999999999994, 1e-46, 1e39,
    }.Select(BitConverter.DoubleToUInt64Bits)];

    private static readonly ulong[] s_words =
    [
        0, 1, 2, 3, 7, 31, 32, 63, 64, 100, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
        0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFE, 0x123456789ABCDEF0, 0xFFFFFFFF80000000, 0x80, 0xFF, 0x7FFF, 0x8000,
    ];

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Unary_EveryTypeAndSpecialValue_HasTheInterpretersBits(string device) => IrCase.CheckAll(device,
    [
        .. s_floats.Select(t => Map("unary", t, 1,
            Opcode.Neg, Opcode.Abs, Opcode.Sqrt, Opcode.Floor, Opcode.Ceil, Opcode.Truncate, Opcode.Round)),
        .. s_integers.Select(t => Map("unary", t, 1, Opcode.Neg, Opcode.Abs, Opcode.Not, Opcode.PopCount, Opcode.LeadingZeros)),
    ]);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Binary_EveryTypeAndSpecialValue_HasTheInterpretersBits(string device) => IrCase.CheckAll(device,
    [
        .. s_floats.Select(t => Map("binary", t, 2, [.. s_arithmetic, .. s_comparisons])),
        .. s_integers.Select(t => Map("binary", t, 2, [.. s_arithmetic, .. s_comparisons,
            Opcode.And, Opcode.Or, Opcode.Xor, Opcode.ShiftLeft, Opcode.ShiftRight, Opcode.MulHigh])),
    ]);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Fma_SpecialValues_RoundsOnce(string device) =>
        IrCase.CheckAll(device, [.. s_floats.Select(t => Map("fma", t, 3, Opcode.Fma))]);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Convert_EveryPairOfTypes_HasTheInterpretersBits(string device) => IrCase.CheckAll(device,
        [.. s_types.Select(from => Map("convert", from, 1, [.. s_types.Where(to => to != from).Select(to => (Opcode.Convert, to))]))]);

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void BitCast_SameSize_KeepsTheBits(string device) => IrCase.CheckAll(device,
    [
        .. from type in s_types
           where type != ScalarType.Bool
           let others = s_types.Where(to => to != type && to != ScalarType.Bool && to.Size() == type.Size())
           select Map("bitcast", type, 1, [.. others.Select(to => (Opcode.BitCast, to))]),
    ]);

    // Contraction is a pass, never the target's choice: without passes there is none.
    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void MultiplyThenAdd_WithoutPasses_IsNotContracted(string id)
    {
        IrType[] parameters = [.. Enumerable.Repeat(IrCase.Global(ScalarType.Float32), 4)];
        Kernel kernel = IrCase.Build("contract", LaunchKind.Range1D, parameters, (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            b.Store(p[3], i, b.Add(b.Mul(b.Load(p[0], i), b.Load(p[1], i)), b.Load(p[2], i)));
        });
        Random random = new(1);
        float[] Numbers() => [.. Enumerable.Range(0, 1000).Select(_ => (float)random.NextDouble() - 0.5f)];
        Device device = Devices.Get(id) is OpenClDevice openCl
            ? new OpenClDevice(OpenClApi.TryLoad()!, openCl.Info, "opencl:bare", k => k)
            : new CpuDevice(1, lower: k => k);
        new IrCase(kernel, LaunchShape.Range(1000), Numbers(), Numbers(), Numbers(), new float[1000])
            .Check(device, device.Compile(kernel));
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Constant_EveryTypeAndSpecialValue_KeepsItsBits(string device)
    {
        List<IrCase> cases = [];
        foreach (ScalarType type in s_floats.Concat(s_integers))
        {
            ulong[] values = [.. Values(type).Take(60)];
            Kernel kernel = IrCase.Build($"constant_{type.Name()}", LaunchKind.Range1D, [IrCase.Global(type)], (b, p) =>
            {
                for (int i = 0; i < values.Length; i++)
                    b.Store(p[0], Constant.Of(i), new Constant(type, values[i]));
            });
            cases.Add(new IrCase(kernel, LaunchShape.Range(1), Pack(type, new ulong[values.Length])));
        }

        IrCase.CheckAll(device, cases);
    }

    private static IrCase Map(string name, ScalarType type, int arity, params Opcode[] opcodes) =>
        Map(name, type, arity, [.. opcodes.Select(o => (o, s_comparisons.Contains(o) ? ScalarType.Bool : type))]);

    // One array a result, result[i] = opcode(x[i], y[i], z[i]), over all pairs of values. One kernel for many opcodes,
    // because an OpenCL driver may take 0.1 s a kernel.
    private static IrCase Map(string name, ScalarType type, int arity, (Opcode Opcode, ScalarType Type)[] results)
    {
        IrType[] parameters =
        [
            .. Enumerable.Repeat(IrCase.Global(type), arity), .. results.Select(r => IrCase.Global(r.Type)),
        ];
        Kernel kernel = IrCase.Build($"{name}_{type.Name()}", LaunchKind.Range1D, parameters, (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            Value[] x = [.. p.Take(arity).Select(q => b.Load(q, i))];
            for (int k = 0; k < results.Length; k++)
            {
                Value[] operands = results[k].Opcode switch
                {
                    Opcode.ShiftLeft or Opcode.ShiftRight => [x[0], b.Convert(x[1], ScalarType.Int32)],
                    Opcode.Div or Opcode.Rem when x[1].Type.IsInteger => [x[0], NotZero(b, x[1])],
                    _ => x,
                };
                b.Store(p[arity + k], i, b.Append(new Instruction(results[k].Opcode, results[k].Type, [.. operands])));
            }
        });
        ulong[] values = Values(type);
        int n = arity == 1 ? values.Length : values.Length * values.Length;
        Random random = new(7);
        object[] arrays =
        [
            .. Enumerable.Range(0, arity).Select(k => Pack(type, [.. Enumerable.Range(0, n).Select(i =>
                k == 0 ? values[i % values.Length] : k == 1 ? values[i / values.Length] : values[random.Next(values.Length)])])),
            .. results.Select(r => Pack(r.Type, new ulong[n])),
        ];
        return new IrCase(kernel, LaunchShape.Range(n), arrays);
    }

    // The quotient by zero is unspecified.
    private static Value NotZero(Builder b, Value x) =>
        b.Select(b.Compare(Opcode.Equal, x, Constant.Of(x.Type.Scalar, 0)), Constant.Of(x.Type.Scalar, 3), x);

    private static ulong[] Values(ScalarType type)
    {
        Random random = new(3);
        ulong mask = ulong.MaxValue >> (64 - 8 * type.Size());
        ulong[] special = type switch
        {
            ScalarType.Bool => [0, 1],
            ScalarType.Float32 => s_singles,
            ScalarType.Float64 => s_doubles,
            ScalarType.Float16 or ScalarType.BFloat16 => [.. Enumerable.Range(0, 65536).Where(i => i % 37 == 0).Select(i => (ulong)i)],
            _ => s_words,
        };
        IEnumerable<ulong> more = type switch
        {
            ScalarType.Bool => [],
            ScalarType.Float32 => Enumerable.Range(0, 20).Select(_ => (ulong)BitConverter.SingleToUInt32Bits((float)random.NextDouble())),
            ScalarType.Float64 => Enumerable.Range(0, 20).Select(_ => BitConverter.DoubleToUInt64Bits(random.NextDouble())),
            _ => [],
        };
        IEnumerable<ulong> bits = Enumerable.Range(0, type == ScalarType.Bool ? 0 : 20).Select(_ => (ulong)random.NextInt64());
        return [.. special.Concat(more).Concat(bits).Select(x => x & mask)];
    }

    private static Array Pack(ScalarType type, ulong[] values) => type.Size() switch
    {
        1 => values.Select(x => (byte)x).ToArray(),
        2 => values.Select(x => (ushort)x).ToArray(),
        4 => values.Select(x => (uint)x).ToArray(),
        _ => values,
    };
}
