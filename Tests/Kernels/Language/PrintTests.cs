using Cotangent.Kernels;
using Cotangent.Kernels.Il;

namespace Cotangent.Tests.Kernels.Language;

using Interop = Cotangent.Kernels.Interop;

/// <summary>Printing from kernels, on every device. One at a time: the console is the process's.</summary>
[Collection("console")]
public class PrintTests
{
    private enum Colour : byte
    {
        Red,
        Green,
    }

    public static TheoryData<string> Everywhere => ["debug", "interpreter", .. Devices.Hardware.Where(Devices.Runs)];

    private static string[] Printed(Action launch)
    {
        TextWriter console = Console.Out;
        using StringWriter text = new();
        Console.SetOut(text);
        try
        {
            launch();
        }
        finally
        {
            Console.SetOut(console);
        }

        return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static void Values(Index1D i, ArrayView<float> x)
    {
        if (i.X % 2 == 1)
            return;
        Interop.WriteLine("x[{0}] = {1:F2} {2} {3} {4} {5}", i.X, x[i], i.X > 2, (double)x[i] / 3, -5000000000L - i.X, (byte)(i.X + 255));
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void WriteLine_OfValues_FormatsThemAsDotNetDoes(string id)
    {
        Device device = Device.Find(id);
        DeviceBuffer<float> x = device.Allocate<float>([1.5f, 2.5f, 3.5f, 4.5f, 5.5f]);
        string[] lines = Printed(() => device.Load<Index1D, ArrayView<float>>(Values)(5, x));
        Assert.Equal(
        [
            "x[0] = 1.50 False 0.5 -5000000000 255",
            "x[2] = 3.50 False 1.1666666666666667 -5000000002 1",
            "x[4] = 5.50 True 1.8333333333333333 -5000000004 3",
        ], lines.Order());
    }

    private static void Text(ArrayView<int> x)
    {
        if (Group.IdxX == 0)
            Interop.Write("group {0} ", Grid.IdxX);
        if (Group.IdxX == 0)
            Interop.WriteLine("{has braces}");
        Group.Barrier();
        if (Group.IdxX == 1)
            Interop.WriteLine("{0} {1}", Colour.Green, (Half)0.1f);
        x[Grid.GlobalX] = 1;
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void Write_InGroups_KeepsEachItemsOrder(string id)
    {
        Device device = Device.Find(id);
        DeviceBuffer<int> x = device.Allocate<int>(new int[3]);
        Assert.Equal(["group 0 {has braces}", $"Green {(Half)0.1f}"],
            Printed(() => device.LoadGrouped<ArrayView<int>>(Text)(new KernelConfig(1, 3), x)));
        Assert.Equal([1, 1, 1], x.ToArray());
    }

    private static void Much(Index1D i, ArrayView<int> x) => Interop.WriteLine("{0}", i.X);

    [Fact]
    public void WriteLine_OfTooMuch_SaysWhatIsLost()
    {
        DeviceBuffer<int> x = Device.Cpu.Allocate<int>(1);
        Action<Index1D, ArrayView<int>> much = Device.Cpu.Load<Index1D, ArrayView<int>>(Much);
        string[] lines = Printed(() => much(40000, x));
        Assert.Equal(32768 + 1, lines.Length);
        Assert.Equal("(kernel PrintTests_Much printed more: 14464 of 80000 words are lost)", lines[^1]);
        Assert.Equal(["0", "1", "2"], Printed(() => much(3, x)).Order());
    }

    private static void Wrong(Index1D i, ArrayView<int> x) => Interop.WriteLine("{0} {1}", x[i]);

    [Fact]
    public void WriteLine_WithAFormatThatDoesNotFit_IsRefused()
    {
        KernelCompilationException e = Assert.Throws<KernelCompilationException>(
            () => FrontEnd.Compile(((Action<Index1D, ArrayView<int>>)Wrong).Method));
        Assert.Equal("CTG1005", e.Code);
        Assert.Contains("\"{0} {1}\"", e.Message, StringComparison.Ordinal);
    }

    private static void CheckedAndPrinting(Index1D i, ArrayView<int> x)
    {
        Interop.WriteLine("at {0}", i.X);
        x[i] = 1;
    }

    [Fact]
    public void CheckedKernel_PrintsBeforeItThrows()
    {
        Device device = Device.Open("cpu", new DeviceOptions { Checked = true });
        DeviceBuffer<int> x = device.Allocate<int>(new int[2]);
        string[] lines = Printed(() => Assert.Throws<KernelIndexException>(
            () => device.Load<Index1D, ArrayView<int>>(CheckedAndPrinting)(3, x)));
        Assert.Equal(["at 0", "at 1", "at 2"], lines.Order());
    }

    private static void Either(Index1D i, ArrayView<float> x, int wide)
    {
        if (wide != 0)
            Interop.WriteLine("{0} {1} {2} {3}", x[i], x[i], i.X, i.X);
        else
            Interop.WriteLine("{0} {1}", x[i], x[i]);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void WriteLine_BeyondTheRoomOfMemoryUsedBefore_PrintsNothingOld(string id)
    {
        // Neither three nor five words a line divide the room: where a claim did not fit, what was there before is no line.
        Device device = Device.Find(id);
        int n = id == "debug" ? 100 : 23000;
        DeviceBuffer<float> x = device.Allocate<float>([.. Enumerable.Repeat(1.25f, n)]);
        Action<Index1D, ArrayView<float>, int> kernel = device.Load<Index1D, ArrayView<float>, int>(Either);
        foreach (int wide in new[] { 0, 1, 0, 1 })
        {
            string[] lines = Printed(() => kernel(n, x, wide));
            Assert.All(lines.Where(l => !l.StartsWith('(')), l => Assert.StartsWith("1.25 1.25", l, StringComparison.Ordinal));
            Assert.All(lines.Where(l => !l.StartsWith('(')), l => Assert.Equal(wide != 0 ? 4 : 2, l.Split(' ').Length));
        }
    }
}
