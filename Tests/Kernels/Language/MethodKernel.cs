using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Calls any static method from a kernel made for it, and compares with .NET.</summary>
internal static class MethodKernel
{
    private static readonly double[] s_samples = [0.75, 2, 5, 1, 100, 0, -3, -0.5, 31];

    public static int SampleRows => s_samples.Length;

    public static Type Bare(Type type) => type.IsByRef ? type.GetElementType()! : type;

    /// <summary>void K(Index1D i, ArrayView&lt;R&gt; r, ArrayView&lt;A&gt; a, …) => r[i] = M(a[i], …); an out argument is a local.</summary>
    public static MethodInfo Make(MethodInfo method)
    {
        Type[] inputs = [.. method.GetParameters().Select(p => Bare(p.ParameterType))];
        Type[] views = [.. inputs.Prepend(method.ReturnType).Select(EmittedKernels.ViewOf)];
        return EmittedKernels.Make([typeof(Index1D), .. views], il =>
        {
            EmittedKernels.PushElement(il, 1, method.ReturnType);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (method.GetParameters()[i].ParameterType.IsByRef)
                {
                    il.Emit(OpCodes.Ldloca, il.DeclareLocal(inputs[i]));
                    continue;
                }

                EmittedKernels.PushElement(il, i + 2, inputs[i]);
                il.Emit(OpCodes.Ldobj, inputs[i]);
            }

            il.Emit(OpCodes.Call, method);
            il.Emit(OpCodes.Stobj, method.ReturnType);
            il.Emit(OpCodes.Ret);
        });
    }

    public static object Sample(Type type, int row)
    {
        type = Bare(type);
        double x = s_samples[row % s_samples.Length];
        if (type.IsEnum)
            return Enum.ToObject(type, row % 5);
        if (type == typeof(char))
            return (char)(ushort)(60 + x);
        if (type == typeof(nint))
            return (nint)x;
        if (type == typeof(nuint))
            return (nuint)Math.Abs(x);
        if (!type.IsPrimitive)
            return SampleStruct(type, row);
        bool isUnsigned = type == typeof(byte) || type == typeof(ushort) || type == typeof(uint) || type == typeof(ulong);
        bool isFloat = type == typeof(float) || type == typeof(double);
        return Convert.ChangeType(isUnsigned ? Math.Abs(Math.Truncate(x)) : isFloat ? x : Math.Truncate(x), type, CultureInfo.InvariantCulture);
    }

    private static object SampleStruct(Type type, int row)
    {
        byte[] bytes = new byte[MemoryLayout.SizeOf(type)];
        foreach ((ScalarType leaf, int offset) in MemoryLayout.Leaves(type))
        {
            double x = s_samples[row++ % s_samples.Length];
            ulong bits = Conversions.Convert(BitConverter.DoubleToUInt64Bits(x), ScalarType.Float64, leaf);
            BitConverter.GetBytes(bits).AsSpan(0, leaf.Size()).CopyTo(bytes.AsSpan(offset));
        }

        return typeof(MethodKernel).GetMethod(nameof(FromBytes), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type).Invoke(null, [bytes])!;
    }

    private static object FromBytes<T>(byte[] bytes)
        where T : unmanaged => MemoryMarshal.Read<T>(bytes);

    /// <summary>What .NET gives; null where it throws.</summary>
    public static object? TryInvoke(MethodInfo method, object[] arguments)
    {
        try
        {
            return method.Invoke(null, [.. arguments]);
        }
        catch (TargetInvocationException)
        {
            return null;
        }
    }

    public static object Run(Kernel kernel, MethodInfo method, object[] arguments)
    {
        List<DeviceMemory> memories = [Device.Debug.AllocateMemory(64)];
        foreach (object argument in arguments)
        {
            DeviceMemory memory = Device.Debug.AllocateMemory(64);
            Device.Debug.Write(Literals.BytesOf(argument), memory, 0);
            memories.Add(memory);
        }

        KernelArgument[] values = [.. memories.SelectMany(m => new[] { KernelArgument.Pointer(m), KernelArgument.Scalar(1L) })];
        Interpreter.Run(kernel, LaunchShape.Range(1), values);
        object result = typeof(MethodKernel).GetMethod(nameof(Read), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(method.ReturnType).Invoke(null, [memories[0]])!;
        memories.ForEach(m => m.Release());
        return result;
    }

    private static unsafe object Read<T>(DeviceMemory memory)
        where T : unmanaged => *(T*)memory.HostPointer;

    public static void Compare(MethodInfo method, object[] arguments, object expected, object actual)
    {
        if (expected is ITuple x && actual is ITuple y)
        {
            for (int i = 0; i < x.Length; i++)
                Compare(method, arguments, x[i]!, y[i]!);
            return;
        }

        bool isEstimate = method.Name.Contains("Estimate", StringComparison.Ordinal);
        double tolerance = isEstimate ? 1e-2 : expected is float ? 1e-6 : 1e-14;
        bool same = expected is float or double
            ? IsClose(Convert.ToDouble(expected, CultureInfo.InvariantCulture), Convert.ToDouble(actual, CultureInfo.InvariantCulture), tolerance)
            : expected.Equals(actual);
        if (expected is Half || !expected.GetType().IsPrimitive)
            same = HaveCloseScalars(expected, actual);
        Assert.True(same, $"{method.ToText()} of ({string.Join(", ", arguments)}) is {expected}, in a kernel {actual}");
    }

    private static bool HaveCloseScalars(object expected, object actual)
    {
        byte[] x = Literals.BytesOf(expected);
        byte[] y = Literals.BytesOf(actual);
        return MemoryLayout.Leaves(expected.GetType()).All(leaf =>
        {
            double a = Number(x, leaf.Type, leaf.Offset);
            double b = Number(y, leaf.Type, leaf.Offset);
            return IsClose(a, b, leaf.Type switch { ScalarType.Float16 => 2e-3, ScalarType.Float32 => 2e-6, _ => 1e-13 });
        });
    }

    private static double Number(byte[] bytes, ScalarType type, int offset)
    {
        byte[] word = new byte[8];
        bytes.AsSpan(offset, type.Size()).CopyTo(word);
        return BitConverter.UInt64BitsToDouble(Conversions.Convert(BitConverter.ToUInt64(word), type, ScalarType.Float64));
    }

    public static bool IsZero(object number) => Literals.BytesOf(number).All(b => b == 0);

    private static bool IsClose(double expected, double actual, double tolerance) =>
        expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected));
}
