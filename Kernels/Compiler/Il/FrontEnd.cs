using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Il;

/// <summary>From C# methods, by their IL, to kernel IR.</summary>
internal static class FrontEnd
{
    private const int LongestName = 96;

    private static readonly ConcurrentDictionary<(MethodInfo Method, bool IsChecked), Kernel> s_kernels = new();
    private static readonly ConcurrentDictionary<MethodInfo, (StructurePlan Plan, ImmutableArray<Parameter> Parameters)> s_functions = new();

    /// <summary>Compiles a kernel: a static void method. A leading index makes it a Range kernel.
    /// Each parameter becomes its scalars in order; a view is (pointer, Int64 length). The result is shared: do not change it.</summary>
    /// <param name="method">The kernel.</param>
    /// <param name="isChecked">Indices are checked: the kernel may have a last parameter more, see <see cref="Kernel.Reports"/>.</param>
    /// <exception cref="KernelCompilationException">The kernel uses what kernels cannot use.</exception>
    public static Kernel Compile(MethodInfo method, bool isChecked = false) => s_kernels.TryGetValue((method, isChecked), out Kernel? kernel)
        ? kernel
        : s_kernels.GetOrAdd((method, isChecked), CompileNew(method, new() { IsChecked = isChecked }));

    /// <summary>Appends a static function of scalars to <paramref name="b"/>, inlined. Its plan is made once a method.</summary>
    public static Value Inline(MethodInfo method, ImmutableArray<Value> arguments, Builder b)
    {
        if (!s_functions.TryGetValue(method, out (StructurePlan Plan, ImmutableArray<Parameter> Parameters) function))
            function = s_functions.GetOrAdd(method, Plan(method));
        IdentityMap<Value, Value> values = new();
        foreach ((Parameter parameter, Value argument) in function.Parameters.Zip(arguments))
            values[parameter] = argument;
        return new StructuredEmission(function.Plan, b.Region, values).Run()!;
    }

    /// <summary>Compiles a kernel with constants in place of what it captures and of its SpecializedValue parameters.</summary>
    /// <param name="method">The kernel.</param>
    /// <param name="closure">The object with the captured variables, or null.</param>
    /// <param name="specialised">The bits of the specialised parameters' scalars, in order.</param>
    /// <param name="isChecked">As for <see cref="Compile"/>.</param>
    /// <returns>The kernel, and the captured variables that it reads.</returns>
    public static (Kernel Kernel, ImmutableArray<CapturedVariable> Captured) Specialise(
        MethodInfo method, object? closure, ImmutableArray<ulong> specialised, bool isChecked = false)
    {
        Findings findings = new() { IsChecked = isChecked };
        Kernel kernel = CompileNew(method, findings, closure, specialised);
        return (kernel, [.. findings.Captured]);
    }

    /// <summary>The kind of launch a kernel is for.</summary>
    public static LaunchKind KindOf(MethodInfo method) => KindOf([.. method.GetParameters().Select(p => p.ParameterType)]);

    /// <summary>True for a SpecializedValue parameter.</summary>
    public static bool IsSpecialised(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(SpecializedValue<>);

    /// <summary>A refusal as the exception that users see.</summary>
    public static KernelCompilationException Report(RefusalException refusal, string place)
    {
        string code = refusal.Diagnostic.Code;
        return new(code, $"{refusal.Message}\n  at {place}\n  {refusal.Instead} See docs/diagnostics.md#{code}");
    }

    private static Kernel CompileNew(MethodInfo method, Findings findings, object? closure = null,
        ImmutableArray<ulong> specialised = default)
    {
        ImmutableArray<Type> types = [.. method.GetParameters().Select(p => p.ParameterType)];
        ImmutableArray<string> names = [.. method.GetParameters().Select(ParameterName.Of)];
        LaunchKind kind = KindOf(types);
        return Guarded(method, kind, findings, translator =>
        {
            RequireSignature(method);
            ParameterList parameters = new();
            List<AbstractValue> arguments = [];
            if (!method.IsStatic)
                arguments.Add(closure is null ? new EmptyClosure() : new ClosureValue(closure, []));
            int next = 0;
            for (int i = 0; i < types.Length; i++)
            {
                bool isIndex = i == 0 && kind != LaunchKind.Grouped;
                AbstractValue argument = isIndex ? Index(types[i], translator.Emitter) : parameters.Add(types[i], names[i]);
                if (IsSpecialised(types[i]) && !specialised.IsDefault)
                    argument = Translator.Map(argument, v => new Constant(v.Type, specialised[next++]));
                arguments.Add(argument);
            }

            FlowGraph graph = translator.Translate(method, arguments);
            FlowSimplifier.Run(graph);
            Kernel kernel = new(NameOf(method), kind, parameters.ToImmutable());
            new StructuredEmission(new StructurePlan(graph, isKernel: true), kernel.Body, new()).Run();
            Verifier.Verify(kernel, "the front end");
            return Reports.Expand(kernel);
        });
    }

    private static (StructurePlan Plan, ImmutableArray<Parameter> Parameters) Plan(MethodInfo method) => Guarded(method, null, new(),
        translator =>
    {
        ParameterList parameters = new();
        FlowGraph graph = translator.Translate(method, [.. method.GetParameters().Select(p => parameters.Add(p.ParameterType, ParameterName.Of(p)))]);
        if (graph.Returned.Count != 1 || graph.Allocations.Count > 0)
            throw new RefusalException(Diagnostics.Signature, $"'{method.ToText()}' is not a function to one scalar.");
        FlowSimplifier.Run(graph);
        return (new StructurePlan(graph, isKernel: false), parameters.ToImmutable());
    });

    /// <summary>Attempts a compilation until nothing new is found, and reports what is refused.</summary>
    private static T Guarded<T>(MethodInfo method, LaunchKind? kind, Findings findings, Func<Translator, T> compile)
    {
        for (; ; )
        {
            Translator translator = new(kind, findings);
            try
            {
                return compile(translator);
            }
            catch (RestartException)
            {
                // The next attempt begins with what this one found.
            }
            catch (RefusalException refusal)
            {
                throw Report(refusal, Place.Of(method, translator.Frames));
            }
            catch (Exception e) when (e is not CotangentException)
            {
                throw new KernelCompilationException("CTG9999",
                    $"The kernel compiler failed: {e.GetType().Name}: {e.Message}\n  at {Place.Of(method, translator.Frames)}\n" +
                    "  This is a fault of the compiler, not of the kernel: please report it with the kernel's source. " +
                    "See docs/diagnostics.md#CTG9999", e);
            }
        }
    }

    private static void RequireSignature(MethodInfo method)
    {
        string? fault = method switch
        {
            { IsStatic: false } when !Closures.IsEmpty(method.DeclaringType!) && !Closures.IsClosure(method.DeclaringType!) => "is an instance method",
            { ContainsGenericParameters: true } => "has open type parameters",
            { ReturnType: var type } when type != typeof(void) => "returns a value",
            _ => method.GetParameters().Any(p => p.ParameterType.IsByRef) ? "has a ref parameter" : null,
        };
        if (fault is not null)
            throw new RefusalException(Diagnostics.Signature, $"The kernel '{method.ToText()}' {fault}.");
    }

    private static LaunchKind KindOf(ImmutableArray<Type> types) => types.FirstOrDefault() switch
    {
        { } type when type == typeof(Index1D) || type == typeof(LongIndex1D) => LaunchKind.Range1D,
        { } type when type == typeof(Index2D) || type == typeof(LongIndex2D) => LaunchKind.Range2D,
        { } type when type == typeof(Index3D) || type == typeof(LongIndex3D) => LaunchKind.Range3D,
        _ => LaunchKind.Grouped,
    };

    /// <summary>Positions have 32 bits; those of a LongIndex are widened.</summary>
    private static StructValue Index(Type type, Emitter emitter) => new(type,
    [
        .. ((StructLayout)TypeLayout.Of(type)).Fields.Select((field, axis) => new ScalarValue(emitter.Coerce(
            emitter.Append(new Instruction(Opcode.GlobalIndex, ScalarType.Int32) { Axis = (Axis)axis }),
            ((ScalarLayout)field.Layout).Stack))),
    ]);

    /// <summary>The kernel's name in IR, and in messages: an identifier.</summary>
    public static string NameOf(MethodInfo method)
    {
        StringBuilder name = new();
        foreach (char c in method.ToShortText())
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        foreach (Type argument in method.GetGenericArguments())
            name.Append('_').Append(string.Concat(argument.ToText().Where(char.IsAsciiLetterOrDigit)));
        return Shortened(char.IsAsciiDigit(name[0]) ? $"_{name}" : name.ToString());
    }

    /// <summary>Drivers make file names of kernels' names: type arguments within type arguments are cut short, and told apart by
    /// a hash (FNV-1a).</summary>
    private static string Shortened(string name)
    {
        if (name.Length <= LongestName)
            return name;
        uint hash = 2166136261;
        foreach (char c in name)
            hash = (hash ^ c) * 16777619;
        return $"{name.AsSpan(0, LongestName - 9)}_{hash:x8}";
    }
}

/// <summary>Makes IR parameters from a method's: the leaves of each, in order.</summary>
internal sealed class ParameterList
{
    private readonly ImmutableArray<Parameter>.Builder _parameters = ImmutableArray.CreateBuilder<Parameter>();

    public int Count => _parameters.Count;

    public ImmutableArray<Parameter> ToImmutable() => _parameters.ToImmutable();

    /// <summary>The leaves of a parameter, named as in the source: <c>x</c>, <c>image.Pixels</c>.</summary>
    public AbstractValue Add(Type type, string name) => TypeLayout.Of(type) switch
    {
        ScalarLayout scalar => Next(scalar.Stack, name),
        ViewLayout view => new StructValue(type,
        [
            Next(IrType.Pointer(view.Storage, AddressSpace.Global), name),
            Next(ScalarType.Int64, $"{name}.Length"),
        ]),
        StructLayout layout => new StructValue(type,
            [.. layout.Fields.Select(f => Add(f.Layout.Type, ParameterName.Of(name, f.Field)))]),
        _ => throw new RefusalException(Diagnostics.UnsupportedType, $"A kernel cannot have a parameter of type '{type.ToText()}'."),
    };

    private ScalarValue Next(IrType type, string name)
    {
        Parameter parameter = new(type, _parameters.Count) { Name = name };
        _parameters.Add(parameter);
        return new ScalarValue(parameter);
    }
}

/// <summary>What messages call the parts of a parameter.</summary>
internal static class ParameterName
{
    /// <summary>A parameter's name.</summary>
    public static string Of(ParameterInfo parameter) => parameter.Name ?? $"parameter {parameter.Position}";

    /// <summary>The name of a field in a parameter: that of its property, where it has one. What lies behind a view's shape has the
    /// view's name.</summary>
    public static string Of(string owner, FieldInfo? field)
    {
        if (field is null || field.DeclaringType?.Module == typeof(ParameterName).Module)
            return owner;
        int end = field.Name.StartsWith('<') ? field.Name.IndexOf('>', StringComparison.Ordinal) : 0;
        return $"{owner}.{(end > 1 ? field.Name[1..end] : field.Name)}";
    }
}
