using System.Globalization;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>The asynchronous copies of one item. A copy is made when its batch is waited for and not before, so that a wait that is
/// missing is seen.</summary>
internal sealed class PtxAsyncCopies
{
    private readonly List<Action> _open = [];
    private readonly Queue<Action[]> _batches = new();

    public delegate Span<byte> Memory<TItem>(TItem item, string space, ulong address, int size);

    /// <summary>An instruction that begins with cp.</summary>
    public static Action<TItem> Translate<TItem>(string[] opcode, string[] operands, Func<string, Func<TItem, ulong>> address,
        Memory<TItem> memory, Func<TItem, PtxAsyncCopies> copies)
    {
        switch (opcode[2])
        {
            case "commit_group":
                return item => copies(item).Commit();
            case "wait_group":
                int pending = int.Parse(operands[0], CultureInfo.InvariantCulture);
                return item => copies(item).Wait(pending);
        }

        Func<TItem, ulong> target = address(operands[0]);
        Func<TItem, ulong> source = address(operands[1]);
        int size = int.Parse(operands[2], CultureInfo.InvariantCulture);
        return item =>
        {
            (ulong to, ulong from) = (target(item), source(item));
            _ = memory(item, "shared", to, size);
            _ = memory(item, "global", from, size);
            copies(item)._open.Add(() => memory(item, "global", from, size).CopyTo(memory(item, "shared", to, size)));
        };
    }

    private void Commit()
    {
        _batches.Enqueue([.. _open]);
        _open.Clear();
    }

    private void Wait(int pending)
    {
        while (_batches.Count > pending)
        {
            foreach (Action copy in _batches.Dequeue())
                copy();
        }
    }
}
