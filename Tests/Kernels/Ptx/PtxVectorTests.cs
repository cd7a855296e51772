using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Targets;
using Cotangent.Tests.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>Wide accesses: where they are made, and that a launch whose memory does not begin at their multiple runs without.</summary>
public class PtxVectorTests
{
    private record struct Four(float X, float Y, float Z, float W);

    private record struct Pair(double X, double Y);

    private record struct Three(float X, float Y, float Z);

    private static void Scale(Index1D i, ArrayView<Four> x, ArrayView<Four> y)
    {
        Four v = x[i];
        y[i] = new(2 * v.X, 3 * v.Y, 5 * v.Z, 7 * v.W);
    }

    private static void Pairs(Index1D i, ArrayView<Pair> x, ArrayView<Pair> y) => y[i] = new(x[i].Y, x[i].X);

    private static void Threes(Index1D i, ArrayView<Three> x, ArrayView<Three> y) => y[i] = new(x[i].Y, x[i].Z, x[i].X);

    private static void Unrolled(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> own = LocalMemory.Allocate<float>(8);
        for (int k = 0; k < 8; k++)
            own[k] = x[8 * i.X + k];
        for (int k = 0; k < 8; k++)
            y[8 * i.X + k] = own[7 - k];
    }

    private static void Shared(ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(256);
        int item = Group.IdxX;
        tile[item] = x[item];
        Group.Barrier();
        float sum = 0;
        for (int k = 0; k < 4; k++)
            sum += (k + 1) * tile[4 * (item / 4) + k];
        y[item] = sum;
    }

    private static void StoreBetween(Index1D i, ArrayView<Four> x, ArrayView<float> y)
    {
        y[4 * i.X] = x[i].X;
        y[4 * i.X + 1] = x[i].Y;
    }

    private delegate void Views<T>(Index1D i, ArrayView<T> x, ArrayView<T> y) where T : unmanaged;

    [Fact]
    public void StructsOfFour_AreOneAccess() => Contains((Views<Four>)Scale, "ld.global.v4.f32", "st.global.v4.f32");

    [Fact]
    public void StructsOfTwoDoubles_AreOneAccess() => Contains((Views<Pair>)Pairs, "ld.global.v2.f64", "st.global.v2.f64");

    [Fact]
    public void StructsOfThree_AreNot() => Assert.DoesNotContain(".v2", Text((Views<Three>)Threes, aligned: true));

    [Fact]
    public void UnrolledNeighbours_AreAccessesOfFour()
    {
        string text = Text((Views<float>)Unrolled, aligned: true);
        Assert.Equal(2, Count(text, "ld.global.v4.f32"));
        Assert.Equal(2, Count(text, "st.global.v4.f32"));
        Assert.Equal(0, Count(text, "ld.global.f32"));
    }

    [Fact]
    public void SharedNeighbours_AreOneAccess_WhateverTheArguments() =>
        Assert.Contains("ld.shared.v4.f32", Text((Action<ArrayView<float>, ArrayView<float>>)Shared, aligned: false));

    [Fact]
    public void LoadsThatAStoreMayChange_StayApart() =>
        Assert.DoesNotContain(".v2", Text((Action<Index1D, ArrayView<Four>, ArrayView<float>>)StoreBetween, aligned: true));

    [Fact]
    public void WithoutAlignedArguments_NoGlobalAccessIsWide()
    {
        Assert.DoesNotContain(".v4", Text((Views<Four>)Scale, aligned: false));
        Assert.All(Function((Views<Four>)Scale, aligned: false).Alignments, a => Assert.Equal(0, a));
    }

    [Fact]
    public void IsAligned_LooksAtWhatTheAccessesNeed()
    {
        // Two views, each a pointer and a length.
        PtxFunction function = Function((Views<Four>)Scale, aligned: true);
        Assert.Equal(new[] { 16, 0, 16, 0 }, function.Alignments.ToArray());
        Assert.True(function.IsAligned([64, 3, 32, 3]));
        Assert.False(function.IsAligned([64, 3, 40, 3]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Launch_OnAViewAtAnyFloat_GivesTheSame(int offset)
    {
        PtxDevice device = new();
        LaunchAt(device, offset);
        Assert.Equal(offset == 0 ? 1 : 2, device.Functions.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Launch_OnCuda_OnAViewAtAnyFloat_GivesTheSame(int offset) => LaunchAt(EmulatedCuda.Create().Device, offset);

    [Fact]
    public void Launch_OnCuda_OfGroupsThatNeedFewerRegisters_CompilesForThem()
    {
        CudaDevice device = EmulatedCuda.Create(new FakeGpu { MaxGroupSizeUnasked = 64 }).Device;
        using DeviceBuffer<float> x = device.Allocate<float>([.. Enumerable.Range(0, 256).Select(i => (float)i)]), y = device.Allocate<float>(256);
        device.LoadGrouped<ArrayView<float>, ArrayView<float>>(Shared)((1, 256), x, y);
        Assert.Equal(10 * 252 + 20, y.ToArray()[^1]);
    }

    private static void LaunchAt(Device device, int offset)
    {
        float[] values = [.. Enumerable.Range(0, 100).Select(i => i + 0.5f)];
        using DeviceBuffer<float> x = device.Allocate<float>(values), y = device.Allocate<float>(100);
        Action<Index1D, ArrayView<Four>, ArrayView<Four>> scale = device.Load<Index1D, ArrayView<Four>, ArrayView<Four>>(Scale);
        scale(20, x.View.SubView(offset).Cast<Four>(), y.View.SubView(4 - offset).Cast<Four>());
        float[] factors = [2, 3, 5, 7];
        Assert.Equal(values.Skip(offset).Take(80).Select((v, i) => v * factors[i % 4]), y.ToArray().Skip(4 - offset).Take(80));
    }

    private static void Contains(Delegate kernel, params string[] instructions)
    {
        string text = Text(kernel, aligned: true);
        Assert.All(instructions, i => Assert.Contains(i, text));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static string Text(Delegate kernel, bool aligned) => Function(kernel, aligned).Text;

    private static PtxFunction Function(Delegate kernel, bool aligned)
    {
        Kernel lowered = PtxFunction.Lower(Cotangent.Kernels.Il.FrontEnd.Compile(kernel.Method));
        return PtxFunction.Translate(lowered, new PtxTraits { AlignedArguments = aligned });
    }
}
