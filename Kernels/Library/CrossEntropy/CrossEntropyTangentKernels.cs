using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>Derivatives of logits along a direction: for forward mode and for products with second derivatives.</summary>
internal static class CrossEntropyTangentKernels
{
    /// <summary>Tangents of products become tangents of logits. An item goes through a part of the classes of one row, for the sums of p·ż and
    /// of weight·ż.</summary>
    public static void Logits<T, TMath>(Index1D i, ArrayView<T> z, ArrayView<T> tangents, ArrayView<T> bias, ArrayView<T> weights,
        ArrayView<T> partials, ArrayView<T> numbers, CrossEntropyBlock shape, T softcap, int items)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int r = i % shape.Pitch;
        int from = i / shape.Pitch * shape.Part;
        int to = Math.Min(from + shape.Part, shape.Vocabulary);
        T lse = numbers[CrossEntropyKernels.LogSumExp * shape.Pitch + r];
        T mean = T.Zero;
        T weighted = T.Zero;
        for (int v = from; v < to; v++)
        {
            int k = v * shape.Pitch + r;
            T x = z[k];
            T dx = tangents[k];
            if (shape.HasBias != 0)
                dx += bias[v];
            if (softcap > T.Zero)
                dx *= T.One - x / softcap * (x / softcap);
            tangents[k] = dx;
            mean += TMath.Exp(x - lse) * dx;
            if (shape.HasClassWeights != 0)
                weighted += weights[v] * dx;
        }

        partials[i] = mean;
        partials[items + i] = weighted;
    }

    /// <summary>The parts of each row put together: lines of the tangents of lse, target logit and weighted sum. An item a row of the
    /// block.</summary>
    public static void Rows<T>(Index1D i, ArrayView<T> tangents, ArrayView<T> partials, ArrayView<int> rows, ArrayView<int> targets,
        ArrayView<T> results, ArrayView<T> numbers, CrossEntropyBlock shape, int parts)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int items = parts * shape.Pitch;
        T mean = T.Zero;
        T weighted = T.Zero;
        for (int p = 0; p < parts; p++)
        {
            mean += partials[p * shape.Pitch + i];
            weighted += partials[items + p * shape.Pitch + i];
        }

        numbers[CrossEntropyKernels.Tangent * shape.Pitch + i] = mean;
        if (i < shape.Count)
        {
            int row = rows[shape.First + i];
            int target = targets[shape.Total + i];
            T logit = T.Zero;
            if (target >= 0)
                logit = tangents[target * shape.Pitch + i];
            results[row] = mean;
            results[shape.Total + row] = logit;
            results[2 * shape.Total + row] = weighted;
        }
    }

    /// <summary>Logits become the objective's derivative by the products, tangents its tangent. An item a logit.</summary>
    public static void Hessian<T, TMath>(Index1D i, ArrayView<T> z, ArrayView<T> tangents, ArrayView<T> weights, ArrayView<T> numbers,
        ArrayView<int> targets, CrossEntropyBlock shape, T softcap)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int r = i % shape.Pitch;
        int v = i / shape.Pitch;
        T x = z[i];
        T dx = tangents[i];
        T g = T.Zero;
        T dg = T.Zero;
        if (r < shape.Count)
        {
            g = CrossEntropyKernels.Derivative<T, TMath>(x, r, v, weights, numbers, targets, shape);
            T mean = numbers[CrossEntropyKernels.Tangent * shape.Pitch + r];
            T p = TMath.Exp(x - numbers[CrossEntropyKernels.LogSumExp * shape.Pitch + r]);
            dg = p * (numbers[CrossEntropyKernels.Slope * shape.Pitch + r] * (dx - mean)
                + numbers[CrossEntropyKernels.Curvature * shape.Pitch + r] * mean);
            if (softcap > T.Zero)
            {
                T t = x / softcap;
                T slope = T.One - t * t;
                dg = dg * slope - g * (t + t) / softcap * dx;
                g *= slope;
            }
        }

        z[i] = g;
        tangents[i] = dg;
    }
}
