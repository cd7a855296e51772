namespace Cotangent.Kernels.Targets;

/// <summary>What a device's OpenCL C can do beyond the 1.2 core, as far as the translation depends on it.</summary>
/// <param name="Float64">cl_khr_fp64.</param>
/// <param name="CorrectDivideSqrt">The build option -cl-fp32-correctly-rounded-divide-sqrt is honoured.</param>
/// <param name="Int64Atomics">cl_khr_int64_base_atomics.</param>
internal sealed record OpenClTraits(bool Float64, bool CorrectDivideSqrt, bool Int64Atomics);
