using System.Globalization;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests;

/// <summary>Memory, copies, launches and refusals: what every device does alike.</summary>
public class DeviceConformanceTests
{
    private static readonly IrType s_ints = IrCase.Global(ScalarType.Int32);

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void WriteAndRead_AnyOffset_RoundTrips(string id)
    {
        Device device = Devices.Get(id);
        byte[] data = Bytes(1000, seed: 1);
        DeviceMemory memory = device.AllocateMemory(1000);
        device.Write(data, memory, 0);
        device.Write(data.AsSpan(0, 13), memory, 987);
        data.AsSpan(0, 13).CopyTo(data.AsSpan(987));

        Assert.Equal(data, Read(memory, 0, 1000));
        Assert.Equal(data[333..334], Read(memory, 333, 1));
        Assert.Equal(1000, memory.ByteLength);
        memory.Release();
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Copy_BetweenBlocks_CopiesTheRangeOnly(string id)
    {
        Device device = Devices.Get(id);
        byte[] source = Bytes(500, seed: 2);
        byte[] target = Bytes(500, seed: 3);
        DeviceMemory a = Upload(device, source);
        DeviceMemory b = Upload(device, target);
        device.Copy(a, 17, b, 101, 300);
        source.AsSpan(17, 300).CopyTo(target.AsSpan(101));

        Assert.Equal(target, Read(b, 0, 500));
        Assert.Equal(source, Read(a, 0, 500));
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Memory_ZeroBytes_IsAllowedEverywhere(string id)
    {
        Device device = Devices.Get(id);
        DeviceMemory empty = device.AllocateMemory(0);
        device.Write([], empty, 0);
        device.Read(empty, 0, []);
        device.Copy(empty, 0, empty, 0, 0);
        device.Launch(device.Compile(AddOne()), LaunchShape.Range(0), [KernelArgument.Pointer(empty)]);
        device.Synchronize();

        Assert.Equal(0, empty.ByteLength);
        empty.Release();
        empty.Release();
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Launch_AfterWriteBeforeRead_KeepsTheOrder(string id)
    {
        Device device = Devices.Get(id);
        CompiledKernel addOne = device.Compile(AddOne());
        DeviceMemory a = device.AllocateMemory(400);
        DeviceMemory b = device.AllocateMemory(400);
        device.Write(MemoryMarshal.AsBytes<int>([.. Enumerable.Range(0, 100)]), a, 0);
        for (int round = 0; round < 20; round++)
        {
            device.Launch(addOne, LaunchShape.Range(100), [KernelArgument.Pointer(a)]);
            device.Copy(a, 0, b, 0, 400);
            device.Launch(addOne, LaunchShape.Range(100), [KernelArgument.Pointer(b)]);
            device.Copy(b, 0, a, 0, 400);
        }

        Assert.Equal(Enumerable.Range(40, 100), MemoryMarshal.Cast<byte, int>(Read(a, 0, 400)).ToArray());
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Release_WhileWorkIsQueued_ReusesInOrder(string id)
    {
        Device device = Devices.Get(id);
        CompiledKernel addOne = device.Compile(AddOne());
        const int n = 1 << 16;
        DeviceMemory result = device.AllocateMemory(4 * n);
        for (int round = 0; round < 10; round++)
        {
            DeviceMemory temporary = device.AllocateMemory(4 * n);
            device.Write(MemoryMarshal.AsBytes<int>([.. Enumerable.Repeat(round, n)]), temporary, 0);
            device.Launch(addOne, LaunchShape.Range(n), [KernelArgument.Pointer(temporary)]);
            device.Copy(temporary, 0, result, 0, 4 * n);
            temporary.Release();
            DeviceMemory next = device.AllocateMemory(4 * n);
            device.Write(new byte[4 * n], next, 0);
            next.Release();

            Assert.All(MemoryMarshal.Cast<byte, int>(Read(result, 0, 4 * n)).ToArray(), x => Assert.Equal(round + 1, x));
        }
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public async Task Device_ConcurrentCallers_SeeTheirOwnValues(string id)
    {
        Device device = Devices.Get(id);
        CompiledKernel addOne = device.Compile(AddOne());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(() =>
        {
            for (int round = 0; round < 25; round++)
            {
                int n = 1 + caller * 100 + round;
                DeviceMemory memory = device.AllocateMemory(4 * n);
                device.Write(MemoryMarshal.AsBytes<int>([.. Enumerable.Repeat(1000 * caller, n)]), memory, 0);
                device.Launch(addOne, LaunchShape.Range(n), [KernelArgument.Pointer(memory)]);
                int[] values = MemoryMarshal.Cast<byte, int>(Read(memory, 0, 4 * n)).ToArray();
                memory.Release();
                Assert.All(values, x => Assert.Equal(1000 * caller + 1, x));
            }
        })));
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Allocate_MoreThanThereIs_ThrowsWithTheSizes(string id)
    {
        Device device = Devices.Get(id);
        const long bytes = 1L << 50;

        DeviceOutOfMemoryException e = Assert.Throws<DeviceOutOfMemoryException>(() => device.AllocateMemory(bytes));

        Assert.Equal("CTG3003", e.Code);
        Assert.Contains(bytes.ToString("N0", CultureInfo.CurrentCulture), e.Message, StringComparison.Ordinal);
        device.AllocateMemory(100).Release();
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Copies_OutsideTheMemory_AreRefused(string id)
    {
        Device device = Devices.Get(id);
        DeviceMemory memory = device.AllocateMemory(100);
        Refused("CTG3008", () => device.Write(new byte[10], memory, 91));
        Refused("CTG3008", () => device.Read(memory, -1, new byte[10]));
        Refused("CTG3008", () => device.Copy(memory, 0, memory, 95, 10));
        Refused("CTG3008", () => device.Launch(device.Compile(AddOne()), LaunchShape.Range(1), [KernelArgument.Pointer(memory, 101)]));
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Memory_Released_IsRefused(string id)
    {
        Device device = Devices.Get(id);
        CompiledKernel addOne = device.Compile(AddOne());
        DeviceMemory memory = device.AllocateMemory(100);
        memory.Release();

        Assert.Throws<ObjectDisposedException>(() => device.Write(new byte[10], memory, 0));
        Assert.Throws<ObjectDisposedException>(() => device.Read(memory, 0, new byte[10]));
        Assert.Throws<ObjectDisposedException>(() => device.Launch(addOne, LaunchShape.Range(1), [KernelArgument.Pointer(memory)]));
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Launch_WithWrongArguments_IsRefused(string id)
    {
        Device device = Devices.Get(id);
        CompiledKernel addOne = device.Compile(AddOne());
        DeviceMemory memory = device.AllocateMemory(100);
        Refused("CTG3008", () => device.Launch(addOne, LaunchShape.Range(1), []));
        Refused("CTG3008", () => device.Launch(addOne, LaunchShape.Range(1), [KernelArgument.Scalar(1)]));
        Refused("CTG3006", () => device.Launch(addOne, LaunchShape.Range(-1), [KernelArgument.Pointer(memory)]));
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Memory_OfAnotherDevice_IsRefused(string id)
    {
        Device device = Devices.Get(id);
        Device other = id == "debug" ? Device.Cpu : Device.Debug;
        DeviceMemory foreign = other.AllocateMemory(100);
        DeviceException e = Refused("CTG3008", () => device.Write(new byte[1], foreign, 0));

        Assert.Contains($"is on {other.Id}", e.Message, StringComparison.Ordinal);
        Refused("CTG3008", () => device.Launch(device.Compile(AddOne()), LaunchShape.Range(1), [KernelArgument.Pointer(foreign)]));
    }

    private static Kernel AddOne() => IrCase.Build("add_one", LaunchKind.Range1D, [s_ints], (b, p) =>
    {
        Value i = b.Position(Opcode.GlobalIndex);
        b.Store(p[0], i, b.Add(b.Load(p[0], i), Constant.Of(1)));
    });

    private static DeviceException Refused(string code, Action action)
    {
        DeviceException e = Assert.Throws<DeviceException>(action);
        Assert.Equal(code, e.Code);
        return e;
    }

    private static byte[] Bytes(int n, int seed)
    {
        byte[] bytes = new byte[n];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static DeviceMemory Upload(Device device, byte[] bytes)
    {
        DeviceMemory memory = device.AllocateMemory(bytes.Length);
        device.Write(bytes, memory, 0);
        return memory;
    }

    private static byte[] Read(DeviceMemory memory, long offset, int bytes)
    {
        byte[] result = new byte[bytes];
        memory.Device.Read(memory, offset, result);
        return result;
    }
}
