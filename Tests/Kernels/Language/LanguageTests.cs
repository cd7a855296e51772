using System.Reflection;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Marks a corpus method: it runs a small kernel for one language feature on the given device and checks the result.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FeatureAttribute : Attribute;

/// <summary>Every language feature on every executor: the C# itself, the interpreter on the IR, and the devices.</summary>
public sealed class LanguageTests
{
    // The CPU with checks: they must not change what a right kernel does.
    private static readonly Device s_checked = Device.Open("cpu", new DeviceOptions { Checked = true });

    // Launches of tests are too small for other code than quick code on the CPU device.
    private static readonly Device s_full = new CpuDevice(2, quick: false);

    private static readonly Dictionary<string, MethodInfo> s_features = typeof(LanguageTests).Assembly.GetTypes()
        .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static))
        .Where(m => m.GetCustomAttribute<FeatureAttribute>() is not null)
        .ToDictionary(m => m.Name);

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string device in new[] { "debug", "interpreter", "checked", "full" }.Concat(Devices.Hardware))
            {
                if (device is not ("interpreter" or "checked" or "full") && !Devices.Runs(device))
                    continue;
                foreach (string feature in s_features.Keys.Order())
                    cases.Add(feature, device);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Feature_OnDevice_GivesPlainResult(string feature, string device)
    {
        MethodInfo method = s_features[feature];
        method.CreateDelegate<Action<Device>>()(device switch
        {
            "checked" => s_checked,
            "full" => s_full,
            _ => Devices.Get(device),
        });
    }
}
