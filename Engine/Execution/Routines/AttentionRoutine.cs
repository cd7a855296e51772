using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs attention and its derivatives.</summary>
internal static unsafe class AttentionRoutine
{
    /// <summary>Runs <see cref="Ops.Attention"/>.</summary>
    public static Routine Forward(Device device, Node n) => device is CpuDevice
        ? new OnCpu(n, CpuAttention.ForwardScratch, CpuAttention.Forward, static (ref AttentionOperands x, in Pointers p, AttentionForm _) =>
        {
            x.Output = p.Output(0);
            x.LogSumExp = p.Output(1);
        })
        : new OnDevice(device, n, AttentionKernel.Forward);

    /// <summary>Runs <see cref="Ops.AttentionGrad"/>.</summary>
    public static Routine Grad(Device device, Node n) => device is CpuDevice
        ? new OnCpu(n, CpuAttention.BackwardScratch, CpuAttention.Backward, (ref AttentionOperands x, in Pointers p, AttentionForm form) =>
        {
            AttentionGradAttributes call = n.Get<AttentionGradAttributes>();
            x.Output = p.Input(form.Inputs);
            x.LogSumExp = p.Input(form.Inputs + 1);
            x.DOutput = p.Input(call.OutputCotangent);
            x.DLogSumExp = p.Input(call.LogSumExpCotangent);
            x.DQ = p.Output(0);
            x.DK = call.IsStacked ? x.DQ + SizeOfRow(n) : p.Output(1);
            x.DV = call.IsStacked ? x.DQ + 2 * SizeOfRow(n) : p.Output(2);
        })
        : new OnDevice(device, n, AttentionKernel.Backward);

    /// <summary>Runs <see cref="Ops.AttentionTangent"/>.</summary>
    public static Routine Tangent(Device device, Node n) => device is CpuDevice
        ? new OnCpu(n, CpuAttention.TangentScratch, CpuAttention.Tangent, (ref AttentionOperands x, in Pointers p, AttentionForm form) =>
        {
            AttentionTangentAttributes call = n.Get<AttentionTangentAttributes>();
            x.Output = p.Input(form.Inputs);
            x.LogSumExp = p.Input(form.Inputs + 1);
            x.DQ = p.Input(call.At(form, AttentionForm.Q));
            x.DK = p.Input(call.At(form, AttentionForm.K));
            x.DV = p.Input(call.At(form, AttentionForm.V));
            x.DBias = p.Input(call.At(form, AttentionTangentAttributes.Bias));
            x.DOutput = p.Output(0);
            x.DLogSumExp = p.Output(1);
        })
        : new OnDevice(device, n, AttentionKernel.Tangent);

    /// <summary>Elements of all heads at one position.</summary>
    private static long SizeOfRow(Node n) => (long)n.Inputs[0].Shape[1] * n.Inputs[0].Shape[3];

    /// <summary>Arithmetic on visible cells. Forward: scores, and weights times values; for a cell the largest, an exponential (16), the sum. Backward:
    /// scores again, dP, dV, dK, dQ. Tangent: scores, those along q and k, weights and their tangents times values and theirs.</summary>
    /// <remarks>Lengths and masks are not known here: what they hide counts.</remarks>
    private static double FlopsOf(Node n)
    {
        AttentionProblem p = AttentionShapes.Problem(n);
        double cells = 0;
        for (int query = 0; query < p.Queries; query++) cells += Math.Max(0, p.EndKey(query, p.Keys) - p.FirstKey(query));
        double width = p.Width, values = p.Values;
        double each = n.Attributes switch
        {
            AttentionAttributes => (2 * (width + values)) + 19,
            AttentionGradAttributes => (2 * ((3 * width) + (2 * values))) + 20,
            AttentionTangentAttributes call => (2 * width) + 16
                + (Has(call, AttentionForm.Q) + Has(call, AttentionForm.K)) * 2 * width + (1 + Has(call, AttentionForm.V)) * 2 * values + 4,
            _ => 0,
        };
        return p.Batch * p.Heads * cells * each;

        int Has(AttentionTangentAttributes call, int operand) => call.At(call.Form, operand) < 0 ? 0 : 1;
    }

    private delegate void Bind(ref AttentionOperands operands, in Pointers pointers, AttentionForm form);

    private delegate long Scratch(in AttentionProblem problem, in AttentionLayouts layouts);

    private delegate void Pass(in AttentionProblem problem, in AttentionOperands operands, IParallel pool);

    /// <summary>A pass on the processor's vectors.</summary>
    private sealed class OnCpu : Routine
    {
        private readonly AttentionForm _form;
        private readonly AttentionProblem _problem;
        private readonly Bind _bind;
        private readonly Scratch _scratch;
        private AttentionLayouts _layouts;
        private readonly Action<IParallel> _run;
        private AttentionOperands _operands;

        public OnCpu(Node n, Scratch scratch, Pass pass, Bind bind)
            : base(n.Op.Name)
        {
            _form = n.Get<AnyAttention>().Form;
            _problem = AttentionShapes.Problem(n);
            _bind = bind;
            _scratch = scratch;
            _run = pool => pass(_problem, _operands, pool);
            _layouts = LayoutsOf(n, _problem);
            Flops = FlopsOf(n);
        }

        /// <inheritdoc/>
        public override long ScratchBytes => _scratch(_problem, _layouts);

        /// <inheritdoc/>
        public override void SetStrides(int input, ReadOnlySpan<long> strides)
        {
            RowLayout layout = new(strides[0], strides[1], strides[2]);
            if (input == AttentionForm.Q) _layouts.Q = layout;
            else if (input == AttentionForm.K) _layouts.K = layout;
            else if (input == AttentionForm.V) _layouts.V = layout;
            else if (input == _form.Inputs) _layouts.Output = layout;
            else _layouts.DOutput = layout;
        }

        /// <summary>Row-major, but for outputs that are asked for by time.</summary>
        private static AttentionLayouts LayoutsOf(Node n, in AttentionProblem problem)
        {
            AttentionLayouts layouts = AttentionLayouts.Contiguous(problem);
            (long heads, long time, long width) = (problem.Heads, problem.Queries, problem.Width);
            if (n.Attributes is AttentionAttributes { IsByTime: true })
                layouts.Output = new(time * heads * problem.Values, problem.Values, heads * problem.Values);
            if (n.Attributes is AttentionGradAttributes { IsStacked: true })
                layouts.DQ = layouts.DK = layouts.DV = new(time * 3 * heads * width, width, 3 * heads * width);
            return layouts;
        }

        /// <inheritdoc/>
        public override double Flops { get; }

        /// <inheritdoc/>
        public override void Launch(in RoutineCall call)
        {
            Pointers pointers = new(call);
            _operands = new()
            {
                Q = pointers.Input(AttentionForm.Q),
                K = pointers.Input(AttentionForm.K),
                V = pointers.Input(AttentionForm.V),
                Bias = pointers.Input(_form.At(AttentionExtras.Bias)),
                Mask = (byte*)pointers.Input(_form.At(AttentionExtras.Mask)),
                Lengths = (int*)pointers.Input(_form.At(AttentionExtras.Lengths)),
                Key = (uint*)pointers.Input(_form.At(AttentionExtras.Key)),
                Layouts = _layouts,
                Scratch = (byte*)RoutineCall.Address(call.Scratch),
            };
            _bind(ref _operands, pointers, _form);
            ((CpuDevice)call.Device).Run(_run);
        }
    }

    /// <summary>A pass by the kernel library.</summary>
    private sealed class OnDevice(Device device, Node n, AttentionKernel kernel) : Routine(n.Op.Name)
    {
        private readonly AttentionForm _form = n.Get<AnyAttention>().Form;
        private readonly long[] _sizes = [.. n.Inputs.Select(x => x.Shape.Size)];
        private readonly AttentionTangentAttributes? _given = n.Attributes as AttentionTangentAttributes;
        private readonly bool _hasLogSumExp = n.Attributes is AttentionGradAttributes { HasLogSumExp: true };
        private readonly AttentionProblem _problem = AttentionShapes.Problem(n);
        private readonly FlashAttention _attention = FlashAttention.Create(
            device, AttentionShapes.Problem(n), n.Get<AnyAttention>().Form.Extras.HasFlag(AttentionExtras.Key), kernel);

        /// <inheritdoc/>
        public override long ScratchBytes => kernel == AttentionKernel.Backward ? 4 * _problem.Rows : 0;

        /// <inheritdoc/>
        public override double Flops { get; } = FlopsOf(n);

        /// <inheritdoc/>
        public override void Launch(in RoutineCall call)
        {
            ArrayView<float> q = Input<float>(call, AttentionForm.Q), k = Input<float>(call, AttentionForm.K), v = Input<float>(call, AttentionForm.V);
            AttentionExtrasViews extras = new()
            {
                Bias = Input<float>(call, _form.At(AttentionExtras.Bias)),
                Mask = Input<byte>(call, _form.At(AttentionExtras.Mask)),
                Lengths = Input<int>(call, _form.At(AttentionExtras.Lengths)),
                Key = Input<uint>(call, _form.At(AttentionExtras.Key)),
            };
            int own = _form.Inputs;
            long values = _problem.Rows * _problem.Values;
            if (kernel == AttentionKernel.Forward)
            {
                _attention.Forward(q, k, v, extras, Output(call, 0, values), Output(call, 1, _problem.Rows));
                return;
            }

            ArrayView<float> output = Input<float>(call, own), lse = Input<float>(call, own + 1);
            if (kernel == AttentionKernel.Backward)
            {
                _attention.Backward(q, k, v, extras, output, lse, Input<float>(call, own + 2), Input<float>(call, _hasLogSumExp ? own + 3 : -1),
                    RoutineCall.View<float>(call.Scratch, _problem.Rows), Output(call, 0, q.Length), Output(call, 1, k.Length),
                    Output(call, 2, v.Length));
                return;
            }

            AttentionTangents given = new()
            {
                Q = Input<float>(call, _given!.At(_form, AttentionForm.Q)),
                K = Input<float>(call, _given.At(_form, AttentionForm.K)),
                V = Input<float>(call, _given.At(_form, AttentionForm.V)),
                Bias = Input<float>(call, _given.At(_form, AttentionTangentAttributes.Bias)),
            };
            _attention.Tangent(q, k, v, extras, output, lse, given, Output(call, 0, values), Output(call, 1, _problem.Rows));
        }

        /// <summary>An input; without elements for −1.</summary>
        private ArrayView<T> Input<T>(in RoutineCall call, int i)
            where T : unmanaged => View<T>(call, i < 0 ? default : call.Inputs[i], i < 0 ? 0 : _sizes[i]);

        private static ArrayView<float> Output(in RoutineCall call, int i, long length) => View<float>(call, call.Outputs[i], length);

        /// <summary>A view, of no elements in some memory if there are none: launches want memory for each.</summary>
        private static ArrayView<T> View<T>(in RoutineCall call, KernelArgument argument, long length)
            where T : unmanaged
        {
            if (length > 0) return RoutineCall.View<T>(argument, length);
            foreach (KernelArgument output in call.Outputs)
            {
                if (output.Memory is { } memory) return new(MemoryOwner.Borrow(memory), 0, 0);
            }

            return ArrayView<T>.Empty;
        }
    }

    /// <summary>The addresses of a call's operands.</summary>
    private readonly ref struct Pointers(RoutineCall call)
    {
        private readonly RoutineCall _call = call;

        /// <summary>An input; null for −1 and for one without elements.</summary>
        public float* Input(int i) => i < 0 ? null : (float*)RoutineCall.Address(_call.Inputs[i]);

        public float* Output(int i) => (float*)RoutineCall.Address(_call.Outputs[i]);
    }
}
