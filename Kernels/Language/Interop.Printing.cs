using System.Globalization;

namespace Cotangent.Kernels;

// Printing from kernels, one overload a number of values, as ILGPU has them.
public static partial class Interop
{
    /// <summary>Prints text from a kernel, for debugging.</summary>
    /// <param name="expression">A constant.</param>
    /// <remarks>What a kernel prints appears on the console when its launch is done, in no order between work items; a launch with
    /// printing waits. 65,536 words are kept, a value taking one or two and a line one. On Device.Debug it appears at
    /// once.</remarks>
    public static void Write(string expression) => Console.Out.Write(expression);

    /// <inheritdoc cref="Write(string)"/>
    public static void WriteLine(string expression) => Console.Out.WriteLine(expression);

    /// <summary>Prints values from a kernel, for debugging; see <see cref="Write(string)"/>.</summary>
    /// <param name="format">A constant composite format, as for string.Format; in the invariant culture.</param>
    /// <param name="arg1">A scalar.</param>
    /// <exception cref="FormatException">The format is none (in a kernel it is refused then).</exception>
    public static void Write<T1>(string format, T1 arg1)
        where T1 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, (object)arg1));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1>(string format, T1 arg1)
        where T1 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, (object)arg1));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2>(string format, T1 arg1, T2 arg2)
        where T1 : unmanaged
        where T2 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2>(string format, T1 arg1, T2 arg2)
        where T1 : unmanaged
        where T2 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3>(string format, T1 arg1, T2 arg2, T3 arg3)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3>(string format, T1 arg1, T2 arg2, T3 arg3)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4>(string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4>(string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5>(string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5>(string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7, T8>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7, T8>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11, T12 arg12)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11, T12 arg12)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11, T12 arg12, T13 arg13)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11, T12 arg12, T13 arg13)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void Write<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11, T12 arg12, T13 arg13, T14 arg14)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged
        where T14 : unmanaged =>
        Console.Out.Write(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14]));

    /// <inheritdoc cref="Write{T1}(string, T1)"/>
    public static void WriteLine<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14>(
        string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8, T9 arg9, T10 arg10, T11 arg11, T12 arg12, T13 arg13, T14 arg14)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged
        where T14 : unmanaged =>
        Console.Out.WriteLine(string.Format(CultureInfo.InvariantCulture, format, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14]));
}
