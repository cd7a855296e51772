using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Atomic operations: the built-in where there is one for the type, else a loop of compare-and-exchange on the bits.
internal sealed partial class OpenClHelpers
{
    /// <summary>An atomic operation that returns the old value.</summary>
    public string Atomic(Opcode opcode, ScalarType type, AddressSpace space, OpenClTraits traits)
    {
        string t = OpenClTypes.Memory(type);
        string pointer = $"volatile {OpenClTypes.Qualifier(space)}";
        string operation = opcode.ToString()["Atomic".Length..].ToLowerInvariant();
        string name = $"ct_atomic_{operation}_{t}_{space.ToString().ToLowerInvariant()}";
        string prefix = type.Size() == 8 ? "atom" : "atomic";
        string bits = OpenClTypes.Unsigned(type);
        string onBits = $"({pointer}{bits}*)p";
        if (opcode == Opcode.AtomicCompareExchange)
        {
            return Define(name, $$"""
                {{t}} {{name}}({{pointer}}{{t}}* p, {{t}} comparand, {{t}} x)
                {
                    return as_{{t}}({{prefix}}_cmpxchg({{onBits}}, as_{{bits}}(comparand), as_{{bits}}(x)));
                }
                """);
        }

        if (opcode == Opcode.AtomicExchange)
        {
            return Define(name, $$"""
                {{t}} {{name}}({{pointer}}{{t}}* p, {{t}} x) { return as_{{t}}({{prefix}}_xchg({{onBits}}, as_{{bits}}(x))); }
                """);
        }

        return Define(name, HasBuiltIn(opcode, type, traits)
            ? $$"""
            {{t}} {{name}}({{pointer}}{{t}}* p, {{t}} x) { return {{prefix}}_{{operation}}(p, x); }
            """
            : $$"""
            {{t}} {{name}}({{pointer}}{{t}}* p, {{t}} x)
            {
                {{bits}} seen = *{{onBits}};
                for (;;)
                {
                    {{t}} found = as_{{t}}(seen);
                    {{t}} next = {{Updated(opcode, type)}};
                    {{bits}} old = {{prefix}}_cmpxchg({{onBits}}, seen, as_{{bits}}(next));
                    if (old == seen) return as_{{t}}(old);
                    seen = old;
                }
            }
            """);
    }

    private static bool HasBuiltIn(Opcode opcode, ScalarType type, OpenClTraits traits) =>
        type is not (ScalarType.Float32 or ScalarType.Float64)
        && (type.Size() == 4 || opcode == Opcode.AtomicAdd || traits.ExtendedInt64Atomics);

    private string Updated(Opcode opcode, ScalarType type)
    {
        bool isFloat = type is ScalarType.Float32 or ScalarType.Float64;
        return opcode switch
        {
            Opcode.AtomicAdd => "found + x",
            Opcode.AtomicMin => $"{(isFloat ? Minimum(type) : "min")}(found, x)",
            Opcode.AtomicMax => $"{(isFloat ? Maximum(type) : "max")}(found, x)",
            Opcode.AtomicAnd => "found & x",
            Opcode.AtomicOr => "found | x",
            _ => "found ^ x",
        };
    }
}
