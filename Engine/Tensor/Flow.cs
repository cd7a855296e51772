using System.Collections.Immutable;
using Cotangent.Execution;
using Cotangent.Graph;

namespace Cotangent;

/// <summary>Loops and choices as operations: the functions are called once, on placeholders, and what they recorded runs on the device
/// as often as it must. They compile, differentiate, batch and nest like any other operation.</summary>
/// <remarks>
/// <para>An ordinary C# loop over tensors is recorded round by round; these are for loops that are long, or that depend on values. Tensors
/// that a body captures, traced or not, are constants of the loop: derivatives go to them, and what only depends on them is computed
/// once.</para>
/// <para>Arguments and results are trees, see <see cref="Trees"/>; numbers and strings in them stay as they are.</para>
/// </remarks>
public static class Flow
{
    /// <summary>A loop over the first axis of xs: (carry, y) = body(carry, x) for each slice x; the last carry and the ys, stacked.</summary>
    /// <param name="body">Called once. The carry that it returns has the structure, shapes and dtypes of the one it is given.</param>
    /// <param name="init">The first carry.</param>
    /// <param name="xs">A tree of tensors of equal first extents; null if the body needs none.</param>
    /// <param name="length">The number of rounds: needed where xs has no tensors. Zero rounds return init and stacks of no
    /// elements.</param>
    /// <param name="reverse">True to begin with the last slice; ys keep the places of their xs.</param>
    /// <param name="memory">What reverse mode keeps; everything, unless given.</param>
    /// <exception cref="ControlFlowException">The carry changes, or the length is missing or differs.</exception>
    /// <example><code>
    /// // Running sums: ys = [1, 3, 6].
    /// (Tensor sum, Tensor ys) = Flow.Scan((Tensor s, Tensor x) =&gt; (s + x, s + x), Tensor.Scalar(0), Tensor.From([1f, 2f, 3f]));
    /// </code></example>
    public static (TCarry Carry, TY Ys) Scan<TCarry, TX, TY>(Func<TCarry, TX, (TCarry Carry, TY Y)> body, TCarry init, TX xs,
        int? length = null, bool reverse = false, ScanMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        Tensor[] slices = Trees.Flatten(xs);
        int rounds = ControlFlow.Length(xs, slices, length);
        Node[] start = ControlFlow.Nodes(init);
        Node[] carries = [.. start.Select((n, i) => ControlFlow.Like(n, n.Shape, $"carry {i}"))];
        Node[] x = [.. slices.Select((t, i) => ControlFlow.Like(t.Node, Shape.From(t.Shape.Skip(1)), $"slice {i}"))];
        (TCarry next, TY y) = body(ControlFlow.Tree(init, carries), ControlFlow.Tree(xs, x));

        Node[] outputs = [.. ControlFlow.Next("Scan", init, next, carries), .. ControlFlow.Nodes(y)];
        (SubGraph graph, Node[] constants) = SubGraph.Close([.. carries, .. x], outputs);
        Node[] results = rounds == 0
            ? [.. start, .. graph.Outputs.Skip(start.Length).Select(n => Make.Number(n.DType, 0, [0, .. n.Shape]))]
            : ControlFlow.Call(Ops.Scan, [.. start, .. slices.Select(t => t.Node), .. constants],
                new ScanAttributes(graph, start.Length, x.Length, rounds, reverse) { Memory = memory ?? ScanMemory.SaveAll });
        Tensor[] tensors = Tensor.Of(results);
        return (Trees.Rebuild(init, tensors[..start.Length]), Trees.Rebuild(y, tensors[start.Length..]));
    }

    /// <summary>As the other overload, for a body that takes no slices.</summary>
    public static (TCarry Carry, TY Ys) Scan<TCarry, TY>(Func<TCarry, (TCarry Carry, TY Y)> body, TCarry init, int length,
        ScanMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Scan<TCarry, Tensor?, TY>((carry, _) => body(carry), init, null, length, memory: memory);
    }

    /// <summary>The carry after body(carry, x) for each slice x of xs.</summary>
    /// <inheritdoc cref="Scan{TCarry, TX, TY}"/>
    public static TCarry Fold<TCarry, TX>(Func<TCarry, TX, TCarry> body, TCarry init, TX xs, int? length = null, bool reverse = false,
        ScanMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Scan<TCarry, TX, Tensor?>((carry, x) => (body(carry, x), null), init, xs, length, reverse, memory).Carry;
    }

    /// <summary>A loop of known length: carry = body(i, carry) for i = 0 … count − 1, an Int32 scalar. A scan: differentiable in both
    /// modes.</summary>
    /// <inheritdoc cref="Scan{TCarry, TX, TY}"/>
    public static TCarry ForLoop<TCarry>(int count, Func<Tensor, TCarry, TCarry> body, TCarry init, ScanMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return Fold((carry, i) => body(i, carry), init, Tensor.Arange(count), memory: memory);
    }

    /// <summary>carry = body(carry) while the condition, a Bool scalar, holds. The host waits for it once a round.</summary>
    /// <param name="condition">Called once.</param>
    /// <param name="body">Called once. The carry that it returns has the structure, shapes and dtypes of the one it is given.</param>
    /// <param name="init">The first carry; it is the result if the condition does not hold.</param>
    /// <remarks>Differentiable in forward mode only: the rounds are not known before they ran, so there is nothing to keep what reverse
    /// mode needs in. Use a scan of fixed length there, or Implicit.FixedPoint for what the loop converges to.</remarks>
    /// <exception cref="ControlFlowException">The carry changes, or the condition is no Bool scalar.</exception>
    /// <example><code>Tensor root = Flow.While(x =&gt; (x * x - 2).Abs() &gt; 1e-6, x =&gt; (x + 2 / x) / 2, Tensor.Scalar(1));</code></example>
    public static TCarry While<TCarry>(Func<TCarry, Tensor> condition, Func<TCarry, TCarry> body, TCarry init)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(body);
        Node[] start = ControlFlow.Nodes(init);
        Node[] carries = [.. start.Select((n, i) => ControlFlow.Like(n, n.Shape, $"carry {i}"))];
        TCarry arguments = ControlFlow.Tree(init, carries);
        Node test = ControlFlow.Predicate("While: the condition", condition(arguments));
        Node[] next = ControlFlow.Next("While", init, body(arguments), carries);
        (ImmutableArray<SubGraph> graphs, Node[] constants) = ControlFlow.Close(carries, [[test], next]);
        Node[] results = ControlFlow.Call(Ops.While, [.. start, .. constants], new WhileAttributes(graphs[0], graphs[1]));
        return start.Length == 0 ? init : Trees.Rebuild(init, Tensor.Of(results));
    }

    /// <summary>ifTrue(operands) or ifFalse(operands): only the chosen one is computed. The host waits for the predicate.</summary>
    /// <param name="predicate">A Bool scalar. To choose element by element, and where waiting costs more than computing both, use
    /// <see cref="Tensor.Where"/>.</param>
    /// <param name="ifTrue">Called once.</param>
    /// <param name="ifFalse">Called once. Returns the structure, shapes and dtypes of the other.</param>
    /// <param name="operands">What the functions take; they may also capture.</param>
    /// <exception cref="ControlFlowException">The branches differ, or the predicate is no Bool scalar.</exception>
    public static TResult Cond<T, TResult>(Tensor predicate, Func<T, TResult> ifTrue, Func<T, TResult> ifFalse, T operands)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        ArgumentNullException.ThrowIfNull(ifTrue);
        ArgumentNullException.ThrowIfNull(ifFalse);
        Node test = ControlFlow.Predicate("Cond: the predicate", predicate);
        Node[] x = ControlFlow.Nodes(operands);
        Node[] placeholders = [.. x.Select((n, i) => ControlFlow.Like(n, n.Shape, $"operand {i}"))];
        T arguments = ControlFlow.Tree(operands, placeholders);
        long first = ControlFlow.NextId();
        TResult yes = ifTrue(arguments), no = ifFalse(arguments);
        Node[] results = ControlFlow.Nodes(yes), others = ControlFlow.Same("Cond: the branches differ", "ifFalse", "ifTrue", yes, no, results);
        if (results.Length == 0) return yes;
        (ImmutableArray<SubGraph> graphs, Node[] captured) = ControlFlow.Close(placeholders, [results, others], first);
        return Trees.Rebuild(yes, Tensor.Of(ControlFlow.Call(Ops.Cond, [test, .. x, .. captured], new CondAttributes(graphs[0], graphs[1]))));
    }

    /// <summary>As the other overload, for functions that only capture.</summary>
    public static TResult Cond<TResult>(Tensor predicate, Func<TResult> ifTrue, Func<TResult> ifFalse)
    {
        ArgumentNullException.ThrowIfNull(ifTrue);
        ArgumentNullException.ThrowIfNull(ifFalse);
        return Cond<Tensor?, TResult>(predicate, _ => ifTrue(), _ => ifFalse(), null);
    }
}
