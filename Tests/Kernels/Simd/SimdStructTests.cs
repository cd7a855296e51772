using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Strided loads and stores against the interpreter, bit for bit: every choice of fields of structs of 2 to 4 words (and of
/// wider ones), at every width of vectors, for extents around whole groups of lanes.</summary>
public class SimdStructTests
{
    private const int MostItems = 130;

    public static TheoryData<int, int> Cases
    {
        get
        {
            TheoryData<int, int> data = [];
            foreach (int bits in (int[])[512, 256, 128])
            {
                for (int stride = 2; stride <= 5; stride++)
                    data.Add(bits, stride);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Launch_AnyFieldsOfStructs_EqualsTheInterpreter(int bits, int stride)
    {
        CpuDevice device = new(1, SimdRandomTests.Isa(bits), lower: k => k);
        for (int loaded = 1; loaded < 1 << stride; loaded++)
        {
            int stored = 1 + (loaded * 7 + stride) % ((1 << stride) - 1);
            foreach (ScalarType index in (ScalarType[])[ScalarType.Int32, ScalarType.Int64])
            {
                int extent = (int[])[1, 63, 64, 65, MostItems] is var extents ? extents[(loaded + (int)index) % extents.Length] : 0;
                Check(device, Fields(stride, loaded, stored, index, inPlace: loaded % 3 == 0), extent, stride);
            }
        }
    }

    [Theory]
    [InlineData(512)]
    [InlineData(256)]
    public void Launch_LoadsBetweenStores_SeeThem(int bits)
    {
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Parameter y = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 1);
        Kernel kernel = new("hazards", LaunchKind.Range1D, [x, y]);
        Builder b = new(kernel.Body);
        Value first = b.Mul(b.Position(Opcode.GlobalIndex), Constant.Of(2));
        Value second = b.Add(first, Constant.Of(1));
        b.Store(x, first, b.Add(b.Load(x, second), Constant.Of(1f)));
        b.Store(x, second, b.Mul(b.Load(x, first), Constant.Of(2f)));
        b.Store(y, first, b.Load(x, second));
        b.Store(y, first, b.Load(x, first));
        b.Store(y, second, Constant.Of(3f));
        b.Append(new Return());
        Check(new CpuDevice(1, SimdRandomTests.Isa(bits), lower: k => k), kernel, MostItems, 2);
    }

    /// <summary>Writes sums of some fields to some fields.</summary>
    private static Kernel Fields(int stride, int loaded, int stored, ScalarType indexType, bool inPlace)
    {
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Parameter y = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 1);
        Kernel kernel = new($"fields{stride}_{loaded}_{stored}", LaunchKind.Range1D, [x, y]);
        Builder b = new(kernel.Body);
        Value item = b.Convert(b.Position(Opcode.GlobalIndex), indexType);
        Value root = b.Mul(item, Constant.Of(indexType, stride));
        Value sum = Constant.Of(0.5f);
        for (int field = 0; field < stride; field++)
        {
            // Not in order: the first load need not be that of the lowest word.
            int word = (field + loaded) % stride;
            if ((loaded >> word & 1) != 0)
                sum = b.Add(b.Mul(sum, Constant.Of(1.5f)), b.Load(x, b.Add(root, Constant.Of(indexType, word))));
        }

        for (int field = 0; field < stride; field++)
        {
            int word = (field + stored) % stride;
            if ((stored >> word & 1) != 0)
                b.Store(inPlace ? x : y, b.Add(root, Constant.Of(indexType, word)), b.Mul(sum, Constant.Of(word + 1f)));
        }

        b.Append(new Return());
        return kernel;
    }

    // Two items more than the extent: what lies behind must keep its bits.
    private static void Check(CpuDevice device, Kernel kernel, int extent, int stride)
    {
        Verifier.Verify(kernel, "the test");
        float[] values = [.. Enumerable.Range(0, (extent + 2) * stride).Select(i => MathF.Sin(i))];
        byte[] bytes = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        RandomCase c = new(kernel, LaunchShape.Range(extent), [bytes, bytes], [0ul, 0ul]);
        string? difference = c.Difference(c.Interpret(), c.RunOn(device));
        Assert.True(difference is null, $"{kernel.Name}, {extent} items: {difference}");
    }
}
