using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Turns local arrays whose every access has a constant index into values: one variable an element, carried
/// through structured nodes as results and loop parameters. (What is read before it is written is undefined: it becomes
/// zero.)</summary>
internal sealed class LocalArrays : Rewriter
{
    private const int MostElements = 256;

    private readonly Dictionary<Value, int> _first = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, int[]> _changed = new(ReferenceEqualityComparer.Instance);
    private readonly Value[] _current;

    private LocalArrays(Kernel kernel)
    {
        INode[] nodes = [.. kernel.Body.Descendants()];
        HashSet<Value> refused = new(ReferenceEqualityComparer.Instance);
        foreach (INode node in nodes)
        {
            refused.UnionWith(node.Uses().Where((_, i) => !(i == 0 && IsConstantAccess(node))));
        }

        List<Value> variables = [];
        foreach (Instruction array in nodes.OfType<Instruction>().Where(n => IsCandidate(n) && !refused.Contains(n)))
        {
            _first[array] = variables.Count;
            variables.AddRange(Enumerable.Repeat(new Constant(array.Type.Element, 0), array.Count));
        }

        _current = [.. variables];
    }

    public static Kernel Replace(Kernel kernel)
    {
        if (!kernel.Body.Descendants().Any(n => n is Instruction x && IsCandidate(x)))
        {
            return kernel;
        }

        LocalArrays pass = new(kernel);
        return pass._current.Length == 0 ? kernel : pass.Run(kernel);
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (_first.ContainsKey(old))
        {
            return old;
        }

        switch (Variable(old), old.Opcode)
        {
            case (int v, Opcode.Load):
                return _current[v];
            case (int v, Opcode.Store):
                _current[v] = operands[2];
                return old;
            default:
                return base.Visit(old, operands);
        }
    }

    protected override void Visit(If old) => Finish(old, new If(Get(old.Condition), ResultTypes(old)), []);

    protected override void Visit(Block old) => Finish(old, new Block(ResultTypes(old)), []);

    protected override void Visit(Loop old)
    {
        Loop copy = new([.. Get(old.Initial), .. Changed(old).Select(v => _current[v])], ResultTypes(old));
        for (int i = 0; i < old.Parameters.Length; i++)
        {
            Map(old.Parameters[i], copy.Parameters[i]);
        }

        Finish(old, copy, [.. copy.Parameters.Skip(old.Parameters.Length)]);
    }

    protected override void Visit(Break old) =>
        Output.Append(new Break(GetTarget(old.Target), Arguments(old, old.Target)));

    protected override void Visit(Continue old) =>
        Output.Append(new Continue((Loop)GetTarget(old.Target), Arguments(old, old.Target)));

    private ImmutableArray<Value> Arguments(Terminator old, Structured target) =>
        [.. Get(old.Arguments), .. Changed(target).Select(v => _current[v])];

    private void Finish(Structured old, Structured copy, ImmutableArray<Value> atStart)
    {
        Map(old, copy);
        Value[] before = [.. _current];
        int[] changed = Changed(old);
        foreach ((Region from, Region to) in old.Regions.Zip(copy.Regions))
        {
            before.CopyTo(_current, 0);
            for (int i = 0; i < atStart.Length; i++)
            {
                _current[changed[i]] = atStart[i];
            }

            Output.Within(to, () => Visit(from));
        }

        Output.Append(copy);
        MapResults(old, [.. copy.Results.Take(old.Results.Length)]);
        before.CopyTo(_current, 0);
        for (int i = 0; i < changed.Length; i++)
        {
            _current[changed[i]] = copy.Results[old.Results.Length + i];
        }
    }

    private ImmutableArray<IrType> ResultTypes(Structured old) =>
        [.. Types(old), .. Changed(old).Select(v => _current[v].Type)];

    /// <summary>The variables stored to anywhere in a structured node.</summary>
    private int[] Changed(Structured node)
    {
        if (!_changed.TryGetValue(node, out int[]? changed))
        {
            _changed[node] = changed = [.. node.Regions.SelectMany(Nodes.Descendants)
                .Where(n => n is Instruction { Opcode: Opcode.Store })
                .Select(n => Variable((Instruction)n)).OfType<int>().Distinct().Order()];
        }

        return changed;
    }

    private int? Variable(Instruction access) => access.Opcode is Opcode.Load or Opcode.Store
        && _first.TryGetValue(access.Operands[0], out int first)
        ? first + (int)((Constant)access.Operands[1]).AsInteger : null;

    private static bool IsCandidate(Instruction node) =>
        node is { Opcode: Opcode.Allocate, Type.Space: AddressSpace.Local, Count: <= MostElements }
        && (node.Type.Element.IsBool || OperandRules.IsArithmetic(node.Type.Element));

    private static bool IsConstantAccess(INode node) =>
        node is Instruction { Opcode: Opcode.Load or Opcode.Store } access
        && access.Operands is [Instruction { Opcode: Opcode.Allocate } array, Constant index, ..]
        && index.AsInteger >= 0 && index.AsInteger < array.Count;
}
