using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Makes a·b + c, c + a·b, a·b − c and c − a·b one rounding where the product has no other use and stands in
/// the same region. If both operands of a sum are such products the first is taken. This is the only contraction there
/// is: no target contracts, so all give the same bits. It runs before the mathematical library is expanded, whose code
/// means what it says.</summary>
internal sealed class FmaContraction : Rewriter
{
    private readonly IdentityMap<Value, int> _uses = new();
    private HashSet<INode> _region = [];

    private FmaContraction(Kernel kernel)
    {
        foreach (Value use in kernel.Body.Descendants().SelectMany(n => n.Uses()))
        {
            _uses[use] = _uses.GetValueOrDefault(use, 0) + 1;
        }
    }

    public static Kernel Contract(Kernel kernel) => new FmaContraction(kernel).RunOrKeep(kernel);

    protected override void Visit(Region region)
    {
        HashSet<INode> outer = _region;
        _region = new(region.Nodes, ReferenceEqualityComparer.Instance);
        base.Visit(region);
        _region = outer;
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (old.Opcode is not (Opcode.Add or Opcode.Sub) || !old.Type.IsFloat)
        {
            return Output.Append(Keep(old, operands));
        }

        bool subtract = old.Opcode == Opcode.Sub;
        if (Product(old.Operands[0]) is { } first)
        {
            HasChanged = true;
            Value c = subtract ? Output.Unary(Opcode.Neg, operands[1]) : operands[1];
            return Output.Fma(Get(first.Operands[0]), Get(first.Operands[1]), c);
        }

        if (Product(old.Operands[1]) is { } second)
        {
            HasChanged = true;
            Value a = Get(second.Operands[0]);
            return Output.Fma(subtract ? Output.Unary(Opcode.Neg, a) : a, Get(second.Operands[1]), operands[0]);
        }

        return Output.Append(Keep(old, operands));
    }

    private Instruction? Product(Value value) =>
        value is Instruction { Opcode: Opcode.Mul } product && _uses[product] == 1
            && _region.Contains(product) ? product : null;
}
