namespace Cotangent.Kernels.Targets;

/// <summary>What a device's OpenCL C can do beyond the 1.2 core, as far as the translation depends on it.</summary>
/// <param name="Float64">cl_khr_fp64.</param>
/// <param name="CorrectDivideSqrt">The build option -cl-fp32-correctly-rounded-divide-sqrt is honoured.</param>
/// <param name="Int64Atomics">cl_khr_int64_base_atomics.</param>
/// <param name="ExtendedInt64Atomics">cl_khr_int64_extended_atomics.</param>
/// <param name="SerialGroups">A processor runs the items of a group one after the other: one item does a group's
/// reduction faster than all with barriers between, and PoCL's compile time doubles with every loop that has a barrier
/// in it.</param>
internal sealed record OpenClTraits(bool Float64, bool CorrectDivideSqrt, bool Int64Atomics, bool SerialGroups,
    bool ExtendedInt64Atomics = false);
