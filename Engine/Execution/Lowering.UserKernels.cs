using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

internal sealed partial class Lowering
{
    /// <summary>One launch for all outputs of a call; outputs that nobody uses get scratch memory.</summary>
    private void AddUserKernel(FusionGroup group)
    {
        Node any = group.Anchors[0];
        KernelAttributes call = any.Get<KernelAttributes>();
        UserKernel kernel = call.Kernel;
        List<KernelOperand> operands = [.. group.Anchors.Select(a => new KernelOperand(a, OperandKind.Write))];
        int[] outputs = [.. call.Outputs.Select((shape, i) => OutputBuffer(group, call, shape, i))];
        KernelBinding[] bindings = new KernelBinding[kernel.Source.Parameters.Length];
        HashSet<int> reads = [], loaded = [];

        // A view of no elements needs some memory to point to.
        int nowhere = outputs.First(o => o >= 0);
        for (int i = 0; i < outputs.Length; i++) Bind(kernel.Outputs[i], outputs[i] < 0 ? nowhere : outputs[i], call.Outputs[i]);

        foreach ((KernelParameter p, Node x) in kernel.Inputs.Zip(kernel.InputsOf(any)))
        {
            Bind(p, x.Shape.Size == 0 ? nowhere : Read(x), x.Shape);
        }

        foreach ((KernelParameter p, Node x) in kernel.Numbers.Zip(kernel.NumbersOf(any)))
        {
            if (ScalarArgument.Of(x, _graph) is { } number)
            {
                bindings[p.Index] = KernelBinding.To(number);
                if (number.Leaf is { } leaf) operands.Add(new(leaf, OperandKind.Scalar));
            }
            else
            {
                bindings[p.Index] = KernelBinding.ToBuffer(Read(x));
                loaded.Add(p.Index);
            }
        }

        ImmutableArray<int> writes = [.. outputs.Where(o => o >= 0)];
        ImmutableArray<ZeroFill> fills = !call.ZeroOutputs ? [] : [.. outputs.Select((o, i) => (Buffer: o, Index: i))
            .Where(o => o.Buffer >= 0).Select(o => Fill(kernel.Outputs[o.Index].DType, o.Buffer, call.Outputs[o.Index]))];
        Kernel source = LoadedNumbers.Of(_graph.Device.Options.Checked ? kernel.CheckedSource : kernel.Source, loaded);
        _steps.Add(new UserKernelStep(call, source, _compile(_graph.Device, source), [.. bindings], fills, [.. reads], writes)
        {
            Operands = [.. operands.Distinct()],
            RunsAsMethod = loaded.Count == 0,
        });

        void Bind(KernelParameter view, int buffer, Shape shape)
        {
            bindings[view.Index] = KernelBinding.ToBuffer(buffer);
            int next = view.Index + 1;
            foreach (long x in view.ArgumentsOf(shape)) bindings[next++] = KernelBinding.To(x);
        }

        int Read(Node x)
        {
            operands.Add(new(Anchors.StorageOf(x), OperandKind.Read));
            int id = BufferOf(x);
            reads.Add(id);
            return id;
        }
    }

    private int OutputBuffer(FusionGroup group, KernelAttributes call, Shape shape, int output)
    {
        if (group.Anchors.Find(a => a.Get<KernelAttributes>().Output == output) is { } used) return _bufferOf[used];
        if (shape.Size == 0) return -1;
        return AddScratch(shape.Size * call.Kernel.Outputs[output].DType.Size());
    }

    private ZeroFill Fill(DType type, int buffer, Shape shape)
    {
        Parameter memory = new(IrType.Pointer(type.Scalar(), AddressSpace.Global), 0);
        Kernel fill = new($"zero_{type.Scalar().Name()}", LaunchKind.Range1D, [memory]);
        Builder b = new(fill.Body);
        b.Store(memory, b.Position(Opcode.GlobalIndex), new Constant(type.Scalar(), 0));
        b.Append(new Return());
        return new ZeroFill(_compile(_graph.Device, fill), buffer, checked((int)shape.Size));
    }
}
