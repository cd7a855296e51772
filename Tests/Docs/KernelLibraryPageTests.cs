using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Tests.Docs;

/// <summary>docs/kernel-library.md runs and prints what it says: the code below is the page's, line for line.</summary>
public class KernelLibraryPageTests
{
    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Snippet_OnDevice_PrintsWhatThePageShows(string id)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "kernel-library.md"));
        using StringWriter console = new() { NewLine = "\n" };
        Use(Devices.Get(id), console);
        Assert.Contains($"```text\n{console}```", page);
        Assert.Contains(Snippet.Of<KernelLibraryPageTests>("Use"), page);
        Assert.Contains(Snippet.Of<KernelLibraryPageTests>("Positive"), page);
    }

    private static void Use(Device device, StringWriter Console)
    {
        // begin Use
        using DeviceBuffer<float> values = device.Allocate<float>([3, -1, 4, 1, -5]);
        using DeviceBuffer<float> sums = device.Allocate<float>(5);
        using DeviceBuffer<float> kept = device.Allocate<float>(5);
        using DeviceBuffer<int> count = device.Allocate<int>(1);
        Scan.Inclusive<float, AddFloat>(device, values, sums);
        Compaction.Where<float, Positive>(device, values, default, kept, count);
        RadixSort.Keys<float, AscendingFloat>(device, values, values);
        Console.WriteLine($"sums {string.Join(' ', sums.ToArray())}, {count.ToArray()[0]} positive");
        Console.WriteLine($"sorted {string.Join(' ', values.ToArray())}");
        Console.WriteLine($"largest {Reduction.Reduce<float, MaxFloat>(device, values)}");
        // end
    }

    // begin Positive
    private readonly struct Positive : IPredicate<float>
    {
        public bool Test(float value) => value > 0;
    }
    // end
}
