using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

// Variables: trees of values, or memory where a program needs their addresses at run time.
internal sealed partial class Translator
{
    // Objects under construction live in variables above those of the active methods.
    private readonly Dictionary<int, (Type Type, int Key)> _temporaries = [];

    /// <summary>Adds a variable at the top. One that lives in memory gets its memory here.</summary>
    private void AddVariable(Type type, (int Path, int Variable) key, AbstractValue value)
    {
        if (!_findings.IsInMemory(key) && !LivesInMemory(type))
        {
            _state.Variables.Add(value);
            return;
        }

        if (!Literals.CanFreeze(type))
        {
            throw new RefusalException(Diagnostics.UntrackedReference,
                $"A variable of type '{type.ToText()}', which holds references, is used through a pointer.");
        }

        Value pointer = AllocateUnits(MemoryLayout.UnitOf(type), MemoryLayout.SizeOf(type), AddressSpace.Local);
        ElementAddress address = ElementAddress.Of(pointer, Constant.Of(0), type);
        _state.Variables.Add(new InMemory(address));
        if (value is not Unset)
            StoreElement(address, type, value);
    }

    private static bool LivesInMemory(Type type)
    {
        if (!type.IsValueType || type.IsPrimitive || type.IsEnum)
            return false;
        try
        {
            return TypeLayout.Of(type) is StructLayout { LivesInMemory: true };
        }
        catch (RefusalException)
        {
            // Refused where it is used: library code declares much that it does not come to.
            return false;
        }
    }

    private int AddTemporary(Type type, AbstractValue value, int number = 0)
    {
        int variable = _state.Variables.Count;
        // Negative, so that they are not confused with the method's own variables.
        int key = -1 - (4 * Frame.Current.Offset) - number;
        _temporaries[variable] = (type, key);
        AddVariable(type, (Frame.Path, key), value);
        return variable;
    }

    /// <summary>Removes the topmost temporary and returns its value.</summary>
    private AbstractValue TakeTemporary(int variable)
    {
        AbstractValue value = ReadVariable(variable);
        _state.Truncate(variable);
        _temporaries.Remove(variable);
        return value;
    }

    private AbstractValue ReadVariable(int variable) => _state.Variables[variable] is InMemory memory
        ? LoadElement(memory.Address, memory.Address.Type)
        : _state.Variables[variable];

    private void WriteVariable(int variable, Type type, AbstractValue value)
    {
        value = Coerce(value, type);
        if (_state.Variables[variable] is InMemory memory)
            StoreElement(memory.Address, type, value);
        else
            _state.Variables[variable] = value;
    }

    private AbstractValue AddressOfVariable(int variable, Type type) => _state.Variables[variable] is InMemory memory
        ? memory.Address
        : new LocalAddress(variable, [], type);

    private Type VariableType(int variable)
    {
        if (_temporaries.TryGetValue(variable, out (Type Type, int Key) temporary))
            return temporary.Type;
        (Frame frame, int number) = OwnerOf(variable);
        int arguments = frame.Code.ArgumentTypes.Length;
        return number < arguments ? frame.Code.ArgumentTypes[number] : frame.Code.LocalTypes[number - arguments];
    }

    private (int Path, int Variable) KeyOf(int variable)
    {
        (Frame frame, int number) = OwnerOf(variable);
        return (frame.Path, _temporaries.TryGetValue(variable, out (Type Type, int Key) temporary) ? temporary.Key : number);
    }

    private (Frame Frame, int Number) OwnerOf(int variable)
    {
        Frame frame = _frames.Last(f => f.FirstVariable <= variable);
        return (frame, variable - frame.FirstVariable);
    }

    /// <summary>Makes a variable live in memory: starts again.</summary>
    private RestartException PutInMemory(LocalAddress address) => _findings.PutInMemory(KeyOf(address.Variable));

    /// <summary>The address as a field's own: of its type, or of a scalar of the same size. Starts again if there is none.</summary>
    private LocalAddress Settle(LocalAddress address)
    {
        if (address.Delta == 0 && Matches(TypeAt(address), address.Type))
            return address;
        Type root = VariableType(address.Variable);
        if (!Literals.CanFreeze(root))
        {
            // A struct with references in it has no layout in bytes: only its outermost first fields can be told.
            return address.Delta == 0 && FirstField(address) is { } path
                ? address with { Path = path }
                : throw new RefusalException(Diagnostics.UntrackedReference,
                    $"A part of a '{root.ToText()}', which holds references, is used as another type.");
        }

        long offset = address.Delta + OffsetOf(root, address.Path);
        return Find(root, offset, address.Type) is { } found
            ? address with { Path = found, Delta = 0 }
            : throw PutInMemory(address);
    }

    private ImmutableArray<int>? FirstField(LocalAddress address)
    {
        ImmutableArray<int> path = address.Path;
        for (Type type = TypeAt(address); ;)
        {
            if (Matches(type, address.Type))
                return path;
            if (TypeLayout.Of(type) is not StructLayout { Fields.Length: > 0 } layout)
                return null;
            path = path.Add(0);
            type = layout.Fields[0].Layout.Type;
        }
    }

    private Type TypeAt(LocalAddress address)
    {
        Type type = VariableType(address.Variable);
        foreach (int field in address.Path)
            type = ((StructLayout)TypeLayout.Of(type)).Fields[field].Layout.Type;
        return type;
    }

    private static bool Matches(Type own, Type seen) => own == seen
        || (ScalarLayoutOf(own) is { } x && ScalarLayoutOf(seen) is { } y && x.Memory.Size() == y.Memory.Size());

    private static ScalarLayout? ScalarLayoutOf(Type type) =>
        TypeLayout.ScalarOf(type) is null ? null : (ScalarLayout)TypeLayout.Of(type);

    /// <summary>If a settled address sees a scalar as another type: the two.</summary>
    private (ScalarLayout Own, ScalarLayout Seen)? ScalarsAt(LocalAddress address)
    {
        Type own = TypeAt(address);
        return own != address.Type && ScalarLayoutOf(own) is { } x && ScalarLayoutOf(address.Type) is { } y && x.Memory != y.Memory
            ? (x, y)
            : null;
    }

    private static long OffsetOf(Type root, ImmutableArray<int> path)
    {
        long offset = 0;
        foreach (int number in path)
        {
            FieldLayout field = ((StructLayout)TypeLayout.Of(root)).Fields[number];
            offset += field.Offset;
            root = field.Layout.Type;
        }

        return offset;
    }

    /// <summary>The path to the part of <paramref name="type"/> at an offset that is seen as <paramref name="seen"/>.</summary>
    private static ImmutableArray<int>? Find(Type type, long offset, Type seen)
    {
        ImmutableArray<int> path = [];
        while (offset != 0 || !Matches(type, seen))
        {
            if (TypeLayout.Of(type) is not StructLayout layout)
                return null;
            int field = 0;
            while (field < layout.Fields.Length && !Covers(layout.Fields[field], offset))
                field++;
            if (field == layout.Fields.Length)
                return null;
            path = path.Add(field);
            offset -= layout.Fields[field].Offset;
            type = layout.Fields[field].Layout.Type;
        }

        return path;
    }

    private static bool Covers(FieldLayout field, long offset) =>
        offset >= field.Offset && offset < field.Offset + MemoryLayout.SizeOf(field.Layout.Type);
}
