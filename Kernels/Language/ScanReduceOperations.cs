namespace Cotangent.Kernels;

// ILGPU.Algorithms.ScanReduceOperations, name for name: one line a member.

/// <summary>Sum of <c>int</c> values.</summary>
public readonly struct AddInt32 : IScanReduceOperation<int>
{
    /// <inheritdoc/>
    public int Identity => 0;

    /// <inheritdoc/>
    public int Apply(int first, int second) => first + second;

    /// <inheritdoc/>
    public void AtomicApply(ref int target, int value) => Atomic.Add(ref target, value);
}

/// <summary>Sum of <c>long</c> values.</summary>
public readonly struct AddInt64 : IScanReduceOperation<long>
{
    /// <inheritdoc/>
    public long Identity => 0;

    /// <inheritdoc/>
    public long Apply(long first, long second) => first + second;

    /// <inheritdoc/>
    public void AtomicApply(ref long target, long value) => Atomic.Add(ref target, value);
}

/// <summary>Sum of <c>uint</c> values.</summary>
public readonly struct AddUInt32 : IScanReduceOperation<uint>
{
    /// <inheritdoc/>
    public uint Identity => 0;

    /// <inheritdoc/>
    public uint Apply(uint first, uint second) => first + second;

    /// <inheritdoc/>
    public void AtomicApply(ref uint target, uint value) => Atomic.Add(ref target, value);
}

/// <summary>Sum of <c>ulong</c> values.</summary>
public readonly struct AddUInt64 : IScanReduceOperation<ulong>
{
    /// <inheritdoc/>
    public ulong Identity => 0;

    /// <inheritdoc/>
    public ulong Apply(ulong first, ulong second) => first + second;

    /// <inheritdoc/>
    public void AtomicApply(ref ulong target, ulong value) => Atomic.Add(ref target, value);
}

/// <summary>Sum of <c>float</c> values.</summary>
public readonly struct AddFloat : IScanReduceOperation<float>
{
    /// <inheritdoc/>
    public float Identity => -0f;

    /// <inheritdoc/>
    public float Apply(float first, float second) => first + second;

    /// <inheritdoc/>
    public void AtomicApply(ref float target, float value) => Atomic.Add(ref target, value);
}

/// <summary>Sum of <c>double</c> values.</summary>
public readonly struct AddDouble : IScanReduceOperation<double>
{
    /// <inheritdoc/>
    public double Identity => -0d;

    /// <inheritdoc/>
    public double Apply(double first, double second) => first + second;

    /// <inheritdoc/>
    public void AtomicApply(ref double target, double value) => Atomic.Add(ref target, value);
}

/// <summary>Maximum of <c>int</c> values.</summary>
public readonly struct MaxInt32 : IScanReduceOperation<int>
{
    /// <inheritdoc/>
    public int Identity => int.MinValue;

    /// <inheritdoc/>
    public int Apply(int first, int second) => Math.Max(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref int target, int value) => Atomic.Max(ref target, value);
}

/// <summary>Maximum of <c>long</c> values.</summary>
public readonly struct MaxInt64 : IScanReduceOperation<long>
{
    /// <inheritdoc/>
    public long Identity => long.MinValue;

    /// <inheritdoc/>
    public long Apply(long first, long second) => Math.Max(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref long target, long value) => Atomic.Max(ref target, value);
}

/// <summary>Maximum of <c>uint</c> values.</summary>
public readonly struct MaxUInt32 : IScanReduceOperation<uint>
{
    /// <inheritdoc/>
    public uint Identity => uint.MinValue;

    /// <inheritdoc/>
    public uint Apply(uint first, uint second) => Math.Max(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref uint target, uint value) => Atomic.Max(ref target, value);
}

/// <summary>Maximum of <c>ulong</c> values.</summary>
public readonly struct MaxUInt64 : IScanReduceOperation<ulong>
{
    /// <inheritdoc/>
    public ulong Identity => ulong.MinValue;

    /// <inheritdoc/>
    public ulong Apply(ulong first, ulong second) => Math.Max(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref ulong target, ulong value) => Atomic.Max(ref target, value);
}

/// <summary>Maximum of <c>float</c> values.</summary>
public readonly struct MaxFloat : IScanReduceOperation<float>
{
    /// <inheritdoc/>
    public float Identity => float.NegativeInfinity;

    /// <inheritdoc/>
    public float Apply(float first, float second) => MathF.Max(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref float target, float value) => Atomic.Max(ref target, value);
}

/// <summary>Maximum of <c>double</c> values.</summary>
public readonly struct MaxDouble : IScanReduceOperation<double>
{
    /// <inheritdoc/>
    public double Identity => double.NegativeInfinity;

    /// <inheritdoc/>
    public double Apply(double first, double second) => Math.Max(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref double target, double value) => Atomic.Max(ref target, value);
}

/// <summary>Minimum of <c>int</c> values.</summary>
public readonly struct MinInt32 : IScanReduceOperation<int>
{
    /// <inheritdoc/>
    public int Identity => int.MaxValue;

    /// <inheritdoc/>
    public int Apply(int first, int second) => Math.Min(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref int target, int value) => Atomic.Min(ref target, value);
}

/// <summary>Minimum of <c>long</c> values.</summary>
public readonly struct MinInt64 : IScanReduceOperation<long>
{
    /// <inheritdoc/>
    public long Identity => long.MaxValue;

    /// <inheritdoc/>
    public long Apply(long first, long second) => Math.Min(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref long target, long value) => Atomic.Min(ref target, value);
}

/// <summary>Minimum of <c>uint</c> values.</summary>
public readonly struct MinUInt32 : IScanReduceOperation<uint>
{
    /// <inheritdoc/>
    public uint Identity => uint.MaxValue;

    /// <inheritdoc/>
    public uint Apply(uint first, uint second) => Math.Min(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref uint target, uint value) => Atomic.Min(ref target, value);
}

/// <summary>Minimum of <c>ulong</c> values.</summary>
public readonly struct MinUInt64 : IScanReduceOperation<ulong>
{
    /// <inheritdoc/>
    public ulong Identity => ulong.MaxValue;

    /// <inheritdoc/>
    public ulong Apply(ulong first, ulong second) => Math.Min(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref ulong target, ulong value) => Atomic.Min(ref target, value);
}

/// <summary>Minimum of <c>float</c> values.</summary>
public readonly struct MinFloat : IScanReduceOperation<float>
{
    /// <inheritdoc/>
    public float Identity => float.PositiveInfinity;

    /// <inheritdoc/>
    public float Apply(float first, float second) => MathF.Min(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref float target, float value) => Atomic.Min(ref target, value);
}

/// <summary>Minimum of <c>double</c> values.</summary>
public readonly struct MinDouble : IScanReduceOperation<double>
{
    /// <inheritdoc/>
    public double Identity => double.PositiveInfinity;

    /// <inheritdoc/>
    public double Apply(double first, double second) => Math.Min(first, second);

    /// <inheritdoc/>
    public void AtomicApply(ref double target, double value) => Atomic.Min(ref target, value);
}
