using System.Diagnostics.CodeAnalysis;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Where values are. Rows of a group that run in lockstep each have their own place for a value, except for those that
/// are the same in all rows.</summary>
internal sealed class LocationTable<TLocation>(int rows)
    where TLocation : class
{
    private readonly IdentityMap<Value, TLocation> _shared = new();
    private readonly IdentityMap<Value, TLocation>[] _own = [.. Enumerable.Range(0, rows).Select(_ => new IdentityMap<Value, TLocation>())];

    /// <summary>The row whose values are looked up.</summary>
    public int Row { get; set; }

    public TLocation this[Value value] => TryGetValue(value, out TLocation? location)
        ? location
        : throw new KeyNotFoundException($"No location for {value}.");

    /// <summary>Remembers a place: for all rows, or for the current one.</summary>
    public void Set(Value value, TLocation location, bool shared) => (shared ? _shared : _own[Row])[value] = location;

    public bool TryGetValue(Value value, [MaybeNullWhen(false)] out TLocation location) =>
        _own[Row].TryGetValue(value, out location) || _shared.TryGetValue(value, out location);

    public bool ContainsKey(Value value) => TryGetValue(value, out _);

    /// <summary>Forgets the current row's place of a value.</summary>
    public bool RemoveOwn(Value value, [MaybeNullWhen(false)] out TLocation location) => _own[Row].Remove(value, out location);

    /// <summary>Forgets all places of a value; gives them.</summary>
    public IEnumerable<TLocation> RemoveAll(Value value)
    {
        if (_shared.Remove(value, out TLocation? shared))
            yield return shared;
        foreach (IdentityMap<Value, TLocation> own in _own)
        {
            if (own.Remove(value, out TLocation? location))
                yield return location;
        }
    }
}
