using Cotangent.Kernels;

namespace Cotangent.Tests;

public sealed class DiskCacheTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"cotangent-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Read_AfterWrite_IsWhatWasWritten()
    {
        DiskCache cache = new(_directory);
        Assert.Null(cache.TryRead("a"));
        cache.Write("a", [1, 2, 3]);
        cache.Write("empty", []);

        Assert.Equal([1, 2, 3], cache.TryRead("a")!);
        Assert.Empty(cache.TryRead("empty")!);
        Assert.Null(cache.TryRead("b"));
    }

    [Fact]
    public void Read_OfADamagedEntry_IsAbsent()
    {
        DiskCache cache = new(_directory);
        cache.Write("a", [1, 2, 3]);
        byte[] whole = File.ReadAllBytes(cache.PathOf("a"));
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(cache.PathOf("a"), whole[..length]);
            Assert.Null(cache.TryRead("a"));
        }

        for (int at = 0; at < whole.Length; at++)
        {
            byte[] flipped = [.. whole];
            flipped[at] ^= 4;
            File.WriteAllBytes(cache.PathOf("a"), flipped);
            Assert.Null(cache.TryRead("a"));
        }

        File.WriteAllBytes(cache.PathOf("a"), [.. whole, 0]);
        Assert.Null(cache.TryRead("a"));
        cache.Write("a", [4]);
        Assert.Equal([4], cache.TryRead("a")!);
    }

    [Fact]
    public void Read_OfAnotherKeysFile_IsAbsent()
    {
        DiskCache cache = new(_directory);
        cache.Write("a", [1, 2, 3]);
        File.Copy(cache.PathOf("a"), cache.PathOf("b"));

        Assert.Null(cache.TryRead("b"));
    }

    [Fact]
    public async Task ReadAndWrite_FromManyTasks_GiveAWholeEntryOrNone()
    {
        byte[] payload = new byte[100_000];
        new Random(1).NextBytes(payload);
        DiskCache cache = new(_directory);
        await Parallel.ForAsync(0, 64, (i, _) =>
        {
            if (i % 2 == 0)
                cache.Write("a", payload);
            else if (cache.TryRead("a") is { } read)
                Assert.Equal(payload, read);
            return ValueTask.CompletedTask;
        });

        Assert.Equal(payload, cache.TryRead("a"));
        Assert.Single(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Write_OverCapacity_DropsTheEntriesUnusedForLongest()
    {
        DiskCache cache = new(_directory, capacity: 2500);
        byte[] payload = new byte[1000];
        cache.Write("a", payload);
        cache.Write("b", payload);
        File.SetLastAccessTimeUtc(cache.PathOf("a"), DateTime.UtcNow.AddHours(-2));
        File.SetLastAccessTimeUtc(cache.PathOf("b"), DateTime.UtcNow.AddHours(-3));
        Assert.NotNull(cache.TryRead("b"));     // used now
        cache.Write("c", payload);

        Assert.Null(cache.TryRead("a"));
        Assert.NotNull(cache.TryRead("b"));
        Assert.NotNull(cache.TryRead("c"));
    }

    [Fact]
    public void Write_WhereNoFolderCanBe_DoesNothing()
    {
        File.WriteAllText(_directory, "a file");
        try
        {
            DiskCache cache = new(Path.Combine(_directory, "below"));
            cache.Write("a", [1]);
            Assert.Null(cache.TryRead("a"));
        }
        finally
        {
            File.Delete(_directory);
        }
    }
}
