using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Loads, or stores, of fields of the same structs: accesses with one pointer and a common index, strided by 2 to 4 words,
/// that nothing between them keeps apart. They become whole vectors with permutations.</summary>
internal sealed class StructAccesses
{
    private const int WidestStruct = 4;

    private readonly Uniformity _shapes;
    private readonly Dictionary<Instruction, Group> _loads = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Instruction, Group> _stores = new(ReferenceEqualityComparer.Instance);

    public StructAccesses(Kernel kernel, Uniformity shapes, Usage usage)
    {
        _shapes = shapes;
        Visit(kernel.Body, usage);
    }

    /// <summary>Fields that are accessed together, in the order of the text, and their words from the lowest one.</summary>
    internal sealed class Group(Value pointer, Value root, int stride)
    {
        public Value Pointer { get; } = pointer;

        public Value Root { get; } = root;

        public int Stride { get; } = stride;

        public List<(Instruction Access, long Word)> Members { get; } = [];

        /// <summary>The word where the accessed part of a struct begins.</summary>
        public long First => Members.Min(m => m.Word);

        /// <summary>Words from the first to the last field.</summary>
        public int Words => (int)(Members.Max(m => m.Word) - First) + 1;

        public bool Takes(Value pointer, Value root, long word) => Pointer == pointer && Root == root
            && Math.Max(word, Members.Max(m => m.Word)) - Math.Min(word, First) < Stride && Members.All(m => m.Word != word);
    }

    /// <summary>The loads of which this is one; the first is where they are done.</summary>
    public Group? LoadsOf(Instruction load) => _loads.GetValueOrDefault(load);

    /// <summary>The stores of which this is one; the last is where they are done.</summary>
    public Group? StoresOf(Instruction store) => _stores.GetValueOrDefault(store);

    /// <summary>True for an access to words of a uniform pointer at a strided index.</summary>
    public static bool IsStrided(Instruction access, Uniformity shapes) => access.Operands[0].Type.Scalar.Size() == 4
        && access.Operands[0].Type.Space != AddressSpace.Local
        && shapes[access.Operands[0]] == Shape.Uniform && shapes[access.Operands[1]] == Shape.Strided;

    private void Visit(Region region, Usage usage)
    {
        List<Group> loads = [];
        Group? stores = null;
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Instruction { Opcode: Opcode.Load } x:
                    stores = null;
                    if (usage.IsUsed(x) && IsMember(x))
                        Add(x, loads.Find(g => Takes(g, x)) ?? Begin(x, loads), _loads);
                    break;
                case Instruction { Opcode: Opcode.Store } x:
                    loads.Clear();
                    stores = !IsMember(x) ? null : stores is not null && Takes(stores, x) ? stores : Begin(x, []);
                    if (stores is not null)
                        Add(x, stores, _stores);
                    break;
                case Instruction { HasEffect: true } or Structured:
                    loads.Clear();
                    stores = null;
                    break;
            }

            foreach (Region inner in node is Structured structured ? structured.Regions : [])
                Visit(inner, usage);
        }
    }

    private bool IsMember(Instruction x) =>
        IsStrided(x, _shapes) && _shapes.StrideOf(x.Operands[1]) is >= 2 and <= WidestStruct;

    private static bool Takes(Group group, Instruction x)
    {
        (Value root, long word) = Split(x.Operands[1]);
        return group.Takes(x.Operands[0], root, word);
    }

    private Group Begin(Instruction x, List<Group> open)
    {
        Group group = new(x.Operands[0], Split(x.Operands[1]).Root, (int)_shapes.StrideOf(x.Operands[1]));
        open.Add(group);
        return group;
    }

    private static void Add(Instruction x, Group group, Dictionary<Instruction, Group> groups)
    {
        group.Members.Add((x, Split(x.Operands[1]).Word));
        groups[x] = group;
    }

    /// <summary>An index as a value plus a constant.</summary>
    private static (Value Root, long Word) Split(Value index)
    {
        long word = 0;
        while (index is Instruction { Opcode: Opcode.Add, Operands: [var rest, Constant c] })
        {
            word += c.AsInteger;
            index = rest;
        }

        return (index, word);
    }
}
