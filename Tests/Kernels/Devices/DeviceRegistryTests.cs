using Cotangent.Kernels;

namespace Cotangent.Tests;

public class DeviceRegistryTests
{
    [Fact]
    public void Find_UnknownId_ThrowsAndListsWhatIsThere()
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Find("gpu9"));

        Assert.Equal("CTG3001", e.Code);
        Assert.StartsWith("CTG3001: There is no device 'gpu9' here.", e.Message, StringComparison.Ordinal);
        Assert.All(Device.All, d => Assert.Contains(d.Id, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Choose_UnknownId_NamesTheVariable()
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Choose("quantum"));

        Assert.Contains("'quantum'", e.Message, StringComparison.Ordinal);
        Assert.Contains("COTANGENT_DEVICE", e.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Devices.AllWithDebug), MemberType = typeof(Devices))]
    public void Find_IdInAnyCase_GivesTheOneDevice(string id)
    {
        Device device = Device.Find(id);

        Assert.Equal(id, device.Id);
        Assert.Same(device, Device.Find($" {id.ToUpperInvariant()} "));
        Assert.Same(device, Device.Choose(id));
    }

    [Theory]
    [InlineData("many")]
    [InlineData("0")]
    [InlineData("-2")]
    [InlineData("1.5")]
    public void EnvironmentNumber_Malformed_ThrowsWithTheVariable(string text)
    {
        DeviceException e = Assert.Throws<DeviceException>(() => EngineEnvironment.Number("COTANGENT_THREADS", text, 1));

        Assert.Equal("CTG3002", e.Code);
        Assert.Contains("COTANGENT_THREADS", e.Message, StringComparison.Ordinal);
    }
}
