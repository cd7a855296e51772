using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Attention;

/// <summary>The kernels of other devices against the CPU's, which are written apart.</summary>
public class AttentionDeviceTests
{
    public static TheoryData<string, string> Rows
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach (string device in (string[])["opencl", "cuda"])
            {
                foreach (AttentionCase row in AttentionCase.All.Where(_ => Devices.Runs(device))) rows.Add(device, row.Name);
            }

            rows.Add("debug", "odd extents");
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Passes_OnADevice_AgreeWithTheCpu(string device, string name)
    {
        AttentionCase row = AttentionCase.All.Single(c => c.Name == name);
        float[][] expected = Passes(row, Device.Cpu), actual = Passes(row, Devices.Get(device));

        // Weights are computed again from a rounded log-sum-exp: its rounding is their relative error.
        double lse = expected[1].Where(float.IsFinite).Select(x => (double)Math.Abs(x)).DefaultIfEmpty(0).Max();
        for (int i = 0; i < expected.Length; i++)
        {
            double scale = expected[i].Where(float.IsFinite).Select(x => (double)Math.Abs(x)).DefaultIfEmpty(0).Max();
            double bar = (row.Roundings + lse) * scale / (1 << 23);
            Assert.Equal(expected[i].Length, actual[i].Length);
            for (int j = 0; j < expected[i].Length; j++)
            {
                float x = expected[i][j], y = actual[i][j];
                Assert.True(x == y || Math.Abs((double)x - y) <= bar, $"{name} on {device}: element {j} of result {i} is {y}, on the CPU {x}; the bar is {bar:g3}.");
            }
        }
    }

    /// <summary>Output, log-sum-exp, gradients, tangent.</summary>
    private static float[][] Passes(AttentionCase row, Device device)
    {
        Tensor[] x = On(device, row.Operands(DType.Float32)), along = On(device, row.Operands(DType.Float32, seed: 5));
        (Tensor y, Tensor lse) = row.Call(x, fused: true, device);
        Tensor ct = On(device, [new RandomKey(9).Normal(y.Shape).Realize()])[0];
        Tensor[] gradients = Diff.Grad((Tensor[] p) => (row.Call(p, fused: true, device).Output * ct).Sum())(x);
        Tensor tangent = Diff.Jvp((Tensor[] p) => row.Call(p, fused: true, device).Output, x, along).Tangent;
        return [.. new[] { y, lse, tangent }.Concat(gradients.Take(3)).Select(t => t.ToArray<float>())];
    }

    private static Tensor[] On(Device device, Tensor[] x) => [.. x.Select(t => t.To(device).Realize())];
}
