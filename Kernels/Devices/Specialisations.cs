using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>A kernel compiled with constants in place of captured values and SpecializedValue arguments.</summary>
/// <param name="Kernel">The compiled kernel.</param>
/// <param name="Captured">The captured variables that it reads.</param>
/// <param name="Values">The bits of the specialised arguments.</param>
internal sealed record SpecialisedKernel(CompiledKernel Kernel, ImmutableArray<CapturedVariable> Captured, ImmutableArray<ulong> Values);

/// <summary>The last used specialisations of one kernel on one device.</summary>
internal sealed class Specialisations
{
    private const int Capacity = 32;

    private readonly Device _device;
    private readonly MethodInfo _method;
    private readonly ImmutableArray<int> _positions;
    private readonly Lock _lock = new();

    // The last used is the first. Linear search: few values, and no allocation to look one up.
    private readonly List<SpecialisedKernel> _kernels = [];

    public Specialisations(Device device, MethodInfo method)
    {
        _device = device;
        _method = method;
        _positions = PositionsIn(method);
    }

    /// <summary>True if some parameters are SpecializedValues.</summary>
    public bool HasParameters => _positions.Length > 0;

    /// <summary>Specialisations kept.</summary>
    public int Count => _kernels.Count;

    /// <summary>True for a method with SpecializedValue parameters.</summary>
    public static bool Exist(MethodInfo method) => method.GetParameters().Any(p => FrontEnd.IsSpecialised(p.ParameterType));

    /// <summary>True if a specialisation has these arguments as its constants.</summary>
    public bool Fits(SpecialisedKernel kernel, ReadOnlySpan<KernelArgument> arguments)
    {
        for (int i = 0; i < _positions.Length; i++)
        {
            if (kernel.Values[i] != (ulong)arguments[_positions[i]].Bits)
                return false;
        }

        return true;
    }

    /// <summary>The specialisation for captured values and arguments, compiled if it is new.</summary>
    public SpecialisedKernel Find(object? closure, ReadOnlySpan<KernelArgument> arguments)
    {
        lock (_lock)
        {
            for (int i = 0; i < _kernels.Count; i++)
            {
                SpecialisedKernel known = _kernels[i];
                if (!Fits(known, arguments) || !IsFor(known, closure))
                    continue;
                _kernels.RemoveAt(i);
                _kernels.Insert(0, known);
                return known;
            }

            ulong[] values = new ulong[_positions.Length];
            for (int i = 0; i < values.Length; i++)
                values[i] = (ulong)arguments[_positions[i]].Bits;
            (Kernel source, ImmutableArray<CapturedVariable> captured) = 
                FrontEnd.Specialise(_method, closure, [.. values], _device.Options.Checked);
            SpecialisedKernel made = new(_device.Compile(source), captured, [.. values]);
            if (_kernels.Count == Capacity)
                _kernels.RemoveAt(Capacity - 1);
            _kernels.Insert(0, made);
            return made;
        }
    }

    private static bool IsFor(SpecialisedKernel kernel, object? closure)
    {
        foreach (CapturedVariable variable in kernel.Captured)
        {
            if (!variable.IsSameIn(closure!))
                return false;
        }

        return true;
    }

    /// <summary>The numbers of the IR arguments that are specialised.</summary>
    private static ImmutableArray<int> PositionsIn(MethodInfo method)
    {
        ImmutableArray<int>.Builder positions = ImmutableArray.CreateBuilder<int>();
        int at = 0;
        bool isIndex = FrontEnd.KindOf(method) != LaunchKind.Grouped;
        foreach (ParameterInfo parameter in method.GetParameters().Skip(isIndex ? 1 : 0))
        {
            int count = ArgumentLeaves.Count(TypeLayout.Of(parameter.ParameterType));
            if (FrontEnd.IsSpecialised(parameter.ParameterType))
                positions.AddRange(Enumerable.Range(at, count));
            at += count;
        }

        return positions.ToImmutable();
    }
}
