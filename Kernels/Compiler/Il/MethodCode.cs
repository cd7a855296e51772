using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;

namespace Cotangent.Kernels.Il;

/// <summary>A basic block of IL: instructions First … Last of its method.</summary>
internal sealed class IlBlock
{
    public required int First { get; init; }

    public required int Last { get; init; }

    /// <summary>The position in reverse postorder; −1 if control cannot come here.</summary>
    public int Order { get; set; } = -1;

    /// <summary>True if an edge from a later block comes back here.</summary>
    public bool IsLoopHeader { get; set; }

    public List<IlBlock> Successors { get; } = [];
}

/// <summary>A method's IL, decoded and cut into basic blocks. Made once a (closed) method, so inlining it again is cheap.</summary>
internal sealed class MethodCode
{
    private static readonly ConcurrentDictionary<MethodBase, MethodCode> s_cache = new();

    private readonly Dictionary<int, int> _indexOfOffset = [];
    private readonly Dictionary<int, IlBlock> _blockOfOffset = [];
    private readonly ConcurrentDictionary<int, MemberInfo> _members = new();
    private readonly Type[]? _typeArguments;
    private readonly Type[]? _methodArguments;
    private readonly HashSet<IlBlock> _throwing;

    private MethodCode(MethodBase method, MethodBody body)
    {
        Method = method;
        _typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        _methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        HasHandlers = body.ExceptionHandlingClauses.Any(c => c.Flags != ExceptionHandlingClauseOptions.Finally);
        Instructions = IlDecoder.Decode(body.GetILAsByteArray());
        if (body.ExceptionHandlingClauses.Count > 0 && !HasHandlers)
            Instructions = FinallyExpansion.Run(Instructions, body.ExceptionHandlingClauses);
        for (int i = 0; i < Instructions.Length; i++)
            _indexOfOffset[Instructions[i].Offset] = i;
        LocalTypes = [.. body.LocalVariables.OrderBy(v => v.LocalIndex).Select(v => v.LocalType)];
        ImmutableArray<Type> parameters = [.. method.GetParameters().Select(p => p.ParameterType)];
        ArgumentTypes = method.IsStatic ? parameters : [ThisType(method.DeclaringType!), .. parameters];
        ReturnType = method is MethodInfo info ? info.ReturnType : typeof(void);
        InitialisesLocals = body.InitLocals;
        Blocks = FormBlocks();
        _throwing = Libraries.ThrowingBlocks(this);
    }

    public MethodBase Method { get; }

    public ImmutableArray<IlInstruction> Instructions { get; }

    /// <summary>The reachable blocks in reverse postorder; the first is the entry.</summary>
    public ImmutableArray<IlBlock> Blocks { get; }

    /// <summary>Parameter types; for an instance method preceded by the type of <c>this</c>.</summary>
    public ImmutableArray<Type> ArgumentTypes { get; }

    public ImmutableArray<Type> LocalTypes { get; }

    public Type ReturnType { get; }

    /// <summary>True if the method catches exceptions.</summary>
    public bool HasHandlers { get; }

    /// <summary>True if the method's stack memory begins as zeros.</summary>
    public bool InitialisesLocals { get; }

    /// <summary>The code of a method, or null if it has none (abstract, extern, runtime-implemented).</summary>
    public static MethodCode? Of(MethodBase method)
    {
        if (s_cache.TryGetValue(method, out MethodCode? code))
            return code;

        return method.GetMethodBody() is { } body ? s_cache.GetOrAdd(method, new MethodCode(method, body)) : null;
    }

    public IlBlock BlockAt(long offset) => _blockOfOffset[(int)offset];

    /// <summary>True for a block of a library method that only throws.</summary>
    public bool OnlyThrows(IlBlock block) => _throwing.Contains(block);

    /// <summary>True if all elements of the array that <paramref name="newArray"/> makes are set right behind it.</summary>
    public bool InitialisesArray(IlInstruction newArray)
    {
        int i = _indexOfOffset[newArray.Offset];
        return i + 3 < Instructions.Length && Instructions[i + 1].Code == ILOpCode.Dup && Instructions[i + 2].Code == ILOpCode.Ldtoken
            && Instructions[i + 3].Code == ILOpCode.Call
            && ResolveMethod((int)Instructions[i + 3].Operand) is { Name: "InitializeArray" };
    }

    public MethodBase ResolveMethod(int token) => Resolve<MethodBase>(token);

    public FieldInfo ResolveField(int token) => Resolve<FieldInfo>(token);

    /// <summary>A type, method or field.</summary>
    public MemberInfo ResolveMember(int token) => Resolve<MemberInfo>(token);

    public Type ResolveType(int token) => Resolve<Type>(token);

    public string ResolveString(int token) => Method.Module.ResolveString(token);

    /// <summary>What a token means with this method's type arguments; remembered, since a method is inlined many
    /// times.</summary>
    private T Resolve<T>(int token) where T : MemberInfo => (T)(_members.TryGetValue(token, out MemberInfo? known)
        ? known
        : _members.GetOrAdd(token, Method.Module.ResolveMember(token, _typeArguments, _methodArguments)!));

    private static Type ThisType(Type type) => type.IsValueType ? type.MakeByRefType() : type;

    private ImmutableArray<IlBlock> FormBlocks()
    {
        SortedSet<int> leaders = [0];
        foreach (IlInstruction instruction in Instructions)
        {
            if (instruction.Code == ILOpCode.Br || instruction.Code == ILOpCode.Leave || instruction.IsConditionalBranch)
                leaders.Add((int)instruction.Operand);
            foreach (int target in instruction.Targets ?? [])
                leaders.Add(target);
            if (instruction.EndsFlow || instruction.IsConditionalBranch || instruction.Targets is not null)
                leaders.Add(instruction.Next);
        }

        int[] starts = [.. leaders.Where(_indexOfOffset.ContainsKey).Select(offset => _indexOfOffset[offset])];
        for (int i = 0; i < starts.Length; i++)
        {
            int end = i + 1 < starts.Length ? starts[i + 1] : Instructions.Length;
            _blockOfOffset[Instructions[starts[i]].Offset] = new IlBlock { First = starts[i], Last = end - 1 };
        }

        foreach (IlBlock block in _blockOfOffset.Values)
            Link(block);
        return Order(_blockOfOffset[0]);
    }

    private void Link(IlBlock block)
    {
        IlInstruction last = Instructions[block.Last];
        if (last.Code is ILOpCode.Br or ILOpCode.Leave || last.IsConditionalBranch)
            block.Successors.Add(BlockAt(last.Operand));
        foreach (int target in last.Targets ?? [])
            block.Successors.Add(BlockAt(target));
        if (!last.EndsFlow && _blockOfOffset.TryGetValue(last.Next, out IlBlock? next))
            block.Successors.Add(next);
    }

    private static ImmutableArray<IlBlock> Order(IlBlock entry)
    {
        List<IlBlock> postorder = [];
        HashSet<IlBlock> seen = [entry];
        HashSet<IlBlock> open = [entry];
        Stack<(IlBlock Block, int Next)> path = new([(entry, 0)]);
        while (path.TryPop(out (IlBlock Block, int Next) top))
        {
            if (top.Next == top.Block.Successors.Count)
            {
                open.Remove(top.Block);
                postorder.Add(top.Block);
                continue;
            }

            path.Push((top.Block, top.Next + 1));
            IlBlock successor = top.Block.Successors[top.Next];
            successor.IsLoopHeader |= open.Contains(successor);
            if (seen.Add(successor))
            {
                open.Add(successor);
                path.Push((successor, 0));
            }
        }

        postorder.Reverse();
        for (int i = 0; i < postorder.Count; i++)
            postorder[i].Order = i;
        return [.. postorder];
    }
}
