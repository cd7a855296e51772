using System.Buffers.Binary;
using System.Text;
using Cotangent.Interop;

namespace Cotangent.Tests.Engine;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cotangent-").FullName;

    private string File1 => Path.Combine(_folder, "a.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void SaveAndLoad_EveryDType_RoundTrips()
    {
        Dictionary<string, Tensor> tensors = Enum.GetValues<DType>()
            .ToDictionary(d => $"x.{d}", d => (Tensor.Arange(6) - (d is DType.UInt8 or DType.UInt32 ? 0 : 2)).Cast(d).Reshape(2, 3));
        tensors["scalar"] = Tensor.Scalar(3);
        tensors["empty é"] = Tensor.Zeros([0, 4]);

        SafeTensors.Save(File1, tensors, [new("step", "12"), new("note", "\"quoted\"\n")]);
        SafeTensorsFile file = SafeTensors.Load(File1);

        Assert.Equal(tensors.Keys.Order(), file.Tensors.Keys.Order());
        foreach ((string name, Tensor x) in tensors)
        {
            Assert.Equal((x.DType, x.Shape), (file.Tensors[name].DType, file.Tensors[name].Shape));
            Assert.Equal(x.ToDoubles(), file.Tensors[name].ToDoubles());
        }

        Assert.Equal("12", file.Metadata["step"]);
        Assert.Equal("\"quoted\"\n", file.Metadata["note"]);
    }

    [Fact]
    public void Save_InAnyOrder_GivesTheSameBytesAndNoOtherFile()
    {
        SafeTensors.Save(File1, [new("a", Tensor.Ones([3])), new("b", Tensor.Ones([2], DType.Float64))]);
        byte[] first = File.ReadAllBytes(File1);

        SafeTensors.Save(File1, [new("b", Tensor.Ones([2], DType.Float64)), new("a", Tensor.Ones([3]))]);

        Assert.Equal(first, File.ReadAllBytes(File1));
        Assert.Equal([File1], Directory.GetFiles(_folder));
        Assert.Equal(0, (8 + BinaryPrimitives.ReadInt64LittleEndian(first)) % 8);
    }

    [Fact]
    public void Write_ThatFails_LeavesTheOldFile()
    {
        File.WriteAllText(File1, "old");

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(File1, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));

        Assert.Equal("old", File.ReadAllText(File1));
        Assert.Equal([File1], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Tree_SavedAndLoaded_RoundTrips()
    {
        Dictionary<string, Tensor[]> tree = new() { ["w"] = [Tensor.Ones([2]), Tensor.Zeros([3])] };

        SafeTensors.SaveTree(File1, tree);

        Assert.Equal([1f, 1f], SafeTensors.LoadTree(File1, tree)["w"][0].ToArray<float>());
        AssertRefused("it lacks 'v'.", () => SafeTensors.LoadTree(File1, new Dictionary<string, Tensor> { ["v"] = Tensor.Ones([]) }));
        AssertRefused("it has 'w.1', for which there is no place.", () => SafeTensors.LoadTree(File1, new { W = new[] { Tensor.Ones([2]) } }));
        AssertRefused("'w.0' is Float32[2]; it should be Float32[4].",
            () => SafeTensors.LoadTree(File1, new { W = new[] { Tensor.Ones([4]), Tensor.Zeros([3]) } }));
    }

    public static TheoryData<string, int, string> Corrupted => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "it is truncated: its tensors need 8 bytes of data and 4 are there." },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "4 bytes after the last tensor belong to none." },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "the bytes 0 to 4 before tensor 'a' belong to none." },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "tensor 'b' overlaps the one before it at byte 4." },
        { """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "tensor 'a' of F32 [3] needs 12 bytes, but its data_offsets span 8." },
        { """{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", 8, "tensor 'a' has the unknown dtype \"F8_E4M3\"; known are BOOL, U8, I32, U32, I64, F16, BF16, F32, F64." },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}""", 8, "tensor 'a' has the shape [-1]." },
        { """{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", 8, "tensor 'a' of F32 [2147483647," },
        { """{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8, "tensor 'a' has the shape [2.5]." },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "tensor 'a' has data_offsets [8,0]." },
        { """{"a":{"dtype":"F32","shape":[2]}}""", 8, "tensor 'a' lacks dtype, shape or data_offsets." },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "its header names 'a' twice." },
        { """{"__metadata__":{"x":1}}""", 0, "its metadata 'x' is not one text." },
        { """[1,2]""", 0, "its header is no JSON object." },
        { """{"a":""", 0, "its header is not valid JSON: " },
        { """{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", 2, "tensor 'a': a Bool element is neither 0 nor 1" },
    };

    [Theory, MemberData(nameof(Corrupted))]
    public void Load_CorruptedHeader_IsRefusedWithTheReason(string header, int dataBytes, string reason)
    {
        byte[] text = Encoding.UTF8.GetBytes(header), length = new byte[8], data = new byte[dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        Array.Fill(data, (byte)2);
        File.WriteAllBytes(File1, [.. length, .. text, .. data]);

        AssertRefused(reason, () => SafeTensors.Load(File1));
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 }, "it has 3 bytes; a safetensors file has at least 8.")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 1 }, "its header claims 18446744073709551615 bytes, more than the 100000000 allowed")]
    [InlineData(new byte[] { 100, 0, 0, 0, 0, 0, 0, 0, 1 }, "it is truncated: its header has 100 bytes, but only 1 follow.")]
    public void Load_NoSafetensorsFile_IsRefusedWithTheReason(byte[] bytes, string reason)
    {
        File.WriteAllBytes(File1, bytes);

        AssertRefused(reason, () => SafeTensors.Load(File1));
    }

    [Fact]
    public void Load_RandomlyDamagedFiles_GivesTensorsOrRefuses()
    {
        SafeTensors.Save(File1, [new("a", Tensor.Ones([3])), new("b", Tensor.Ones([2], DType.Bool))]);
        byte[] sound = File.ReadAllBytes(File1);
        Random random = new(99);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = sound[..(random.Next(3) == 0 ? random.Next(sound.Length) : sound.Length)];
            for (int k = random.Next(1, 4); k > 0 && damaged.Length > 0; k--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(File1, damaged);

            Exception? e = Record.Exception(() => SafeTensors.Load(File1));

            Assert.True(e is null or TensorFileException, $"{e}");
        }
    }

    private void AssertRefused(string reason, Action action)
    {
        TensorFileException e = Assert.Throws<TensorFileException>(action);
        Assert.StartsWith($"CTG2007: {File1}: {reason}", e.Message, StringComparison.Ordinal);
    }
}
