namespace Cotangent.Kernels;

// One overload a number of parameters, all of one pattern: on Device.Debug the method itself runs; elsewhere the compiled kernel.
public abstract partial class Device
{
    /// <summary>Loads a range kernel of one parameter behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1> Load<TIndex, T1>(
        Action<TIndex, T1> kernel)
        where TIndex : struct, IIndex
        where T1 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1) => debug.RunRange(kernel.Method, n, i => kernel(i, a1));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1) => compiled.Begin().Add(a1).Launch(n);
    }

    /// <summary>Loads a grouped kernel of one parameter: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1> LoadGrouped<T1>(
        Action<T1> kernel)
        where T1 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1) => debug.RunGroups(kernel.Method, size, () => kernel(a1));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1) => compiled.Begin().Add(a1).Launch(size);
    }

    /// <summary>Loads a range kernel of two parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2> Load<TIndex, T1, T2>(
        Action<TIndex, T1, T2> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2) => compiled.Begin().Add(a1).Add(a2).Launch(n);
    }

    /// <summary>Loads a grouped kernel of two parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2> LoadGrouped<T1, T2>(
        Action<T1, T2> kernel)
        where T1 : struct where T2 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2) => compiled.Begin().Add(a1).Add(a2).Launch(size);
    }

    /// <summary>Loads a range kernel of three parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3> Load<TIndex, T1, T2, T3>(
        Action<TIndex, T1, T2, T3> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3) => compiled.Begin().Add(a1).Add(a2).Add(a3).Launch(n);
    }

    /// <summary>Loads a grouped kernel of three parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3> LoadGrouped<T1, T2, T3>(
        Action<T1, T2, T3> kernel)
        where T1 : struct where T2 : struct where T3 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3) => compiled.Begin().Add(a1).Add(a2).Add(a3).Launch(size);
    }

    /// <summary>Loads a range kernel of four parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4> Load<TIndex, T1, T2, T3, T4>(
        Action<TIndex, T1, T2, T3, T4> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4) => compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Launch(n);
    }

    /// <summary>Loads a grouped kernel of four parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4> LoadGrouped<T1, T2, T3, T4>(
        Action<T1, T2, T3, T4> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4) => compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Launch(size);
    }

    /// <summary>Loads a range kernel of five parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5> Load<TIndex, T1, T2, T3, T4, T5>(
        Action<TIndex, T1, T2, T3, T4, T5> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5) => compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Launch(n);
    }

    /// <summary>Loads a grouped kernel of five parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5> LoadGrouped<T1, T2, T3, T4, T5>(
        Action<T1, T2, T3, T4, T5> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5) => compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Launch(size);
    }

    /// <summary>Loads a range kernel of six parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5, T6> Load<TIndex, T1, T2, T3, T4, T5, T6>(
        Action<TIndex, T1, T2, T3, T4, T5, T6> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5, a6) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5, a6));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5, a6) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Launch(n);
    }

    /// <summary>Loads a grouped kernel of six parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6> LoadGrouped<T1, T2, T3, T4, T5, T6>(
        Action<T1, T2, T3, T4, T5, T6> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5, a6) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5, a6));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5, a6) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Launch(size);
    }

    /// <summary>Loads a range kernel of seven parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5, T6, T7> Load<TIndex, T1, T2, T3, T4, T5, T6, T7>(
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5, a6, a7) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5, a6, a7));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5, a6, a7) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Launch(n);
    }

    /// <summary>Loads a grouped kernel of seven parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7> LoadGrouped<T1, T2, T3, T4, T5, T6, T7>(
        Action<T1, T2, T3, T4, T5, T6, T7> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5, a6, a7) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5, a6, a7));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5, a6, a7) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Launch(size);
    }

    /// <summary>Loads a range kernel of eight parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8> Load<TIndex, T1, T2, T3, T4, T5, T6, T7, T8>(
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5, a6, a7, a8) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5, a6, a7, a8));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5, a6, a7, a8) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Launch(n);
    }

    /// <summary>Loads a grouped kernel of eight parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8> LoadGrouped<T1, T2, T3, T4, T5, T6, T7, T8>(
        Action<T1, T2, T3, T4, T5, T6, T7, T8> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5, a6, a7, a8) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5, a6, a7, a8));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5, a6, a7, a8) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Launch(size);
    }

    /// <summary>Loads a range kernel of nine parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9> Load<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5, a6, a7, a8, a9));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Launch(n);
    }

    /// <summary>Loads a grouped kernel of nine parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9> LoadGrouped<T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5, a6, a7, a8, a9));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Launch(size);
    }

    /// <summary>Loads a range kernel of ten parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> Load<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Add(a10)
                .Launch(n);
    }

    /// <summary>Loads a grouped kernel of ten parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> LoadGrouped<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Add(a10)
                .Launch(size);
    }

    /// <summary>Loads a range kernel of eleven parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> Load<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
        where T11 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Add(a10)
                .Add(a11).Launch(n);
    }

    /// <summary>Loads a grouped kernel of eleven parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> LoadGrouped<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
        where T11 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Add(a10)
                .Add(a11).Launch(size);
    }

    /// <summary>Loads a range kernel of twelve parameters behind its index: call the result with the extent and the arguments.</summary>
    public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> Load<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> kernel)
        where TIndex : struct, IIndex
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
        where T11 : struct where T12 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) => debug.RunRange(kernel.Method, n, i => kernel(i, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12));
        TypedKernel compiled = LoadMethod(kernel, grouped: false);
        return (n, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Add(a10)
                .Add(a11).Add(a12).Launch(n);
    }

    /// <summary>Loads a grouped kernel of twelve parameters: call the result with the launch's size and the arguments.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> LoadGrouped<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
        where T11 : struct where T12 : struct
    {
        if (AsDebug(ref kernel) is { } debug)
            return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) => debug.RunGroups(kernel.Method, size, () => kernel(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12));
        TypedKernel compiled = LoadMethod(kernel, grouped: true);
        return (size, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12) =>
            compiled.Begin().Add(a1).Add(a2).Add(a3).Add(a4).Add(a5).Add(a6).Add(a7).Add(a8).Add(a9).Add(a10)
                .Add(a11).Add(a12).Launch(size);
    }
}
