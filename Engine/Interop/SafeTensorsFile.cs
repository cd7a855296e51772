namespace Cotangent.Interop;

/// <summary>What a safetensors file holds.</summary>
/// <param name="Tensors">The tensors by name.</param>
/// <param name="Metadata">The text that was stored with them.</param>
public sealed record SafeTensorsFile(IReadOnlyDictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>A tree with the structure of <paramref name="like"/> and the tensors of this file.</summary>
    internal T ToTree<T>(string path, T like)
    {
        string[] names = Trees.Names(like);
        Tensor[] old = Trees.Flatten(like);
        string[] missing = [.. names.Except(Tensors.Keys)], unknown = [.. Tensors.Keys.Except(names).Order(StringComparer.Ordinal)];
        if (missing.Length > 0) throw new TensorFileException(path, $"it lacks {List(missing)}.");
        if (unknown.Length > 0)
            throw new TensorFileException(path, $"it has {List(unknown)}, for which there is no place.");
        for (int i = 0; i < names.Length; i++)
        {
            Tensor found = Tensors[names[i]];
            if (found.Shape != old[i].Shape || found.DType != old[i].DType)
            {
                throw new TensorFileException(
                    path, $"'{names[i]}' is {found.DType}{found.Shape}; it should be {old[i].DType}{old[i].Shape}.");
            }
        }

        return Trees.Rebuild(like, [.. names.Select(n => Tensors[n])]);
    }

    private static string List(string[] names) =>
        string.Join(", ", names.Take(3).Select(n => $"'{n}'")) + (names.Length > 3 ? $" and {names.Length - 3} more" : "");
}
