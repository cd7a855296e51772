using System.Reflection;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>What kernels cannot contain is refused with a number, what, where and what to do instead; and nothing else breaks.</summary>
public sealed class RefusalTests
{
    private static int s_mutable = 3;
    private static readonly float[] s_table = [1, 2, 3];

    private interface IShape
    {
        float Area { get; }
    }

    private sealed class Box
    {
        public float Value { get; set; }
    }

    private struct Square(float side) : IShape
    {
        public readonly float Area => side * side;
    }

    private static void NewsClass(Index1D i, ArrayView<float> y)
    {
        Box box = new() { Value = 2 };
        y[i] = box.Value;
    }

    private static void NewsArray(Index1D i, ArrayView<float> y)
    {
        Box[] a = new Box[4];
        y[i] = a.Length;
    }

    private static void ArrayVaries(Index1D i, ArrayView<float> y)
    {
        float[] a = new float[i + 1];
        y[i] = a[0];
    }

    private static void ArrayOfEarlierRound(Index1D i, ArrayView<float> y)
    {
        float[] current = new float[2];
        for (int k = 0; k < 3; k++)
        {
            float[] next = new float[2];
            next[0] = current[1] + 1;
            next[1] = current[0];
            current = next;
        }

        y[i] = current[0];
    }

    private static void CallsInterface(Index1D i, ArrayView<float> y)
    {
        IShape shape = new Square(2);
        y[i] = shape.Area;
    }

    private static void CallsDelegate(Index1D i, ArrayView<float> y)
    {
        int k = i;
        Func<float> f = () => k;
        y[i] = f();
    }

    private static int Factorial(int n) => n <= 1 ? 1 : n * Factorial(n - 1);

    private static void Recurses(Index1D i, ArrayView<float> y) => y[i] = Factorial(i);

    private readonly struct Wrapped<T>
        where T : struct;

    private static int Grow<T>(int n)
        where T : struct => n <= 0 ? 0 : Grow<Wrapped<T>>(n - 1);

    private static void RecursesInTypes(Index1D i, ArrayView<float> y) => y[i] = Grow<int>(i);

    private static void Throws(Index1D i, ArrayView<float> y)
    {
        if (i.X > 5)
            throw new ArgumentException("too large");
        y[i] = 1;
    }

    private static void Catches(Index1D i, ArrayView<float> y)
    {
        try
        {
            y[i] = 1;
        }
        catch (IndexOutOfRangeException)
        {
            y[0] = 2;
        }
    }

    private static void UsesString(Index1D i, ArrayView<float> y) => y[i] = string.Concat("a", "b").Length;

    private static void Formats(Index1D i, ArrayView<float> y) => Console.WriteLine(i.X);

    private static void ReadsMutable(Index1D i, ArrayView<float> y) => y[i] = s_mutable;

    private static void WritesStatic(Index1D i, ArrayView<float> y) => s_mutable = i;

    private static void ReadsTable(Index1D i, ArrayView<float> y) => y[i] = s_table[i % 3];

    private static void CallsEnvironment(Index1D i, ArrayView<float> y) => y[i] = Environment.TickCount;

    private static unsafe void TakesPointer(Index1D i, float* y) => y[i] = 1;

    private static void TakesTypedReference(Index1D i, ArrayView<float> y)
    {
        float v = 1;
        TypedReference r = __makeref(v);
        y[i] = __refvalue(r, float);
    }

    private static void AlwaysThrows(Index1D i, ArrayView<int> y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(-1);
        y[i] = 1;
    }

    private static void UsesDecimal(Index1D i, ArrayView<float> y)
    {
        decimal d = i.X;
        y[i] = (float)(d * 2);
    }

    private static void UsesBigInteger(Index1D i, ArrayView<float> y)
    {
        System.Numerics.BigInteger big = i.X;
        y[i] = (float)(big * 2);
    }

    private static unsafe void StackAllocates(Index1D i, ArrayView<float> y)
    {
        float* p = stackalloc float[i + 1];
        p[i] = 1;
        y[i] = p[1];
    }

    private static void RefsDiffer(Index1D i, ArrayView<float> y)
    {
        float a = 1, b = 2;
        ref float r = ref a;
        if (i.X > 3)
            r = ref b;
        r = 5;
        y[i] = a + b;
    }

    private static void SizeVaries(Index1D i, ArrayView<float> y)
    {
        ArrayView<float> a = LocalMemory.Allocate<float>(i + 1);
        y[i] = a[0];
    }

    private static void BarrierInRange(Index1D i, ArrayView<float> y)
    {
        Group.Barrier();
        y[i] = 1;
    }

    private static void SharedInRange(Index1D i, ArrayView<float> y) => y[i] = SharedMemory.Allocate<float>(4)[0];

    private static void ReadsDefaultView(Index1D i, ArrayView<float> y)
    {
        ArrayView<float> none = default;
        y[i] = none[0];
    }

    private static float Returns(Index1D i, ArrayView<float> y) => y[i];

#pragma warning disable CS8509 // The missing arm is the point: C# throws there.
    private static void OpenSwitch(Index1D i, ArrayView<float> y) => y[i] = i.X switch { 0 => 1f, 1 => 2f };
#pragma warning restore CS8509

    private static void Mixes(ArrayView<float> x, int which)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(4);
        ArrayView<float> either = which > 2 ? x : shared;
        either[0] = 1;
    }

    private static void Good(Index1D i, ArrayView<float> y) => y[i] = i * 2;

    [Theory]
    [InlineData(nameof(NewsClass), "CTG1001", "new RefusalTests.Box")]
    [InlineData(nameof(NewsArray), "CTG1001", "array")]
    [InlineData(nameof(CallsInterface), "CTG1001", "boxed")]
    [InlineData(nameof(CallsDelegate), "CTG1001", "allocates")]
    [InlineData(nameof(ArrayVaries), "CTG1011", "not a compile-time constant")]
    [InlineData(nameof(ArrayOfEarlierRound), "CTG1014", "earlier round of a loop")]
    [InlineData(nameof(Recurses), "CTG1003", "Factorial(int)' calls itself")]
    [InlineData(nameof(RecursesInTypes), "CTG1003", "ever larger types")]
    [InlineData(nameof(Throws), "CTG1004", "ArgumentException")]
    [InlineData(nameof(Catches), "CTG1004", "catches exceptions")]
    [InlineData(nameof(AlwaysThrows), "CTG1004", "always throws")]
    [InlineData(nameof(UsesString), "CTG1005", "string")]
    [InlineData(nameof(ReadsMutable), "CTG1006", "RefusalTests.s_mutable")]
    [InlineData(nameof(WritesStatic), "CTG1006", "RefusalTests.s_mutable")]
    [InlineData(nameof(ReadsTable), "CTG1006", "RefusalTests.s_table")]
    [InlineData(nameof(CallsEnvironment), "CTG1007", "Environment.get_TickCount()")]
    [InlineData(nameof(TakesPointer), "CTG1008", "float*")]
    [InlineData(nameof(UsesDecimal), "CTG1008", "Decimal")]
    [InlineData(nameof(TakesTypedReference), "CTG1009", "mkrefany")]
    [InlineData(nameof(StackAllocates), "CTG1011", "stackalloc")]
    [InlineData(nameof(RefsDiffer), "CTG1010", "different variables")]
    [InlineData(nameof(SizeVaries), "CTG1011", "not a compile-time constant")]
    [InlineData(nameof(BarrierInRange), "CTG1012", "Group.Barrier")]
    [InlineData(nameof(SharedInRange), "CTG1012", "SharedMemory.Allocate")]
    [InlineData(nameof(Returns), "CTG1013", "returns a value")]
    [InlineData(nameof(ReadsDefaultView), "CTG1014", "ArrayView<T>")]
    [InlineData(nameof(OpenSwitch), "CTG1004", "ThrowSwitchExpressionException")]
    [InlineData(nameof(Mixes), "CTG1014", "different memories")]
    public void Compile_RefusedConstruct_SaysNumberAndWhat(string kernel, string code, string what)
    {
        KernelCompilationException refusal = Assert.Throws<KernelCompilationException>(() => FrontEnd.Compile(Method(kernel)));
        Assert.Equal(code, refusal.Code);
        Assert.Contains(what, refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"See docs/diagnostics.md#{code}", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(FrontEnd.Compile(Method(nameof(Good))));
    }

    [Fact]
    public void Load_CapturedView_IsRefusedByName()
    {
        ArrayView<float> table = Device.Debug.Allocate<float>(4);
        KernelCompilationException refusal = Assert.Throws<KernelCompilationException>(
            () => Devices.Get("interpreter").Load<Index1D, ArrayView<float>>((i, y) => y[i] = table[i]));
        Assert.Equal("CTG1016", refusal.Code);
        Assert.StartsWith("CTG1016: The kernel captures 'table' of type 'ArrayView<float>'.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_CapturedObject_IsRefusedByName()
    {
        Box box = new();
        float[] array = [1, 2];
        Device device = Devices.Get("interpreter");
        Assert.Contains("'box'", Assert.Throws<KernelCompilationException>(
            () => device.Load<Index1D, ArrayView<float>>((i, y) => y[i] = box.Value)).Message, StringComparison.Ordinal);
        Assert.Contains("'array'", Assert.Throws<KernelCompilationException>(
            () => device.Load<Index1D, ArrayView<float>>((i, y) => y[i] = array[0])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AssignsCapturedVariable_IsRefused()
    {
        float sum = 0;
        KernelCompilationException refusal = Assert.Throws<KernelCompilationException>(
            () => Devices.Get("interpreter").Load<Index1D, ArrayView<float>>((i, y) => sum += y[i]));
        Assert.Equal("CTG1016", refusal.Code);
        Assert.Contains("'sum' is assigned", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, sum);
    }

    [Theory]
    [InlineData("interpreter")]
    [InlineData("cpu")]
    public void Load_AfterRefusal_WorksOnTheSameDevice(string id)
    {
        Device device = Devices.Get(id);
        DeviceBuffer<float> y = device.Allocate<float>(3);
        for (int round = 0; round < 2; round++)
        {
            Assert.Throws<KernelCompilationException>(() => device.Load<Index1D, ArrayView<float>>(NewsClass));
            Assert.Throws<KernelCompilationException>(() => device.Load<Index1D, ArrayView<float>>(ArrayOfEarlierRound));
            device.Load<Index1D, ArrayView<float>>(Good)(3, y);
            Assert.Equal([0, 2, 4], y.ToArray());
        }
    }

    [Theory]
    [InlineData(nameof(UsesBigInteger))]
    [InlineData(nameof(Formats))]
    public void Compile_ForeignMachinery_IsRefusedNotCrashed(string kernel)
    {
        KernelCompilationException refusal = Assert.Throws<KernelCompilationException>(() => FrontEnd.Compile(Method(kernel)));
        Assert.StartsWith("CTG10", refusal.Code, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_RefusedConstruct_NamesPlaceAndRemedy()
    {
        KernelCompilationException refusal = Assert.Throws<KernelCompilationException>(() => FrontEnd.Compile(Method(nameof(Recurses))));
        int line = SourceLine("n * Factorial(n - 1)");
        Assert.Equal(
            $"""
            CTG1003: 'RefusalTests.Factorial(int)' calls itself, and to no constant depth below 64.
              at RefusalTests.Factorial(int) in RefusalTests.cs:{line}
              called from RefusalTests.Recurses(Index1D, ArrayView<float>) in RefusalTests.cs:{line + 2}
              Rewrite the recursion as a loop, with LocalMemory as the stack where one is needed, or let its depth be a constant. See docs/diagnostics.md#CTG1003
            """, refusal.Message);
    }

    [Fact]
    public void Compile_ManyThreads_AllSucceed()
    {
        MethodInfo[] kernels = [.. typeof(CorpusControlFlow).GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
            .Where(m => m.GetParameters() is [{ ParameterType: var type }, ..] && type == typeof(Index1D))];
        Assert.NotEmpty(kernels);
        Parallel.For(0, 8 * kernels.Length, i => FrontEnd.Compile(kernels[i % kernels.Length]));
    }

    [Fact]
    public void Compile_Twice_GivesTheSameKernel() =>
        Assert.Same(FrontEnd.Compile(Method(nameof(Good))), FrontEnd.Compile(Method(nameof(Good))));

    [Fact]
    public void Load_GroupedKernelAsRange_IsRefused()
    {
        Device device = Devices.Get("interpreter");
        Assert.Equal("CTG1013", Assert.Throws<KernelCompilationException>(() => device.LoadGrouped<Index1D, ArrayView<float>>(Good)).Code);
    }

    [Fact]
    public void Documentation_DescribesEveryDiagnostic()
    {
        string text = File.ReadAllText(Path.Combine(Root(), "docs", "diagnostics.md"));
        Assert.All(Diagnostics.All, d => Assert.Contains($"## {d.Code}: {d.Title}", text, StringComparison.Ordinal));
        Assert.Contains("## CTG9999", text, StringComparison.Ordinal);
    }

    private static MethodInfo Method(string name) =>
        typeof(RefusalTests).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;

    private static int SourceLine(string text)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root(), "Tests", "Kernels", "Language", "RefusalTests.cs"));
        return Array.FindIndex(lines, l => l.Contains(text, StringComparison.Ordinal)) + 1;
    }

    private static string Root()
    {
        string? at = AppContext.BaseDirectory;
        while (at is not null && !File.Exists(Path.Combine(at, "engine.sln")))
            at = Path.GetDirectoryName(at);
        return at ?? throw new DirectoryNotFoundException("engine.sln is not above the tests.");
    }
}
