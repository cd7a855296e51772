using System.Runtime.Intrinsics;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>The passes of an attention by the width of the processor's vectors.</summary>
internal static class CpuAttention
{
    /// <summary>Bytes of scratch memory of <see cref="Forward"/>.</summary>
    public static long ForwardScratch(in AttentionProblem problem, in AttentionLayouts layouts) => CpuGemm.VectorBits switch
    {
        512 when PrefersFlatTiles(problem) => AttentionForward<FlatKernels<Float512, Vector512<float>, float>>.ScratchBytes(problem, layouts),
        512 => AttentionForward<WideKernels<Float512, Vector512<float>, float>>.ScratchBytes(problem, layouts),
        256 => AttentionForward<NarrowKernels<Float256, Vector256<float>, float>>.ScratchBytes(problem, layouts),
        _ => AttentionForward<NarrowKernels<Float128, Vector128<float>, float>>.ScratchBytes(problem, layouts),
    };

    /// <summary>Writes Output and LogSumExp.</summary>
    public static void Forward(in AttentionProblem problem, in AttentionOperands operands, IParallel pool)
    {
        switch (CpuGemm.VectorBits)
        {
            case 512 when PrefersFlatTiles(problem):
                AttentionForward<FlatKernels<Float512, Vector512<float>, float>>.Current.Run(problem, operands, pool);
                break;
            case 512:
                AttentionForward<WideKernels<Float512, Vector512<float>, float>>.Current.Run(problem, operands, pool);
                break;
            case 256:
                AttentionForward<NarrowKernels<Float256, Vector256<float>, float>>.Current.Run(problem, operands, pool);
                break;
            default:
                AttentionForward<NarrowKernels<Float128, Vector128<float>, float>>.Current.Run(problem, operands, pool);
                break;
        }
    }

    /// <summary>Queries from which the lower tiles are worth strips that fit them seldom.</summary>
    private const int LongQueries = 256;

    /// <summary>True if tiles of 6 rows and 64 columns cover values without a rest, where those of 48 would leave one. They read less for each
    /// multiply-add, too.</summary>
    private static bool PrefersFlatTiles(in AttentionProblem problem) => problem.Queries >= LongQueries
        && GemmBlocking.RoundUp(problem.Values, ScoreRows.Lanes) % 64 == 0;

    /// <summary>Bytes of scratch memory of <see cref="Backward"/>.</summary>
    public static long BackwardScratch(in AttentionProblem problem, in AttentionLayouts layouts) => CpuGemm.VectorBits switch
    {
        512 => AttentionBackward<WideKernels<Float512, Vector512<float>, float>>.ScratchBytes(problem, layouts),
        256 => AttentionBackward<NarrowKernels<Float256, Vector256<float>, float>>.ScratchBytes(problem, layouts),
        _ => AttentionBackward<NarrowKernels<Float128, Vector128<float>, float>>.ScratchBytes(problem, layouts),
    };

    /// <summary>Writes DQ, DK and DV from DOutput and DLogSumExp.</summary>
    public static void Backward(in AttentionProblem problem, in AttentionOperands operands, IParallel pool)
    {
        switch (CpuGemm.VectorBits)
        {
            case 512:
                AttentionBackward<WideKernels<Float512, Vector512<float>, float>>.Current.Run(problem, operands, pool);
                break;
            case 256:
                AttentionBackward<NarrowKernels<Float256, Vector256<float>, float>>.Current.Run(problem, operands, pool);
                break;
            default:
                AttentionBackward<NarrowKernels<Float128, Vector128<float>, float>>.Current.Run(problem, operands, pool);
                break;
        }
    }

    /// <summary>Bytes of scratch memory of <see cref="Tangent"/>.</summary>
    public static long TangentScratch(in AttentionProblem problem, in AttentionLayouts layouts) => CpuGemm.VectorBits switch
    {
        512 => AttentionTangent<WideKernels<Float512, Vector512<float>, float>>.ScratchBytes(problem, layouts),
        256 => AttentionTangent<NarrowKernels<Float256, Vector256<float>, float>>.ScratchBytes(problem, layouts),
        _ => AttentionTangent<NarrowKernels<Float128, Vector128<float>, float>>.ScratchBytes(problem, layouts),
    };

    /// <summary>Writes the tangents DOutput and DLogSumExp from those of DQ, DK, DV and DBias that are given.</summary>
    public static void Tangent(in AttentionProblem problem, in AttentionOperands operands, IParallel pool)
    {
        switch (CpuGemm.VectorBits)
        {
            case 512:
                AttentionTangent<WideKernels<Float512, Vector512<float>, float>>.Current.Run(problem, operands, pool);
                break;
            case 256:
                AttentionTangent<NarrowKernels<Float256, Vector256<float>, float>>.Current.Run(problem, operands, pool);
                break;
            default:
                AttentionTangent<NarrowKernels<Float128, Vector128<float>, float>>.Current.Run(problem, operands, pool);
                break;
        }
    }
}
