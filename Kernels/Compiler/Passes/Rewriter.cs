using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Copies a kernel node by node. A pass overrides what it changes; everything else is cloned with its operands
/// replaced.</summary>
internal abstract class Rewriter
{
    private readonly IdentityMap<Value, Value> _values = new();
    private readonly IdentityMap<Structured, Structured> _targets = new();
    private Builder? _output;

    /// <summary>Where new nodes go.</summary>
    protected Builder Output => _output!;

    /// <summary>True once the copy is to differ from the source. For passes that keep count of it.</summary>
    protected bool HasChanged { get; set; }

    /// <summary>The copy of <paramref name="kernel"/>.</summary>
    public virtual Kernel Run(Kernel kernel) => Copy(kernel, kernel.Parameters);

    /// <summary>The copy, or <paramref name="kernel"/> itself if the pass changed nothing: then the pass need not run again on
    /// it.</summary>
    protected Kernel RunOrKeep(Kernel kernel)
    {
        Kernel copy = Run(kernel);
        return HasChanged ? copy : kernel;
    }

    /// <summary>The copy with other parameters; <paramref name="prologue"/> writes what stands before the body and maps
    /// the old parameters that are gone.</summary>
    protected Kernel Copy(Kernel kernel, ImmutableArray<Parameter> parameters, Action? prologue = null)
    {
        Kernel copy = new(kernel.Name, kernel.Kind, parameters) 
        {
            Sites = kernel.Sites,
            Prints = kernel.Prints,
            Group = kernel.Group,
            GroupsAtOnce = kernel.GroupsAtOnce,
            StoresAreFinal = kernel.StoresAreFinal,
            LargestOperand = kernel.LargestOperand,
        };
        _output = new Builder(copy.Body);
        prologue?.Invoke();
        Visit(kernel.Body);
        return copy;
    }

    /// <summary>What stands for an old value in the copy.</summary>
    protected Value Get(Value old) => _values.GetValueOrDefault(old, old);

    protected ImmutableArray<Value> Get(ImmutableArray<Value> old)
    {
        // The compiler's busiest loop: plain code.
        Value[]? values = null;
        for (int i = 0; i < old.Length; i++)
        {
            Value value = Get(old[i]);
            if (values is null && ReferenceEquals(value, old[i]))
                continue;
            values ??= [.. old];
            values[i] = value;
        }

        return values is null ? old : ImmutableCollectionsMarshal.AsImmutableArray(values);
    }

    /// <summary>What stands for an old structured node in the copy.</summary>
    protected Structured GetTarget(Structured old) => _targets.GetValueOrDefault(old, old);

    protected void Map(Value old, Value value) => _values[old] = value;

    protected void Map(Structured old, Structured copy) => _targets[old] = copy;

    /// <summary>True if the region being written already has its terminator: what follows in the source cannot
    /// run.</summary>
    protected bool IsClosed => Output.Region.Nodes is [.., Terminator];

    /// <summary>Copies a region's nodes to the output, up to the first terminator that comes out.</summary>
    protected virtual void Visit(Region region)
    {
        MakeRoom(region);
        foreach (INode node in region.Nodes)
        {
            Visit(node);
            if (IsClosed)
            {
                return;
            }
        }
    }

    /// <summary>Makes room in the output for as many nodes as a region has.</summary>
    protected void MakeRoom(Region region) => Output.Region.Nodes.EnsureCapacity(Output.Region.Nodes.Count + region.Nodes.Count);

    protected void Visit(INode node)
    {
        switch (node)
        {
            case Instruction instruction:
                int first = Output.Region.Nodes.Count;
                Value value = Visit(instruction, Get(instruction.Operands));
                if (!ReferenceEquals(value, instruction) || _values.ContainsKey(instruction))
                    Map(instruction, value);
                SetOrigin(Output.Region.Nodes, first, instruction.Origin);
                break;
            case If branch: Visit(branch); break;
            case Block block: Visit(block); break;
            case Loop loop: Visit(loop); break;
            case Break leave: Visit(leave); break;
            case Continue again: Visit(again); break;
            case Return: Output.Append(new Return()); break;
            case Unreachable: Output.Append(new Unreachable()); break;
            default: throw new NotSupportedException($"The rewriter does not know the node {node.GetType().Name}.");
        }
    }

    /// <summary>Writes the copy of an instruction with new operands (or does otherwise) and returns the value that
    /// stands for it.</summary>
    protected virtual Value Visit(Instruction old, ImmutableArray<Value> operands) =>
        Output.Append(Clone(old, operands));

    protected virtual void Visit(If old) => Finish(old, new If(Get(old.Condition), Types(old)));

    protected virtual void Visit(Block old) => Finish(old, new Block(Types(old)));

    protected virtual void Visit(Loop old)
    {
        Loop copy = new(Get(old.Initial), Types(old));
        for (int i = 0; i < old.Parameters.Length; i++)
        {
            Map(old.Parameters[i], copy.Parameters[i]);
        }

        Finish(old, copy);
    }

    protected virtual void Visit(Break old) => Output.Append(new Break(GetTarget(old.Target), Get(old.Arguments)));

    protected virtual void Visit(Continue old) =>
        Output.Append(new Continue((Loop)GetTarget(old.Target), Get(old.Arguments)));

    /// <summary>Copies the regions of a structured node whose copy has the same results, and appends it.</summary>
    protected void Finish(Structured old, Structured copy)
    {
        Map(old, copy);
        foreach ((Region from, Region to) in old.Regions.Zip(copy.Regions))
        {
            Output.Within(to, () => Visit(from));
        }

        Output.Append(copy);
        MapResults(old, [.. copy.Results]);
    }

    protected void MapResults(Structured old, ImmutableArray<Value> values)
    {
        for (int i = 0; i < old.Results.Length; i++)
        {
            Map(old.Results[i], values[i]);
        }
    }

    /// <summary>The instruction itself if its operands stay, else a clone. Instructions never change, so kernels may share them; a
    /// pass that writes an instruction several times must clone it.</summary>
    protected static Instruction Keep(Instruction old, ImmutableArray<Value> operands) =>
        operands == old.Operands ? old : Clone(old, operands);

    protected static Instruction Clone(Instruction old, ImmutableArray<Value> operands) =>
        new(old.Opcode, old.Type, operands)
        {
            Function = old.Function,
            Axis = old.Axis,
            Count = old.Count,
            Matrix = old.Matrix,
            Scope = old.Scope,
            Site = old.Site,
            Print = old.Print,
            Name = old.Name,
            Origin = old.Origin,
        };

    /// <summary>What is written for an instruction comes from where it came from.</summary>
    private static void SetOrigin(List<INode> nodes, int first, Origin? origin)
    {
        for (int i = first; origin is not null && i < nodes.Count; i++)
        {
            if (nodes[i] is Instruction made)
                made.Origin ??= origin;
        }
    }

    protected static ImmutableArray<IrType> Types(Structured node) => [.. node.Results.Select(r => r.Type)];
}
