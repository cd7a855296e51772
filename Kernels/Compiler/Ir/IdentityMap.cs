using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Ir;

/// <summary>What is known of objects, each of which is itself alone: a dictionary for the compiler's busiest tables. One that takes a comparer
/// calls it through an interface, twice a look-up; this is some three times as fast.</summary>
/// <remarks>Enumerates in the order of insertion while nothing has been removed, so that what is compiled does not depend on hash codes.</remarks>
internal sealed class IdentityMap<TKey, TValue>
    where TKey : class
{
    private const int None = -1;
    private const int Least = 16;

    // Never written to: most maps of a pass stay empty.
    private static readonly int[] s_noBuckets = [None];

    private int[] _buckets = s_noBuckets;
    private Entry[] _entries = [];
    private int _used;
    private int _free = None;

    /// <summary>An empty map with room for so many keys, or none yet.</summary>
    public IdentityMap(int capacity = 0)
    {
        if (capacity > 0)
            Grow(capacity);
    }

    /// <summary>How many keys it has.</summary>
    public int Count { get; private set; }

    /// <exception cref="KeyNotFoundException">Read for a key that it does not have.</exception>
    public TValue this[TKey key]
    {
        get => Find(key) is >= 0 and int i ? _entries[i].Value : throw new KeyNotFoundException($"{key} is not in the map.");
        set
        {
            int i = Find(key);
            if (i >= 0)
                _entries[i].Value = value;
            else
                Insert(key, value);
        }
    }

    public bool ContainsKey(TKey key) => Find(key) >= 0;

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        int i = Find(key);
        value = i >= 0 ? _entries[i].Value : default;
        return i >= 0;
    }

    public TValue GetValueOrDefault(TKey key, TValue other)
    {
        int i = Find(key);
        return i >= 0 ? _entries[i].Value : other;
    }

    /// <summary>True if the key was not there.</summary>
    public bool TryAdd(TKey key, TValue value)
    {
        if (Find(key) >= 0)
            return false;
        Insert(key, value);
        return true;
    }

    public bool Remove(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        int last = None;
        ref int bucket = ref _buckets[BucketOf(key)];
        for (int i = bucket; i >= 0; last = i, i = _entries[i].Next)
        {
            ref Entry entry = ref _entries[i];
            if (entry.Key != key)
                continue;
            if (last < 0)
                bucket = entry.Next;
            else
                _entries[last].Next = entry.Next;
            value = entry.Value;
            entry = new Entry { Next = _free };
            _free = i;
            Count--;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>The keys with their values; the map must not change meanwhile.</summary>
    public IEnumerable<(TKey Key, TValue Value)> Pairs()
    {
        for (int i = 0; i < _used; i++)
        {
            if (_entries[i].Key is { } key)
                yield return ((TKey)key, _entries[i].Value);
        }
    }

    private int BucketOf(object key) => RuntimeHelpers.GetHashCode(key) & (_buckets.Length - 1);

    private int Find(object key)
    {
        Entry[] entries = _entries;
        int i = _buckets[BucketOf(key)];
        while (i >= 0 && entries[i].Key != key)
            i = entries[i].Next;
        return i;
    }

    private void Insert(TKey key, TValue value)
    {
        int place = _free;
        if (place >= 0)
        {
            _free = _entries[place].Next;
        }
        else
        {
            if (_used == _entries.Length)
                Grow(2 * _used);
            place = _used++;
        }

        ref int bucket = ref _buckets[BucketOf(key)];
        _entries[place] = new Entry { Key = key, Value = value, Next = bucket };
        bucket = place;
        Count++;
    }

    private void Grow(int capacity)
    {
        int length = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, Least));
        Array.Resize(ref _entries, length);
        _buckets = new int[length];
        Array.Fill(_buckets, None);
        for (int i = 0; i < _used; i++)
        {
            ref int bucket = ref _buckets[BucketOf(_entries[i].Key!)];
            _entries[i].Next = bucket;
            bucket = i;
        }
    }

    /// <summary>Keys are kept as objects: to compare them asks for no type.</summary>
    private struct Entry
    {
        public object? Key;
        public TValue Value;
        public int Next;
    }
}
