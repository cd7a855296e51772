namespace Cotangent.Kernels.Library;

/// <summary>Cuts working memory into arrays, 64-byte aligned; without memory it only counts.</summary>
internal struct ScratchCutter(KernelArgument memory)
{
    private readonly KernelArgument _memory = memory;

    /// <summary>Bytes so far.</summary>
    public long Bytes { get; private set; }

    public unsafe ArrayView<T> Take<T>(long length)
        where T : unmanaged
    {
        long start = Bytes;
        Bytes += (length * sizeof(T) + 63) / 64 * 64;
        return _memory.Memory is not { } block || length == 0
            ? ArrayView<T>.Empty
            : new(MemoryOwner.Borrow(block), _memory.Bits + start, length);
    }
}

/// <summary>The working memory of <see cref="CrossEntropyLauncher{T, TMath}"/>.</summary>
internal readonly ref struct CrossEntropyScratch<T>
    where T : unmanaged
{
    /// <summary>Classes whose rows of C's gradient are summed at a time where sums are compensated.</summary>
    public const int CompensatedClasses = 1024;

    private CrossEntropyScratch(CrossEntropyProblem p, CrossEntropyPlan plan, KernelArgument memory, out long bytes)
    {
        ScratchCutter cutter = new(memory);
        int pitch = plan.Pitch;
        Logits = cutter.Take<T>(plan.KeepsLogits ? (long)p.Vocabulary * pitch : 0);
        Tangents = cutter.Take<T>(plan.HasTangents ? (long)p.Vocabulary * pitch : 0);
        Block = cutter.Take<T>((long)pitch * p.Width);
        BlockTangents = cutter.Take<T>(plan.HasTangents ? (long)pitch * p.Width : 0);
        BlockGradient = cutter.Take<T>(plan.HasGradients ? (long)pitch * p.Width : 0);
        TilePartials = cutter.Take<T>(3L * plan.TilesOfClasses * pitch);
        TileBest = cutter.Take<int>((long)plan.TilesOfClasses * pitch);
        TargetLogits = cutter.Take<T>(plan.Tile > 0 ? pitch : 0);
        int parts = plan.Tile > 0 && !plan.HasTangents ? plan.MergedParts : Math.Max(plan.Parts, plan.MergedParts);
        Partials = cutter.Take<T>(3L * parts * pitch);
        Numbers = cutter.Take<T>(CrossEntropyKernels.Numbers * pitch);
        Results = cutter.Take<T>(5L * p.Rows);
        Sums = cutter.Take<T>(CrossEntropyPlan.SumItems);
        Zeros = cutter.Take<T>(plan.HasTangents ? 4L * p.Rows : 0);
        Rows = cutter.Take<int>(p.Rows);
        Targets = cutter.Take<int>(p.Rows + pitch);
        Predicted = cutter.Take<int>(p.Rows);
        Best = cutter.Take<int>((long)parts * pitch);
        Keep = cutter.Take<int>(plan.HasGradients ? 2L * plan.Tiles.Count : 0);
        KeptFlags = cutter.Take<byte>(plan.Filters ? p.Vocabulary : 0);
        KeptClasses = cutter.Take<int>(plan.Filters ? p.Vocabulary : 0);
        KeptCount = cutter.Take<int>(plan.Filters ? 1 : 0);
        KeptDerivatives = cutter.Take<T>(plan.Filters ? (long)GatheredClasses(p) * pitch : 0);
        KeptRows = cutter.Take<T>(plan.Filters ? (long)GatheredClasses(p) * p.Width : 0);
        bool compensates = p.IsCompensated && plan.HasGradients;
        Part = cutter.Take<T>(compensates ? (long)Math.Max(CompensatedClasses, pitch) * p.Width : 0);
        Lost = cutter.Take<T>(compensates ? (long)p.Vocabulary * p.Width : 0);
        LostOfBlock = cutter.Take<T>(compensates ? (long)pitch * p.Width : 0);
        bytes = cutter.Bytes;
    }

    /// <summary>Empty where none are kept.</summary>
    public ArrayView<T> Logits { get; }

    public ArrayView<T> Tangents { get; }

    public ArrayView<T> Block { get; }

    public ArrayView<T> BlockTangents { get; }

    public ArrayView<T> BlockGradient { get; }

    /// <summary>What each tile of <see cref="LogitTiles"/> finds.</summary>
    public ArrayView<T> TilePartials { get; }

    public ArrayView<int> TileBest { get; }

    public ArrayView<T> TargetLogits { get; }

    public ArrayView<T> Partials { get; }

    public ArrayView<T> Numbers { get; }

    public ArrayView<T> Results { get; }

    public ArrayView<T> Sums { get; }

    /// <summary>Factors of no objective.</summary>
    public ArrayView<T> Zeros { get; }

    public ArrayView<int> Rows { get; }

    /// <summary>Of all rows, then of the block.</summary>
    public ArrayView<int> Targets { get; }

    public ArrayView<int> Predicted { get; }

    public ArrayView<int> Best { get; }

    public ArrayView<int> Keep { get; }

    /// <summary>1 for the classes that the filter keeps.</summary>
    public ArrayView<byte> KeptFlags { get; }

    public ArrayView<int> KeptClasses { get; }

    public ArrayView<int> KeptCount { get; }

    public ArrayView<T> KeptDerivatives { get; }

    public ArrayView<T> KeptRows { get; }

    public ArrayView<T> Part { get; }

    public ArrayView<T> Lost { get; }

    public ArrayView<T> LostOfBlock { get; }

    /// <summary>Classes that the filter's products take at a time.</summary>
    public static int GatheredClasses(CrossEntropyProblem problem) => Math.Min(2048, problem.Vocabulary / 2 + 1);

    public static long BytesOf(CrossEntropyProblem problem, CrossEntropyPlan plan)
    {
        _ = new CrossEntropyScratch<T>(problem, plan, default, out long bytes);
        return bytes;
    }

    public static CrossEntropyScratch<T> In(KernelArgument memory, CrossEntropyProblem problem, CrossEntropyPlan plan) =>
        new(problem, plan, memory, out _);
}

/// <summary>How the work on blocks is cut.</summary>
/// <param name="Pitch">Rows of a block that there is room for.</param>
/// <param name="Tile">Rows and columns of <see cref="LogitTiles"/>; 0 for the device's own products.</param>
/// <param name="Part">Classes that an item goes through.</param>
/// <param name="Parts">Such parts.</param>
/// <param name="Tiles">The filter's tiles.</param>
/// <param name="HasGradients">Whether gradients are asked for.</param>
/// <param name="HasTangents">Whether there are directions.</param>
internal readonly record struct CrossEntropyPlan(int Pitch, int Tile, int Part, int Parts, CrossEntropyTiles Tiles, bool HasGradients,
    bool HasTangents)
{
    /// <summary>Items that add up a line.</summary>
    public const int SumItems = 64;

    /// <summary>Tiles whose sums one item of <see cref="CrossEntropyKernels.Merge"/> puts together.</summary>
    public const int TilesOfPart = 16;

    /// <summary>Items that keep a device busy.</summary>
    private const long ManyItems = 1 << 16;

    /// <summary>True if a block's logits are in memory.</summary>
    public bool KeepsLogits => Tile == 0 || HasGradients || HasTangents;

    /// <summary>Whether classes are left out of gradients.</summary>
    public bool Filters { get; private init; }

    /// <summary>Tiles along the classes.</summary>
    public int TilesOfClasses { get; private init; }

    /// <summary>Parts of the classes after the tiles' sums have been put together.</summary>
    public int MergedParts => (TilesOfClasses + TilesOfPart - 1) / TilesOfPart;

    /// <param name="p">The problem.</param>
    /// <param name="hasGradients">Whether gradients are asked for.</param>
    /// <param name="hasTangents">Whether there are directions.</param>
    /// <param name="tile">Finds the tile for blocks of so many rows.</param>
    public static CrossEntropyPlan Of(CrossEntropyProblem p, bool hasGradients, bool hasTangents, Func<int, int> tile)
    {
        int pitch = p.BlockRows;
        if (!hasGradients && !hasTangents && tile(p.RowsWithoutLogits) > 0)
            pitch = p.RowsWithoutLogits;
        int side = tile(pitch);
        int part = (int)Math.Max(64, ((long)p.Vocabulary * pitch + ManyItems - 1) / ManyItems);
        int rows = p.TileRows > 0 ? p.TileRows : 16, columns = p.TileColumns > 0 ? p.TileColumns : 16;
        int groups = (pitch + rows - 1) / rows;
        CrossEntropyTiles tiles = new(rows, columns, groups, groups * ((p.Vocabulary + columns - 1) / columns), p.HasOrder ? 1 : 0);
        return new(pitch, side, part, (p.Vocabulary + part - 1) / part, tiles, hasGradients, hasTangents)
        {
            Filters = hasGradients && !hasTangents && p.TileRows == 0 && !p.IsCompensated && Math.Max(p.FilterEmbeddings, p.FilterClassifier) > 0,
            TilesOfClasses = side == 0 ? 0 : (p.Vocabulary + side - 1) / side,
        };
    }
}
