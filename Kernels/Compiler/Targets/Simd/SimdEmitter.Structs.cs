using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Accesses at strided indices. Fields of structs of 2 to 4 words are loaded and stored as whole vectors and permuted (see StructAccesses,
// Interleaving); other strided loads are gathers with constant indices from lane 0's address.
internal sealed partial class SimdEmitter
{
    private readonly StructAccesses _structs;
    private readonly Dictionary<(Instruction, int Row), LocalBuilder[]> _delayed = [];

    private bool PermutesStructs => _mask is null && _isa.Bits == 512 && Avx512F.IsSupported;

    private bool IsStrided(Instruction x) => StructAccesses.IsStrided(x, _shapes);

    private void EmitStridedLoad(Instruction x)
    {
        if (!PermutesStructs || _structs.LoadsOf(x) is not { } group)
            EmitStridedGather(x);
        else if (group.Members[0].Access == x)
            EmitStructLoads(group);
    }

    /// <summary>Pushes the address of an access, moved by some words.</summary>
    private LocalBuilder TakeMovedAddress(Instruction x, long words)
    {
        LocalBuilder address = _il.Take(typeof(nint));
        PushAddress(x);
        _il.AddBytes((int)(4 * words));
        _il.Store(address);
        return address;
    }

    private void EmitStructLoads(StructAccesses.Group group)
    {
        (Instruction leader, long word) = group.Members[0];
        ImmutableArray<int> offsets = Interleaving.Offsets(group.Stride, group.Words);
        LocalBuilder address = TakeMovedAddress(leader, group.First - word);
        LocalBuilder[][] fields = [.. group.Members.Select(m => Define(m.Access).Locals)];
        LocalBuilder[] vectors = [.. offsets.Select(_ => _il.Take(_isa.Vector(typeof(int))))];
        for (int part = 0; part < _unroll; part++)
        {
            for (int k = 0; k < vectors.Length; k++)
            {
                _il.Load(address);
                _il.AddBytes(4 * (part * Interleaving.Lanes * group.Stride + offsets[k]));
                _il.LoadVector(_isa.Vector(typeof(int)));
                _il.Store(vectors[k]);
            }

            int field = 0;
            if (group.Stride == 4)
            {
                for (; field + 1 < fields.Length; field += 2)
                    ExtractPair(group, field, vectors, offsets, fields[field][part], fields[field + 1][part]);
            }

            for (; field < fields.Length; field++)
            {
                _il.Load(vectors[0]);
                int next = 1;
                foreach (int[] step in Interleaving.Extraction(group.Stride, WordOf(group, field), offsets))
                    PushPermuted(step, vectors[next++]);
                StoreInts(fields[field][part]);
            }
        }

        _il.Give(vectors);
        _il.Give(address);
    }

    private static int WordOf(StructAccesses.Group group, int field) => (int)(group.Members[field].Word - group.First);

    private void ExtractPair(StructAccesses.Group group, int field, LocalBuilder[] vectors, ImmutableArray<int> offsets,
        LocalBuilder low, LocalBuilder high)
    {
        LocalBuilder[] halves = new LocalBuilder[2];
        for (int i = 0; i < 2; i++)
        {
            _il.Load(vectors[2 * i]);
            PushPermuted(Interleaving.ExtractionOfPair(WordOf(group, field), WordOf(group, field + 1), i == 0, offsets), vectors[2 * i + 1]);
            _il.Store(halves[i] = _il.Take(_isa.Vector(typeof(int))));
        }

        _il.Load(halves[0]);
        PushPermuted(Interleaving.Halves(upper: false), halves[1]);
        StoreInts(low);
        _il.Load(halves[0]);
        PushPermuted(Interleaving.Halves(upper: true), halves[1]);
        StoreInts(high);
        _il.Give(halves);
    }

    /// <summary>The vector on the stack and a second one, permuted.</summary>
    private void PushPermuted(int[] indices, LocalBuilder second)
    {
        PushIntegers(indices);
        _il.Load(second);
        Type vector = typeof(Vector512<int>);
        _il.Call(typeof(Avx512F).GetMethod(nameof(Avx512F.PermuteVar16x32x2), [vector, vector, vector])!);
    }

    private void PushIntegers(int[] values)
    {
        foreach (int value in values)
            _il.Int(value);
        _il.Call(typeof(Vector512).GetMethod(nameof(Vector512.Create), [.. Enumerable.Repeat(typeof(int), values.Length)])!);
    }

    /// <summary>Stores the vector of int on the stack in a local of any vector of words.</summary>
    private void StoreInts(LocalBuilder target)
    {
        As(typeof(int), target.LocalType.GetGenericArguments()[0]);
        _il.Store(target);
    }

    private void EmitStridedGather(Instruction x)
    {
        Type element = VectorIsa.ElementOf(x.Type);
        int stride = (int)_shapes.StrideOf(x.Operands[1]);
        LocalBuilder address = TakeMovedAddress(x, 0);
        Location location = Define(x);
        for (int part = 0; part < location.Locals.Length; part++)
        {
            _il.Load(address);
            _il.AddBytes(4 * part * _isa.Lanes * stride);
            EmitGatherOfInts(() => PushSequence(typeof(int), stride), part);
            As(typeof(int), element);
            _il.Store(location.Locals[part]);
        }

        _il.Give(address);
    }

    /// <summary>Pushes 0, stride, 2·stride, …</summary>
    private void PushSequence(Type element, long stride)
    {
        _il.Call(_isa.Property("Indices", element));
        if (stride == 1)
            return;
        if (element == typeof(int) || element == typeof(uint))
            _il.Int((int)stride);
        else
            _il.Long(stride);
        _il.Call(_isa.Broadcast(element));
        _il.Call(_isa.Method("Multiply", element, 2));
    }

    /// <summary>True if a store was done with others, or will be.</summary>
    private bool TryStructStore(Instruction x)
    {
        if (!PermutesStructs || _structs.StoresOf(x) is not { } group)
            return false;

        // The value's own locals may be free before the last store of the group.
        LocalBuilder[] copies = new LocalBuilder[_unroll];
        for (int part = 0; part < _unroll; part++)
        {
            PushVector(x.Operands[2], part);
            As(VectorIsa.ElementOf(x.Operands[2].Type), typeof(int));
            _il.Store(copies[part] = _il.Take(_isa.Vector(typeof(int))));
        }

        _delayed[(x, _locations.Row)] = copies;
        if (group.Members[^1].Access == x)
            EmitStructStores(group);
        return true;
    }

    private void EmitStructStores(StructAccesses.Group group)
    {
        (Instruction last, long word) = group.Members[^1];
        LocalBuilder address = TakeMovedAddress(last, group.First - word);
        SortedDictionary<int, LocalBuilder[]> fields = [];
        for (int i = 0; i < group.Members.Count; i++)
            fields[WordOf(group, i)] = _delayed[(group.Members[i].Access, _locations.Row)];
        for (int part = 0; part < _unroll; part++)
        {
            Action[] vectors = group.Stride == 4 && fields.Count == 4
                ? ZippedStructs(fields, part)
                : [.. Enumerable.Range(0, group.Stride).Select(k => (Action)(() => PushStructs(group.Stride, fields, part, k)))];
            for (int k = 0; k < vectors.Length; k++)
            {
                _il.Load(address);
                _il.AddBytes(4 * Interleaving.Lanes * (part * group.Stride + k));
                if (fields.Count < group.Stride)
                    PushIntegers(Interleaving.Mask(group.Stride, fields.Keys, k));
                vectors[k]();
                if (fields.Count < group.Stride)
                    _il.Call(_isa.MaskedStore(typeof(int))!);
                else
                    _il.StoreVector(_isa.Vector(typeof(int)));
            }
        }

        foreach (LocalBuilder[] copies in fields.Values)
            _il.Give(copies);
        _il.Give(address);
    }

    /// <summary>Pushes a vector of structs, field by field.</summary>
    private void PushStructs(int stride, SortedDictionary<int, LocalBuilder[]> fields, int part, int vector)
    {
        // A field that is not stored may be anything: any register stands for it.
        LocalBuilder[] any = fields.First().Value;
        _il.Load(fields.GetValueOrDefault(0, any)[part]);
        for (int field = 1; field < stride; field++)
        {
            if (field == 1 || fields.ContainsKey(field))
                PushPermuted(Interleaving.Insertion(stride, field, vector), fields.GetValueOrDefault(field, any)[part]);
        }
    }

    /// <summary>The four vectors of sixteen structs of four words, in eight permutations.</summary>
    private Action[] ZippedStructs(SortedDictionary<int, LocalBuilder[]> fields, int part)
    {
        LocalBuilder[] pairs = new LocalBuilder[4];
        for (int i = 0; i < 4; i++)
        {
            _il.Load(fields[i / 2 * 2][part]);
            PushPermuted(Interleaving.Zip(1, upper: i % 2 == 1), fields[i / 2 * 2 + 1][part]);
            _il.Store(pairs[i] = _il.Take(_isa.Vector(typeof(int))));
        }

        _il.Give(pairs);
        return [.. Enumerable.Range(0, 4).Select(k => (Action)(() =>
        {
            _il.Load(pairs[k / 2]);
            PushPermuted(Interleaving.Zip(2, upper: k % 2 == 1), pairs[2 + k / 2]);
        }))];
    }
}
