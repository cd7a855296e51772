using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="SegmentOps.Segments"/>.</summary>
internal sealed class SegmentsRoutine(Device device, Node n) : Routine("segments")
{
    private readonly Segments _segments = new(device, n.Inputs[0].Shape[0], n.Get<SegmentsAttributes>().Extent);
    private readonly int _starts = n.Get<SegmentsAttributes>().Extent + 1;

    /// <inheritdoc/>
    public override long ScratchBytes => _segments.Scratch * sizeof(int);

    /// <summary>Indices outside the extent may be in any order.</summary>
    public override bool IsVerifiable => false;

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call) => _segments.Find(
        RoutineCall.View<int>(call.Inputs[0], _segments.Length),
        RoutineCall.View<int>(call.Outputs[SegmentsAttributes.Order], _segments.Length),
        RoutineCall.View<int>(call.Outputs[SegmentsAttributes.Starts], _starts),
        RoutineCall.View<int>(call.Scratch, _segments.Scratch));
}
