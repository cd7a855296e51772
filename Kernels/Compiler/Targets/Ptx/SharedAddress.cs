using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>An address in shared memory as root + Σ coefficient · value + offset, in bytes modulo 2³², in which shared memory is
/// addressed. So the extension of an index to 64 bits does not hide what is added to it.</summary>
/// <param name="Root">The pointer of an allocation, or one of which no more is known.</param>
/// <param name="Terms">Integers, 32 or 64 bits wide, and what they are multiplied by.</param>
/// <param name="Offset">A constant number of bytes.</param>
internal sealed record SharedAddress(Value Root, ImmutableArray<(Value Value, uint Coefficient)> Terms, uint Offset)
{
    /// <summary>How deep into an index's computation to look: its parts may be shared, and so appear many times.</summary>
    private const int Depth = 12;

    /// <summary>The address of an element behind a pointer.</summary>
    public static SharedAddress Of(Value pointer, Value index)
    {
        Sum sum = new();
        sum.Add(index, (uint)pointer.Type.Scalar.Size(), Depth);
        while (pointer is Instruction { Opcode: Opcode.PointerAdd or Opcode.PointerCast } step)
        {
            if (step.Opcode == Opcode.PointerAdd)
                sum.Add(step.Operands[1], (uint)step.Type.Scalar.Size(), Depth);
            pointer = step.Operands[0];
        }

        return new(pointer, sum.Terms, sum.Constant);
    }

    /// <summary>True if only the constants differ.</summary>
    public bool HasBaseOf(SharedAddress other) => Base.Equals(other.Base);

    /// <summary>The address without its constant.</summary>
    public Key Base => new(Root, Terms);

    /// <summary>A power of two that divides the address, up to that of an allocation.</summary>
    public int Alignment(int ofAllocation)
    {
        if (Root is not Instruction { Opcode: Opcode.Allocate or Opcode.DynamicShared })
            return 1;
        uint bits = Terms.Aggregate(Offset | (uint)ofAllocation, (all, term) => all | term.Coefficient);
        return 1 << BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>The value-dependent part of an address.</summary>
    internal readonly struct Key(Value root, ImmutableArray<(Value Value, uint Coefficient)> terms) : IEquatable<Key>
    {
        private readonly Value _root = root;
        private readonly ImmutableArray<(Value Value, uint Coefficient)> _terms = terms;

        public bool Equals(Key other) => _root == other._root && _terms.AsSpan().SequenceEqual(other._terms.AsSpan());

        public override bool Equals(object? other) => other is Key key && Equals(key);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(RuntimeHelpers.GetHashCode(_root));
            foreach ((Value value, uint coefficient) in _terms)
                hash.Add((RuntimeHelpers.GetHashCode(value), coefficient));
            return hash.ToHashCode();
        }
    }

    private sealed class Sum
    {
        private readonly List<(Value Value, uint Coefficient)> _terms = [];

        public uint Constant { get; private set; }

        public ImmutableArray<(Value Value, uint Coefficient)> Terms => [.. _terms.Where(t => t.Coefficient != 0)];

        public void Add(Value value, uint factor, int depth)
        {
            switch (value)
            {
                case Constant constant:
                    Constant += factor * (uint)constant.AsInteger;
                    return;
                case Instruction { Opcode: Opcode.Convert } widened when depth > 0 && IsWide(widened) && IsWide(widened.Operands[0]):
                    Add(widened.Operands[0], factor, depth - 1);
                    return;
                case Instruction { Opcode: Opcode.Add or Opcode.Sub } sum when depth > 0 && IsWide(sum):
                    Add(sum.Operands[0], factor, depth - 1);
                    Add(sum.Operands[1], sum.Opcode == Opcode.Add ? factor : 0 - factor, depth - 1);
                    return;
                case Instruction { Opcode: Opcode.Mul, Operands: [var x, Constant y] } product when depth > 0 && IsWide(product):
                    Add(x, factor * (uint)y.AsInteger, depth - 1);
                    return;
                case Instruction { Opcode: Opcode.ShiftLeft, Operands: [var x, Constant y] } shift when depth > 0 && IsWide(shift):
                    int amount = (int)y.AsInteger & (8 * shift.Type.Scalar.Size() - 1);
                    Add(x, amount < 32 ? factor << amount : 0, depth - 1);
                    return;
                default:
                    AddTerm(value, factor);
                    return;
            }
        }

        private void AddTerm(Value value, uint factor)
        {
            int at = _terms.FindIndex(t => t.Value == value);
            if (at >= 0)
                _terms[at] = (value, _terms[at].Coefficient + factor);
            else
                _terms.Add((value, factor));
        }

        private static bool IsWide(Value value) => value.Type.IsInteger && value.Type.Scalar.Size() >= 4;
    }
}
