namespace Cotangent.AutoDiff;

/// <summary>The gradient of each example of a batch by itself: what differential privacy clips, and what gradient noise is measured
/// by.</summary>
/// <remarks>
/// <para>This is the definition, written down: <c>Vmap</c> of <c>Grad</c>. All gradients are there at once, examples times the
/// parameters' memory; the engine may still fuse a norm or a sum into their making. Faster ways must agree with it.</para>
/// <para>Noise is not added here: a clipped sum is a private gradient only with noise of the right size on top, from a key of its own.</para>
/// </remarks>
public static class PerSample
{
    /// <summary>The gradients of a loss by the parameters, one for each example.</summary>
    /// <param name="loss">The loss of one example, a scalar: (parameters, example) ↦ loss. An example is a tree of tensors without
    /// the batch axis, such as (features, label); labels may be integers.</param>
    /// <returns>(parameters, batch) ↦ a tree like the parameters of tensors [examples, …]. The batch is the first axis of each of its
    /// tensors.</returns>
    /// <exception cref="NotScalarException">When called: the loss is not of shape [].</exception>
    /// <exception cref="ShapeMismatchException">When called: the batch's tensors differ in their number of examples.</exception>
    /// <example><code>
    /// var gradients = PerSample.Grad((Network n, (Tensor X, Tensor Y) e) =&gt; Nn.CrossEntropy(n.Apply(e.X), e.Y));
    /// Network each = gradients(network, (images, labels));    // each.W is [examples, inputs, outputs]
    /// </code></example>
    public static Func<TParameters, TExample, TParameters> Grad<TParameters, TExample>(Func<TParameters, TExample, Tensor> loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return (parameters, batch) =>
            Diff.Vmap((TExample example) => Diff.Grad((TParameters p) => loss(p, example))(parameters))(batch);
    }

    /// <summary>The norm of each example's gradient, all parameters taken as one vector: [examples]; Float64 if a parameter is, else
    /// Float32.</summary>
    /// <inheritdoc cref="Grad{TParameters, TExample}"/>
    /// <returns>(parameters, batch) ↦ norms.</returns>
    public static Func<TParameters, TExample, Tensor> Norms<TParameters, TExample>(Func<TParameters, TExample, Tensor> loss)
    {
        Func<TParameters, TExample, TParameters> gradients = Grad(loss);
        return (parameters, batch) => NormsOf(Trees.Flatten(gradients(parameters, batch)));
    }

    /// <summary>The sum over the examples of their gradients, each scaled down to a norm of at most the maximum: Σᵢ gᵢ·min(1, C / ‖gᵢ‖)
    /// (Abadi et al., Deep learning with differential privacy, 2016). No noise is added.</summary>
    /// <param name="loss">The loss of one example, a scalar.</param>
    /// <param name="maximum">C, above 0. One example changes the sum by no more than this.</param>
    /// <remarks>A gradient of norm 0 stays 0; one that is NaN or infinite makes the sum NaN: it is not hidden.</remarks>
    /// <returns>(parameters, batch) ↦ the sum, a tree like the parameters, and the norms before clipping, [examples].</returns>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is not above 0.</exception>
    public static Func<TParameters, TExample, (TParameters Sum, Tensor Norms)> Clip<TParameters, TExample>(
        Func<TParameters, TExample, Tensor> loss, double maximum)
    {
        if (!(maximum > 0)) throw new ArgumentOutOfRangeException(nameof(maximum), maximum, "The maximum norm must be above 0.");
        Func<TParameters, TExample, TParameters> gradients = Grad(loss);
        return (parameters, batch) =>
        {
            TParameters each = gradients(parameters, batch);
            Tensor norms = NormsOf(Trees.Flatten(each)), factors = Tensor.Minimum(maximum / norms, 1);
            return (Trees.Map(each, g => Tensor.DotGeneral(factors.Cast(g.DType), g, [0], [0])), norms);
        };
    }

    /// <summary>The norms of gradients [examples, …] over all axes but the first, and over all tensors.</summary>
    private static Tensor NormsOf(Tensor[] gradients)
    {
        DType type = gradients.Any(g => g.DType == DType.Float64) ? DType.Float64 : DType.Float32;
        Tensor[] squares = [.. gradients.Select(g => g.Cast(type).Square().Reshape(g.Shape[0], -1).Sum(1))];
        return squares.Aggregate((x, y) => x + y).Sqrt();
    }
}
