using System.Collections.Immutable;
using System.Numerics;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>A part of an address: an integer (32 bits are widened by their sign, or with zeros where the type is unsigned) times bytes.</summary>
internal readonly record struct PtxTerm(Value Value, long Scale);

/// <summary>An address as a pointer plus terms plus a constant number of bytes.</summary>
/// <param name="Pointer">A parameter, an array, or another pointer that is no sum itself.</param>
/// <param name="Terms">What is added to it, in the order of definition: what does not change in a loop comes first.</param>
/// <param name="Offset">Bytes.</param>
internal sealed record PtxAddress(Value Pointer, ImmutableArray<PtxTerm> Terms, long Offset)
{
    /// <summary>True if the two differ by a constant.</summary>
    public bool HasBaseOf(PtxAddress other) => Pointer == other.Pointer && Terms.AsSpan().SequenceEqual(other.Terms.AsSpan());
}

/// <summary>Takes the addresses of a kernel's accesses apart, so that accesses of neighbours share one address and differ in the constant
/// that the hardware adds, and 64-bit arithmetic on widened 32-bit integers becomes one multiply-add.</summary>
/// <remarks>
/// 64-bit sums are taken apart freely: modulo 2⁶⁴ nothing is lost. So are 32-bit sums behind shared and local pointers, which are 32-bit
/// addresses themselves. Of a 32-bit index into global memory only a small constant is split off: x + c may wrap where the address of
/// x plus c elements does not, but then the index is negative, and no view has such an element.
/// </remarks>
internal sealed class PtxAddresses
{
    private const long LargestSplit = 1 << 20;
    private const int MostTerms = 4;
    private const int MostNarrowTerms = 8;

    /// <summary>How deep to look into an index's computation: its parts may be shared, and so appear many times.</summary>
    private const int Depth = 12;

    private readonly Dictionary<Instruction, PtxAddress> _addresses = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, int> _order = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, int> _uses = new(ReferenceEqualityComparer.Instance);
    private readonly Divisibility _divisibility;

    public PtxAddresses(Kernel kernel)
    {
        _divisibility = new Divisibility(kernel);
        foreach (INode node in kernel.Body.Descendants())
        {
            foreach (Value use in node.Uses())
                _uses[use] = _uses.GetValueOrDefault(use) + 1;
            IEnumerable<Value> defined = node switch
            {
                Instruction x => [x],
                Loop loop => [.. loop.Parameters, .. loop.Results],
                Structured structured => structured.Results,
                _ => [],
            };
            foreach (Value value in defined)
                _order[value] = _order.Count;
        }

        foreach (Instruction x in kernel.Body.Descendants().OfType<Instruction>().Where(IsAccess))
            _addresses.Add(x, Of(x.Operands[0], x.Operands[1]));
    }

    /// <summary>The address of an access, or the one that a PointerAdd makes; null for other instructions.</summary>
    public PtxAddress? this[Instruction access] => _addresses.GetValueOrDefault(access);

    /// <summary>The power of two, as an exponent, of which an address without its offset is a multiple, if its pointer is one of
    /// 2^<paramref name="pointer"/>.</summary>
    public int AlignmentOf(PtxAddress address, int pointer)
    {
        int alignment = pointer;
        foreach (PtxTerm term in address.Terms)
            alignment = Math.Min(alignment, _divisibility.TrailingZeros(term.Value) + BitOperations.TrailingZeroCount(term.Scale));
        return alignment;
    }

    private static bool IsAccess(Instruction x) => x.Opcode is Opcode.Load or Opcode.Store or Opcode.PointerAdd || x.Opcode.IsAtomic();

    private PtxAddress Of(Value pointer, Value index)
    {
        Sum sum = new(pointer.Type.Space != AddressSpace.Global);
        Value start = AddPointer(sum, pointer);
        AddIndex(sum, index, pointer.Type.Scalar.Size(), Depth);
        if (sum.Terms.Count > (sum.Is32Bit ? MostNarrowTerms : MostTerms))
        {
            sum = new(sum.Is32Bit);
            start = pointer;
            sum.Add(index, pointer.Type.Scalar.Size());
        }

        return new(start, [.. sum.Terms.Where(t => t.Value != 0).OrderBy(t => _order.GetValueOrDefault(t.Key, -1))
            .Select(t => new PtxTerm(t.Key, t.Value))], sum.Offset);
    }

    private Value AddPointer(Sum sum, Value pointer)
    {
        while (pointer is Instruction { Opcode: Opcode.PointerCast or Opcode.PointerAdd } x)
        {
            if (x.Opcode == Opcode.PointerAdd)
                AddIndex(sum, x.Operands[1], x.Type.Scalar.Size(), Depth);
            pointer = x.Operands[0];
        }

        return pointer;
    }

    private void AddIndex(Sum sum, Value value, long scale, int depth)
    {
        if (value is Constant constant)
        {
            sum.Offset += constant.AsInteger * scale;
            return;
        }

        if (value is not Instruction x || depth == 0)
        {
            sum.Add(value, scale);
            return;
        }

        bool isExact = x.Type.Scalar.Size() == 8 || sum.Is32Bit;
        switch (x.Opcode)
        {
            case Opcode.Add when x.Operands[1] is Constant c && (isExact || Math.Abs(c.AsInteger) <= LargestSplit):
                if (!isExact && x.Type.Scalar != ScalarType.Int32)
                    break;
                sum.Offset += c.AsInteger * scale;
                AddIndex(sum, x.Operands[0], scale, depth - 1);
                return;
            case Opcode.Add or Opcode.Sub when isExact && (sum.Is32Bit || _uses[x] == 1):
                AddIndex(sum, x.Operands[0], scale, depth - 1);
                AddIndex(sum, x.Operands[1], x.Opcode == Opcode.Add ? scale : -scale, depth - 1);
                return;
            case Opcode.Mul when isExact && x.Operands[1] is Constant c && Fits(c.AsInteger, scale):
                AddIndex(sum, x.Operands[0], scale * c.AsInteger, depth - 1);
                return;
            case Opcode.ShiftLeft when isExact && x.Operands[1] is Constant { AsInteger: >= 0 and < 20 } c:
                AddIndex(sum, x.Operands[0], scale << (int)c.AsInteger, depth - 1);
                return;
            case Opcode.Convert when x.Type.Scalar.Size() == 8 && x.Operands[0].Type.IsInteger && IsWidened(x.Operands[0].Type.Scalar):
                AddIndex(sum, x.Operands[0], scale, depth - 1);
                return;
            case Opcode.BitCast when sum.Is32Bit && x.Operands[0].Type.IsInteger && x.Operands[0].Type.Scalar.Size() == 4:
                AddIndex(sum, x.Operands[0], scale, depth - 1);
                return;
        }

        sum.Add(x, scale);
    }

    // Narrow integers are in 32-bit registers, extended by their sign; 64-bit ones change type only.
    private static bool IsWidened(ScalarType from) => from.Size() <= 4 || from is ScalarType.Int64 or ScalarType.UInt64;

    private static bool Fits(long factor, long scale) => Math.Abs((double)factor * scale) < int.MaxValue;

    private sealed class Sum(bool is32Bit)
    {
        /// <summary>True for addresses of 32 bits: sums of 32-bit integers are exact.</summary>
        public bool Is32Bit => is32Bit;

        public Dictionary<Value, long> Terms { get; } = new(ReferenceEqualityComparer.Instance);

        public long Offset { get; set; }

        public void Add(Value value, long scale) => Terms[value] = Terms.GetValueOrDefault(value) + scale;
    }
}
