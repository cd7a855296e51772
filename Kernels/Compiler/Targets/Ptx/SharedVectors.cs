using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Which loads, and which stores, of neighbouring elements of shared memory are one instruction: the fields of a struct, a
/// few elements of a row. Only where the address is known to be aligned to all of them: an allocation is, to 16 bytes.</summary>
/// <remarks>The loads of a vector happen where its first one stands, the stores where the last one does: nothing that could tell stands
/// between them.</remarks>
internal sealed class SharedVectors
{
    /// <summary>Bytes to which shared arrays are aligned, and of the widest access.</summary>
    public const int MostBytes = 16;

    private readonly Dictionary<Instruction, SharedVector> _vectors = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Instruction, SharedAddress> _addresses = new(ReferenceEqualityComparer.Instance);
    private readonly List<Instruction> _loads = [];
    private readonly List<Instruction> _stores = [];

    private SharedVectors(Kernel kernel) => Visit(kernel.Body);

    public static SharedVectors Find(Kernel kernel) => new(kernel);

    /// <summary>The accesses that are one with this one; null if it is one of its own.</summary>
    public SharedVector? this[Instruction access] => _vectors.GetValueOrDefault(access);

    /// <summary>The address of a load, store or atomic operation in shared memory.</summary>
    public SharedAddress Address(Instruction access)
    {
        if (!_addresses.TryGetValue(access, out SharedAddress? address))
            _addresses[access] = address = SharedAddress.Of(access.Operands[0], access.Operands[1]);
        return address;
    }

    private void Visit(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Instruction { Opcode: Opcode.Load or Opcode.Store } access when IsShared(access):
                    Visit(access);
                    break;
                case Instruction { HasEffect: true } effect when effect.Opcode != Opcode.Store:
                    Close();
                    break;
                case Structured structured:
                    Close();
                    foreach (Region inner in structured.Regions)
                        Visit(inner);
                    break;
            }
        }

        Close();
    }

    private void Visit(Instruction access)
    {
        if (access.Opcode == Opcode.Load)
        {
            Group(_stores, last: true);
            _loads.Add(access);
            return;
        }

        Group(_loads, last: false);
        SharedAddress address = Address(access);
        if (_stores.Count > 0 && (!Address(_stores[0]).HasBaseOf(address)
            || _stores.Exists(s => Overlap(s, access))))
        {
            Group(_stores, last: true);
        }

        _stores.Add(access);
    }

    private bool Overlap(Instruction x, Instruction y) =>
        (int)(Address(x).Offset - Address(y).Offset) < SizeOf(y) && (int)(Address(y).Offset - Address(x).Offset) < SizeOf(x);

    private void Close()
    {
        Group(_loads, last: false);
        Group(_stores, last: true);
    }

    private void Group(List<Instruction> accesses, bool last)
    {
        foreach (IGrouping<(SharedAddress.Key, IrType), Instruction> group in accesses.GroupBy(a => (Address(a).Base, a.Operands[0].Type)))
        {
            Instruction[] sorted = [.. group.DistinctBy(a => Address(a).Offset).OrderBy(a => Address(a).Offset)];
            int count;
            for (int i = 0; i < sorted.Length; i += count)
            {
                count = LengthAt(sorted, i);
                if (count > 1)
                    Add([.. sorted.AsSpan(i, count)], accesses, last);
            }
        }

        accesses.Clear();
    }

    private void Add(ImmutableArray<Instruction> members, List<Instruction> accesses, bool last)
    {
        SharedVector vector = new(members, last ? accesses.FindLast(members.Contains)! : accesses.Find(members.Contains)!);
        foreach (Instruction member in members)
            _vectors[member] = vector;
    }

    /// <summary>The most elements from a place on that lie side by side, aligned.</summary>
    private int LengthAt(Instruction[] sorted, int at)
    {
        int size = SizeOf(sorted[at]);
        if (size < 4)
            return 1;
        SharedAddress first = Address(sorted[at]);
        int alignment = first.Alignment(MostBytes);
        for (int count = MostBytes / size; count > 1; count /= 2)
        {
            if (alignment >= count * size && at + count <= sorted.Length
                && Enumerable.Range(1, count - 1).All(i => Address(sorted[at + i]).Offset - first.Offset == (uint)(i * size)))
            {
                return count;
            }
        }

        return 1;
    }

    private static int SizeOf(Instruction access) => access.Operands[0].Type.Scalar.Size();

    private static bool IsShared(Instruction access) => access.Operands[0].Type.Space == AddressSpace.Shared;
}

/// <summary>Accesses that are one instruction.</summary>
/// <param name="Members">In the order of their addresses.</param>
/// <param name="Leader">The one in whose place it stands.</param>
internal sealed record SharedVector(ImmutableArray<Instruction> Members, Instruction Leader);
