using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>Runs the PTX that the target prints, item by item on host memory: the oracle that needs no GPU.</summary>
/// <remarks>The items of a group run, in random order, until they end or come to a barrier or a shuffle. Every access is checked against the memory of the
/// launch's arguments, the group's shared memory or the item's own; fresh registers and memory hold garbage.</remarks>
internal sealed unsafe class PtxExecutor
{
    private const ulong SharedStart = 0x1000;
    private const ulong LocalStart = 0x1000;

    private readonly PtxEntry _entry;
    private readonly Action<Item>[] _code;

    public PtxExecutor(PtxEntry entry)
    {
        _entry = entry;
        _code = [.. entry.Instructions.Select(Translate)];
    }

    /// <summary>Runs a launch to its end.</summary>
    /// <param name="grid">Groups.</param>
    /// <param name="group">Items a group.</param>
    /// <param name="dynamicBytes">Dynamic shared memory.</param>
    /// <param name="arguments">One a parameter: its bits.</param>
    /// <param name="memory">The memory that pointers may point into: start and bytes.</param>
    public void Run(Index3D grid, Index3D group, int dynamicBytes, ulong[] arguments, (ulong Start, long Bytes)[] memory)
    {
        Assert.Equal(_entry.ParameterSizes.Count, arguments.Length);
        byte[] parameters = new byte[8 * arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(parameters.AsSpan(8 * i), arguments[i]);
        Launch launch = new(grid, group, parameters, memory, dynamicBytes);
        foreach (Index3D index in Indices(grid))
        {
            byte[] shared = new byte[_entry.SharedBytes + dynamicBytes];
            shared.AsSpan().Fill(0xFF);
            Run([.. Indices(group).Select(item => new Item(launch, index, item, shared, _entry))]);
        }
    }

    private static IEnumerable<Index3D> Indices(Index3D extent) =>
        from z in Enumerable.Range(0, extent.Z)
        from y in Enumerable.Range(0, extent.Y)
        from x in Enumerable.Range(0, extent.X)
        select new Index3D(x, y, z);

    private void Run(Item[] items)
    {
        Random random = new(1);
        while (true)
        {
            Item[] order = [.. items];
            random.Shuffle(order);
            foreach (Item item in order)
                Resume(item);
            Item[] rest = [.. items.Where(i => !i.Finished)];
            if (rest.Length == 0)
                return;
            Item[] shuffling = [.. rest.Where(i => Opcode(i)[0] == "shfl")];
            if (rest.Any(i => Opcode(i)[0] == "mma"))
            {
                foreach (Item[] warp in items.Chunk(32).Where(w => w.Any(i => !i.Finished && Opcode(i)[0] == "mma")))
                    MultiplyMatrices(warp);
                continue;
            }

            if (shuffling.Length > 0)
            {
                foreach (Item[] warp in items.Chunk(32).Where(w => w.Any(i => !i.Finished && Opcode(i)[0] == "shfl")))
                    Shuffle(warp);
                continue;
            }

            if (rest.Length < items.Length || rest.Any(i => i.Position != rest[0].Position))
                throw new PtxFault($"the items of a group are not together at {_entry.Instructions[rest[0].Position].Text}");
            foreach (Item item in rest)
                item.Position++;
        }
    }

    private string[] Opcode(Item item) => _entry.Instructions[item.Position].Opcode;

    private void Resume(Item item)
    {
        while (!item.Finished)
        {
            PtxInstruction instruction = _entry.Instructions[item.Position];
            if (instruction.Opcode[0] is "bar" or "shfl" or "mma")
                return;
            if (instruction.Guard >= 0 && item.Registers[instruction.Guard] != 0 == instruction.GuardIsNegated)
            {
                item.Position++;
                continue;
            }

            int position = item.Position++;
            try
            {
                _code[position](item);
            }
            catch (PtxFault fault)
            {
                throw new PtxFault($"{fault.Message}, item {item.Index} of group {item.Group}, at {instruction.Text}");
            }
        }
    }

    // d or d|p, a, lane or distance, clamp, mask: the lanes of the mask are here, all of them and no others.
    private void Shuffle(Item[] warp)
    {
        PtxInstruction instruction = _entry.Instructions[warp[0].Position];
        if (warp.Any(i => i.Position != warp[0].Position || i.Finished))
            throw new PtxFault($"a warp is not together at {instruction.Text}");
        bool isDown = instruction.Opcode[2] == "down";
        string[] results = instruction.Operands[0].Split('|');
        Func<Item, ulong>[] operands = [.. instruction.Operands[1..].Select(o => Source(o, "b32"))];
        ulong[] values = [.. warp.Select(operands[0])];
        for (int lane = 0; lane < warp.Length; lane++)
        {
            Item item = warp[lane];
            ulong from = operands[1](item), mask = operands[3](item);
            bool exists = true;
            if (isDown)
            {
                exists = (ulong)lane + from <= operands[2](item);
                from = exists ? (ulong)lane + from : (ulong)lane;
            }

            if (mask != uint.MaxValue >> (32 - warp.Length) || from >= (ulong)warp.Length)
                throw new PtxFault($"lane {from} of mask {mask:x} in a warp of {warp.Length} at {instruction.Text}");
            item.Registers[_entry.Registers[results[0]]] = values[from];
            if (results.Length > 1)
                item.Registers[_entry.Registers[results[1]]] = exists ? 1ul : 0;
            item.Position++;
        }
    }

    private void MultiplyMatrices(Item[] warp)
    {
        PtxInstruction instruction = _entry.Instructions[warp[0].Position];
        if (warp.Length != 32 || warp.Any(i => i.Position != warp[0].Position || i.Finished))
            throw new PtxFault($"a warp is not together, or not whole, at {instruction.Text}");
        string type = instruction.Opcode[7];
        int[][] registers = [.. instruction.Operands.Select(o => o.Trim('{', '}').Split(", ").Select(n => _entry.Registers[n]).ToArray())];
        uint[][] Part(int operand) => [.. warp.Select(item => registers[operand].Select(r => (uint)item.Registers[r]).ToArray())];
        uint[][] sums = PtxMatrices.MultiplyAdd(type, Part(1), Part(2), Part(3));
        for (int lane = 0; lane < warp.Length; lane++)
        {
            for (int i = 0; i < 4; i++)
                warp[lane].Registers[registers[0][i]] = sums[lane][i];
            warp[lane].Position++;
        }
    }

    private Action<Item> Translate(PtxInstruction i)
    {
        string[] opcode = i.Opcode;
        string type = opcode[^1];
        string[] x = i.Operands;
        switch (opcode[0])
        {
            case "bar" or "shfl" or "membar" or "mma":
                return _ => { };
            case "cp":
                return PtxAsyncCopies.Translate(opcode, x, Address, (item, space, address, size) => item.At(space, address, size), item => item.Copies);
            case "ret":
                return item => item.Finished = true;
            case "trap":
                return _ => throw new PtxFault("trap");
            case "bra":
                int target = _entry.Labels[x[0]];
                return item => item.Position = target;
            case "mov" when x[0][0] == '{':
                string[] halves = Parts(x[0]);
                Func<Item, ulong> whole = Source(x[1], type);
                int low = _entry.Registers[halves[0]];
                int high = _entry.Registers[halves[1]];
                return item => (item.Registers[low], item.Registers[high]) = ((uint)whole(item), whole(item) >> 32);
            case "ld" when x[0][0] == '{':
                return LoadVector(i, opcode[1], type);
            case "st" when x[1][0] == '{':
                return StoreVector(i, opcode[1], type);
            case "ld":
                return Load(i, opcode[^2], type);
            case "st":
                return Store(opcode[1], type, x[0], Source(x[1], type));
            case "red":
                return Atomic(-1, opcode[1], opcode[2], type, x);
            case "atom":
                return Atomic(_entry.Registers[x[0]], opcode[1], opcode[2], type, x[1..]);
        }

        int destination = _entry.Registers[x[0]];
        Func<Item, ulong> value = Value(i);
        return item => item.Registers[destination] = value(item);
    }

    private Func<Item, ulong> Value(PtxInstruction i)
    {
        string[] opcode = i.Opcode;
        string type = opcode[^1];
        string sourceType = opcode[0] is "cvt" ? opcode[^1] : type;
        Func<Item, ulong> a = Source(i.Operands[1], sourceType);
        Func<Item, ulong> b = i.Operands.Length > 2 ? Source(i.Operands[2], sourceType) : _ => 0;
        Func<Item, ulong> c = i.Operands.Length > 3 ? Source(i.Operands[3], sourceType) : _ => 0;
        string name = string.Join('.', opcode[..^1]);
        switch (opcode[0])
        {
            case "mov" or "cvta":
                return a;
            case "not" or "and" or "or" or "xor" when type == "pred":
                return opcode[0] switch
                {
                    "not" => item => a(item) ^ 1,
                    "and" => item => a(item) & b(item),
                    "or" => item => a(item) | b(item),
                    _ => item => a(item) ^ b(item),
                };
            case "neg" or "abs" or "not" or "popc" or "clz" or "sqrt":
                return item => PtxArithmetic.Unary(opcode[0], type, a(item));
            case "setp":
                return item => PtxArithmetic.Compare(opcode[1], type, a(item), b(item)) ? 1ul : 0;
            case "selp":
                return item => c(item) != 0 ? a(item) : b(item);
            case "cvt":
                string rounding = opcode.Length > 3 ? opcode[1] : "";
                string to = opcode[^2];
                if (to == "tf32")
                    return item => PtxMatrices.Round((uint)a(item));
                return item => PtxArithmetic.Convert(rounding, to, type, a(item));
            case "bfe":
                return item =>
                {
                    int up = 32 - (int)c(item) - (int)b(item);
                    return (uint)((int)a(item) << up >> (32 - (int)c(item)));
                };
            case "fma":
                return item => PtxArithmetic.Fma(type, a(item), b(item), c(item));
            case "mul" when opcode[1] == "wide":
                return type == "s32"
                    ? item => (ulong)((long)(int)a(item) * (int)b(item))
                    : item => (ulong)(uint)a(item) * (uint)b(item);
            case "mad" when opcode[1] == "wide":
                Func<Item, ulong> added = Source(i.Operands[3], "u64");
                return type == "s32"
                    ? item => (ulong)((long)(int)a(item) * (int)b(item)) + added(item)
                    : item => (ulong)(uint)a(item) * (uint)b(item) + added(item);
            case "mad":
                return item => PtxArithmetic.Binary("add", type, PtxArithmetic.Binary("mul.lo", type, a(item), b(item)), c(item));
            default:
                return item => PtxArithmetic.Binary(name, type, a(item), b(item));
        }
    }

    private Action<Item> Load(PtxInstruction i, string space, string type)
    {
        int destination = _entry.Registers[i.Operands[0]];
        if (space == "param")
        {
            int offset = _entry.Parameters[i.Operands[1].Trim('[', ']')];
            return item => item.Registers[destination] = Extend(item.Launch.Parameters.AsSpan(offset, Size(type)), type);
        }

        Func<Item, ulong> address = Address(i.Operands[1]);
        return item => item.Registers[destination] = Extend(item.At(space, address(item), Size(type)), type);
    }

    private Action<Item> LoadVector(PtxInstruction i, string space, string type)
    {
        int[] destinations = [.. Parts(i.Operands[0]).Select(p => _entry.Registers[p])];
        Func<Item, ulong> address = Address(i.Operands[1]);
        int size = Size(type);
        return item =>
        {
            Span<byte> bytes = item.At(space, address(item), size * destinations.Length);
            for (int k = 0; k < destinations.Length; k++)
                item.Registers[destinations[k]] = Extend(bytes.Slice(k * size, size), type);
        };
    }

    private Action<Item> StoreVector(PtxInstruction i, string space, string type)
    {
        Func<Item, ulong>[] values = [.. Parts(i.Operands[1]).Select(p => Source(p, type))];
        Func<Item, ulong> address = Address(i.Operands[0]);
        int size = Size(type);
        return item =>
        {
            Span<byte> bytes = item.At(space, address(item), size * values.Length);
            for (int k = 0; k < values.Length; k++)
                Put(bytes.Slice(k * size, size), values[k](item));
        };
    }

    private static string[] Parts(string vector) => vector.Trim('{', '}').Split(", ");

    private Action<Item> Store(string space, string type, string element, Func<Item, ulong> value)
    {
        Func<Item, ulong> address = Address(element);
        return item => Put(item.At(space, address(item), Size(type)), value(item));
    }

    private Action<Item> Atomic(int destination, string space, string operation, string type, string[] operands)
    {
        Func<Item, ulong> address = Address(operands[0]);
        Func<Item, ulong> x = Source(operands[1], type);
        Func<Item, ulong> y = operands.Length > 2 ? Source(operands[2], type) : _ => 0;
        string name = type[0] == 'f' ? operation + ".rn" : operation;
        return item =>
        {
            Span<byte> element = item.At(space, address(item), Size(type));
            ulong old = Extend(element, type) & (Size(type) == 4 ? uint.MaxValue : ulong.MaxValue);
            Put(element, operation switch
            {
                "exch" => x(item),
                "cas" => old == x(item) ? y(item) : old,
                _ => PtxArithmetic.Binary(name, type, old, x(item)),
            });
            if (destination >= 0)
                item.Registers[destination] = old;
        };
    }

    private Func<Item, ulong> Address(string operand)
    {
        string[] parts = operand.Trim('[', ']').Split('+');
        int register = _entry.Registers[parts[0]];
        ulong offset = parts.Length > 1 ? (ulong)long.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        return item => item.Registers[register] + offset;
    }

    private Func<Item, ulong> Source(string operand, string type)
    {
        if (_entry.Registers.TryGetValue(operand, out int register))
            return item => item.Registers[register];
        if (operand[0] == '{')
        {
            string[] halves = Parts(operand);
            (int low, int high) = (_entry.Registers[halves[0]], _entry.Registers[halves[1]]);
            return item => item.Registers[high] << 32 | item.Registers[low];
        }

        if (operand[0] == '%')
            return Special(operand);
        if (_entry.Arrays.TryGetValue(operand, out (bool Shared, int Offset) array))
            return _ => (array.Shared ? SharedStart : LocalStart) + (ulong)array.Offset;
        if (operand == Cotangent.Kernels.Targets.PtxFunction.DynamicShared)
            return _ => SharedStart + (ulong)_entry.SharedBytes;
        ulong literal = operand[..Math.Min(2, operand.Length)] switch
        {
            "0f" or "0d" or "0x" => ulong.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            _ => (ulong)long.Parse(operand, CultureInfo.InvariantCulture),
        };
        ulong bits = type switch
        {
            "pred" => literal & 1,
            _ when type.EndsWith("64", StringComparison.Ordinal) => literal,
            _ => (uint)literal,
        };
        return _ => bits;
    }

    private static Func<Item, ulong> Special(string name)
    {
        int axis = "xyz".IndexOf(name[^1], StringComparison.Ordinal);
        Func<Item, Index3D> source = name[..^2] switch
        {
            "%tid" => item => item.Index,
            "%ctaid" => item => item.Group,
            "%ntid" => item => item.Launch.Group,
            "%nctaid" => item => item.Launch.Grid,
            _ when name == "%dynamic_smem_size" => item => new Index3D(item.Launch.DynamicBytes, 0, 0),
            _ => throw new NotSupportedException(name),
        };
        return item => source(item) is var index && axis <= 0 ? (uint)index.X : axis == 1 ? (uint)index.Y : (uint)index.Z;
    }

    private static int Size(string type) => int.Parse(type.AsSpan(1), CultureInfo.InvariantCulture) / 8;

    private static ulong Extend(ReadOnlySpan<byte> bytes, string type)
    {
        Span<byte> word = stackalloc byte[8];
        word.Clear();
        bytes.CopyTo(word);
        ulong x = BinaryPrimitives.ReadUInt64LittleEndian(word);
        return type switch { "s8" => (uint)(sbyte)x, "s16" => (uint)(short)x, _ => x };
    }

    private static void Put(Span<byte> bytes, ulong x)
    {
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(x >> (8 * i));
    }

    private static T[] Filled<T>(int length, T value)
    {
        T[] array = new T[length];
        array.AsSpan().Fill(value);
        return array;
    }

    private sealed record Launch(Index3D Grid, Index3D Group, byte[] Parameters, (ulong Start, long Bytes)[] Memory, int DynamicBytes);

    private sealed class Item(Launch launch, Index3D group, Index3D index, byte[] shared, PtxEntry entry)
    {
        private readonly byte[] _local = Filled<byte>(entry.LocalBytes, 0xFF);

        public Launch Launch { get; } = launch;

        public Index3D Group { get; } = group;

        public Index3D Index { get; } = index;

        public ulong[] Registers { get; } = Filled(entry.Registers.Count, 0x7BADF00D7BADF00Dul);

        public PtxAsyncCopies Copies { get; } = new();

        public int Position { get; set; }

        public bool Finished { get; set; }

        public Span<byte> At(string space, ulong address, int size)
        {
            if (address % (ulong)size != 0)
                throw new PtxFault($"address {address:x} is not aligned");
            if (space != "global")
            {
                address = (uint)address;
                byte[] bytes = space == "shared" ? shared : _local;
                ulong offset = address - (space == "shared" ? SharedStart : LocalStart);
                return offset + (ulong)size <= (ulong)bytes.Length && offset <= (ulong)bytes.Length
                    ? bytes.AsSpan((int)offset, size)
                    : throw new PtxFault($"byte {(long)offset} of {bytes.Length} in {space} memory");
            }

            foreach ((ulong start, long bytes) in Launch.Memory)
            {
                if (address >= start && address + (ulong)size <= start + (ulong)bytes)
                    return new Span<byte>((void*)address, size);
            }

            throw new PtxFault($"address {address:x} is in no buffer");
        }
    }
}

/// <summary>The program did what it must not.</summary>
internal sealed class PtxFault(string message) : Exception(message);
