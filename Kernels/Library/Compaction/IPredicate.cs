namespace Cotangent.Kernels.Library;

/// <summary>Says which elements to keep. Fields, if any, are passed to the kernel.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public interface IPredicate<T>
    where T : unmanaged
{
    /// <summary>True to keep the element.</summary>
    bool Test(T value);
}
