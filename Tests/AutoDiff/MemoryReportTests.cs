using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Samples.Lm;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Reports of what a program will hold in memory.</summary>
public class MemoryReportTests
{
    private static readonly Tensor s_x = Tensor.Ones([64, 128]);
    private static readonly Tensor s_w = Tensor.Ones([128, 128]);

    [Fact]
    public void Saved_NamesWhatTheBackwardPassReads_ItsBytes_AndTheLineThatMadeIt()
    {
        CompiledFunction<Tensor, Tensor, Tensor> gradient = Jit.Compile((Tensor x, Tensor w) => Diff.Grad((Tensor p) =>
        {
            Tensor hidden = x.MatMul(p).Tanh().Named("hidden");
            return (hidden.MatMul(p).Exp() * x).Sum();
        })(w));
        MemoryReport report = gradient.Memory(s_x, s_w);
        ReportedTensor hidden = Assert.Single(report.Saved, t => t.What == "'hidden'");
        Assert.Equal(64 * 128 * 4, hidden.Bytes);
        Assert.StartsWith("MemoryReportTests.cs:", hidden.Place, StringComparison.Ordinal);
        Assert.Equal(report.Saved.Sum(t => t.Bytes), report.SavedBytes);
        Assert.Empty(report.Recomputed);
        Assert.Equal((64 * 128 + 128 * 128) * 4, report.InputBytes);
        Assert.Equal(128 * 128 * 4, report.OutputBytes);
        Assert.Contains("saved for backward: ", report.ToString());
        Assert.Contains("'hidden' Float32[64, 128]  MemoryReportTests.cs:", report.ToString());
    }

    [Fact]
    public void Report_BuildsAndRunsNothing_AndIsThatOfTheProgram()
    {
        CompiledFunction<Tensor, Tensor> f = Jit.Compile(Diff.Grad(x => x.Tanh().MatMul(s_w).Sin().Sum()));
        long launches = CompiledProgram.LaunchCount;
        MemoryReport report = f.Memory(s_x);
        Assert.Equal(0, f.TraceCount);
        f.Invoke(s_x).Realize();
        Assert.Contains($"planned into {report.ScratchBytes}", f.Report());
        Assert.True(CompiledProgram.LaunchCount > launches);
    }

    [Fact]
    public void Checkpoint_MovesValues_FromSavedToRecomputed()
    {
        Func<Tensor, Tensor> Net(CheckpointPolicy policy) => Diff.Grad((Tensor w) =>
        {
            Tensor h = s_x;
            for (int i = 0; i < 3; i++) h = Diff.Checkpoint((Tensor y) => y.MatMul(w).Tanh().MatMul(w).Sin(), policy)(h);
            return h.Square().Sum();
        });
        MemoryReport all = Jit.Compile(Net(CheckpointPolicy.All)).Memory(s_w), none = Jit.Compile(Net(CheckpointPolicy.None)).Memory(s_w);
        Assert.Empty(all.Recomputed);
        Assert.True(none.SavedBytes < all.SavedBytes, $"{none}\n{all}");
        Assert.Contains(none.Recomputed, t => t.What == "tanh" && t.Place.StartsWith("MemoryReportTests.cs:", StringComparison.Ordinal));
        Assert.Equal(6, none.Recomputed.Count(t => t.What == "dot"));
        Assert.True(none.Flops > all.Flops);
    }

    [Fact]
    public void Transformer_Report_SaysWhoMadeWhatIsSaved()
    {
        TransformerSizes sizes = new(Layers: 2, Width: 64, Heads: 2, Context: 32);
        Transformer model = Transformer.Create(sizes, new RandomKey(1, Device.Cpu), Device.Cpu);
        Tensor windows = Tensor.Arange(4 * 33, DType.Int32, Device.Cpu).Reshape(4, 33) * 7 % 256;
        MemoryReport report = Jit.Compile(Diff.Grad((Transformer p) => p.Loss(windows, sizes.Heads))).Memory(model);

        // The file and line, or the method where the runtime knows no line of optimised code.
        Assert.All(report.Saved, t => Assert.StartsWith("Transformer.", t.Place, StringComparison.Ordinal));
        Assert.True(report.Saved.Count >= 10, report.ToString());
        Assert.True(report.AtPeak.Count > 0 && report.PeakBytes > report.SavedBytes);
    }

    [Fact]
    public void NestedDerivatives_CountAsTheFunction_OfTheOuterOne()
    {
        Func<Tensor, Tensor> outer = Diff.Grad((Tensor w) => Diff.Grad((Tensor x) => x.MatMul(w).Tanh().Sum())(s_x).Square().Sum());
        Assert.NotEmpty(Jit.Compile(outer).Memory(s_w).Saved);
    }
}
