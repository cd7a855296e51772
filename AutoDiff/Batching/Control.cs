using Cotangent.AutoDiff.Control;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A loop of a batch is a loop of batches. Where a condition differs between examples, both branches are computed and each
/// example takes its own; a loop runs until the last example is done, and those that are done keep what they have.</summary>
internal static class Control
{
    /// <summary>Rules of whole calls.</summary>
    public static readonly Dictionary<Op, Func<BatchedCall, BatchedOutput[]>> Calls = new()
    {
        [Ops.Scan] = Scan,
        [Ops.While] = While,
        [Ops.Cond] = Cond,
        [Ops.UserKernel] = UserKernel.Each,
    };

    public static readonly Dictionary<Op, BatchRule> Rules = Calls.Where(p => p.Key != Ops.UserKernel).ToDictionary(p => p.Key, p => (BatchRule)(call =>
        p.Value(call)[call.Get<CallAttributes>().Output] is var y && y.IsBatched ? y.Value : BatchedGraph.Repeat(y.Value, call.Size)));

    private static BatchedOutput[] Scan(BatchedCall call)
    {
        ScanCall scan = ScanCall.Of(call.Node);
        int carries = scan.Carries.Length, constants = carries + scan.Sequences.Length;
        BatchedBody body = BatchedBody.Of(scan.Body, IsBatched(call, 0, scan.Body.Inputs.Length), carries, call.Size);
        Node[] outputs = [.. scan.Body.Outputs.Select((n, o) => o < carries ? body.Carry(o) : body.Outputs[o] ?? n)];
        Node[] inputs = [.. scan.Inputs.Select((n, i) => !body.IsBatched[i] ? n
            : i >= carries && i < constants ? BatchedGraph.MoveAxis(call[i], 0, 1)
            : call[i])];
        Node[] results = (scan.On(inputs) with { Body = SubGraph.Close(body.Inputs, outputs, 0).Graph }).Invoke();
        return [.. results.Select((y, o) => o < carries ? new BatchedOutput(y, body.IsBatched[o])
            : body.Outputs[o] is null ? new(y, false)
            : new(BatchedGraph.MoveAxis(y, 1, 0), true))];
    }

    private static BatchedOutput[] While(BatchedCall call)
    {
        WhileAttributes loop = call.Get<WhileAttributes>();
        int carries = loop.OutputCount, size = call.Size;
        BatchedBody body = BatchedBody.Of(loop.Body, IsBatched(call, 0, loop.Body.Inputs.Length), carries, size);
        BatchedBody condition = BatchedBody.Of(loop.Condition, body.IsBatched, 0, size);
        if (condition.Outputs[0] is not null)
        {
            // The examples end at different times: all that goes round is theirs.
            body = BatchedBody.Of(loop.Body, [.. body.IsBatched.Select((b, i) => b || i < carries)], carries, size);
            condition = BatchedBody.Of(loop.Condition, body.IsBatched, 0, size);
        }

        Node[] next = [.. Enumerable.Range(0, carries).Select(body.Carry)];
        Node test = loop.Condition.Outputs[0];
        if (condition.Outputs[0] is { } tests)
        {
            Node[] running = new SubGraph(condition.Inputs, [tests]).Apply(body.Inputs);
            next = [.. next.Select((n, c) => Make.Where(Spread(running[0], n.Shape), n, body.Inputs[c]))];
            Node any = Make.Reduce(Ops.ReduceMax, Make.Cast(tests, DType.Int32), [0]);

            // The maximum over no examples is the least integer.
            test = Make.Binary(Ops.Less, Algebra.Like(any, 0), any);
        }

        Node[] results = ControlFlow.Call(Ops.While, [.. call.Node.Inputs.Select((n, i) => body.IsBatched[i] ? call[i] : n)],
            new WhileAttributes(SubGraph.Close(condition.Inputs, [test], 0).Graph, SubGraph.Close(body.Inputs, next, 0).Graph));
        return [.. results.Select((y, c) => new BatchedOutput(y, body.IsBatched[c]))];
    }

    private static BatchedOutput[] Cond(BatchedCall call)
    {
        CondAttributes cond = call.Get<CondAttributes>();
        bool[] isBatched = IsBatched(call, 1, cond.IfTrue.Inputs.Length);
        BatchedBody[] branches = [.. cond.Bodies.Select(b => BatchedBody.Of(b, isBatched, 0, call.Size))];
        Node[] operands = [.. Enumerable.Range(1, isBatched.Length).Select(i => isBatched[i - 1] ? call[i] : call.Node.Inputs[i])];
        bool perExample = call.Batched(0) is not null;
        bool[] batched = [.. Enumerable.Range(0, cond.OutputCount).Select(o => perExample || branches.Any(b => b.Outputs[o] is not null))];
        SubGraph[] bodies = [.. branches.Select((b, side) => SubGraph.Close(b.Inputs, [.. cond.Bodies[side].Outputs
            .Select((n, o) => !batched[o] ? n : b.Outputs[o] ?? BatchedGraph.Repeat(n, call.Size))], 0).Graph)];
        if (perExample)
        {
            Node[] yes = bodies[0].Apply(Taken(call, operands, isBatched, true)), no = bodies[1].Apply(Taken(call, operands, isBatched, false));
            return [.. yes.Select((y, o) => new BatchedOutput(Make.Where(Spread(call[0], y.Shape), y, no[o]), true))];
        }

        Node[] results = ControlFlow.Call(Ops.Cond, [call.Node.Inputs[0], .. operands], new CondAttributes(bodies[0], bodies[1]));
        return [.. results.Select((y, o) => new BatchedOutput(y, batched[o]))];
    }

    /// <summary>What a branch is given for each example: where the example takes the other one, the operands of the first that takes this
    /// one, as constants. So a branch never sees what it was not meant for, and no derivative at a point that the predicate keeps it from
    /// (∞, times the zero that comes back for it) reaches a gradient. An operand that all examples share gets nothing back where none takes
    /// the branch.</summary>
    private static Node[] Taken(BatchedCall call, Node[] operands, bool[] isBatched, bool branch)
    {
        if (call.Size == 0) return operands;
        Node takes = branch ? call[0] : Make.Unary(Ops.Not, call[0]);
        Node index = Make.Cast(takes, DType.Int32);
        Node first = new(Ops.ArgMax, [index], new AxisAttributes(0));
        Node any = Make.Cast(Make.Reduce(Ops.ReduceMax, index, [0]), DType.Bool);
        return [.. operands.Select((x, i) =>
        {
            if (!isBatched[i]) return !x.DType.IsFloat() ? x : Make.Where(Make.Expand(Make.Reshape(any, Shape.From(x.Shape.Select(_ => 1))), x.Shape),
                x, Make.Unary(Ops.StopGradient, x));
            Node other = Make.Unary(Ops.StopGradient, Make.Gather(x, first, 0));
            return Make.Where(Spread(takes, x.Shape), x, BatchedGraph.Repeat(other, call.Size));
        })];
    }

    private static bool[] IsBatched(BatchedCall call, int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => call.Batched(i) is not null)];

    /// <summary>One answer an example, repeated over the axes of an example.</summary>
    private static Node Spread(Node answers, Shape shape) =>
        Make.Expand(Make.Reshape(answers, Shape.From(shape.Select((n, i) => i == 0 ? n : 1))), shape);

    /// <summary>A body of one example as a body of a batch.</summary>
    /// <param name="Body">That of one example.</param>
    /// <param name="Inputs">Its placeholders, those of batches in place of those that are batched.</param>
    /// <param name="IsBatched">Which are.</param>
    /// <param name="Outputs">The outputs of the batch; null for what all examples share.</param>
    /// <param name="Size">The number of examples.</param>
    private sealed record BatchedBody(SubGraph Body, Node[] Inputs, bool[] IsBatched, Node?[] Outputs, int Size)
    {
        /// <summary>Carries that come to depend on the batch are batched from the start.</summary>
        public static BatchedBody Of(SubGraph body, bool[] isBatched, int carries, int size)
        {
            bool[] batched = [.. isBatched];
            while (true)
            {
                Node[] inputs = [.. body.Inputs.Select((n, i) => batched[i]
                    ? Make.Input([size, .. n.Shape], n.DType, n.Device, "batch", n.IsAnywhere) : n)];
                Dictionary<Node, Node> seeds = [];
                for (int i = 0; i < inputs.Length; i++)
                {
                    if (batched[i]) seeds[body.Inputs[i]] = inputs[i];
                }

                Node?[] outputs = BatchedGraph.Of(body.Outputs, seeds, size);
                int[] more = [.. Enumerable.Range(0, carries).Where(c => outputs[c] is not null && !batched[c])];
                if (more.Length == 0) return new(body, inputs, batched, outputs, size);
                foreach (int c in more) batched[c] = true;
            }
        }

        /// <summary>The next value of a carry.</summary>
        public Node Carry(int c) => !IsBatched[c] ? Body.Outputs[c] : Outputs[c] ?? BatchedGraph.Repeat(Body.Outputs[c], Size);
    }
}
