// The one place where the kernels of this folder take the kernel language from. Their bodies stay within what ILGPU's front end accepts
// (no inline arrays, exceptions, bool parameters, stackalloc or Unsafe.Add), so that a project with the ILGPU package can compile the
// same kernel files after "global using ILGPU;", "global using ILGPU.Algorithms;" and the like. Launchers are not part of that, nor what matrix
// units are for (Gemm/MatrixUnits), which ILGPU has not.
global using Cotangent.Kernels;
