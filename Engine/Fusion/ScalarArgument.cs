using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

/// <summary>A number that the host knows before a launch: a scalar input of the program or a constant, possibly
/// cast.</summary>
/// <param name="Leaf">The scalar placeholder; null for a constant.</param>
/// <param name="Slot">Its slot among the program's scalars.</param>
/// <param name="Bits">The constant, in its compute type.</param>
/// <param name="Types">The dtype of the number, then those it is cast to.</param>
internal sealed record ScalarArgument(Node? Leaf, int Slot, ulong Bits, ImmutableArray<DType> Types)
{
    /// <summary>The number that a node is; null if a device must compute it.</summary>
    public static ScalarArgument? Of(Node n, PlanGraph graph)
    {
        Stack<DType> types = [];
        while (true)
        {
            types.Push(n.DType);
            if (graph.Leaves.TryGetValue(n, out LeafSlot leaf)) return leaf.IsScalar ? new(n, leaf.Index, 0, [.. types]) : null;
            if (n.Attributes is NumberAttributes number)
            {
                return new(null, -1, Conversions.Convert(number.Bits, n.DType.Scalar(), n.DType.Compute()), [.. types]);
            }

            if (n.Op == Ops.Reshape) types.Pop();
            else if (n.Op != Ops.Cast) return null;
            n = n.Inputs[0];
        }
    }

    /// <summary>The bits to pass to a kernel.</summary>
    /// <param name="scalars">The program's scalars, in their compute types.</param>
    public ulong Evaluate(ReadOnlySpan<ulong> scalars)
    {
        ulong bits = Leaf is null ? Bits : scalars[Slot];
        for (int i = 1; i < Types.Length; i++)
        {
            // Through the type in memory, which rounds the half types.
            ulong stored = Conversions.Convert(bits, Types[i - 1].Compute(), Types[i].Scalar());
            bits = Conversions.Convert(stored, Types[i].Scalar(), Types[i].Compute());
        }

        return bits;
    }
}
