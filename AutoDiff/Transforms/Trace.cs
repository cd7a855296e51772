using Cotangent.AutoDiff.Control;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>A function called once with placeholders for its arguments.</summary>
/// <remarks>Each transform makes its own placeholders, so tangents of nested transforms cannot be confused, and a captured tensor is a
/// constant even if it is also the argument. Results are bound to the arguments before they leave: they are ordinary lazy nodes.</remarks>
internal sealed class Trace
{
    private readonly Dictionary<Node, Node> _arguments = [];
    private readonly Node[] _placeholders;
    private readonly Replacements _replacements = new();

    public Trace(string transform, Func<Node[], Node[]> f, IReadOnlyList<Node> arguments, IReadOnlyList<string>? names = null)
    {
        _placeholders = new Node[arguments.Count];
        for (int i = 0; i < arguments.Count; i++)
        {
            Node x = arguments[i];
            string name = names is null ? $"argument {i}" : names[i].Length == 0 ? "the argument" : $"argument '{names[i]}'";
            if (!x.DType.IsFloat())
            {
                throw new NotDifferentiableException($"{transform}: {name} is {x.DType}{x.Shape}; derivatives are taken with " +
                    "respect to floating tensors. Let the function capture it instead of taking it, or cast it.");
            }

            _placeholders[i] = Make.Input(x.Shape, x.DType, x.Device, $"{transform} {name}", x.IsAnywhere);
            _arguments[_placeholders[i]] = x;
        }

        Outputs = f(_placeholders);
        if (_placeholders.Length > 0) Origins.Settle(_placeholders[0].Id);
    }

    /// <summary>What stood for the arguments.</summary>
    public IReadOnlyList<Node> Placeholders => _placeholders;

    /// <summary>What the function returned, in terms of the placeholders.</summary>
    public Node[] Outputs { get; }

    /// <summary>Nodes in terms of the arguments; null stays null.</summary>
    public Node?[] Bind(Node?[] nodes)
    {
        Queue<Node> bound = new(Walk.Substitute([.. _replacements.Resolve(nodes).OfType<Node>()], _arguments));
        return [.. nodes.Select(n => n is null ? null : bound.Dequeue())];
    }

    /// <summary>The tangents of the outputs for tangents of the arguments.</summary>
    public Node?[] Tangents(IReadOnlyList<Node> tangents) => Tangents(Outputs, tangents, ForwardMode.Together);

    /// <summary>The derivative of outputs at the arguments, as a map of tangents.</summary>
    public LinearMap Linearize(IReadOnlyList<Node> outputs)
    {
        Node[] tangents = [.. _placeholders.Select(p => Make.Input(p.Shape, p.DType, p.Device, "tangent", p.IsAnywhere))];
        return new LinearMap(tangents, Tangents(outputs, tangents, ForwardMode.Linear));
    }

    private Node?[] Tangents(IReadOnlyList<Node> outputs, IReadOnlyList<Node> tangents, ForwardMode mode) =>
        Forward.Tangents(outputs, _placeholders.Zip(tangents).ToDictionary(p => p.First, p => p.Second), mode, _replacements);
}
