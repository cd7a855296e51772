using System.Runtime.InteropServices;

namespace Cotangent.Kernels.Ir;

/// <summary>Finds accesses that nothing orders: two work items touch the same bytes of shared or global memory, at least one
/// writes, not both atomically, and no barrier of their group stands between. Two items that write the same bits do not
/// count: whoever is last, the result is the same.</summary>
internal sealed class RaceDetector
{
    private readonly Dictionary<(object Memory, long Byte), History> _histories = [];

    /// <summary>One work item at one access: barriers of its group that it has passed so far.</summary>
    internal readonly record struct Actor(Index3D Group, Index3D Item, int Epoch)
    {
        public bool IsOrderedWith(Actor other) => Group == other.Group && (Item == other.Item || Epoch != other.Epoch);
    }

    /// <summary>Takes note of an access; the earlier one that it races with, or null.</summary>
    /// <param name="memory">The memory's identity.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="size">The number of bytes.</param>
    /// <param name="actor">Who.</param>
    /// <param name="kind">What.</param>
    /// <param name="written">The bits written; anything for a read.</param>
    public (Actor Actor, AccessKind Kind)? Access(
        object memory, long offset, int size, Actor actor, AccessKind kind, ulong written)
    {
        (Actor, AccessKind)? race = null;
        for (int i = 0; i < size; i++)
        {
            ref History? history = ref CollectionsMarshal.GetValueRefOrAddDefault(_histories, (memory, offset + i), out _);
            race ??= (history ??= new History()).Add(actor, kind, (byte)(written >> (8 * i)));
        }

        return race;
    }

    /// <summary>The accesses of one byte that a later one may race with.</summary>
    private sealed class History
    {
        private readonly Dictionary<(Index3D Group, Index3D Item), int> _reads = [];
        private (Actor Actor, bool IsAtomic, byte Value)? _write;

        public (Actor, AccessKind)? Add(Actor actor, AccessKind kind, byte value)
        {
            (Actor, AccessKind)? race = AgainstWrite(actor, kind, value);
            if (kind == AccessKind.Read)
            {
                _reads[(actor.Group, actor.Item)] = actor.Epoch;
                return race;
            }

            foreach (((Index3D group, Index3D item), int epoch) in _reads)
            {
                Actor reader = new(group, item, epoch);
                if (!actor.IsOrderedWith(reader)) race ??= (reader, AccessKind.Read);
            }

            // Who races with those reads races with this write as well, unless both are atomic.
            if (kind == AccessKind.Write) _reads.Clear();
            _write = (actor, kind == AccessKind.Atomic, value);
            return race;
        }

        private (Actor, AccessKind)? AgainstWrite(Actor actor, AccessKind kind, byte value)
        {
            if (_write is not { } write || actor.IsOrderedWith(write.Actor)) return null;
            bool isHarmless = kind switch
            {
                AccessKind.Atomic => write.IsAtomic,
                AccessKind.Write => !write.IsAtomic && write.Value == value,
                _ => false,
            };
            return isHarmless ? null : (write.Actor, write.IsAtomic ? AccessKind.Atomic : AccessKind.Write);
        }
    }
}

/// <summary>How memory is touched.</summary>
internal enum AccessKind : byte { Read, Write, Atomic }
