using System.Collections.Immutable;

namespace Cotangent.Kernels.Ir;

/// <summary>Checks that a kernel is well-formed: types by opcode, structured dominance, terminators and their targets
/// and arguments, what a launch kind allows. Whether barriers stand in group-uniform control flow needs the uniformity
/// analysis and is not checked here.</summary>
internal sealed class Verifier
{
    private readonly Kernel _kernel;
    private readonly string _stage;
    private readonly HashSet<Value> _defined = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> _visible = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<INode> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<Structured> _enclosing = new();

    private Verifier(Kernel kernel, string stage)
    {
        _kernel = kernel;
        _stage = stage;
    }

    /// <summary>Throws if <paramref name="kernel"/> is malformed.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="stage">Who made it, for the message: a pass or the front end.</param>
    /// <exception cref="KernelCompilationException">CTG9999 with what is wrong and the kernel's text, the node
    /// marked.</exception>
    public static void Verify(Kernel kernel, string stage = "IR") => new Verifier(kernel, stage).Verify();

    private void Verify()
    {
        for (int i = 0; i < _kernel.Parameters.Length; i++)
        {
            Parameter p = _kernel.Parameters[i];
            Require(p.Index == i, null, $"parameter {i} has the index {p.Index}");
            Require(p.Type.Scalar != ScalarType.Void, null, $"parameter {i} is void");
            Require(p.Type.Space is null or AddressSpace.Global, null, $"parameter {i} points outside global memory");
            Define(p, null);
        }

        Check(_kernel.Body, null);
    }

    private void Check(Region region, INode? owner)
    {
        Require(region.Nodes is [.., Terminator], owner, "a region does not end in a terminator");
        List<Value> scope = [];
        for (int i = 0; i < region.Nodes.Count; i++)
        {
            INode node = region.Nodes[i];
            Require(_seen.Add(node), node, "a node stands in two places");
            Require(node is not Terminator || i == region.Nodes.Count - 1, node,
                "a terminator stands before the end of its region");
            foreach (Value use in node.Uses())
            {
                Require(use is Constant || _visible.Contains(use), node, "an operand is not visible here");
            }

            switch (node)
            {
                case Instruction instruction: Check(instruction, scope); break;
                case Structured structured: Check(structured, scope); break;
                case Terminator terminator: Check(terminator); break;
            }
        }

        _visible.ExceptWith(scope);
    }

    private void Check(Instruction node, List<Value> scope)
    {
        string? fault = OperandRules.Fault(node) ?? LaunchFault(node);
        Require(fault is null, node, fault!);
        Define(node, node);
        scope.Add(node);
    }

    private string? LaunchFault(Instruction node)
    {
        bool grouped = _kernel.Kind == LaunchKind.Grouped;
        return node.Opcode switch
        {
            Opcode.GlobalExtent when grouped => "GlobalExtent exists in range kernels only",
            Opcode.GroupIndex or Opcode.GroupExtent or Opcode.GridIndex or Opcode.GridExtent
                or Opcode.DynamicShared or Opcode.DynamicSharedSize when !grouped =>
                $"{node.Opcode} exists in grouped kernels only",
            _ when node.Opcode.IsGroupWide() && !grouped => $"{node.Opcode} exists in grouped kernels only",
            Opcode.Allocate when _enclosing.Count > 0 => "Allocate stands in the outermost region only",
            Opcode.Allocate when !grouped && node.Type.Space == AddressSpace.Shared =>
                "shared memory exists in grouped kernels only",
            _ => null,
        };
    }

    private void Check(Structured node, List<Value> scope)
    {
        Require(node.Results.All(r => Carriable(r.Type)), node, "a result has a storage-only type");
        if (node is If branch)
        {
            Require(branch.Condition.Type.IsBool, node, "the condition is not a Bool");
        }

        List<Value> parameters = [];
        if (node is Loop loop)
        {
            Require(loop.Parameters.All(p => Carriable(p.Type)), node, "a loop parameter has a storage-only type");
            foreach (LoopParameter p in loop.Parameters)
            {
                Define(p, node);
                parameters.Add(p);
            }
        }

        _enclosing.Push(node);
        foreach (Region region in node.Regions)
        {
            Check(region, node);
        }

        _enclosing.Pop();
        _visible.ExceptWith(parameters);
        foreach (Result result in node.Results)
        {
            Define(result, node);
            scope.Add(result);
        }
    }

    private void Check(Terminator node)
    {
        switch (node)
        {
            case Break leave:
                Require(_enclosing.Contains(leave.Target), node, "the target of break does not enclose it");
                CheckArguments(node, [.. leave.Target.Results.Select(r => r.Type)]);
                break;
            case Continue again:
                Require(_enclosing.Contains(again.Target), node, "the target of continue does not enclose it");
                CheckArguments(node, [.. again.Target.Parameters.Select(p => p.Type)]);
                break;
        }
    }

    private void CheckArguments(Terminator node, ImmutableArray<IrType> types)
    {
        Require(node.Arguments.Length == types.Length, node,
            $"{node.Arguments.Length} arguments are given where the target takes {types.Length}");
        for (int i = 0; i < types.Length; i++)
        {
            Require(node.Arguments[i].Type == types[i], node,
                $"argument {i} is {node.Arguments[i].Type} where the target takes {types[i]}");
        }
    }

    private static bool Carriable(IrType type) => type.IsPointer || type.IsBool || OperandRules.IsArithmetic(type);

    private void Define(Value value, INode? node)
    {
        Require(_defined.Add(value), node, "a value is defined twice");
        _visible.Add(value);
    }

    private void Require(bool condition, INode? node, string fault)
    {
        if (!condition)
        {
            throw new KernelCompilationException("CTG9999",
                $"malformed kernel '{_kernel.Name}' after {_stage}: {fault}.\n{Printer.Print(_kernel, node)}");
        }
    }
}
