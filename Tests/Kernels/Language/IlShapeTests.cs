using System.Reflection;
using System.Reflection.Emit;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Coverlet.Core.Instrumentation.Tracker
{
    /// <summary>What coverlet puts into an instrumented assembly, as far as kernels see it.</summary>
    internal static class TestsHits
    {
        private static readonly int[] s_hits = new int[8];

        public static int Total => s_hits.Sum();

        public static void RecordHit(int hit) => Interlocked.Increment(ref s_hits[hit]);
    }
}

namespace Cotangent.Tests.Kernels.Language
{
    using Coverlet.Core.Instrumentation.Tracker;

    /// <summary>IL as debug builds, coverage tools and other compilers write it.</summary>
    public sealed class IlShapeTests
    {
        private static void Counted(Index1D i, ArrayView<float> y)
        {
            TestsHits.RecordHit(1);
            if (i > 1)
            {
                TestsHits.RecordHit(2);
                y[i] = 7;
            }
        }

        private static void Registers(Index1D i, ArrayView<float> y)
        {
            CorpusLocalMemory.Five<float> a = default;
            float[] b = [1, 2, 3, 4];
            Span<float> c = stackalloc float[4];
            for (int k = 0; k < 4; k++)
            {
                a[k + 1] = b[k] * y[i];
                c[k] = a[k];
            }

            y[i] = a[4] + c[3] + c[1];
        }

        [Fact]
        public void CoverageCounters_InKernel_AreLeftOut()
        {
            Device device = Devices.Get("cpu");
            DeviceBuffer<float> y = device.Allocate<float>(new float[4]);
            device.Load<Index1D, ArrayView<float>>(Counted)(4, y);
            Assert.Equal([0, 0, 7, 7], y.ToArray());
            Assert.Equal(0, TestsHits.Total);
        }

        [Fact]
        public void DebugShapes_NopsTemporariesAndBranchesToTheNext_Compile()
        {
            MethodInfo method = EmittedKernels.Make([typeof(Index1D), typeof(ArrayView<int>)], il =>
            {
                LocalBuilder condition = il.DeclareLocal(typeof(bool));
                LocalBuilder result = il.DeclareLocal(typeof(int));
                LocalBuilder counter = il.DeclareLocal(typeof(int));
                Label test = il.DefineLabel(), body = il.DefineLabel(), next = il.DefineLabel(), end = il.DefineLabel();
                il.Emit(OpCodes.Nop);
                il.Emit(OpCodes.Ldc_I4_0);
                il.Emit(OpCodes.Stloc, result);
                il.Emit(OpCodes.Ldc_I4_0);
                il.Emit(OpCodes.Stloc, counter);
                il.Emit(OpCodes.Br, test);
                il.MarkLabel(body);
                il.Emit(OpCodes.Nop);
                il.Emit(OpCodes.Ldloc, result);
                il.Emit(OpCodes.Ldloc, counter);
                il.Emit(OpCodes.Add);
                il.Emit(OpCodes.Stloc, result);
                il.Emit(OpCodes.Nop);
                il.Emit(OpCodes.Br, next);
                il.MarkLabel(next);
                il.Emit(OpCodes.Ldloc, counter);
                il.Emit(OpCodes.Ldc_I4_1);
                il.Emit(OpCodes.Add);
                il.Emit(OpCodes.Stloc, counter);
                il.MarkLabel(test);
                il.Emit(OpCodes.Ldloc, counter);
                il.Emit(OpCodes.Ldc_I4_5);
                il.Emit(OpCodes.Clt);
                il.Emit(OpCodes.Stloc, condition);
                il.Emit(OpCodes.Ldloc, condition);
                il.Emit(OpCodes.Brtrue, body);
                EmittedKernels.PushElement(il, 1, typeof(int));
                il.Emit(OpCodes.Ldloc, result);
                il.Emit(OpCodes.Stind_I4);
                il.Emit(OpCodes.Br, end);
                il.MarkLabel(end);
                il.Emit(OpCodes.Nop);
                il.Emit(OpCodes.Ret);
            });
            Kernel kernel = FrontEnd.Compile(method);
            DeviceMemory memory = Device.Debug.AllocateMemory(8);
            Interpreter.Run(kernel, LaunchShape.Range(1), [KernelArgument.Pointer(memory), KernelArgument.Scalar(1L)]);
            byte[] bytes = new byte[4];
            Device.Debug.Read(memory, 0, bytes);
            Assert.Equal(10, BitConverter.ToInt32(bytes));
            memory.Release();
        }

        [Fact]
        public void LocalMemory_WithIndicesThatUnroll_BecomesRegisters()
        {
            MethodInfo method = typeof(IlShapeTests).GetMethod(nameof(Registers), BindingFlags.NonPublic | BindingFlags.Static)!;
            Kernel kernel = Pipeline.Run(FrontEnd.Compile(method));
            Assert.DoesNotContain(kernel.Body.Descendants(), n => n is Instruction { Opcode: Opcode.Allocate });
        }
    }
}
