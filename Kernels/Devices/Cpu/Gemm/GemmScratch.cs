using System.Runtime.InteropServices;

namespace Cotangent.Kernels.Cpu;

/// <summary>A thread's packing buffers: grown when a product needs more, kept for the next, freed with the thread.</summary>
internal sealed unsafe class GemmScratch
{
    private const nuint Alignment = 64;

    [ThreadStatic]
    private static GemmScratch? s_current;

    private readonly Block _a = new();
    private readonly Block _b = new();
    private readonly Block _c = new();
    private readonly Block _epilogue = new();
    private readonly Block _states = new();

    /// <summary>The calling thread's buffers.</summary>
    public static GemmScratch Current => s_current ??= new();

    /// <summary>Room for packed rows of A. Contents undefined.</summary>
    public void* A(long bytes) => _a.Reserve(bytes);

    /// <summary>Room for packed columns of B. Contents undefined.</summary>
    public void* B(long bytes) => _b.Reserve(bytes);

    /// <summary>Room for pieces of C that cannot be computed in place. Contents undefined.</summary>
    public void* C(long bytes) => _c.Reserve(bytes);

    /// <summary>Room for what an epilogue computes with. Contents undefined.</summary>
    public void* Epilogue(long bytes) => _epilogue.Reserve(bytes);

    /// <summary>So many numbers, all 0.</summary>
    public int* States(int count)
    {
        int* states = (int*)_states.Reserve(count * sizeof(int));
        new Span<int>(states, count).Clear();
        return states;
    }

    private sealed class Block
    {
        private void* _pointer;
        private long _bytes;

        ~Block() => NativeMemory.AlignedFree(_pointer);

        public void* Reserve(long bytes)
        {
            if (bytes <= _bytes)
                return _pointer;

            NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            _bytes = 0;
            _pointer = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            _bytes = bytes;
            return _pointer;
        }
    }
}
