using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>What attempts at translating one kernel have found out about its variables. The translator begins with what makes the
/// best code (structs in registers, pointers that do not move in loops); where a program needs more, it notes so here and starts
/// again. Everything is keyed by call path, which is the same in every attempt.</summary>
internal sealed class Findings
{
    private readonly Dictionary<(int Parent, int Offset), int> _paths = [];
    private readonly HashSet<(int Path, int Variable)> _inMemory = [];
    private readonly HashSet<(int Path, int Block)> _movingAddresses = [];
    private readonly HashSet<(int Path, int Block)> _movingPointers = [];
    private readonly Dictionary<(int Path, int Offset), ScalarType> _units = [];

    /// <summary>Indices of views are to be checked.</summary>
    public bool IsChecked { get; init; }

    /// <summary>The captured variables that the kernel reads, with their values' bytes.</summary>
    public List<CapturedVariable> Captured { get; } = [];

    /// <summary>The number of the call path that leaves <paramref name="parent"/> at an IL offset.</summary>
    public int Path(int parent, int offset)
    {
        if (!_paths.TryGetValue((parent, offset), out int path))
            _paths[(parent, offset)] = path = _paths.Count + 1;
        return path;
    }

    /// <summary>True if a variable is accessed through addresses that are known only at run time, or as another type.</summary>
    public bool IsInMemory((int Path, int Variable) variable) => _inMemory.Contains(variable);

    /// <summary>True if references move in the loop at a block: their index is carried around it.</summary>
    public bool AddressesMove((int Path, int Block) loop) => _movingAddresses.Contains(loop);

    /// <summary>True if references change from one memory to another in the loop at a block.</summary>
    public bool PointersMove((int Path, int Block) loop) => _movingPointers.Contains(loop);

    /// <summary>The element type of memory that was allocated without a type (stackalloc); null if not known yet.</summary>
    public ScalarType? UnitAt((int Path, int Offset) site) => _units.TryGetValue(site, out ScalarType unit) ? unit : null;

    public RestartException PutInMemory((int Path, int Variable) variable) => Learned(_inMemory.Add(variable));

    public RestartException LetAddressesMove((int Path, int Block) loop) => Learned(_movingAddresses.Add(loop));

    public RestartException LetPointersMove((int Path, int Block) loop) => Learned(_movingPointers.Add(loop));

    public RestartException SetUnit((int Path, int Offset) site, ScalarType unit) => Learned(_units.TryAdd(site, unit));

    // A finding that does not help would be made for ever.
    private static RestartException Learned(bool isNew) => isNew
        ? new RestartException()
        : throw new InvalidOperationException("The translation does not settle.");
}

/// <summary>Ends an attempt at a kernel: the next one knows more.</summary>
internal sealed class RestartException : Exception;
