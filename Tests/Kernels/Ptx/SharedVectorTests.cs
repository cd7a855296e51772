using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Library;
using Cotangent.Kernels.Targets;
using Xunit;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>Neighbouring elements of shared memory in one instruction: where that is right, and only there.</summary>
public sealed class SharedVectorTests
{
    [Fact]
    public void Struct_OfFourFloats_IsOneAccess()
    {
        string text = Text(Quads);
        Assert.Contains("st.shared.v4.f32", text, StringComparison.Ordinal);
        Assert.Contains("ld.shared.v4.f32", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ld.shared.f32", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Elements_AtUnknownAlignment_AreAccessesOfTheirOwn()
    {
        string text = Text(Unaligned);
        Assert.DoesNotContain("shared.v", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Elements_AtEvenPlaces_ArePairs()
    {
        string text = Text(Pairs);
        Assert.Contains("ld.shared.v2.f32", text, StringComparison.Ordinal);
        Assert.DoesNotContain("shared.v4", text, StringComparison.Ordinal);
    }

    private static void Quads(ArrayView<float> y)
    {
        ArrayView<Quad<float>> quads = SharedMemory.Allocate<Quad<float>>(64);
        Quad<float> quad;
        (quad.X, quad.Y, quad.Z, quad.W) = (y[0], y[1], y[2], y[3]);
        quads[Group.IdxX + 1] = quad;
        Group.Barrier();
        Quad<float> other = quads[Group.DimX - Group.IdxX];
        y[Group.IdxX] = other.X + other.Y + other.Z + other.W;
    }

    private static void Unaligned(ArrayView<float> y)
    {
        ArrayView<float> elements = SharedMemory.Allocate<float>(64);
        elements[Group.IdxX] = y[Group.IdxX];
        Group.Barrier();
        int at = Group.IdxX;
        y[at] = elements[at] + elements[at + 1] + elements[at + 2] + elements[at + 3];
        Group.Barrier();
        y[at] = elements[4 * at + 1] + elements[4 * at + 2];
    }

    private static void Pairs(ArrayView<float> y)
    {
        ArrayView<float> elements = SharedMemory.Allocate<float>(64);
        elements[Group.IdxX] = y[Group.IdxX];
        Group.Barrier();
        int at = 2 * Group.IdxX;
        y[at] = elements[at] + elements[at + 1] + elements[at + 2] + elements[at + 3];
    }

    private static string Text(Action<ArrayView<float>> kernel) =>
        PtxFunction.Translate(PtxFunction.Lower(FrontEnd.Compile(kernel.Method)), new PtxTraits()).Text;
}
