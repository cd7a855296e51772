namespace Cotangent;

/// <summary>A type that holds tensors and says how to take them out and put others in: a parameter container with a
/// layout of its own. Tuples, arrays, lists, dictionaries and records need no such interface, see <see
/// cref="Trees"/>.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface ITensorTree<TSelf>
    where TSelf : ITensorTree<TSelf>
{
    /// <summary>The tensors with their names, always in the same order.</summary>
    IReadOnlyList<(string Name, Tensor Value)> Flatten();

    /// <summary>A copy with these tensors in place of its own, in the order of <see cref="Flatten"/>.</summary>
    TSelf Rebuild(IReadOnlyList<Tensor> leaves);
}
