using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Ir;

/// <summary>What random kernels may contain.</summary>
internal sealed record RandomKernelOptions
{
    /// <summary>Statements a kernel, about.</summary>
    public int Size { get; init; } = 30;

    /// <summary>Explicit groups with shared memory, barriers and group operations.</summary>
    public bool Grouped { get; init; }

    /// <summary>The items of a group; random if not given.</summary>
    public Index3D? Group { get; init; }

    /// <summary>Int64, UInt64 and Float64 besides the 32-bit types.</summary>
    public bool Wide { get; init; } = true;

    /// <summary>Calls of the mathematical library.</summary>
    public bool Calls { get; init; }

    /// <summary>Local arrays.</summary>
    public bool Local { get; init; } = true;
}

/// <summary>Makes random structured kernels for differential tests: a kernel, a launch and data. No races, no reads of
/// undefined memory, no division by zero, all loops end, barriers in uniform control only; NaNs never reach integers,
/// but as 0.</summary>
/// <example><code>
/// RandomCase c = RandomKernels.Next(new Random(seed));
/// Assert.Null(c.Difference(c.Interpret(), c.RunOn(device)));
/// </code></example>
internal sealed class RandomKernels
{
    private const int Slots = 3;

    private static readonly ScalarType[] s_narrow = [ScalarType.Float32, ScalarType.Int32, ScalarType.UInt32];
    private static readonly ScalarType[] s_all =
        [ScalarType.Float32, ScalarType.Int32, ScalarType.UInt32, ScalarType.Float64, ScalarType.Int64,
            ScalarType.UInt64];

    private readonly Random _random;
    private readonly RandomKernelOptions _options;
    private readonly ScalarType[] _types;
    private readonly Kernel _kernel;
    private readonly Builder _b;
    private readonly List<Value> _pool = [];
    private readonly List<(Value Pointer, int Count)> _local = [];
    private readonly Dictionary<ScalarType, Parameter> _inputs = [];
    private readonly Dictionary<ScalarType, Parameter> _outputs = [];
    private readonly Parameter _counter;
    private readonly Parameter _scalar;
    private readonly LaunchShape _shape;
    private readonly int _items;
    private Value _index = null!;
    private int _budget;
    private Opcode _update;

    private RandomKernels(Random random, RandomKernelOptions options)
    {
        _random = random;
        _options = options;
        _types = options.Wide ? s_all : s_narrow;
        _shape = options.Grouped
            ? LaunchShape.Groups(new Index3D(random.Next(1, 4), 1, 1),
                options.Group ?? new Index3D(random.Next(1, 40), random.Next(1, 3), 1))
            : random.Next(3) switch
            {
                0 => LaunchShape.Range(random.Next(1, 80)),
                1 => LaunchShape.Range(random.Next(1, 40), random.Next(1, 4)),
                _ => LaunchShape.Range(random.Next(1, 20), random.Next(1, 4), random.Next(1, 3)),
            };
        _items = options.Grouped ? _shape.Grid.Size * _shape.Group.Size : _shape.Extent.Size;
        int next = 0;
        foreach (ScalarType type in _types)
        {
            _inputs[type] = new Parameter(IrType.Pointer(type, AddressSpace.Global),
                next++) { Name = $"in_{type.Name()}" };
            _outputs[type] = new Parameter(IrType.Pointer(type, AddressSpace.Global),
                next++) { Name = $"out_{type.Name()}" };
        }

        _counter = new Parameter(IrType.Pointer(ScalarType.Int32, AddressSpace.Global), next++) { Name = "counter" };
        _scalar = new Parameter(ScalarType.Int32, next) { Name = "n" };
        LaunchKind kind = options.Grouped ? LaunchKind.Grouped
            : _shape.Extent.Z > 1 ? LaunchKind.Range3D : _shape.Extent.Y > 1 ? LaunchKind.Range2D : LaunchKind.Range1D;
        ImmutableArray<Parameter> parameters =
            [.. _inputs.Values.Concat(_outputs.Values).Append(_counter).Append(_scalar).OrderBy(p => p.Index)];
        _kernel = new Kernel("random", kind, parameters);
        _b = new Builder(_kernel.Body);
        _budget = options.Size;
    }

    /// <summary>The next random case.</summary>
    public static RandomCase Next(Random random, RandomKernelOptions? options = null)
    {
        RandomKernels maker = new(random, options ?? new RandomKernelOptions());
        maker.Fill();
        Verifier.Verify(maker._kernel, "the random generator");
        return new RandomCase(maker._kernel, maker._shape, maker.Data(),
            [.. maker._kernel.Parameters.Select(p => p.Type.IsPointer ? 0ul : (ulong)random.Next(1, 9))]);
    }

    private void Fill()
    {
        DefineIndex();
        // One operation a kernel: the order of equal ones does not matter.
        _update = Pick([Opcode.AtomicAdd, Opcode.AtomicMin, Opcode.AtomicMax, Opcode.AtomicAnd, Opcode.AtomicOr, Opcode.AtomicXor]);
        if (_options.Local)
        {
            AddLocalArray();
        }

        _pool.Add(_index);
        _pool.Add(_scalar);
        foreach (ScalarType type in _types)
        {
            _pool.Add(_b.Load(_inputs[type], _index));
        }

        while (_budget > 0)
        {
            if (_options.Grouped && _random.Next(6) == 0)
            {
                AddGroupOperation();
            }
            else
            {
                AddStatement(0);
            }
        }

        foreach (ScalarType type in _types)
        {
            StoreOutput(type, Slots - 1);
        }

        _b.Append(new Return());
    }

    private void DefineIndex()
    {
        Value x = _b.Position(Opcode.GlobalIndex);
        if (_options.Grouped)
        {
            Value rows = _b.Mul(_b.Position(Opcode.GroupExtent), _b.Position(Opcode.GridExtent));
            _index = _b.Add(x, _b.Mul(rows, _b.Position(Opcode.GlobalIndex, Axis.Y)));
            return;
        }

        Value y = _b.Position(Opcode.GlobalIndex, Axis.Y);
        Value plane = _b.Add(y, _b.Mul(_b.Position(Opcode.GlobalExtent, Axis.Y),
            _b.Position(Opcode.GlobalIndex, Axis.Z)));
        _index = _b.Add(x, _b.Mul(_b.Position(Opcode.GlobalExtent), plane));
    }

    private void AddLocalArray()
    {
        ScalarType type = Pick(_types);
        int count = 1 << _random.Next(1, 4);
        Value pointer = _b.Allocate(type, AddressSpace.Local, count);
        for (int i = 0; i < count; i++)
        {
            _b.Store(pointer, Constant.Of(i), Literal(type));
        }

        _local.Add((pointer, count));
    }

    private void AddStatement(int depth)
    {
        _budget--;
        switch (depth < 3 ? _random.Next(24) : _random.Next(18))
        {
            case < 14: _pool.Add(Expression(Pick(_types))); break;
            case 14: StoreOutput(Pick(_types), _random.Next(Slots)); break;
            case 15 when _local.Count > 0: StoreLocal(); break;
            case 16: _b.Atomic(_update, _counter, Constant.Of(0), Take(ScalarType.Int32)); break;
            case 17: _pool.Add(Load(Pick(_types))); break;
            case 18 or 19: AddIf(depth); break;
            case 20 or 21: AddLoop(depth); break;
            case 22: AddBlock(depth); break;
            case 23 when depth > 0 && !_options.Grouped && _random.Next(3) == 0:
                _b.If(Condition(), () => _b.Append(new Return()), fallsThrough: false);
                break;
            default: _pool.Add(Expression(Pick(_types))); break;
        }
    }

    private void AddBody(int depth)
    {
        for (int n = _random.Next(1, 5); n > 0 && _budget > 0; n--)
        {
            AddStatement(depth + 1);
        }
    }

    private void AddIf(int depth)
    {
        ScalarType[] types = [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Pick(_types))];
        _pool.AddRange(_b.If(Condition(), [.. types.Select(t => (IrType)t)], Arm, Arm));

        ImmutableArray<Value> Arm() => Scoped(() =>
        {
            AddBody(depth);
            return types.Select(Take).ToImmutableArray();
        });
    }

    // A counted loop whose body may break or continue early; the bound is a constant or up to 7 and different by item.
    private void AddLoop(int depth)
    {
        Value end = _random.Next(2) == 0 ? Constant.Of(_random.Next(6))
            : _b.Binary(Opcode.And, Take(ScalarType.Int32), Constant.Of(7));
        ScalarType[] types = [.. Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Pick(_types))];
        Loop loop = new([Constant.Of(0), .. types.Select(Take)], [.. types.Select(t => (IrType)t)]);
        Value i = loop.Parameters[0];
        ImmutableArray<Value> carried = [.. loop.Parameters.Skip(1)];
        _b.Within(loop.Body, () => Scoped(() =>
        {
            If test = new(_b.Compare(Opcode.Less, i, end));
            _b.Within(test.Else, () => _b.Append(new Break(loop, carried)));
            _b.Within(test.Then, () =>
            {
                _pool.Add(i);
                _pool.AddRange(carried);
                AddBody(depth);
                MaybeLeave(() => new Break(loop, [.. types.Select(Take)]));
                MaybeLeave(() => new Continue(loop, [_b.Add(i, Constant.Of(1)), .. types.Select(Take)]));
                AddBody(depth);
                _b.Append(new Continue(loop, [_b.Add(i, Constant.Of(1)), .. types.Select(Take)]));
            });
            _b.Append(test);
            _b.Append(new Unreachable());
            return 0;
        }));
        _b.Append(loop);
        _pool.AddRange(loop.Results);
    }

    private void AddBlock(int depth)
    {
        ScalarType type = Pick(_types);
        Block block = new(type);
        _b.Within(block.Body, () => Scoped(() =>
        {
            AddBody(depth);
            MaybeLeave(() => new Break(block, Take(type)));
            AddBody(depth);
            _b.Append(new Break(block, Take(type)));
            return 0;
        }));
        _b.Append(block);
        _pool.AddRange(block.Results);
    }

    private void MaybeLeave(Func<Terminator> leave)
    {
        if (_random.Next(2) == 0)
        {
            _b.If(Condition(), () => _b.Append(leave()), fallsThrough: false);
        }
    }

    private void AddGroupOperation()
    {
        _budget--;
        ScalarType type = Pick(_types);
        if (_random.Next(2) == 0)
        {
            Opcode opcode = Pick([Opcode.GroupAdd, Opcode.GroupMin, Opcode.GroupMax]);
            _pool.Add(_b.GroupReduce(opcode, Take(type)));
            return;
        }

        if (_random.Next(2) == 0)
        {
            // Any number: where there is no such item, the own value comes back.
            Opcode opcode = Pick([Opcode.GroupShuffle, Opcode.WarpShuffle]);
            Value item = _random.Next(3) == 0 ? Take(ScalarType.Int32) : Within(Take(ScalarType.Int32), 40);
            _pool.Add(_b.Exchange(opcode, Take(type), item));
            return;
        }

        // Each item writes its own place, and after the barrier reads another's.
        Value shared = _b.Allocate(type, AddressSpace.Shared, _shape.Group.Size);
        Value own = _b.Add(_b.Position(Opcode.GroupIndex),
            _b.Mul(_b.Position(Opcode.GroupExtent), _b.Position(Opcode.GroupIndex, Axis.Y)));
        _b.Store(shared, own, Take(type));
        _b.Barrier();
        _pool.Add(_b.Load(shared, Within(Take(ScalarType.Int32), _shape.Group.Size)));
        _b.Barrier();
    }

    private Value Expression(ScalarType type)
    {
        bool real = type is ScalarType.Float32 or ScalarType.Float64;
        switch (_random.Next(16))
        {
            case < 6:
                return _b.Binary(Pick([Opcode.Add, Opcode.Sub, Opcode.Mul, Opcode.Min, Opcode.Max]), Take(type),
                    Take(type));
            case 6 when real: return _b.Div(Take(type), Take(type));
            case 6: return _b.Binary(Pick([Opcode.Div, Opcode.Rem]), Take(type),
                _b.Binary(Opcode.Or, Take(type), Constant.Of(type, 1)));
            case 7 when real: return _b.Fma(Take(type), Take(type), Take(type));
            case 7: return _b.Binary(Pick([Opcode.And, Opcode.Or, Opcode.Xor, Opcode.MulHigh]), Take(type), Take(type));
            case 8 when real: return _b.Unary(Pick([Opcode.Sqrt, Opcode.Floor, Opcode.Ceil, Opcode.Truncate,
                Opcode.Round]), Take(type));
            case 8: return _b.Binary(Pick([Opcode.ShiftLeft, Opcode.ShiftRight]), Take(type), Take(ScalarType.Int32));
            case 9: return _b.Unary(Pick([Opcode.Neg, Opcode.Abs]), Take(type));
            case 10 when !real: return _b.Unary(Pick([Opcode.Not, Opcode.PopCount, Opcode.LeadingZeros]), Take(type));
            case 10 when _options.Calls:
                return _b.Call(Pick([MathFunction.Exp, MathFunction.Log, MathFunction.Tanh, MathFunction.Sin]),
                    Take(type));
            case 11 or 12: return _b.Convert(Take(Pick(_types)), type);
            case 13 when _local.Count > 0 && _local[0].Pointer.Type.Scalar == type: return LoadLocal();
            case 13: return _b.Convert(Condition(), type);
            default: return _b.Select(Condition(), Take(type), Take(type));
        }
    }

    private Value Condition()
    {
        ScalarType type = Pick(_types);
        Opcode opcode = (Opcode)_random.Next((int)Opcode.Equal, (int)Opcode.GreaterEqual + 1);
        Value compared = _b.Compare(opcode, Take(type), Take(type));
        return _random.Next(4) switch
        {
            0 => _b.Unary(Opcode.Not, compared),
            1 => _b.Binary(Pick([Opcode.And, Opcode.Or, Opcode.Xor]), compared,
                _b.Compare(Opcode.Less, _index, Take(ScalarType.Int32))),
            _ => compared,
        };
    }

    private Value Load(ScalarType type) => _b.Load(_inputs[type], _random.Next(3) switch
    {
        0 => Within(Take(ScalarType.Int32), _items),
        1 => _b.Convert(_index, ScalarType.Int64),
        _ => _index,
    });

    private void StoreOutput(ScalarType type, int slot) =>
        _b.Store(_outputs[type], _b.Add(_index, Constant.Of(slot * _items)), Take(type));

    private void StoreLocal() => _b.Store(_local[0].Pointer, LocalIndex(), Take(_local[0].Pointer.Type.Scalar));

    private Value LoadLocal() => _b.Load(_local[0].Pointer, LocalIndex());

    private Value LocalIndex() => _random.Next(2) == 0
        ? Constant.Of(_random.Next(_local[0].Count))
        : _b.Binary(Opcode.And, Take(ScalarType.Int32), Constant.Of(_local[0].Count - 1));

    private Value Within(Value x, int count) =>
        _b.Convert(_b.Binary(Opcode.Rem, _b.Convert(x, ScalarType.UInt32), Constant.Of((uint)count)), ScalarType.Int32);

    /// <summary>A value of the type: mostly one in scope, sometimes a literal.</summary>
    private Value Take(ScalarType type)
    {
        Value[] found = [.. _pool.Where(v => v.Type == type)];
        return found.Length == 0 || _random.Next(8) == 0 ? Literal(type) : found[_random.Next(found.Length)];
    }

    private Constant Literal(ScalarType type) => type is ScalarType.Float32 or ScalarType.Float64
        ? Constant.Of(type, Pick<double>([0, -0.0, 1, -1, 0.5, 2, 3.25, -7.75, 1e-3, 1e30, 1e-40,
        double.PositiveInfinity, double.NaN]))
        : new Constant(type, Pick<ulong>([0, 1, 2, 3, 5, 31, 64, ulong.MaxValue, 1ul << 31,
        1ul << 63]) & (ulong.MaxValue >> (64 - 8 * type.Size())));

    private T Scoped<T>(Func<T> body)
    {
        int count = _pool.Count;
        T result = body();
        _pool.RemoveRange(count, _pool.Count - count);
        return result;
    }

    private T Pick<T>(T[] choices) => choices[_random.Next(choices.Length)];

    private ImmutableArray<byte[]?> Data() => [.. _kernel.Parameters.Select(p =>
        !p.Type.IsPointer ? null
        : p == _counter ? new byte[4]
        : _outputs.ContainsValue(p) ? new byte[Slots * _items * p.Type.Scalar.Size()]
        : Input(p.Type.Scalar))];

    private byte[] Input(ScalarType type)
    {
        ulong[] bits = [.. Enumerable.Range(0, _items).Select(_ => _random.Next(8) == 0
            ? Literal(type).Bits
            : Constant.Of(type, type is ScalarType.Float32 or ScalarType.Float64 ? _random.NextDouble() * 20 - 10
            : _random.Next(100)).Bits)];
        return [.. bits.SelectMany(x => MemoryMarshal.AsBytes([x])[..type.Size()].ToArray())];
    }
}

/// <summary>Additions to the builder for the generator.</summary>
internal static class BuilderExtensions
{
    /// <summary>An If whose first arm leaves by a terminator of its own.</summary>
    public static void If(this Builder b, Value condition, Action then, bool fallsThrough)
    {
        If node = new(condition);
        b.Within(node.Then, () =>
        {
            then();
            if (fallsThrough)
            {
                b.Append(new Break(node));
            }
        });
        b.Within(node.Else, () => b.Append(new Break(node)));
        b.Append(node);
    }
}
