using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Interprets IL abstractly, block by block in reverse postorder, into an SSA flow graph. Calls are inlined as they come:
/// a callee's blocks stand between the caller's, its variables above the caller's.</summary>
internal sealed partial class Translator
{
    private const int DepthLimit = 100;
    private const int RecursionLimit = 64;
    private const int MostRecursiveCalls = 2000;

    private readonly List<Frame> _frames = [];
    private readonly FlowGraph _graph = new();
    private readonly Emitter _emit;
    private readonly LaunchKind? _kind;
    private readonly Findings _findings;
    private State _state = new();
    private int _recursiveCalls;

    /// <param name="kind">The kind of the kernel; null for a scalar function.</param>
    /// <param name="findings">What earlier attempts at the same kernel found.</param>
    public Translator(LaunchKind? kind, Findings findings)
    {
        _kind = kind;
        _findings = findings;
        _emit = new Emitter(_graph.Entry);
    }

    /// <summary>The active calls, the outermost first.</summary>
    public IReadOnlyList<Frame> Frames => _frames;

    public Emitter Emitter => _emit;

    public FlowGraph Graph => _graph;

    private Frame Frame => _frames[^1];

    private MethodCode Code => Frame.Code;

    /// <summary>Translates a whole method from its arguments.</summary>
    public FlowGraph Translate(MethodBase method, IEnumerable<AbstractValue> arguments)
    {
        foreach (AbstractValue argument in arguments)
            Push(argument);
        if (!InlineBody(method))
            throw new RefusalException(Diagnostics.Irreducible, $"'{method.ToText()}' never returns.");
        _graph.Exit = _emit.Block;
        _graph.Exit.EndWithExit();
        if (_state.Stack.Count > 0)
            _graph.Returned.AddRange(Leaves(_state.Pop()));
        return _graph;
    }

    /// <summary>Inlines a method whose arguments are on the stack; leaves its result there. False if control never comes back.</summary>
    private bool InlineBody(MethodBase method)
    {
        MethodCode code = MethodCode.Of(method) ?? throw new RefusalException(Diagnostics.UnsupportedMethod,
            $"'{method.ToText()}' has no IL body and no meaning on devices.");
        CheckRecursion(method);
        if (_frames.Count == DepthLimit)
        {
            throw new RefusalException(Diagnostics.Recursion,
                $"Calls are nested more than {DepthLimit} deep: generic methods probably call each other with ever larger types.");
        }

        if (code.HasHandlers)
        {
            throw new RefusalException(Diagnostics.ExceptionUse,
                $"'{method.ToText()}' catches exceptions (lock does too).");
        }

        int path = _frames.Count == 0 ? 0 : _findings.Path(Frame.Path, Frame.Current.Offset);
        Frame frame = new(code, _state.Variables.Count, path);
        EnterVariables(code, path);
        _frames.Add(frame);
        JumpTo(code.Blocks[0]);
        foreach (IlBlock block in code.Blocks)
            TranslateBlock(frame, block);
        bool returns = Return(frame);
        _frames.RemoveAt(_frames.Count - 1);
        return returns;
    }

    /// <summary>Calls are inlined, so recursion must end by itself: its depth is a constant.</summary>
    private void CheckRecursion(MethodBase method)
    {
        int depth = _frames.Count(f => f.Method == method);
        if (depth == 0 || (depth < RecursionLimit && ++_recursiveCalls <= MostRecursiveCalls))
            return;
        // The place of the first call says more than that of the sixty-fourth.
        int first = _frames.FindIndex(f => f.Method == method);
        _frames.RemoveRange(first + 1, _frames.Count - first - 1);
        throw new RefusalException(Diagnostics.Recursion, depth < RecursionLimit
            ? $"'{method.ToText()}' calls itself more than {MostRecursiveCalls} times."
            : $"'{method.ToText()}' calls itself, and to no constant depth below {RecursionLimit}.");
    }

    private void EnterVariables(MethodCode code, int path)
    {
        int count = code.ArgumentTypes.Length;
        AbstractValue[] arguments = [.. _state.Stack.TakeLast(count)];
        _state.Stack.RemoveRange(_state.Stack.Count - count, count);
        for (int i = 0; i < count; i++)
            AddVariable(code.ArgumentTypes[i], (path, i), Coerce(arguments[i], code.ArgumentTypes[i]));
        for (int i = 0; i < code.LocalTypes.Length; i++)
            AddVariable(code.LocalTypes[i], (path, count + i), Unset.Instance);
    }

    private bool Return(Frame frame)
    {
        if (frame.Returns.Count == 0)
            return false;
        _state = Merge(frame.Exit, frame.Returns);
        _emit.Block = frame.Exit;
        _state.Truncate(frame.FirstVariable);
        return true;
    }

    private void TranslateBlock(Frame frame, IlBlock block)
    {
        if (frame.Edges[block.Order] is not { } edges)
            return;
        Enter(frame, block, edges);
        for (int i = block.First; i <= block.Last; i++)
        {
            IlInstruction instruction = frame.Code.Instructions[i];
            frame.Current = instruction;
            if (frame.IsSource)
                _emit.Origin = new Origin(frame.Method, instruction.Offset);
            if (!Step(instruction))
                return;
        }

        IlInstruction last = frame.Code.Instructions[block.Last];
        if (!last.EndsFlow && !last.IsConditionalBranch && last.Targets is null)
            JumpTo(frame.Code.BlockAt(last.Next));
    }

    private FlowBlock EntryOf(IlBlock block) => Frame.Entries[block.Order] ??=
        new FlowBlock { Frame = Frame, Offset = Code.Instructions[block.First].Offset };

    private void JumpTo(IlBlock block)
    {
        if (Code.OnlyThrows(block))
            throw new RefusalException(Diagnostics.ExceptionUse, $"'{Code.Method.ToText()}' always throws with these arguments.");
        FlowBlock target = EntryOf(block);
        _emit.Block.EndWithJump(target);
        AddEdge(block, target, _state);
    }

    private void BranchTo(Value condition, IlBlock target, IlBlock other)
    {
        if (condition is Constant constant)
        {
            JumpTo(constant.Bits != 0 ? target : other);
            return;
        }

        if (target == other || Code.OnlyThrows(other))
        {
            JumpTo(target);
            return;
        }

        if (Code.OnlyThrows(target))
        {
            JumpTo(other);
            return;
        }

        FlowBlock first = EntryOf(target);
        FlowBlock second = EntryOf(other);
        _emit.Block.EndWithBranch(condition, first, second);
        AddEdge(target, first, _state.Clone());
        AddEdge(other, second, _state);
    }

    private void AddEdge(IlBlock block, FlowBlock target, State state)
    {
        if (target.Predecessors.Count > 0)
        {
            CloseLoop(target, state);
            return;
        }

        (Frame.Edges[block.Order] ??= []).Add(new Edge(_emit.Block, state));
    }

    /// <summary>Ret: passes the result, if any, to the caller.</summary>
    private void ReturnTo(Frame frame)
    {
        if (frame.Code.ReturnType != typeof(void))
            Push(Coerce(Pop(), frame.Code.ReturnType));
        _emit.Block.EndWithJump(frame.Exit);
        frame.Returns.Add(new Edge(_emit.Block, _state));
    }

    private void Push(AbstractValue value) => _state.Stack.Add(value);

    private void Push(Value value) => _state.Stack.Add(new ScalarValue(value));

    private AbstractValue Pop() => _state.Pop();

    private Value PopScalar() => Scalar(Pop());

    private static Value Scalar(AbstractValue value) => value switch
    {
        ScalarValue scalar => scalar.Value,
        Unset => throw new RefusalException(Diagnostics.Uninitialised, "A variable is read before it is assigned."),
        Conflict => throw Untracked(),
        Refused refused => throw refused.Reason,
        BoxedValue boxed => throw boxed.Reason,
        TypeValue type => throw new RefusalException(Diagnostics.HeapObject, $"typeof({type.Type.ToText()}) is used as an object.",
            "Compare types only with ==."),
        LocalAddress or ElementAddress or DataAddress => throw new RefusalException(Diagnostics.UntrackedReference,
            "A reference is used as a pointer or number."),
        _ => throw new RefusalException(Diagnostics.UnsupportedInstruction, "A struct stands where a number is needed."),
    };

    private static RefusalException Untracked() => new(Diagnostics.UntrackedReference,
        "A reference may refer to different variables here.");

    /// <summary>A value as a variable of <paramref name="type"/> holds it.</summary>
    private AbstractValue Coerce(AbstractValue value, Type type)
    {
        if (value is Unset)
            return value;
        if (type.IsByRef || type.IsPointer)
            return Retype(value, type.GetElementType()!);
        if (value is EmptyClosure or ClosureValue or TypeValue or DataAddress)
            return value;
        // Objects are refused where they are used: a message for an exception that is never thrown is not.
        if (!type.IsValueType && (IsReference(value) || value is Refused))
            return value;
        if (value is Refused refused)
            throw refused.Reason;
        bool isNumber = type == typeof(nint) || type == typeof(nuint);
        if (isNumber && IsAddress(value))
            return value;
        return TypeLayout.Of(type) is ScalarLayout scalar
            ? new ScalarValue(_emit.Coerce(Scalar(value), scalar.Stack))
            : value;
    }

    /// <summary>The IR values in a tree, in order.</summary>
    private static IEnumerable<Value> Leaves(AbstractValue value) => value is StructValue tree
        ? tree.Fields.SelectMany(Leaves)
        : [Scalar(value)];

    /// <summary>The value all of whose scalars are zero.</summary>
    public static AbstractValue Zero(Type type) => TypeLayout.Of(type) switch
    {
        ScalarLayout scalar => new ScalarValue(new Constant(scalar.Stack, 0)),
        StructLayout layout => new StructValue(type, [.. layout.Fields.Select(f => Zero(f.Layout.Type))]),
        ViewLayout view => new StructValue(type,
        [
            new ScalarValue(new UndefinedPointer(IrType.Pointer(view.Storage, AddressSpace.Global))),
            new ScalarValue(Constant.Of(0L)),
        ]),
        _ => Unset.Instance,
    };
}
