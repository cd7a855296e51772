namespace Cotangent.Optimizers;

/// <summary>Bounds on gradients.</summary>
public static class Clip
{
    /// <summary>Scales a tree of gradients down to a global norm, and returns the norm that it had: √ of the sum of all squares.</summary>
    /// <remarks>The factor is min(1, maximum / (norm + 1e-6)), PyTorch's. A norm that is NaN makes all gradients NaN.</remarks>
    public static (TTree Gradients, Tensor Norm) ByGlobalNorm<TTree>(TTree gradients, double maximum)
    {
        Tensor norm = GlobalNorm(Trees.Flatten(gradients));
        Tensor scale = Scale(norm, maximum);
        return (Trees.Map(gradients, g => g * scale.Cast(g.DType)), norm);
    }

    /// <summary>The norm of all tensors taken as one vector: Float64 if one of them is, else Float32.</summary>
    internal static Tensor GlobalNorm(IReadOnlyList<Tensor> tensors)
    {
        DType type = tensors.Any(t => t.DType == DType.Float64) ? DType.Float64 : DType.Float32;
        Tensor squares = Tensor.Scalar(0, type);
        foreach (Tensor t in tensors) squares += t.Cast(type).Square().Sum();
        return squares.Sqrt();
    }

    /// <summary>The factor that brings a norm down to a maximum.</summary>
    internal static Tensor Scale(Tensor norm, double maximum)
    {
        if (!(maximum > 0)) throw new ArgumentOutOfRangeException(nameof(maximum), maximum, "The maximum norm must be above 0.");
        return Tensor.Minimum(maximum / (norm + 1e-6), 1);
    }
}
