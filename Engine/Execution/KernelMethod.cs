using System.Reflection;
using System.Runtime.CompilerServices;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

/// <summary>Runs a user's kernel as the C# method that it is, on Device.Debug: breakpoints work, views check their
/// bounds.</summary>
internal static class KernelMethod
{
    private static readonly MethodInfo s_view =
        typeof(KernelMethod).GetMethod(nameof(View), BindingFlags.Static | BindingFlags.NonPublic)!;

    public static void Run(DebugDevice device, KernelAttributes call, ReadOnlySpan<KernelArgument> arguments)
    {
        UserKernel kernel = call.Kernel;
        LaunchKind kind = kernel.Source.Kind;
        int first = kind == LaunchKind.Grouped ? 0 : 1, next = 0;
        ParameterInfo[] parameters = kernel.Method.GetParameters();
        object?[] values = new object?[parameters.Length];
        for (int i = first; i < parameters.Length; i++) values[i] = Take(parameters[i].ParameterType, arguments, ref next);

        void Item(object? index)
        {
            if (index is not null) values[0] = index;
            kernel.Method.Invoke(kernel.Target, BindingFlags.DoNotWrapExceptions, null, values, null);
        }

        DebugMethod method = new(kernel.Method, i => values[i]);
        LaunchShape launch = call.Launch;
        if (kind == LaunchKind.Grouped)
        {
            SharedMemoryConfig shared = new(sizeof(byte), launch.SharedBytes);
            device.RunGroups(method, new KernelConfig(launch.Grid, launch.Group, shared), () => Item(null));
        }
        else device.RunRange(method, launch.Extent, i => Item(IndexOf(parameters[0].ParameterType, i)));
    }

    private static object IndexOf(Type type, Index3D i) =>
        type == typeof(Index1D) ? new Index1D(i.X)
        : type == typeof(Index2D) ? new Index2D(i.X, i.Y)
        : type == typeof(LongIndex1D) ? new LongIndex1D(i.X)
        : type == typeof(LongIndex2D) ? new LongIndex2D(i.X, i.Y)
        : type == typeof(LongIndex3D) ? new LongIndex3D(i.X, i.Y, i.Z)
        : i;

    /// <summary>The value of a parameter from its leaves.</summary>
    private static object Take(Type type, ReadOnlySpan<KernelArgument> arguments, ref int next)
    {
        switch (TypeLayout.Of(type))
        {
            case ViewLayout view:
                KernelArgument memory = arguments[next++];
                object[] range = [memory.Memory!.HostPointer + (nint)memory.Bits, arguments[next++].Bits];
                return s_view.MakeGenericMethod(view.Element).Invoke(null, range)!;
            case StructLayout tree:
                object value = RuntimeHelpers.GetUninitializedObject(type);
                foreach (FieldLayout field in tree.Fields) field.Field.SetValue(value, Take(field.Layout.Type, arguments, ref next));
                return value;
            default:
                long bits = arguments[next++].Bits;
                object number = Type.GetTypeCode(type) switch
                {
                    TypeCode.Boolean => bits != 0,
                    TypeCode.Int32 => (int)bits,
                    TypeCode.UInt32 => (uint)bits,
                    TypeCode.Single => BitConverter.UInt32BitsToSingle((uint)bits),
                    TypeCode.Double => BitConverter.Int64BitsToDouble(bits),
                    _ when type == typeof(nint) => (nint)bits,
                    _ => bits,
                };
                return type.IsEnum ? Enum.ToObject(type, number) : number;
        }
    }

    private static unsafe ArrayView<T> View<T>(nint pointer, long length) where T : unmanaged => new((T*)pointer, length);
}
