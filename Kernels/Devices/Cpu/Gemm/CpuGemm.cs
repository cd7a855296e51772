using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Cpu;

/// <summary>The CPU's matrix product: packed panels, register tiles by instruction set, threads over blocks or batches.</summary>
/// <remarks>Each element of C is the one chain c = fma(a, b, c) in order of k, starting from 0 or from C. So the bits do not depend on
/// threads, blocking, strides or the width of the vectors.</remarks>
internal static unsafe class CpuGemm
{
    /// <summary>Bits of the vectors used by default.</summary>
    public static int VectorBits { get; } = Avx512F.IsSupported ? 512 : Fma.IsSupported ? 256 : 128;

    /// <summary>C = A·B, see <see cref="GemmProblem"/>. The pointers are those of element 0 of each operand.</summary>
    /// <param name="problem">The shape and the layouts.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="c">C; overlaps neither A nor B.</param>
    /// <param name="pool">The threads to use.</param>
    /// <param name="epilogue">Work on finished pieces of C, or null.</param>
    public static void Run(
        in GemmProblem problem, nint a, nint b, nint c, IParallel pool, GemmEpilogue? epilogue = null) =>
        Run(problem, a, b, c, pool, epilogue, VectorBits);

    /// <summary>The same with vectors of 512, 256 or 128 bits, which the processor must have.</summary>
    internal static void Run(
        in GemmProblem problem, nint a, nint b, nint c, IParallel pool, GemmEpilogue? epilogue, int vectorBits)
    {
        if (problem.M <= 0 || problem.N <= 0 || problem.Batch0 <= 0 || problem.Batch1 <= 0)
            return;

        bool mayRewrite = epilogue is null or { IsElementwise: true };
        GemmProblem canonical = GemmLayouts.Canonical(problem, mayRewrite);
        // An elementwise epilogue wants rows of C contiguous, whatever else were faster.
        if (epilogue is null ? GemmLayouts.ShouldTranspose(canonical) : mayRewrite && canonical.C.Column != 1)
        {
            canonical = GemmLayouts.Transposed(canonical);
            (a, b) = (b, a);
        }

        switch (canonical.Type, vectorBits)
        {
            case (ScalarType.Float32, 512) when GemmBlocking.PrefersFlatTiles(canonical):
                Run<FlatKernels<Float512, Vector512<float>, float>, float>(canonical, a, b, c, pool, epilogue);
                break;
            case (ScalarType.Float32, 512):
                Run<WideKernels<Float512, Vector512<float>, float>, float>(canonical, a, b, c, pool, epilogue);
                break;
            case (ScalarType.Float32, 256):
                Run<NarrowKernels<Float256, Vector256<float>, float>, float>(canonical, a, b, c, pool, epilogue);
                break;
            case (ScalarType.Float32, 128):
                Run<NarrowKernels<Float128, Vector128<float>, float>, float>(canonical, a, b, c, pool, epilogue);
                break;
            case (ScalarType.Float64, 512):
                Run<WideKernels<Double512, Vector512<double>, double>, double>(canonical, a, b, c, pool, epilogue);
                break;
            case (ScalarType.Float64, 256):
                Run<NarrowKernels<Double256, Vector256<double>, double>, double>(canonical, a, b, c, pool, epilogue);
                break;
            case (ScalarType.Float64, 128):
                Run<NarrowKernels<Double128, Vector128<double>, double>, double>(canonical, a, b, c, pool, epilogue);
                break;
            default:
                throw new ArgumentException(
                    $"A matrix product of {problem.Type} in {vectorBits}-bit vectors does not exist; the types are Float32 and Float64.",
                    nameof(problem));
        }
    }

    private static void Run<TKernels, T>(
        in GemmProblem problem, nint a, nint b, nint c, IParallel pool, GemmEpilogue? epilogue)
        where TKernels : struct, IMicroKernels<T>
        where T : unmanaged
    {
        if (epilogue is null && GemmJob<TKernels, T>.TryRunDirect(problem, a, b, c, pool))
            return;
        GemmJob<TKernels, T>.Current.Run(problem, a, b, c, epilogue, pool);
    }
}
