using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Finds the integers from which the indices of memory accesses are computed.</summary>
internal static class AddressValues
{
    /// <summary>The indices themselves, and what leads to them by index arithmetic, branches and loops.</summary>
    public static HashSet<Value> Of(Kernel kernel)
    {
        Dictionary<Value, List<Value>> sources = new(ReferenceEqualityComparer.Instance);
        Stack<Value> open = [];
        foreach (INode node in kernel.Body.Descendants())
        {
            switch (node)
            {
                case Instruction x when x.Opcode is Opcode.Load or Opcode.Store or Opcode.PointerAdd || x.Opcode.IsAtomic():
                    open.Push(x.Operands[1]);
                    break;
                case Loop loop:
                    AddSources(loop.Parameters, loop.Initial);
                    break;
                case Continue again:
                    AddSources(again.Target.Parameters, again.Arguments);
                    break;
                case Break leave:
                    AddSources(leave.Target.Results, leave.Arguments);
                    break;
            }
        }

        HashSet<Value> found = new(ReferenceEqualityComparer.Instance);
        while (open.TryPop(out Value? value))
        {
            if (!found.Add(value))
                continue;
            IEnumerable<Value> from = value is Instruction x && IsArithmetic(x.Opcode) ? x.Operands : sources.GetValueOrDefault(value, []);
            foreach (Value source in from)
                open.Push(source);
        }

        return found;

        void AddSources(IReadOnlyList<Value> targets, IReadOnlyList<Value> values)
        {
            for (int i = 0; i < targets.Count; i++)
            {
                if (!sources.TryGetValue(targets[i], out List<Value>? list))
                    sources[targets[i]] = list = [];
                list.Add(values[i]);
            }
        }
    }

    private static bool IsArithmetic(Opcode opcode) => opcode is Opcode.Add or Opcode.Sub or Opcode.Mul or Opcode.Neg
        or Opcode.ShiftLeft or Opcode.Convert or Opcode.BitCast or Opcode.Select;
}
