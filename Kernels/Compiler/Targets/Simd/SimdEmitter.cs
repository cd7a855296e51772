using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Emits a kernel's body as IL for a group of lockstep lanes: <c>unroll</c> vectors of 32-bit lanes.</summary>
/// <remarks>
/// A uniform value is a scalar local, a linear one the scalar of lane 0, a varying one <c>unroll</c> vector locals (twice that
/// for 64-bit types), in lane order. Each varying statement is emitted once a vector, which gives the processor independent work.
/// Only JIT intrinsics and unaligned ldobj/stobj are emitted where it matters: helper methods would run into the inliner's budget.
/// Split into files: values, vector operations, scalar operations, memory, control, and the frames of whole kernels.
/// </remarks>
internal sealed partial class SimdEmitter
{
    // Deeper expressions would undo the interleaving of a group's vectors, or keep what rows share in too many registers.
    private const int LargestExpression = 12;
    private const int LargestExpressionOfRows = 4;

    // Nothing is interleaved in quick code, and what is no local is one store and one load less.
    private const int LargestExpressionOfQuickCode = 48;

    private readonly Kernel _kernel;
    private readonly SimdTarget _target;
    private readonly VectorIsa _isa;
    private readonly int _unroll;
    private readonly Uniformity _shapes;
    private readonly Usage _usage;
    private readonly IlWriter _il;
    private readonly LocationTable<Location> _locations;
    private readonly MemoryTraffic? _traffic;
    private Mask? _mask;
    private int _depth;

    public SimdEmitter(Kernel kernel, SimdTarget target, ILGenerator il, bool lists = false)
    {
        _kernel = kernel;
        _target = target;
        _isa = target.Isa;
        _unroll = target.Unroll;
        _il = new IlWriter(il, lists);
        _shapes = new Uniformity(kernel, ShapeOfPosition);
        _overRows = RowShapes(kernel, target);
        _locations = new(target.Rows);
        if (kernel.Kind == LaunchKind.Grouped && GroupItems > Lanes * Rows)
            _phases = new GroupPhases(kernel, new Uniformity(kernel, x => GroupControl.Shape(x, target.Group)), _shapes);
        _usage = new Usage(kernel, _shapes, MayInline, node => _phases?.IsCut(node) == true,
            value => Rows > 1 && IsSameInRows(value),
            Rows > 1 ? LargestExpressionOfRows : target.Quick ? LargestExpressionOfQuickCode : LargestExpression);
        _structs = new StructAccesses(kernel, _shapes, _usage);
        FindTurnedLoads();
        _traffic = target.Streaming ? MemoryTraffic.Of(kernel) : null;
    }

    /// <summary>Lanes of a group of vectors.</summary>
    private int Lanes => _unroll * _isa.Lanes;

    /// <summary>The lanes that run; null if all do. Masks are vectors of int, all-ones where the lane is active.</summary>
    private sealed class Mask(LocalBuilder[] parts, bool nonEmpty)
    {
        public LocalBuilder[] Parts { get; } = parts;

        /// <summary>At least one lane is active, whatever happens.</summary>
        public bool NonEmpty { get; } = nonEmpty;
    }

    /// <summary>Where a value is: one scalar local (uniform, linear), a vector local a part, or, for a load that is done at its
    /// use, the local with its address.</summary>
    private sealed record Location(LocalBuilder[] Locals, bool IsDeferredLoad = false, int Spill = -1);

    private static bool IsWide(IrType type) => type.IsPointer || type.Scalar.Size() == 8;

    private int PartsOf(IrType type) => IsWide(type) ? 2 * _unroll : _unroll;

    private Type VectorOf(IrType type) => _isa.Vector(VectorIsa.ElementOf(type));

    private bool IsVarying(Value value) => _shapes[value] == Shape.Varying;

    private bool IsUniform(Value value) => _shapes[value] == Shape.Uniform;

    /// <summary>The type of the local of a uniform or linear value.</summary>
    private static Type ScalarLocal(IrType type) => type.IsPointer ? typeof(long) : type.Scalar switch
    {
        ScalarType.Float32 => typeof(float),
        ScalarType.Float64 => typeof(double),
        ScalarType.Int64 or ScalarType.UInt64 => typeof(long),
        _ => typeof(int),
    };

    /// <summary>Makes locals for a value and remembers them.</summary>
    private Location Define(Value value)
    {
        LocalBuilder[] locals;
        if (IsVarying(value))
        {
            locals = new LocalBuilder[PartsOf(value.Type)];
            for (int i = 0; i < locals.Length; i++)
                locals[i] = _il.Take(VectorOf(value.Type));
        }
        else
        {
            locals = [_il.Take(ScalarLocal(value.Type))];
        }

        Location location = new(locals);
        _locations.Set(value, location, shared: SpreadsRows && IsSameInRows(value));
        return location;
    }

    private void Release(Value value)
    {
        if (!_pinned)
        {
            foreach (Location location in _locations.RemoveAll(value))
                _il.Give(location.Locals);
        }
        else if (_locations.RemoveOwn(value, out Location? own))
        {
            _il.Give(own.Locals);
        }
    }

    private LocalBuilder[] TakeMask()
    {
        LocalBuilder[] parts = new LocalBuilder[_unroll];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = _il.Take(_isa.Vector(typeof(int)));
        return parts;
    }

    private void EmitRegion(Region region)
    {
        for (int i = 0; i < region.Nodes.Count; i++)
        {
            INode node = region.Nodes[i];
            switch (node)
            {
                case Instruction instruction:
                    EmitForRows(instruction);
                    break;
                case Structured structured:
                    EmitForRows(structured);
                    break;
                case Terminator terminator:
                    EmitTerminator(terminator);
                    break;
            }

            foreach (Value value in _usage.DiesAt(region, i))
                Release(value);
            if (node is Structured { } ended && _shapes.BreaksOf(ended).Count == 0)
                return; // what follows never runs
        }
    }

    private void EmitInstruction(Instruction x)
    {
        if (x.Opcode is Opcode.Barrier || ((!x.HasEffect || x.Opcode.IsShuffle()) && !_usage.IsUsed(x)))
            return; // the lanes of a group run in lockstep
        if (x.Opcode == Opcode.Load && _usage.IsInlined(x))
            DeferLoad(x);
        else if (!_usage.IsInlined(x))
            EmitStatement(x);
    }

    private void EmitStatement(Instruction x)
    {
        _il.Note(_depth,
            $"{Describe(x)} = {x.Opcode}({string.Join(", ", x.Operands.Select(Describe))}){(_mask is null ? "" : " masked")}");
        switch (x.Opcode)
        {
            case Opcode.Load:
                EmitLoad(x);
                break;
            case Opcode.Store:
                EmitStore(x);
                break;
            case >= Opcode.AtomicAdd and <= Opcode.AtomicCompareExchange:
                EmitAtomic(x);
                break;
            case Opcode.Fence:
                EmitFence(x);
                break;
            case Opcode.GroupShuffle or Opcode.WarpShuffle:
                EmitShuffle(x);
                break;
            case Opcode.Allocate:
                EmitAllocate(x);
                break;
            case Opcode.GroupAdd or Opcode.GroupMin or Opcode.GroupMax or Opcode.GroupBroadcast:
                EmitGroupOperation(x);
                break;
            default:
                EmitPure(x);
                break;
        }
    }

    private void EmitPure(Instruction x)
    {
        if (!IsVarying(x))
        {
            EmitScalar(x);
            _il.Store(Define(x).Locals[0]);
        }
        else if (IsByLane(x))
        {
            EmitByLane(x);
        }
        else
        {
            Location location = Define(x);
            for (int part = 0; part < location.Locals.Length; part++)
            {
                EmitVector(x, part);
                _il.Store(location.Locals[part]);
            }
        }
    }

    private readonly Dictionary<Value, int> _numbers = new(ReferenceEqualityComparer.Instance);

    private string Describe(Value value)
    {
        if (value is Constant constant)
            return constant.Type.Scalar switch
            {
                ScalarType.Float32 => constant.AsFloat.ToString("R", null),
                ScalarType.Float64 => constant.AsDouble.ToString("R", null),
                _ => constant.AsInteger.ToString(null, null),
            };
        if (value is Parameter parameter)
            return $"{parameter.Name ?? "p" + parameter.Index}:{parameter.Type}";
        if (_usage.IsInlined(value) && value is Instruction { Opcode: not Opcode.Load } x)
            return $"{x.Opcode}({string.Join(", ", x.Operands.Select(Describe))})";
        if (!_numbers.TryGetValue(value, out int number))
            _numbers[value] = number = _numbers.Count;
        return $"%{number}:{value.Type}{_shapes[value] switch { Shape.Linear => "+lane", Shape.Strided => $"+{_shapes.StrideOf(value)}·lane", Shape.Varying => $"x{Lanes}", _ => "" }}";
    }
}
