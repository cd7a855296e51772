namespace Cotangent.Kernels;

/// <summary>One operand of a batched matrix product as strides in elements: element (b0, b1, row, column) is at
/// b0·Batch0 + b1·Batch1 + row·Row + column·Column. A stride 0 broadcasts; any transpose is a swap of Row and Column.</summary>
internal readonly record struct MatrixLayout(long Batch0, long Batch1, long Row, long Column);

/// <summary>C[b0, b1, m, n] = Σₖ A[b0, b1, m, k]·B[b0, b1, k, n] (+ C if Accumulate), for Float32 or Float64 elements.
/// C's elements are distinct; K = 0 gives zeros. The order of the sum is fixed by the shape alone, not by thread count.
/// Precision is what a device with matrix units may do to Float32 elements; others ignore it.</summary>
internal readonly record struct GemmProblem(
    Ir.ScalarType Type, int Batch0, int Batch1, int M, int N, int K,
    MatrixLayout A, MatrixLayout B, MatrixLayout C, bool Accumulate = false,
    MatMulPrecision Precision = MatMulPrecision.Float32);
