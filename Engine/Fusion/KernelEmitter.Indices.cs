using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

internal sealed partial class KernelEmitter
{
    /// <summary>An index as an Int32. What does not change in the inner loops is computed outside; the fastest variable
    /// is added last, which leaves "uniform + X" for the targets to see.</summary>
    private Value EmitIndex(Affine index)
    {
        _used.Add(index);
        return Index(index);
    }

    private Value Index(Affine index)
    {
        if (index.Terms.Length == 0) return Constant.Of((int)index.Offset);

        // Fields of a struct: targets look for the constants by which their indices differ.
        if (_width > 1 && index.Offset != 0) return _builder.Add(Index(index + -index.Offset), Constant.Of((int)index.Offset));
        for (EmitScope? scope = _scope; scope is not null; scope = scope.Parent)
        {
            if (scope.Indices.TryGetValue(index, out Value? known)) return known;
        }

        return WithinHome([index], () => _scope.Indices[index] = Sum(index));
    }

    private Value Sum(Affine index)
    {
        // The part that is known further out.
        int depth = Home([index]).Depth;
        Affine outer = Affine.Of(index.Offset), rest = Affine.Zero;
        foreach ((IndexTerm term, long c) in index.Terms)
        {
            if (HomeOf(term).Depth < depth) outer += Affine.Of(term) * c;
            else rest += Affine.Of(term) * c;
        }

        Value? sum = outer.Terms.Length > 0 ? Index(outer) : outer.Offset != 0 ? Constant.Of((int)outer.Offset) : null;
        foreach ((IndexTerm term, long c) in rest.Terms)
        {
            if (term is not IndexVariable) sum = AddTerm(sum, Atom(term), c);
        }

        foreach (VariableRun run in _runs)
        {
            if (run.Variables.All(v => rest.Coefficient(v) == 0)) continue;
            if (VariableRun.Factor(rest, run.Variables) is { } factor)
            {
                sum = AddTerm(sum, run.Base, factor);
                continue;
            }

            for (int i = 0; i < run.Variables.Length; i++)
            {
                long c = rest.Coefficient(run.Variables[i]);
                if (c != 0) sum = AddTerm(sum, Component(run, i), c);
            }
        }

        return sum ?? Constant.Of(0);
    }

    private Value AddTerm(Value? sum, Value x, long factor)
    {
        if (sum is not null && factor == -1) return _builder.Sub(sum, x);
        Value scaled = factor == 1 ? x : _builder.Mul(x, Constant.Of((int)factor));
        return sum is null ? scaled : _builder.Add(sum, scaled);
    }

    /// <summary>One variable of a run: ⌊Base / stride⌋ mod extent.</summary>
    private Value Component(VariableRun run, int i)
    {
        Value x = run.Base;
        if (run.Strides[i] != 1) x = _builder.Div(x, Constant.Of((int)run.Strides[i]));
        return i == 0 ? x : _builder.Binary(Opcode.Rem, x, Constant.Of((int)run.Variables[i].Extent));
    }

    private Value Atom(IndexTerm term)
    {
        if (term is IndexLoaded loaded) return Evaluate(loaded.Indices, loaded.At);
        IndexQuotient q = (IndexQuotient)term;
        return _builder.Binary(q.IsRemainder ? Opcode.Rem : Opcode.Div, EmitIndex(q.Of), Constant.Of((int)q.Divisor));
    }

    /// <summary>The outermost scope in which all the variables of some indices are known.</summary>
    private EmitScope Home(ReadOnlySpan<Affine> indices)
    {
        EmitScope home = _root;
        foreach (Affine index in indices)
        {
            foreach ((IndexTerm term, _) in index.Terms)
            {
                if (HomeOf(term) is var scope && scope.Depth > home.Depth) home = scope;
            }
        }

        return home;
    }

    private EmitScope HomeOf(IndexTerm term) => term switch
    {
        IndexQuotient q => Home([q.Of]),
        IndexLoaded loaded => Home(loaded.At),
        _ => _scopeOf[term],
    };

    /// <summary>Emits in the home of some indices, or as far out as guards allow.</summary>
    private Value WithinHome(ReadOnlySpan<Affine> indices, Func<Value> emit)
    {
        EmitScope home = Home(indices), target = _scope, current = _scope;
        while (target.Depth > home.Depth && !target.IsGuard) target = target.Parent!;
        if (target == current) return emit();
        Value? value = null;
        _scope = target;
        _builder.Within(target.Region, () => value = emit());
        _scope = current;
        return value!;
    }
}
