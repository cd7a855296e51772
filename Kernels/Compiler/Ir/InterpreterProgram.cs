using System.Collections.Immutable;

namespace Cotangent.Kernels.Ir;

/// <summary>A kernel flattened for the interpreter: steps, slots for values, jumps in place of structure.</summary>
internal sealed class InterpreterProgram
{
    private readonly Dictionary<Value, int> _slots = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, List<Step>> _exits = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Loop, int> _starts = new(ReferenceEqualityComparer.Instance);
    private readonly List<Step> _steps = [];

    public InterpreterProgram(Kernel kernel)
    {
        Kernel = kernel;
        foreach (Parameter p in kernel.Parameters)
        {
            Slot(p);
        }

        Flatten(kernel.Body);
    }

    public Kernel Kernel { get; }

    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>The slots of the constants, to be filled before a run.</summary>
    public IEnumerable<(int Slot, ulong Bits)> Constants =>
        _slots.Where(s => s.Key is Constant).Select(s => (s.Value, ((Constant)s.Key).Bits));

    public int SlotCount => _slots.Count;

    public int Slot(Value value)
    {
        if (!_slots.TryGetValue(value, out int slot))
        {
            _slots[value] = slot = _slots.Count;
        }

        return slot;
    }

    private void Flatten(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Instruction instruction:
                    Emit(node, StepKind.Execute, instruction.Operands, [instruction]);
                    break;
                case If branch:
                    _exits[branch] = [];
                    Step test = Emit(node, StepKind.JumpIfFalse, [branch.Condition], []);
                    Flatten(branch.Then);
                    test.Target = _steps.Count;
                    Flatten(branch.Else);
                    Close(branch);
                    break;
                case Block block:
                    _exits[block] = [];
                    Flatten(block.Body);
                    Close(block);
                    break;
                case Loop loop:
                    _exits[loop] = [];
                    Emit(node, StepKind.Move, loop.Initial, [.. loop.Parameters]).Target = _steps.Count;
                    _starts[loop] = _steps.Count;
                    Flatten(loop.Body);
                    Close(loop);
                    break;
                case Break leave:
                    _exits[leave.Target].Add(Emit(node, StepKind.Move, leave.Arguments, [.. leave.Target.Results]));
                    break;
                case Continue again:
                    Emit(node, StepKind.Move, again.Arguments, [.. again.Target.Parameters]).Target =
                        _starts[again.Target];
                    break;
                case Return:
                    Emit(node, StepKind.Finish, [], []);
                    break;
                case Unreachable:
                    Emit(node, StepKind.Trap, [], []);
                    break;
                default:
                    throw new NotSupportedException($"The interpreter does not know the node {node.GetType().Name}.");
            }
        }
    }

    private void Close(Structured node)
    {
        foreach (Step exit in _exits[node])
        {
            exit.Target = _steps.Count;
        }
    }

    private Step Emit(INode node, StepKind kind, ImmutableArray<Value> sources, ImmutableArray<Value> destinations)
    {
        Step step = new(node, kind, [.. sources.Select(Slot)], [.. destinations.Select(Slot)]);
        _steps.Add(step);
        return step;
    }

    internal enum StepKind
    {
        /// <summary>Runs the instruction.</summary>
        Execute,

        /// <summary>Goes to the target if the source is false.</summary>
        JumpIfFalse,

        /// <summary>Copies all sources to all destinations at once and goes to the target.</summary>
        Move,

        /// <summary>The work item is done.</summary>
        Finish,

        /// <summary>An Unreachable was reached.</summary>
        Trap,
    }

    internal sealed class Step(INode node, StepKind kind, int[] sources, int[] destinations)
    {
        public INode Node { get; } = node;

        public StepKind Kind { get; } = kind;

        public int[] Sources { get; } = sources;

        public int[] Destinations { get; } = destinations;

        public int Target { get; set; }
    }
}
