namespace Cotangent.Kernels;

/// <summary>ILGPU's names of the loaders, for kernels of up to twelve parameters. Each is <c>Device.Load</c> or
/// <c>Device.LoadGrouped</c>: a device is one queue, so a kernel is launched without naming a stream.</summary>
public static class IlgpuLoaders
{
    extension(Device device)
    {
        /// <summary>As <c>Load</c>: a kernel with an index and one parameter, groups chosen by the device.</summary>
        public Action<TIndex, T1> LoadAutoGroupedStreamKernel<TIndex, T1>(
            Action<TIndex, T1> kernel)
            where TIndex : struct, IIndex
            where T1 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1> LoadImplicitlyGroupedStreamKernel<TIndex, T1>(
            Action<TIndex, T1> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of one parameter.</summary>
        public Action<KernelConfig, T1> LoadStreamKernel<T1>(
            Action<T1> kernel)
            where T1 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and two parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2> LoadAutoGroupedStreamKernel<TIndex, T1, T2>(
            Action<TIndex, T1, T2> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2>(
            Action<TIndex, T1, T2> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of two parameters.</summary>
        public Action<KernelConfig, T1, T2> LoadStreamKernel<T1, T2>(
            Action<T1, T2> kernel)
            where T1 : struct where T2 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and three parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3>(
            Action<TIndex, T1, T2, T3> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3>(
            Action<TIndex, T1, T2, T3> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of three parameters.</summary>
        public Action<KernelConfig, T1, T2, T3> LoadStreamKernel<T1, T2, T3>(
            Action<T1, T2, T3> kernel)
            where T1 : struct where T2 : struct where T3 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and four parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4>(
            Action<TIndex, T1, T2, T3, T4> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4>(
            Action<TIndex, T1, T2, T3, T4> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of four parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4> LoadStreamKernel<T1, T2, T3, T4>(
            Action<T1, T2, T3, T4> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and five parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5>(
            Action<TIndex, T1, T2, T3, T4, T5> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5>(
            Action<TIndex, T1, T2, T3, T4, T5> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of five parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5> LoadStreamKernel<T1, T2, T3, T4, T5>(
            Action<T1, T2, T3, T4, T5> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and six parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6>(
            Action<TIndex, T1, T2, T3, T4, T5, T6> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6>(
            Action<TIndex, T1, T2, T3, T4, T5, T6> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of six parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5, T6> LoadStreamKernel<T1, T2, T3, T4, T5, T6>(
            Action<T1, T2, T3, T4, T5, T6> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and seven parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of seven parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7>(
            Action<T1, T2, T3, T4, T5, T6, T7> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and eight parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of eight parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8>(
            Action<T1, T2, T3, T4, T5, T6, T7, T8> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and nine parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of nine parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9>(
            Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and ten parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of ten parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
            Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and eleven parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
            where T11 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
            where T11 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of eleven parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
            Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
            where T11 : struct => device.LoadGrouped(kernel);

        /// <summary>As <c>Load</c>: a kernel with an index and twelve parameters, groups chosen by the device.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> LoadAutoGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> kernel)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
            where T11 : struct where T12 : struct => device.Load(kernel);

        /// <summary>As <c>Load</c>: the group size is the device's choice whatever is asked, as such a kernel cannot see it.</summary>
        public Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> LoadImplicitlyGroupedStreamKernel<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
            Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> kernel, int customGroupSize)
            where TIndex : struct, IIndex
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
            where T11 : struct where T12 : struct => device.Load(Sized(kernel, customGroupSize));

        /// <summary>As <c>LoadGrouped</c>: an explicitly grouped kernel of twelve parameters.</summary>
        public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
            Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> kernel)
            where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
            where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
            where T11 : struct where T12 : struct => device.LoadGrouped(kernel);
    }

    private static TKernel Sized<TKernel>(TKernel kernel, int groupSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        return kernel;
    }
}
