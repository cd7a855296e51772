namespace Cotangent.Kernels;

/// <summary>One launch of a batch, see <see cref="Device.Launch(ReadOnlySpan{BatchedLaunch})"/>.</summary>
/// <param name="Kernel">The kernel, over a range.</param>
/// <param name="Shape">Its launch.</param>
/// <param name="Arguments">One an IR parameter, in order.</param>
/// <param name="Items">The work items that run; null: all of the shape.</param>
internal readonly record struct BatchedLaunch(CompiledKernel Kernel, LaunchShape Shape, KernelArgument[] Arguments, ItemRange? Items = null);

/// <summary>Neighbouring work items of a one-dimensional range. They keep their numbers.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The one behind the last.</param>
/// <param name="Parameter">The parameter whose memory begins with the element of the first item, not with that of item 0; −1: none.</param>
internal readonly record struct ItemRange(int From, int To, int Parameter = -1);
