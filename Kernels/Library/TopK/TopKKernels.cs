namespace Cotangent.Kernels.Library;

/// <summary>The first k elements of an order by radix selection: the digits of the k-th key are found from the highest on, by a histogram
/// of 256 bins each; what comes before that key is kept, and as many of its equals as are missing; only these k are sorted.</summary>
/// <remarks>A 32-bit key is read 8 times, 32 bytes an element: four histograms, and two compactions that test twice. A full sort of keys and
/// positions moves ten times as much.</remarks>
internal static class TopKKernels
{
    /// <summary>Bits of a digit.</summary>
    public const int Bits = 8;

    /// <summary>Values of a digit.</summary>
    public const int Digits = 1 << Bits;

    /// <summary>One item: k elements are wanted, no digit is known.</summary>
    public static void Begin(Index1D i, ArrayView<int> wanted, int k) => wanted[i] = k;

    /// <summary>One item finds the next digit of the k-th key among those whose higher digits are its own.</summary>
    /// <param name="i">0.</param>
    /// <param name="counts">How many of them have each digit.</param>
    /// <param name="chosen">Receives the digit.</param>
    /// <param name="wanted">How many of them are wanted; afterwards, how many of those with the digit.</param>
    /// <param name="pass">The number of digits known.</param>
    public static void Choose(Index1D i, ArrayView<int> counts, ArrayView<int> chosen, ArrayView<int> wanted, int pass)
    {
        int left = wanted[i];
        int digit = 0;
        while (digit < Digits - 1 && counts[digit] < left)
        {
            left -= counts[digit];
            digit++;
        }

        chosen[pass] = digit;
        wanted[i] = left;
    }
}

/// <summary>Counts the next digit of keys whose higher digits are chosen.</summary>
internal readonly struct ChosenBins<T, TOrder>(ArrayView<int> chosen, int pass) : IBinning<T>
    where T : unmanaged
    where TOrder : struct, IRadixSortOperation<T>
{
    private readonly ArrayView<int> _chosen = chosen;
    private readonly int _pass = pass;

    public int Bin(T value)
    {
        TOrder order = default;
        int shift = order.NumBits;
        bool isChosen = true;
        for (int p = 0; p < _pass; p++)
        {
            shift -= TopKKernels.Bits;
            isChosen &= order.ExtractRadixBits(value, shift, TopKKernels.Digits - 1) == _chosen[p];
        }

        int digit = order.ExtractRadixBits(value, shift - TopKKernels.Bits, TopKKernels.Digits - 1);
        return isChosen ? digit : -1;
    }
}

/// <summary>Keeps the keys that compare as wanted with the k-th: −1 before it, 0 its equals.</summary>
internal readonly struct ChosenSelector<T, TOrder>(ArrayView<T> keys, ArrayView<int> chosen, int comparison) : ISelector
    where T : unmanaged
    where TOrder : struct, IRadixSortOperation<T>
{
    private readonly ArrayView<T> _keys = keys;
    private readonly ArrayView<int> _chosen = chosen;
    private readonly int _comparison = comparison;

    public bool Test(int i)
    {
        TOrder order = default;
        T key = _keys[i];
        int result = 0;
        int shift = order.NumBits;
        for (int p = 0; p < _chosen.Length; p++)
        {
            shift -= TopKKernels.Bits;
            int difference = order.ExtractRadixBits(key, shift, TopKKernels.Digits - 1) - _chosen[p];
            int sign = (difference >> 31) | (difference > 0 ? 1 : 0);
            result = result == 0 ? sign : result;
        }

        return result == _comparison;
    }
}

/// <summary>Takes keys and their positions: those before the k-th from the first place on, its equals behind them while places are
/// left.</summary>
internal readonly struct ChosenPayload<T>(
    ArrayView<T> keys, ArrayView<T> keysOut, ArrayView<int> positions, ArrayView<int> wanted, int isBefore) : IPayload
    where T : unmanaged
{
    private readonly ArrayView<T> _keys = keys;
    private readonly ArrayView<T> _keysOut = keysOut;
    private readonly ArrayView<int> _positions = positions;
    private readonly ArrayView<int> _wanted = wanted;
    private readonly int _isBefore = isBefore;

    public void Move(int from, int to)
    {
        int equals = _wanted[0];
        int place = _isBefore != 0 ? to : _keysOut.IntLength - equals + to;
        if (_isBefore != 0 || to < equals)
        {
            _keysOut[place] = _keys[from];
            _positions[place] = from;
        }
    }
}
