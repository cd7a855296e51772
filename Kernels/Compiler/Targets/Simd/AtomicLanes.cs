using System.Reflection;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Atomic operations as emitted code calls them. Shared memory is a single worker's, so there plain reads and writes in lane
/// order will do. Where no lane wants the old element, all lanes go in one call.</summary>
internal static unsafe class AtomicLanes
{
    /// <summary>(address, value) → old element, for AtomicAdd … AtomicExchange; (address, comparand, value) for
    /// AtomicCompareExchange.</summary>
    public static MethodInfo One(Opcode opcode, AddressSpace space, Type element)
    {
        string place = space == AddressSpace.Shared ? "Shared" : "Global";
        return opcode is Opcode.AtomicExchange or Opcode.AtomicCompareExchange
            ? Method(opcode.ToString()["Atomic".Length..] + place, element)
            : Method("Update" + place, element, Update(opcode, element));
    }

    /// <summary>(pointer, indices, values, mask or 0, lanes): an element each.</summary>
    public static MethodInfo Many(Opcode opcode, AddressSpace space, Type element, Type index) =>
        Method(space == AddressSpace.Shared ? nameof(UpdateSharedLanes) : nameof(UpdateGlobalLanes),
            element, Update(opcode, element), index);

    /// <summary>(address, values, mask or 0, lanes): all lanes the same element.</summary>
    public static MethodInfo Same(Opcode opcode, AddressSpace space, Type element)
    {
        bool isAssociative = opcode != Opcode.AtomicAdd || (element != typeof(float) && element != typeof(double));
        return Method(space != AddressSpace.Shared && isAssociative ? nameof(UpdateSameOnce) : nameof(UpdateSameInOrder),
            element, Update(opcode, element));
    }

    /// <summary>True for the operations that <see cref="Many"/> and <see cref="Same"/> do.</summary>
    public static bool IsUpdate(Opcode opcode) => opcode is >= Opcode.AtomicAdd and <= Opcode.AtomicXor;

    private static MethodInfo Method(string name, params Type[] arguments) =>
        typeof(AtomicLanes).GetMethod(name)?.MakeGenericMethod(arguments) ?? throw new MissingMethodException(nameof(AtomicLanes), name);

    private static Type Update(Opcode opcode, Type element) => (opcode switch
    {
        Opcode.AtomicAdd => typeof(AtomicUpdate.Add<>),
        Opcode.AtomicMin => typeof(AtomicUpdate.Min<>),
        Opcode.AtomicMax => typeof(AtomicUpdate.Max<>),
        Opcode.AtomicAnd => typeof(AtomicUpdate.And<>),
        Opcode.AtomicOr => typeof(AtomicUpdate.Or<>),
        Opcode.AtomicXor => typeof(AtomicUpdate.Xor<>),
        _ => throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "Not an update."),
    }).MakeGenericType(element);

    public static T UpdateGlobal<T, TUpdate>(T* address, T value)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T> => AtomicUpdate.Apply<T, TUpdate>(ref *address, value);

    public static T UpdateShared<T, TUpdate>(T* address, T value)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T>
    {
        T old = *address;
        *address = TUpdate.Apply(old, value);
        return old;
    }

    public static T ExchangeGlobal<T>(T* address, T value)
        where T : unmanaged => AtomicUpdate.Exchange(ref *address, value);

    public static T ExchangeShared<T>(T* address, T value)
        where T : unmanaged
    {
        T old = *address;
        *address = value;
        return old;
    }

    public static T CompareExchangeGlobal<T>(T* address, T comparand, T value)
        where T : unmanaged => AtomicUpdate.CompareExchange(ref *address, comparand, value);

    public static T CompareExchangeShared<T>(T* address, T comparand, T value)
        where T : unmanaged
    {
        T old = *address;
        if (AtomicUpdate.SameBits(old, comparand))
            *address = value;
        return old;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void UpdateGlobalLanes<T, TUpdate, TIndex>(T* pointer, TIndex* indices, T* values, int* mask, int lanes)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T>
        where TIndex : unmanaged
    {
        for (int i = 0; i < lanes; i++)
        {
            if (mask == null || mask[i] != 0)
                AtomicUpdate.Apply<T, TUpdate>(ref pointer[Index(indices + i)], values[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void UpdateSharedLanes<T, TUpdate, TIndex>(T* pointer, TIndex* indices, T* values, int* mask, int lanes)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T>
        where TIndex : unmanaged
    {
        if (mask != null)
        {
            for (int i = 0; i < lanes; i++)
            {
                if (mask[i] != 0)
                    Change<T, TUpdate>(pointer + Index(indices + i), values[i]);
            }

            return;
        }

        // Lanes are a multiple of four.
        for (TIndex* end = indices + lanes; indices < end; indices += 4, values += 4)
        {
            Change<T, TUpdate>(pointer + Index(indices), values[0]);
            Change<T, TUpdate>(pointer + Index(indices + 1), values[1]);
            Change<T, TUpdate>(pointer + Index(indices + 2), values[2]);
            Change<T, TUpdate>(pointer + Index(indices + 3), values[3]);
        }
    }

    /// <summary>Combines the lanes first: one atomic operation. For operations that may be reordered without changing a bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void UpdateSameOnce<T, TUpdate>(T* address, T* values, int* mask, int lanes)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T>
    {
        int first = 0;
        while (mask != null && first < lanes && mask[first] == 0)
            first++;
        if (first == lanes)
            return;
        T all = values[first];
        for (int i = first + 1; i < lanes; i++)
        {
            if (mask == null || mask[i] != 0)
                all = TUpdate.Apply(all, values[i]);
        }

        AtomicUpdate.Apply<T, TUpdate>(ref *address, all);
    }

    /// <summary>The lanes' values in lane order, in one exchange: the bits of doing one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void UpdateSameInOrder<T, TUpdate>(T* address, T* values, int* mask, int lanes)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T>
    {
        T old = AtomicUpdate.Read(ref *address);
        while (true)
        {
            T next = old;
            for (int i = 0; i < lanes; i++)
            {
                if (mask == null || mask[i] != 0)
                    next = TUpdate.Apply(next, values[i]);
            }

            if (AtomicUpdate.SameBits(next, old))
                return;
            T seen = AtomicUpdate.CompareExchange(ref *address, old, next);
            if (AtomicUpdate.SameBits(seen, old))
                return;
            old = seen;
        }
    }

    /// <summary>An index of 4 or 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Index<TIndex>(TIndex* index)
        where TIndex : unmanaged => sizeof(TIndex) == sizeof(int) ? *(int*)index : (nint)(*(long*)index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Change<T, TUpdate>(T* address, T value)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T> => *address = TUpdate.Apply(*address, value);
}
