namespace Cotangent.Kernels;

/// <summary>A view of one element (ILGPU's <c>VariableView</c>).</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
public readonly struct VariableView<T>
    where T : unmanaged
{
    /// <summary>From a view of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the view is empty.</exception>
    public VariableView(ArrayView<T> baseView)
    {
        ViewCheck.Covers(baseView.Length, default(Stride1D.Dense), LongIndex1D.One);
        BaseView = baseView;
    }

    /// <summary>Bytes of the element.</summary>
    public static int VariableSize => ArrayView<T>.ElementSize;

    /// <summary>The view behind this one.</summary>
    public ArrayView<T> BaseView { get; }

    /// <summary>True if there is an element.</summary>
    public bool IsValid => BaseView.IsValid;

    /// <summary>The element.</summary>
    public ref T Value => ref BaseView[0];

    /// <summary>Writes this element's value to another.</summary>
    public void CopyTo(VariableView<T> targetView) => targetView.Value = Value;

    /// <summary>Takes another element's value.</summary>
    public void CopyFrom(VariableView<T> sourceView) => Value = sourceView.Value;

    /// <summary>A part of the element.</summary>
    /// <typeparam name="TOther">What is there: a scalar or a struct of scalars.</typeparam>
    /// <param name="offsetInBytes">Where it begins.</param>
    public VariableView<TOther> SubView<TOther>(int offsetInBytes)
        where TOther : unmanaged =>
        new(BaseView.Cast<byte>().SubView(offsetInBytes, ArrayView<TOther>.ElementSize).Cast<TOther>());
}
