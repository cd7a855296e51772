namespace Cotangent.Tests.Engine.Control;

public class ControlErrorTests
{
    private static readonly Tensor s_xs = Tensor.From([1f, 2f, 3f]);

    [Fact]
    public void Scan_CarryChangesShape_NamesTheLeaf()
    {
        ControlFlowException e = Assert.Throws<ControlFlowException>(() => Flow.Fold(
            (c, x) => new Dictionary<string, Tensor> { ["h"] = c["h"] + x.Reshape(1).BroadcastTo([2]) },
            new Dictionary<string, Tensor> { ["h"] = Tensor.Scalar(0) }, s_xs));

        Assert.Equal("CTG2050", e.Code);
        Assert.Contains("'h' is Float32[] in init, and body returned Float32[2]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_CarryChangesDType_IsRefused() =>
        Assert.Throws<ControlFlowException>(() => Flow.Fold((c, x) => c + x, Tensor.Scalar(0, DType.Int32), s_xs));

    [Fact]
    public void Scan_ConstantInTheCarryChanges_IsRefused() =>
        Assert.Throws<ControlFlowException>(() => Flow.Fold((c, x) => (c.Item1 + x, c.Item2 + 1), (Tensor.Scalar(0), 0), s_xs));

    [Fact]
    public void Scan_WithoutLength_IsRefused() =>
        Assert.Throws<ControlFlowException>(() => Flow.Scan((Tensor c, Tensor? _) => (c, c), Tensor.Scalar(0), null));

    [Fact]
    public void Scan_OfAScalarSequence_IsRefused() =>
        Assert.Throws<ControlFlowException>(() => Flow.Fold((c, x) => c + x, Tensor.Scalar(0), Tensor.Scalar(1)));

    [Fact]
    public void Scan_SequencesOfOtherLength_NamesThem()
    {
        ControlFlowException e = Assert.Throws<ControlFlowException>(() => Flow.Fold(
            (c, x) => c + x.Item1 + x.Item2, Tensor.Scalar(0), (s_xs, Tensor.Zeros([4]))));
        Assert.Contains("xs '1' has shape [4]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_ReadingAValueInside_IsRefused() =>
        Assert.Throws<TracedValueException>(() => Flow.Fold((c, x) => c + x.Item<float>(), Tensor.Scalar(0), s_xs));

    [Fact]
    public void While_ConditionIsNoBool_IsRefused() =>
        Assert.Throws<ControlFlowException>(() => Flow.While(x => x, x => x, Tensor.Scalar(0)));

    [Fact]
    public void Cond_BranchesDiffer_IsRefused()
    {
        ControlFlowException e = Assert.Throws<ControlFlowException>(
            () => Flow.Cond(Tensor.Scalar(1) > 0, x => x, x => x.Sum(), s_xs));
        Assert.Contains("it is Float32[3] in ifTrue, and ifFalse returned Float32[]", e.Message, StringComparison.Ordinal);
    }
}
