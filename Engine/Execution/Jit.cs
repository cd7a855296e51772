namespace Cotangent;

/// <summary>Compiles functions of tensors: the first call with arguments of some shapes runs the function once, on
/// placeholders, to record what it does; that and later calls run the recorded program, fused, planned and without
/// calling the function again.</summary>
/// <remarks>
/// <para>A trace depends on the structure of the arguments, shapes, dtypes, devices and on constants: C# values that
/// are arguments of a type other than <see cref="Tensor"/> (numbers, strings, enums, inside records too). When one
/// changes the function is traced again; numbers that only enter arithmetic do not lead to new kernels. A C# number
/// given where the function takes a <see cref="Tensor"/> is passed to the kernels as an argument: it may change at
/// every call.</para>
/// <para>Other tensors that the function uses are held by reference, with the value they had when it was traced.
/// <see cref="State"/> cells that it reads and assigns are read and written by every call. What else it does (print,
/// count, change fields) happens only while it is traced.</para>
/// </remarks>
/// <example><code>
/// var step = Jit.Compile((Tensor x, Tensor rate) =&gt;
/// {
///     w.Value -= rate * Gradient(w.Value, x);
///     return Loss(w.Value, x);
/// });
/// Tensor loss = step.Invoke(batch, 1e-3f);
/// </code></example>
public static class Jit
{
    /// <summary>Compiles a function of one tensor.</summary>
    public static CompiledFunction<Tensor, Tensor> Compile(Func<Tensor, Tensor> function) =>
        Compile<Tensor, Tensor>(function);

    /// <summary>Compiles a function of two tensors.</summary>
    public static CompiledFunction<Tensor, Tensor, Tensor> Compile(Func<Tensor, Tensor, Tensor> function) =>
        Compile<Tensor, Tensor, Tensor>(function);

    /// <summary>Compiles a function of no argument: of cells and captured tensors.</summary>
    public static CompiledFunction<TResult> Compile<TResult>(Func<TResult> function) => new(Checked(function));

    /// <summary>Compiles a function of a tree, see <see cref="Trees"/>.</summary>
    public static CompiledFunction<T, TResult> Compile<T, TResult>(Func<T, TResult> function) => new(Checked(function));

    /// <summary>Compiles a function of two trees.</summary>
    public static CompiledFunction<T1, T2, TResult> Compile<T1, T2, TResult>(Func<T1, T2, TResult> function) =>
        new(Checked(function));

    /// <summary>Compiles a function of three trees.</summary>
    public static CompiledFunction<T1, T2, T3, TResult> Compile<T1, T2, T3,
        TResult>(Func<T1, T2, T3, TResult> function) => new(Checked(function));

    /// <summary>Compiles a function of four trees.</summary>
    public static CompiledFunction<T1, T2, T3, T4, TResult> Compile<T1, T2, T3, T4,
        TResult>(Func<T1, T2, T3, T4, TResult> function) =>
        new(Checked(function));

    private static T Checked<T>(T function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return function;
    }
}
