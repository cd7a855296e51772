using System.Collections.Immutable;

namespace Cotangent.Graph;

/// <summary>A computation that C# code makes when its inputs are known: a solver that reads residuals, say. In a graph it is one node, so
/// that transforms may place it before its inputs have values.</summary>
/// <param name="Shape">The result's shape.</param>
/// <param name="DType">The result's dtype.</param>
/// <remarks>Programs have no calls: <see cref="Execution.HostCalls"/> runs them where their inputs have values and puts their graph in their
/// place where a function is compiled.</remarks>
internal abstract record HostCallAttributes(Shape Shape, DType DType) : Attributes
{
    /// <summary>What errors call it.</summary>
    public abstract string Name { get; }

    /// <summary>The result from inputs that are not traced; it may read them.</summary>
    public abstract Node Run(ImmutableArray<Node> inputs);

    /// <summary>The result as a graph of inputs that have no values yet.</summary>
    /// <exception cref="TracedValueException">It cannot be computed without reading a value.</exception>
    public abstract Node Expand(ImmutableArray<Node> inputs);

    /// <inheritdoc/>
    public sealed override string ToString() => Name;
}
