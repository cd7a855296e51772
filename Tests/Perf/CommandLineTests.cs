using PerfProgram = Cotangent.Perf.Program;

namespace Cotangent.Tests.Perf;

/// <summary>What Perf refuses, before it measures anything.</summary>
public class CommandLineTests
{
    [Theory]
    [InlineData("softmacks", "softmacks", "matmul")]
    [InlineData("matmul --device tpu", "tpu", "cpu")]
    [InlineData("matmul --threads 0", "--threads", "at least one")]
    [InlineData("matmul --threads two", "--threads", "two")]
    [InlineData("matmul --fast", "--fast")]
    public void Run_WhatThereIsNot_FailsAndNamesIt(string line, params string[] expected)
    {
        StringWriter error = new();
        Assert.NotEqual(0, PerfProgram.Run(line.Split(' '), TextWriter.Null, error));
        Assert.All(expected, e => Assert.Contains(e, error.ToString()));
    }

    [Fact]
    public void Run_Help_NamesEverySuite()
    {
        StringWriter output = new();
        Assert.Equal(0, PerfProgram.Run(["--help"], output, TextWriter.Null));
        string[] suites = ["roofline", "elementwise", "reduce", "matmul", "softmax", "norm", "optimizer", "train", "compile", "kernels", "autodiff", "all"];
        Assert.All(suites, s => Assert.Contains(s, output.ToString()));
    }
}
