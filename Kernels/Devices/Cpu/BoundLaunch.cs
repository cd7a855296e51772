using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels;

/// <summary>A launch that is ready to run: its code, packed arguments, and its work as numbered groups of lanes, any contiguous part of which can
/// be run apart.</summary>
internal unsafe struct BoundLaunch
{
    // A multiple of any number of lanes.
    private const int StripWidth = 512;

    private readonly SimdCode _code;
    private readonly long* _arguments;
    private readonly int _from;
    private readonly int _to;
    private readonly int _rows;
    private readonly int _rowGroups;
    private readonly int _dynamicRoom;
    private readonly bool _isGrouped;

    /// <param name="code">The code.</param>
    /// <param name="arguments">The slots that it reads; they stay until it has run.</param>
    /// <param name="isGrouped">True if the work items are groups of the launch.</param>
    /// <param name="from">The first item or group along X.</param>
    /// <param name="to">The one behind the last.</param>
    /// <param name="rows">Rows of that.</param>
    /// <param name="dynamicRoom">Bytes of scratch memory before the code's own.</param>
    public BoundLaunch(SimdCode code, long* arguments, bool isGrouped, int from, int to, int rows, int dynamicRoom)
    {
        _code = code;
        _arguments = arguments;
        _isGrouped = isGrouped;
        _from = from;
        _to = to;
        _rows = rows;
        _dynamicRoom = dynamicRoom;
        int width = to - from, lanes = code.Target.Lanes;
        _rowGroups = isGrouped ? width : (int)(((long)width + lanes - 1) / lanes);
        Groups = code.RowsTogether > 1 ? (rows + code.RowsTogether - 1) / code.RowsTogether : (long)_rowGroups * rows;
    }

    /// <summary>How many groups of lanes there are.</summary>
    public long Groups { get; }

    /// <summary>Bytes of scratch memory that a thread needs.</summary>
    public readonly int ScratchBytes => _dynamicRoom + _code.ScratchBytes;

    /// <summary>Runs the groups from … to − 1.</summary>
    public readonly void Run(long from, long to, byte* scratch)
    {
        SimdEntry entry = _code.Entry;
        scratch += _dynamicRoom;
        if (_isGrouped)
        {
            entry(_arguments, scratch, 0, 1, (int)from, (int)to);
            return;
        }

        if (_code.RowsTogether is > 1 and int together)
        {
            // In strips, so that the pages of what is read across stay in the address cache.
            int rowTo = (int)Math.Min(to * together, _rows);
            for (int x = 0; x < _to; x += StripWidth)
                entry(_arguments, scratch, (int)from * together, rowTo, x, Math.Min(x + StripWidth, _to));
            return;
        }

        // The end of a row, whole rows, the start of a row.
        (long row, long first) = Math.DivRem(from, _rowGroups);
        (long lastRow, long end) = Math.DivRem(to, _rowGroups);
        if (row == lastRow)
        {
            entry(_arguments, scratch, (int)row, (int)row + 1, Start(first), Start(end));
            return;
        }

        if (first > 0)
        {
            entry(_arguments, scratch, (int)row, (int)row + 1, Start(first), _to);
            row++;
        }

        if (row < lastRow)
            entry(_arguments, scratch, (int)row, (int)lastRow, _from, _to);
        if (end > 0)
            entry(_arguments, scratch, (int)lastRow, (int)lastRow + 1, _from, Start(end));
    }

    private readonly int Start(long rowGroup) => (int)Math.Min(_from + rowGroup * _code.Target.Lanes, _to);
}
