using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Il;

namespace Cotangent.Kernels;

/// <summary>Writes a value of type <typeparamref name="T"/> as the arguments of its IR parameters; made once a type.</summary>
internal static class ArgumentPacker<T>
    where T : struct
{
    private static readonly Packer s_pack = Create();

    private delegate void Packer(T value, KernelArgument[] arguments, int at);

    /// <summary>IR arguments one value takes.</summary>
    public static int Count { get; } = ArgumentLeaves.Count(TypeLayout.Of(typeof(T)));

    public static void Pack(T value, KernelArgument[] arguments, int at)
    {
        // Decided by the JIT: a float is packed by two moves.
        if (typeof(T) == typeof(float))
            arguments[at] = KernelArgument.Scalar(Unsafe.As<T, float>(ref value));
        else if (typeof(T) == typeof(int))
            arguments[at] = KernelArgument.Scalar(Unsafe.As<T, int>(ref value));
        else
            s_pack(value, arguments, at);
    }

    private static Packer Create() => TypeLayout.Of(typeof(T)) switch
    {
        ScalarLayout => PackScalar,
        ViewLayout view => typeof(ArgumentLeaves).GetMethod(nameof(ArgumentLeaves.PackView))!
            .MakeGenericMethod(view.Element).CreateDelegate<Packer>(),
        StructLayout { IsArray: true } array => typeof(ArgumentLeaves).GetMethod(nameof(ArgumentLeaves.PackElements))!
            .MakeGenericMethod(typeof(T), array.Fields[0].Layout.Type).CreateDelegate<Packer>(),
        StructLayout layout => CreateForStruct(layout),
        _ => throw new InvalidOperationException($"{typeof(T)} cannot be a kernel argument."),
    };

    private static void PackScalar(T value, KernelArgument[] arguments, int at)
    {
        if (typeof(T) == typeof(Half) || typeof(T) == typeof(BFloat16))
        {
            arguments[at] = KernelArgument.Scalar(typeof(T) == typeof(Half)
                ? (float)Unsafe.As<T, Half>(ref value)
                : Unsafe.As<T, BFloat16>(ref value));
            return;
        }

        ulong bits = Type.GetTypeCode(typeof(T)) switch
        {
            TypeCode.Boolean => Unsafe.As<T, bool>(ref value) ? 1u : 0u,
            TypeCode.SByte => (uint)Unsafe.As<T, sbyte>(ref value),
            TypeCode.Byte => Unsafe.As<T, byte>(ref value),
            TypeCode.Int16 => (uint)Unsafe.As<T, short>(ref value),
            TypeCode.UInt16 or TypeCode.Char => Unsafe.As<T, ushort>(ref value),
            TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => Unsafe.As<T, uint>(ref value),
            _ => Unsafe.As<T, ulong>(ref value),
        };
        arguments[at] = KernelArgument.Raw(bits);
    }

    private static Packer CreateForStruct(StructLayout layout)
    {
        ParameterExpression value = Expression.Parameter(typeof(T));
        ParameterExpression arguments = Expression.Parameter(typeof(KernelArgument[]));
        ParameterExpression at = Expression.Parameter(typeof(int));
        List<Expression> body = [Expression.Empty()];
        int offset = 0;
        foreach (FieldLayout field in layout.Fields)
        {
            MethodInfo pack = typeof(ArgumentPacker<>).MakeGenericType(field.Layout.Type).GetMethod(nameof(Pack))!;
            body.Add(Expression.Call(pack, Expression.Field(value, field.Field), arguments,
                Expression.Add(at, Expression.Constant(offset))));
            offset += ArgumentLeaves.Count(field.Layout);
        }

        return Expression.Lambda<Packer>(Expression.Block(body), value, arguments, at).Compile();
    }
}

/// <summary>What packing needs apart from the type parameter.</summary>
internal static class ArgumentLeaves
{
    public static int Count(TypeLayout layout) => layout switch
    {
        StructLayout tree => tree.Fields.Sum(f => Count(f.Layout)),
        ViewLayout => 2,
        _ => 1,
    };

    /// <summary>Packs the elements of an inline array or fixed buffer.</summary>
    public static void PackElements<T, TElement>(T value, KernelArgument[] arguments, int at)
        where T : struct
        where TElement : struct
    {
        ref TElement first = ref Unsafe.As<T, TElement>(ref value);
        for (int i = 0; i < Unsafe.SizeOf<T>() / Unsafe.SizeOf<TElement>(); i++)
            ArgumentPacker<TElement>.Pack(Unsafe.Add(ref first, i), arguments, at + i * ArgumentPacker<TElement>.Count);
    }

    public static void PackView<TElement>(ArrayView<TElement> view, KernelArgument[] arguments, int at)
        where TElement : unmanaged
    {
        arguments[at] = view.Argument;
        arguments[at + 1] = KernelArgument.Scalar(view.Length);
    }
}
