using System.Collections.Immutable;
using System.Text;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Prints one kernel as a PTX entry. The files next to this one print single instructions.</summary>
/// <remarks>
/// Every value has registers of its own. Results and loop parameters are registers assigned where control leaves. A structured node
/// becomes labels and branches; a branch to the next line is left out. Floats are rounded to nearest with every instruction saying
/// so, which also keeps the assembler from contracting them, and subnormals are kept: nothing is <c>.ftz</c>.
/// </remarks>
internal sealed partial class PtxPrinter
{
    private readonly Kernel _kernel;
    private readonly PtxTraits _traits;
    private readonly PtxText _text = new();
    private readonly StringBuilder _arrays = new();
    private readonly Dictionary<Value, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, string> _ends = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Loop, string> _heads = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> _used;
    private readonly PtxAddresses _addresses;
    private readonly PtxVectors _vectors;
    private readonly PtxLines _lines = new();
    private readonly Dictionary<(string At, string Count, long Scale, bool IsSigned), string> _sums = [];
    private List<(string At, string Count, long Scale, bool IsSigned)> _sumsHere = [];
    private readonly string[] _global = new string[3];
    private readonly string[] _extent = new string[3];
    private int _arrayCount;
    private readonly int _scratchBytes;
    private bool _usesDynamicShared;

    private PtxPrinter(Kernel kernel, PtxTraits traits)
    {
        _kernel = kernel;
        _traits = traits;
        _addresses = new PtxAddresses(kernel);
        _used = FindUsed(kernel);
        _vectors = new PtxVectors(kernel, _addresses, _used.Contains, traits.AlignedArguments);

        // The place of the launch's dynamic shared memory depends on it, wherever in the text that is asked for.
        bool exchanges = kernel.Body.Descendants().Any(n => n is Instruction x && x.Opcode.IsGroupWide()
            && x.Opcode is not (Opcode.Barrier or Opcode.WarpShuffle or Opcode.MatrixMultiplyAdd));
        _scratchBytes = exchanges ? sizeof(ulong) : 0;
        _usesDynamicShared = exchanges;
    }

    /// <summary>Bytes an item of dynamic shared memory for group operations.</summary>
    public int ScratchBytes => _scratchBytes;

    /// <summary>True if there is dynamic shared memory at all.</summary>
    public bool UsesDynamicShared => _usesDynamicShared;

    /// <summary>For each argument the bytes that it must be a multiple of; 0 if that does not matter.</summary>
    public ImmutableArray<int> Alignments => [.. _vectors.Alignments];

    /// <summary>The places that the text names.</summary>
    public PtxLines Lines => _lines;

    /// <summary>The entry's text, and what is known of it.</summary>
    public static (string Text, PtxPrinter Facts) Print(Kernel kernel, string name, PtxTraits traits)
    {
        if (kernel.Kind == LaunchKind.Grouped)
            GroupControl.Check(kernel);
        PtxPrinter printer = new(kernel, traits);
        List<string> parameters = printer.Entry();
        printer.Print(kernel.Body);
        string list = string.Join(",\n", parameters.Select(p => $"\t.param {p}"));
        string directives = kernel.Group is { } g ? $".reqntid {g.X}, {g.Y}, {g.Z}\n{(kernel.GroupsAtOnce > 0 ? $".minnctapersm {kernel.GroupsAtOnce}\n" : "")}"
            : traits.LargestGroup is { } items ? $".maxntid {items}, 1, 1\n"
            : "";
        string text = $".visible .entry {name}(\n{list}\n)\n{directives}{{\n{printer._arrays}{printer._text.Finish()}}}\n";
        return (text, printer);
    }

    /// <summary>The values that the text needs: an access needs the parts of its address, not its index.</summary>
    private HashSet<Value> FindUsed(Kernel kernel)
    {
        HashSet<Value> used = new(ReferenceEqualityComparer.Instance);
        Stack<Value> open = [];
        foreach (INode node in kernel.Body.Descendants())
        {
            if (node is not Instruction { HasEffect: false })
                Need(node);
        }

        while (open.TryPop(out Value? value))
        {
            if (used.Add(value) && value is Instruction { HasEffect: false } pure)
                Need(pure);
        }

        return used;

        void Need(INode node)
        {
            foreach (Value value in NeedsOf(node))
                open.Push(value);
        }
    }

    private IEnumerable<Value> NeedsOf(INode node) => node switch
    {
        Instruction x when _addresses[x] is { } address =>
            [address.Pointer, .. address.Terms.Select(t => t.Value), .. x.Operands.Skip(2)],
        Instruction x when WideFactors(x) is var (left, right) => [left, right],
        _ => node.Uses(),
    };

    private List<string> Entry()
    {
        List<string> list = [];
        foreach (Parameter parameter in _kernel.Parameters)
        {
            string name = $"a{parameter.Index}";
            string type = parameter.Type.IsPointer ? "u64" : PtxTypes.Memory(parameter.Type.Scalar);
            list.Add($".{type} {name}");
            string value = _text.Compute(RegisterOfMemory(parameter.Type), $"ld.param.{type}", $"[{name}]");
            _names.Add(parameter, parameter.Type.IsPointer ? _text.Compute("b64", "cvta.to.global.u64", value)
                : parameter.Type.IsBool ? _text.Compute("pred", "setp.ne.u32", value, "0")
                : value);
        }

        int rank = _kernel.Kind.Rank();
        for (int axis = 0; axis < rank; axis++)
        {
            list.Add($".u32 extent_{axis}");
            _extent[axis] = _text.Compute("b32", "ld.param.u32", $"[extent_{axis}]");
        }

        FindRangeItem(rank);
        return list;
    }

    // Items outside the range end at once.
    private void FindRangeItem(int rank)
    {
        string rest = rank > 0 ? Special("%ctaid.x") : "";
        for (int axis = 0; axis < rank; axis++)
        {
            string size = Special($"%ntid.{"xyz"[axis]}");
            string group = rest;
            if (axis < rank - 1)
            {
                string padded = _text.Compute("b32", "add.u32", _extent[axis], _text.Compute("b32", "sub.u32", size, "1"));
                string groups = _text.Compute("b32", "div.u32", padded, size);
                group = _text.Compute("b32", "rem.u32", rest, groups);
                rest = _text.Compute("b32", "div.u32", rest, groups);
            }

            _global[axis] = _text.Compute("b32", "mad.lo.u32", group, size, Special($"%tid.{"xyz"[axis]}"));
        }

        // The last group may reach beyond int.MaxValue: as unsigned numbers the indices are still right.
        for (int axis = 0; axis < rank; axis++)
            _text.Emit($"@{_text.Compute("pred", "setp.ge.u32", _global[axis], _extent[axis])} ret");
    }

    private void Print(Region region)
    {
        List<(string, string, long, bool)> outer = _sumsHere;
        _sumsHere = [];
        PrintNodes(region);
        _sumsHere.ForEach(k => _sums.Remove(k));
        _sumsHere = outer;
    }

    private void PrintNodes(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Instruction instruction when !instruction.HasEffect && !_used.Contains(instruction):
                    if (_addresses[instruction] is { } address)
                        Prepare(address);
                    break;
                case Instruction instruction:
                    if (_traits.Lines && _lines.Next(instruction.Origin) is { } line)
                        _text.Directive(line);
                    if (Print(instruction) is { } name)
                        _names.Add(instruction, name);
                    break;
                case Structured structured:
                    Print(structured);
                    break;
                case Break leave:
                    Assign(leave.Target.Results, leave.Arguments);
                    _text.Branch(_ends[leave.Target]);
                    break;
                case Continue next:
                    Assign(next.Target.Parameters, next.Arguments);
                    _text.Branch(_heads[next.Target]);
                    break;
                case Return:
                    _text.Emit("ret");
                    break;
                case Unreachable:
                    _text.Emit("trap");
                    break;
            }
        }
    }

    private void Print(Structured node)
    {
        foreach (Result result in node.Results)
            _names.Add(result, _text.NewRegister(PtxTypes.Register(result.Type)));
        string end = _text.NewLabel();
        _ends.Add(node, end);
        switch (node)
        {
            case If choice:
                string otherwise = _text.NewLabel();
                _text.BranchUnless(Register(choice.Condition), otherwise);
                Print(choice.Then);
                _text.Label(otherwise);
                Print(choice.Else);
                break;
            case Block block:
                Print(block.Body);
                break;
            case Loop loop:
                Print(loop);
                break;
        }

        _text.Label(end);
    }

    private void Print(Loop loop)
    {
        for (int i = 0; i < loop.Parameters.Length; i++)
        {
            string suffix = PtxTypes.Register(loop.Parameters[i].Type);
            _names.Add(loop.Parameters[i], _text.Compute(suffix, $"mov.{suffix}", Source(loop.Initial[i])));
        }

        string head = _text.NewLabel();
        _heads.Add(loop, head);
        _text.Label(head);
        Print(loop.Body);
    }

    /// <summary>Assigns all targets at once: through temporaries where a target assigned before is read.</summary>
    private void Assign<T>(ImmutableArray<T> targets, ImmutableArray<Value> arguments) where T : Value
    {
        string[] names = [.. targets.Select(t => _names[t])];
        string[] sources = [.. arguments.Select(Source)];
        for (int i = 0; i < names.Length; i++)
        {
            // By register, since several values may be one.
            int earlier = Array.IndexOf(names, sources[i]);
            if (earlier >= 0 && earlier < i)
            {
                string suffix = PtxTypes.Register(targets[i].Type);
                sources[i] = _text.Compute(suffix, $"mov.{suffix}", sources[i]);
            }
        }

        for (int i = 0; i < names.Length; i++)
        {
            if (sources[i] != names[i])
                _text.Emit($"mov.{PtxTypes.Register(targets[i].Type)} {names[i]}, {sources[i]}");
        }
    }

    /// <summary>A value as an operand: its register, or a literal.</summary>
    private string Source(Value value) => value is Constant constant ? PtxTypes.Literal(constant) : _names[value];

    /// <summary>A value in a register, for operands that are no literals.</summary>
    private string Register(Value value)
    {
        if (value is not Constant constant)
            return _names[value];
        string suffix = PtxTypes.Register(constant.Type);
        return _text.Compute(suffix, $"mov.{suffix}", PtxTypes.Literal(constant));
    }

    private string Special(string register) => _text.Compute("b32", "mov.u32", register);

    // A Bool in memory is a byte, and comes into a 32-bit register.
    private static string RegisterOfMemory(IrType type) => type.IsBool ? "b32" : PtxTypes.Register(type);
}
