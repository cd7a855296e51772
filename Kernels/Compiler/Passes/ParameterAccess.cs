using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>What a kernel does to the memory behind a parameter.</summary>
[Flags]
internal enum MemoryAccess : byte
{
    None = 0,
    Read = 1,
    Write = 2,

    /// <summary>Reads and writes in one step: the first access depends on what was there.</summary>
    Atomic = 4,
}

/// <summary>Finds which pointer parameters a kernel reads and writes. Conservative where pointers merge: all that a
/// pointer may come from count.</summary>
internal sealed class ParameterAccess
{
    private readonly Dictionary<Value, HashSet<Parameter>> _roots = new(ReferenceEqualityComparer.Instance);
    private readonly List<INode> _nodes;
    private bool _changed;

    private ParameterAccess(Kernel kernel)
    {
        _nodes = [.. kernel.Body.Descendants()];
        foreach (Parameter p in kernel.Parameters.Where(p => p.Type.IsPointer)) _roots[p] = [p];
    }

    /// <summary>The accesses by index of the parameter; None for scalars.</summary>
    public static MemoryAccess[] Of(Kernel kernel)
    {
        ParameterAccess analysis = new(kernel);
        do
        {
            analysis._changed = false;
            foreach (INode node in analysis._nodes) analysis.Propagate(node);
        }
        while (analysis._changed);

        MemoryAccess[] result = new MemoryAccess[kernel.Parameters.Length];
        foreach (Instruction i in analysis._nodes.OfType<Instruction>().Where(i => !i.Type.IsPointer))
        {
            foreach (Parameter p in i.Operands.SelectMany(analysis.RootsOf)) result[p.Index] |= AccessOf(i.Opcode);
        }

        return result;
    }

    private static MemoryAccess AccessOf(Opcode opcode) => opcode switch
    {
        Opcode.Load => MemoryAccess.Read,
        Opcode.Store => MemoryAccess.Write,
        _ => MemoryAccess.Read | MemoryAccess.Write | MemoryAccess.Atomic,
    };

    private HashSet<Parameter> RootsOf(Value value) => _roots.TryGetValue(value, out HashSet<Parameter>? r) ? r : [];

    private void Propagate(INode node)
    {
        switch (node)
        {
            case Instruction { Type.IsPointer: true } i:
                foreach (Value operand in i.Operands) Flow(operand, i);
                break;
            case Loop loop:
                for (int k = 0; k < loop.Initial.Length; k++) Flow(loop.Initial[k], loop.Parameters[k]);
                break;
            case Continue again:
                for (int k = 0; k < again.Arguments.Length; k++) Flow(again.Arguments[k], again.Target.Parameters[k]);
                break;
            case Break leave:
                for (int k = 0; k < leave.Arguments.Length; k++) Flow(leave.Arguments[k], leave.Target.Results[k]);
                break;
        }
    }

    private void Flow(Value from, Value to)
    {
        if (!to.Type.IsPointer || !_roots.TryGetValue(from, out HashSet<Parameter>? roots)) return;
        if (!_roots.TryGetValue(to, out HashSet<Parameter>? reached)) _roots[to] = reached = [];
        foreach (Parameter p in roots) _changed |= reached.Add(p);
    }
}
