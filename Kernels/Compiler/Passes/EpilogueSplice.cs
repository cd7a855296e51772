using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Puts a kernel that computes elements one by one where another kernel stores the elements that it reads: a bias, an
/// activation or a residual is added to a product while its sums are in registers, and the product itself is never stored.</summary>
/// <remarks>The operations are those of the two kernels, so the results have the same bits.</remarks>
internal sealed class EpilogueSplice : Rewriter
{
    private readonly Kernel _map;
    private readonly Parameter _stored;
    private readonly Parameter _read;
    private readonly int _extentX;
    private readonly Dictionary<Axis, Value> _index = [];
    private Value? _element;

    private EpilogueSplice(Kernel map, Parameter stored, Parameter read, int extentX)
    {
        _map = map;
        _stored = stored;
        _read = read;
        _extentX = extentX;
    }

    /// <summary>True if a kernel can be spliced at the stores of what it reads through <paramref name="read"/>: it is a range of one or two
    /// dimensions without loops, and stores are all it does.</summary>
    public static bool CanSplice(Kernel map, Parameter read)
    {
        INode[] nodes = [.. map.Body.Descendants()];
        return map.Kind is LaunchKind.Range1D or LaunchKind.Range2D && map.Body.Terminator is Return
            && nodes.Count(n => n is Return) == 1 && !map.Reports
            && nodes.All(n => n is not Loop && n is not Instruction { Opcode: Opcode.GlobalExtent }
                && (n is not Instruction { HasEffect: true } effect || effect.Opcode == Opcode.Store)
                && n.Uses().Select((value, i) => value != read || (i == 0 && n is Instruction { Opcode: Opcode.Load })).All(x => x));
    }

    /// <summary>The producer with the map in the place of its stores.</summary>
    /// <param name="producer">A kernel each of whose stores through <paramref name="stored"/> is an element's last.</param>
    /// <param name="stored">The producer's parameter.</param>
    /// <param name="map">A kernel for which <see cref="CanSplice"/> holds, and which reads, at each of its indices, the element of that
    /// index (X fastest) and no other.</param>
    /// <param name="read">The map's parameter.</param>
    /// <param name="extentX">The extent of the map's range along X.</param>
    /// <returns>A kernel with the producer's parameters, then the map's without <paramref name="read"/>.</returns>
    public static Kernel Splice(Kernel producer, Parameter stored, Kernel map, Parameter read, int extentX) =>
        new EpilogueSplice(map, stored, read, extentX).Run(producer);

    public override Kernel Run(Kernel kernel)
    {
        List<Parameter> parameters = [.. kernel.Parameters];
        foreach (Parameter parameter in _map.Parameters.Where(p => p != _read))
        {
            parameters.Add(new Parameter(parameter.Type, parameters.Count));
            Map(parameter, parameters[^1]);
        }

        return Copy(kernel, [.. parameters]);
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (_element is null)
        {
            if (old.Opcode != Opcode.Store || old.Operands[0] != _stored)
                return base.Visit(old, operands);
            Inline(operands[1], operands[2]);
            return old;
        }

        return old.Opcode switch
        {
            Opcode.GlobalIndex => _index.GetValueOrDefault(old.Axis, Constant.Of(0)),
            Opcode.Load when old.Operands[0] == _read => _element,
            _ => base.Visit(old, operands),
        };
    }

    private void Inline(Value at, Value element)
    {
        Value index = Output.Convert(at, ScalarType.Int32);
        if (_map.Kind == LaunchKind.Range2D)
        {
            _index[Axis.Y] = Output.Div(index, Constant.Of(_extentX));
            index = Output.Sub(index, Output.Mul(_index[Axis.Y], Constant.Of(_extentX)));
        }

        _index[Axis.X] = index;
        _element = element;
        foreach (INode node in _map.Body.Nodes.SkipLast(1))
            Visit(node);
        _element = null;
    }
}
