using System.Collections.Immutable;
using System.Numerics;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Loads, or stores, of 2 or 4 neighbouring elements that become one instruction.</summary>
/// <param name="Members">The accesses, by address.</param>
/// <param name="Place">Where it stands: the first of the loads, the last of the stores, in the order of the text.</param>
internal sealed record PtxVector(ImmutableArray<Instruction> Members, Instruction Place);

/// <summary>Finds accesses of one work item whose addresses differ by constants, that nothing between them keeps apart, and whose common
/// base is known to be aligned.</summary>
internal sealed class PtxVectors
{
    private const int WidestAccess = 16;

    /// <summary>The exponent of the alignment of every array, of dynamic shared memory, and of aligned arguments.</summary>
    private const int ArrayAlignment = 4;

    private readonly PtxAddresses _addresses;
    private readonly Func<Value, bool> _isUsed;
    private readonly bool _isAligned;
    private readonly Dictionary<Instruction, PtxVector> _vectors = new(ReferenceEqualityComparer.Instance);

    /// <param name="kernel">The kernel.</param>
    /// <param name="addresses">Its addresses.</param>
    /// <param name="isUsed">Whether a load's result is used.</param>
    /// <param name="isAligned">Whether pointer arguments are multiples of 16.</param>
    public PtxVectors(Kernel kernel, PtxAddresses addresses, Func<Value, bool> isUsed, bool isAligned)
    {
        (_addresses, _isUsed, _isAligned) = (addresses, isUsed, isAligned);
        Alignments = new int[kernel.Parameters.Length];
        Visit(kernel.Body);
    }

    /// <summary>For each argument the bytes that it must be a multiple of; 0 if that does not matter.</summary>
    public int[] Alignments { get; }

    /// <summary>The vector that an access is part of, or null.</summary>
    public PtxVector? Of(Instruction access) => _vectors.GetValueOrDefault(access);

    private void Visit(Region region)
    {
        List<List<Instruction>> loads = [];
        List<Instruction> stores = [];
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Instruction { Opcode: Opcode.Load } x:
                    if (stores.Count > 0 && SpaceOf(stores[0]) == SpaceOf(x))
                        Close(stores);
                    if (_isUsed(x) && IsCandidate(x))
                        Join(loads, x);
                    break;
                case Instruction { Opcode: Opcode.Store } x:
                    CloseAll(loads, SpaceOf(x));
                    if (stores.Count > 0 && !(IsCandidate(x) && Fits(stores, x)))
                        Close(stores);
                    if (IsCandidate(x))
                        stores.Add(x);
                    break;
                case Structured or Instruction { HasEffect: true }:
                    CloseAll(loads, null);
                    Close(stores);
                    break;
            }

            foreach (Region inner in node is Structured structured ? structured.Regions : [])
                Visit(inner);
        }

        CloseAll(loads, null);
        Close(stores);
    }

    private static AddressSpace SpaceOf(Instruction access) => access.Operands[0].Type.Space!.Value;

    private bool IsCandidate(Instruction x) => x.Operands[0].Type.Scalar != ScalarType.Bool
        && _addresses[x]!.Pointer is Parameter or Instruction { Opcode: Opcode.Allocate or Opcode.DynamicShared };

    private bool Fits(List<Instruction> group, Instruction x) => group[0].Operands[0].Type == x.Operands[0].Type
        && _addresses[group[0]]!.HasBaseOf(_addresses[x]!)
        && group.All(m => _addresses[m]!.Offset != _addresses[x]!.Offset);

    private void Join(List<List<Instruction>> groups, Instruction x)
    {
        if (groups.Find(g => Fits(g, x)) is { } group)
            group.Add(x);
        else
            groups.Add([x]);
    }

    private void CloseAll(List<List<Instruction>> groups, AddressSpace? space)
    {
        foreach (List<Instruction> group in groups.Where(g => space is null || SpaceOf(g[0]) == space).ToArray())
        {
            groups.Remove(group);
            Close(group);
        }
    }

    /// <summary>Makes vectors of a finished group: fours first, then twos.</summary>
    private void Close(List<Instruction> group)
    {
        if (group.Count > 1)
        {
            PtxAddress address = _addresses[group[0]]!;
            int size = group[0].Operands[0].Type.Scalar.Size();
            int aligned = 1 << _addresses.AlignmentOf(address, PointerAlignment(address.Pointer, size));
            Dictionary<long, Instruction> byOffset = group.ToDictionary(m => _addresses[m]!.Offset);
            foreach (int count in (int[])[4, 2])
            {
                int bytes = count * size;
                foreach (long offset in byOffset.Keys.Order().ToArray())
                {
                    if (bytes <= WidestAccess && aligned % bytes == 0 && offset % bytes == 0)
                        Take(group, byOffset, address.Pointer, offset, count, size);
                }
            }
        }

        group.Clear();
    }

    private void Take(List<Instruction> group, Dictionary<long, Instruction> byOffset, Value pointer, long offset, int count, int size)
    {
        ImmutableArray<Instruction> members =
            [.. Enumerable.Range(0, count).Select(i => byOffset.GetValueOrDefault(offset + i * size)).OfType<Instruction>()];
        if (members.Length < count)
            return;
        bool isLoad = members[0].Opcode == Opcode.Load;
        PtxVector vector = new(members, isLoad ? group.Find(members.Contains)! : group.FindLast(members.Contains)!);
        for (int i = 0; i < count; i++)
        {
            byOffset.Remove(offset + i * size);
            _vectors.Add(members[i], vector);
        }

        if (pointer is Parameter parameter)
            Alignments[parameter.Index] = Math.Max(Alignments[parameter.Index], count * size);
    }

    private int PointerAlignment(Value pointer, int size) => pointer is Parameter && !_isAligned
        ? BitOperations.Log2((uint)size)
        : ArrayAlignment;
}
