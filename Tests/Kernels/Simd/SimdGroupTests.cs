using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Hand-built grouped kernels against the interpreter, bit for bit, for groups that do and do not fit the lanes.</summary>
public class SimdGroupTests
{
    public static TheoryData<int, int, int> Groups
    {
        get
        {
            TheoryData<int, int, int> data = [];
            foreach (int bits in (int[])[512, 256, 128])
            {
                foreach ((int x, int y) in ((int, int)[])[(1, 1), (20, 1), (64, 1), (65, 1), (256, 1), (300, 1), (8, 4), (8, 8), (16, 16), (32, 32)])
                    data.Add(bits, x, y);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void Launch_TiledProduct_EqualsTheInterpreter(int bits, int x, int y)
    {
        Kernel kernel = TiledProduct(x * y);
        LaunchShape shape = LaunchShape.Groups(new Index3D(2, 2, 1), new Index3D(x, y, 1));
        Check(kernel, shape, bits, Floats(4 * x * y * 3), Floats(4 * x * y * 3), Floats(4 * x * y));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void Launch_RowSumAndMaximum_EqualsTheInterpreter(int bits, int x, int y)
    {
        const int Columns = 130;
        LaunchShape shape = LaunchShape.Groups(new Index3D(3, 1, 1), new Index3D(x * y, 1, 1));
        Check(RowReductions(Columns), shape, bits, Floats(3 * Columns), Floats(3 * Columns));
    }

    [Fact]
    public void Launch_BarrierInVaryingBranch_IsRefused()
    {
        Parameter p = new(IrType.Pointer(ScalarType.Int32, AddressSpace.Global), 0);
        Kernel kernel = new("divergent", LaunchKind.Grouped, [p]);
        Builder b = new(kernel.Body);
        b.If(b.Compare(Opcode.Less, b.Position(Opcode.GroupIndex), Constant.Of(7)), () => b.Barrier());
        b.Append(new Return());
        CpuDevice device = new(1);
        DeviceMemory memory = device.AllocateMemory(64);
        KernelCompilationException error = Assert.Throws<KernelCompilationException>(() =>
            device.Launch(device.Compile(kernel), LaunchShape.Groups(1, 256), [KernelArgument.Pointer(memory)]));
        Assert.Equal("CTG1092", error.Code);
    }

    /// <summary>Tiles of the inputs pass through shared memory in a loop with two barriers; sums live across them, in
    /// registers' stead a local array, and in a loop-carried value.</summary>
    private static Kernel TiledProduct(int items)
    {
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Parameter y = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 1);
        Parameter z = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 2);
        Kernel kernel = new("tiles", LaunchKind.Grouped, [x, y, z]);
        Builder b = new(kernel.Body);
        Value shared = b.Allocate(ScalarType.Float32, AddressSpace.Shared, items);
        Value local = b.Allocate(ScalarType.Float32, AddressSpace.Local, 2);
        Value width = b.Position(Opcode.GroupExtent);
        Value column = b.Position(Opcode.GroupIndex);
        Value item = b.Add(column, b.Mul(width, b.Position(Opcode.GroupIndex, Axis.Y)));
        Value group = b.Add(b.Position(Opcode.GridIndex), b.Mul(Constant.Of(2), b.Position(Opcode.GridIndex, Axis.Y)));
        b.Store(local, Constant.Of(0), Constant.Of(1f));
        b.Store(local, b.Binary(Opcode.And, item, Constant.Of(1)), Constant.Of(2f));
        b.Store(local, Constant.Of(1), Constant.Of(0.5f));
        ImmutableArray<Result> sums = b.For(Constant.Of(0), Constant.Of(3), Constant.Of(1), [Constant.Of(0f), item], (tile, carried) =>
        {
            Value start = b.Mul(b.Add(b.Mul(group, Constant.Of(3)), tile), Constant.Of(items));
            b.Store(shared, item, b.Load(x, b.Add(start, item)));
            b.Barrier();
            ImmutableArray<Result> inner = b.For(Constant.Of(0), width, Constant.Of(1), [carried[0]], (k, sum) =>
            {
                Value left = b.Load(shared, b.Add(b.Sub(item, column), k));
                Value right = b.Load(y, b.Add(start, k));
                return [b.Add(sum[0], b.Mul(left, right))];
            });
            b.Barrier();
            b.Store(local, Constant.Of(1), b.Add(b.Load(local, Constant.Of(1)), inner[0]));
            Value total = b.GroupReduce(Opcode.GroupAdd, b.Load(local, b.Binary(Opcode.And, tile, Constant.Of(1))));
            return [b.Add(inner[0], total), b.Add(carried[1], tile)];
        });
        Value result = b.Add(sums[0], b.Convert(sums[1], ScalarType.Float32));
        b.Store(z, b.Add(b.Mul(group, Constant.Of(items)), item), b.Add(result, b.Load(local, Constant.Of(1))));
        b.Append(new Return());
        return kernel;
    }

    /// <summary>A row a group: the sum and the maximum by a loop from the lane's index in steps of the group, then
    /// y = (x − max)·sum + row, where only rows other than 1.</summary>
    private static Kernel RowReductions(int columns)
    {
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Parameter y = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 1);
        Kernel kernel = new("rows", LaunchKind.Grouped, [x, y]);
        Builder b = new(kernel.Body);
        Value row = b.Position(Opcode.GridIndex);
        Value start = b.Mul(row, Constant.Of(columns));
        Value lane = b.Position(Opcode.GroupIndex);
        Value step = b.Position(Opcode.GroupExtent);
        ImmutableArray<Result> partial = b.For(lane, Constant.Of(columns), step, [Constant.Of(0f), Constant.Of(-1e30f)], (i, carried) =>
        {
            Value v = b.Load(x, b.Add(start, i));
            return [b.Add(carried[0], v), b.Binary(Opcode.Max, carried[1], v)];
        });
        If other = new(b.Compare(Opcode.NotEqual, row, Constant.Of(1)), ScalarType.Float32);
        b.Within(other.Then, () => b.Append(new Break(other, b.GroupReduce(Opcode.GroupAdd, partial[0]))));
        b.Within(other.Else, () => b.Append(new Break(other, partial[0])));
        b.Append(other);
        Value max = b.GroupReduce(Opcode.GroupMax, partial[1]);
        b.For(lane, Constant.Of(columns), step, [], (i, _) =>
        {
            Value v = b.Sub(b.Load(x, b.Add(start, i)), max);
            b.Store(y, b.Add(start, i), b.Fma(v, other.Results[0], b.Convert(row, ScalarType.Float32)));
            return [];
        });
        b.Append(new Return());
        return kernel;
    }

    private static byte[] Floats(int count)
    {
        Random random = new(count);
        float[] values = [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 4 - 2))];
        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    private static void Check(Kernel kernel, LaunchShape shape, int bits, params byte[][] buffers)
    {
        Verifier.Verify(kernel, "the test");
        RandomCase c = new(kernel, shape, [.. buffers], [.. buffers.Select(_ => 0ul)]);
        CpuDevice device = new(1, SimdRandomTests.Isa(bits), lower: k => k);
        Assert.Null(c.Difference(c.Interpret(), c.RunOn(device)));
    }
}
