using System.Globalization;

namespace Cotangent.Execution;

/// <summary>Gives the leaves of a call's arguments to a walk.</summary>
internal delegate void ArgumentReader<T>(in T arguments, ref ArgumentWalk walk);

/// <summary>Compares the arguments of a call with a signature and collects their tensors, without a list, a path or a box: for arguments that
/// are tensors or numbers, or one array of tensors. Others do not match, and are looked at as trees.</summary>
/// <param name="signature">The signature.</param>
/// <param name="tensors">Takes the tensors.</param>
internal ref struct ArgumentWalk(Signature signature, Tensor[] tensors)
{
    private const int LongestArray = 256;

    private static readonly string[] s_paths =
        [.. Enumerable.Range(0, LongestArray).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    private int _parts;
    private int _tensors;
    private bool _differs;

    /// <summary>True if all leaves of the signature were there, and no other.</summary>
    public readonly bool IsMatch => !_differs && _parts == signature.PartCount && _tensors == tensors.Length;

    /// <summary>The only argument.</summary>
    public void Only<T>(T argument)
    {
        if (argument is not Tensor[] array)
        {
            Add(argument, "");
            return;
        }

        if (array.Length > LongestArray) _differs = true;
        for (int i = 0; i < array.Length && !_differs; i++) Add(array[i], s_paths[i]);
    }

    /// <summary>One of several arguments.</summary>
    public void At<T>(int position, T argument) => Add(argument, s_paths[position]);

    private void Add<T>(T argument, string path)
    {
        // The branches but one are dropped when this is compiled for a type of value.
        if (argument is Tensor tensor) AddTensor(tensor, path);
        else if (argument is bool b) Expect(signature.Fits(_parts, path, b));
        else if (argument is int i) Expect(signature.Fits(_parts, path, i));
        else if (argument is long l) Expect(signature.Fits(_parts, path, l));
        else if (argument is float f) Expect(signature.Fits(_parts, path, f));
        else if (argument is double d) Expect(signature.Fits(_parts, path, d));
        else _differs = true;
    }

    private void AddTensor(Tensor tensor, string path)
    {
        // Of a traced tensor the call is a part of that trace.
        Expect(signature.Fits(_parts, path, tensor) && _tensors < tensors.Length && !tensor.Node.IsTraced);
        if (!_differs) tensors[_tensors++] = tensor;
    }

    private void Expect(bool fits)
    {
        _differs |= !fits;
        _parts++;
    }
}
