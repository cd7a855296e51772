using System.Runtime.CompilerServices;
using Cotangent.Kernels;

namespace Cotangent.Tests;

public class CpuAllocatorTests
{
    private const long Block = 1 << 20;

    [Fact]
    public void Allocate_WhereOwnersAreDropped_StaysNearItsLeisure()
    {
        CpuAllocator allocator = new(budget: 1L << 40, cacheLimit: 4 * Block, leisure: 8 * Block);
        long peak = 0;
        for (int i = 0; i < 200; i++)
        {
            Drop(allocator);
            peak = Math.Max(peak, allocator.BytesInUse);
        }

        Assert.InRange(peak, Block, 9 * Block);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(CpuAllocator allocator) => _ = new Owner(allocator);

    private sealed class Owner(CpuAllocator allocator)
    {
        private readonly nint _block = allocator.Allocate(Block);

        ~Owner() => allocator.Free(_block, Block);
    }
}
