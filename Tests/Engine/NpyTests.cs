using System.Text;
using Cotangent.Interop;

namespace Cotangent.Tests.Engine;

public sealed class NpyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cotangent-").FullName;

    private string Path1 => Path.Combine(_folder, "a.npy");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(DType.Bool)]
    [InlineData(DType.UInt8)]
    [InlineData(DType.Int32)]
    [InlineData(DType.UInt32)]
    [InlineData(DType.Int64)]
    [InlineData(DType.Float16)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void SaveAndLoad_EachDType_RoundTrips(DType type)
    {
        foreach (Tensor x in new[] { Tensor.Arange(6).Reshape(2, 3).Cast(type), Tensor.Ones([5], type), Tensor.Ones([], type), Tensor.Ones([0, 2], type) })
        {
            Npy.Save(Path1, x);
            Tensor y = Npy.Load(Path1);

            Assert.Equal((x.DType, x.Shape), (y.DType, y.Shape));
            Assert.Equal(x.ToDoubles(), y.ToDoubles());
        }
    }

    [Fact] // The bytes that numpy.save writes for arange(6, dtype=int32).reshape(2, 3).
    public void Save_Matrix_WritesNumPysBytes()
    {
        Npy.Save(Path1, Tensor.Arange(6).Reshape(2, 3));

        byte[] bytes = File.ReadAllBytes(Path1);
        Assert.Equal("NUMPY\u0001\0v\0{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }", Encoding.Latin1.GetString(bytes, 1, 68));
        Assert.Equal(128 + 24, bytes.Length);
        Assert.Equal((byte)'\n', bytes[127]);
        Assert.Equal([0, 0, 0, 0, 1, 0, 0, 0], bytes[128..136]);
    }

    [Fact]
    public void Load_FortranOrder_IsTransposed()
    {
        File.WriteAllBytes(Path1, File1("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [0, 3, 1, 4, 2, 5]));

        Assert.Equal([0, 1, 2, 3, 4, 5], Npy.Load(Path1).ToArray<byte>());
    }

    [Fact]
    public void Zip_OfArrays_RoundTrips()
    {
        Npy.SaveZip(Path1, [new("w", Tensor.Ones([2])), new("b", Tensor.Arange(3))]);

        IReadOnlyDictionary<string, Tensor> arrays = Npy.LoadZip(Path1);

        Assert.Equal(["b", "w"], arrays.Keys.Order());
        Assert.Equal([0, 1, 2], arrays["b"].ToArray<int>());
    }

    [Theory]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, "its dtype '>f4' is unknown;")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4, "it is truncated.")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5, "1 bytes follow the array.")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", 5, "its shape (99999999999,) is not understood.")]
    [InlineData("{'descr': '<f4'}", 4, "its header is not understood: ")]
    public void Load_Corrupted_IsRefusedWithTheReason(string header, int dataBytes, string reason)
    {
        File.WriteAllBytes(Path1, File1(header, new byte[dataBytes]));

        TensorFileException e = Assert.Throws<TensorFileException>(() => Npy.Load(Path1));

        Assert.StartsWith($"CTG2007: {Path1}: {reason}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoZip_IsRefused()
    {
        File.WriteAllBytes(Path1, [1, 2, 3]);

        Assert.Throws<TensorFileException>(() => Npy.LoadZip(Path1));
        Assert.Throws<TensorFileException>(() => Npy.Load(Path1));
    }

    [Fact]
    public void Save_BFloat16_Throws() => Assert.Throws<DTypeMismatchException>(() => Npy.Save(Path1, Tensor.Ones([1], DType.BFloat16)));

    private static byte[] File1(string header, byte[] data) =>
        [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
}
