using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class ScanTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Scan_AnyLength_GivesPlainResult(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device))
        {
            int[] x = LibraryCases.Ints(n);
            int[] expected = new int[n + 1];
            for (int i = 0; i < n; i++)
                expected[i + 1] = expected[i] + x[i];
            using DeviceBuffer<int> input = device.Allocate<int>(x);
            using DeviceBuffer<int> output = device.Allocate<int>(n);
            Scan.Inclusive<int, AddInt32>(device, input, output);
            Assert.Equal(expected[1..], output.ToArray());
            Scan.Exclusive<int, AddInt32>(device, input, input);
            Assert.Equal(expected[..n], input.ToArray());
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Scan_OperationThatDoesNotCommute_KeepsTheOrder(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device).Where(n => n is > 0 and < 20_000))
        {
            Affine[] x = [.. Enumerable.Range(0, n).Select(Affine.Sample)];
            Affine[] expected = new Affine[n];
            Affine running = new() { Scale = 1 };
            for (int i = 0; i < n; i++)
                expected[i] = running = running.Then(x[i]);
            using DeviceBuffer<Affine> values = device.Allocate<Affine>(x);
            Scan.Inclusive<Affine, Compose>(device, values, values);
            Assert.Equal(expected, values.ToArray());
        }
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Scan_FloatSum_HasTheSameBitsEverywhere(string id)
    {
        Device device = Devices.Get(id);
        Device interpreter = Devices.Get("interpreter");
        foreach (int n in new[] { 1, 1000, 9000 })
        {
            float[] x = LibraryCases.Floats(n);
            using DeviceBuffer<float> expected = interpreter.Allocate<float>(x);
            using DeviceBuffer<float> actual = device.Allocate<float>(x);
            Scan.Inclusive<float, AddFloat>(interpreter, expected, expected);
            Scan.Inclusive<float, AddFloat>(device, actual, actual);
            Assert.Equal(expected.ToArray().Select(BitConverter.SingleToInt32Bits), actual.ToArray().Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Fact]
    public void Scan_OutputTooShort_IsRefused()
    {
        Device device = Device.Cpu;
        ViewLengthException refusal = Assert.Throws<ViewLengthException>(() =>
            Scan.Inclusive<int, AddInt32>(device, device.Allocate<int>(4), device.Allocate<int>(3)));
        Assert.StartsWith("Scan.Inclusive: 'output' has 3 elements; it must have 4, as many as 'input'.", refusal.Message);
    }
}
