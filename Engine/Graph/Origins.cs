using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Cotangent.Graph;

/// <summary>What a node is made for.</summary>
internal enum NodePart : byte
{
    /// <summary>A value that the program itself asks for.</summary>
    Primal,

    /// <summary>A value computed again, for a derivative.</summary>
    Recomputed,

    /// <summary>A part of a derivative.</summary>
    Derivative,
}

/// <summary>Who made a node: the line of the user's code, and what for.</summary>
internal sealed record Origin(string Place, NodePart Part);

/// <summary>Remembers who made each node while a report is prepared; at other times a node costs nothing more. A copy has the origin of what
/// it is copied from; a derivative has the place of what it is the derivative of.</summary>
internal sealed class Origins : IDisposable
{
    [ThreadStatic]
    private static Origins? t_current;

    private readonly Dictionary<Node, Origin> _origins = [];
    private readonly Origins? _outer = t_current;
    private Func<Origin>? _given;
    private bool _isRecomputing;

    private Origins() => t_current = this;

    /// <summary>Begins to remember, on this thread, until disposed.</summary>
    public static Origins Record() => new();

    /// <summary>Called for each new node.</summary>
    public static void Made(Node n)
    {
        if (t_current is { } origins) origins._origins[n] = origins._given?.Invoke() ?? new(PlaceOf(new StackTrace(1, true)), NodePart.Primal);
    }

    /// <summary>Nodes from a number on are what a function computes whose derivative comes next, derivatives among them too.</summary>
    public static void Settle(long firstId)
    {
        if (t_current is not { } origins) return;
        foreach ((Node n, Origin origin) in origins._origins.Where(p => p.Key.Id >= firstId && p.Value.Part != NodePart.Primal).ToArray())
            origins._origins[n] = origin with { Part = NodePart.Primal };
    }

    /// <summary>Nodes made from here on stand for another node, or belong to its derivative.</summary>
    public static Scope Of(Node source, NodePart? part = null) => t_current is { } origins ? origins.Enter(source, part) : default;

    /// <summary>Copies made from here on compute again what the originals compute.</summary>
    public static Recomputing Recompute() => new(t_current);

    /// <summary>The origin of a node made meanwhile.</summary>
    public bool TryFind(Node n, [NotNullWhen(true)] out Origin? origin) => _origins.TryGetValue(n, out origin);

    public void Dispose() => t_current = _outer;

    private Scope Enter(Node source, NodePart? part)
    {
        Func<Origin>? before = _given;
        Origin? known = _origins.GetValueOrDefault(source);
        NodePart own = part ?? known?.Part ?? NodePart.Primal;
        if (_isRecomputing && own == NodePart.Primal) own = NodePart.Recomputed;
        _given = () => new Origin(known?.Place ?? "", own);
        return new Scope(this, before);
    }

    /// <summary>The innermost frame outside the library.</summary>
    private static string PlaceOf(StackTrace trace)
    {
        foreach (StackFrame frame in trace.GetFrames())
        {
            if (frame.GetMethod() is not { } method || method.DeclaringType?.Assembly is not { } assembly || IsOwn(assembly)) continue;
            return frame.GetFileName() is { } file ? $"{Path.GetFileName(file)}:{frame.GetFileLineNumber()}" : $"{method.DeclaringType.Name}.{method.Name}";
        }

        return "";
    }

    private static bool IsOwn(Assembly assembly) => assembly.GetName().Name is { } name
        && (name.StartsWith("Cotangent", StringComparison.Ordinal) && name != "Cotangent.Samples" || name.StartsWith("System.", StringComparison.Ordinal));

    /// <summary>Ends with the nodes that it was for.</summary>
    internal readonly struct Scope(Origins? origins, Func<Origin>? before) : IDisposable
    {
        public void Dispose()
        {
            if (origins is not null) origins._given = before;
        }
    }

    /// <summary>Ends with the copies that it was for.</summary>
    internal readonly struct Recomputing : IDisposable
    {
        private readonly Origins? _origins;

        public Recomputing(Origins? origins)
        {
            _origins = origins;
            if (origins is not null) origins._isRecomputing = true;
        }

        public void Dispose()
        {
            if (_origins is not null) _origins._isRecomputing = false;
        }
    }
}
