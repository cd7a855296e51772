using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Prints one kernel as an OpenCL C 1.2 function. The file next to this one prints single
/// instructions.</summary>
/// <remarks>
/// The text is structured: If is <c>if</c>, Loop is <c>for (;;)</c>, results and loop parameters are variables assigned
/// where control leaves. A Break or Continue costs a jump only where falling through, <c>break</c> or <c>continue</c>
/// would not do; then it is a forward <c>goto</c>.
/// </remarks>
internal sealed partial class OpenClPrinter
{
    private readonly Kernel _kernel;
    private readonly OpenClTraits _traits;
    private readonly OpenClHelpers _helpers;
    private readonly StringBuilder _text = new();
    private readonly Dictionary<Value, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, string> _breakLabels = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Loop, string> _continueLabels = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<Loop> _loops = new();
    private int _indent = 1;
    private int _exchanges;

    private OpenClPrinter(Kernel kernel, OpenClTraits traits, OpenClHelpers helpers)
    {
        _kernel = kernel;
        _traits = traits;
        _helpers = helpers;
    }

    /// <summary>Bytes a work item of the argument with local memory for group operations; 0 if there is none.</summary>
    private int ScratchBytes { get; set; }

    /// <summary>True if the kernel takes local memory of the launch's size.</summary>
    private bool UsesDynamicShared { get; set; }

    /// <summary>The function's text with <paramref name="name"/> for its name, how much group scratch memory it
    /// takes and whether it takes shared memory of the launch's size.</summary>
    public static (string Text, int ScratchBytes, bool UsesDynamicShared) Print(
        Kernel kernel, string name, OpenClTraits traits, OpenClHelpers helpers)
    {
        if (kernel.Kind == LaunchKind.Grouped)
            GroupControl.Check(kernel);
        OpenClPrinter printer = new(kernel, traits, helpers);
        ImmutableArray<string> entry = printer.Entry();
        printer.Print(kernel.Body, new FallThrough(null, null, true));
        List<string> parameters = printer.ParameterList();
        string text = $"__kernel void {name}({string.Join(", ", parameters)})\n{{\n"
            + string.Concat(entry.Select(line => $"    {line}\n")) + printer._text + "}\n";
        return (text, printer.ScratchBytes, printer.UsesDynamicShared);
    }

    // What running off the end of the text being printed amounts to, so that the Break, Continue or Return need not be
    // written.
    private sealed record FallThrough(INode? Target, FallThrough? Outer, bool IsReturn = false)
    {
        public bool Reaches(INode target, bool asContinue) =>
            (Target == target && asContinue == target is Loop) || (Outer?.Reaches(target, asContinue) ?? false);

        public bool Returns => IsReturn || (Outer?.Returns ?? false);
    }

    private List<string> ParameterList()
    {
        List<string> list = [];
        foreach (Parameter parameter in _kernel.Parameters)
        {
            string name = $"a{parameter.Index}";
            if (parameter.Type.IsPointer)
            {
                list.Add($"{OpenClTypes.Value(parameter.Type)} {name}");
                list.Add($"long {name}_offset");
            }
            else
            {
                list.Add($"{OpenClTypes.Memory(parameter.Type.Scalar)} {name}");
            }
        }

        for (int axis = 0; axis < _kernel.Kind.Rank(); axis++)
            list.Add($"int extent_{axis}");

        if (ScratchBytes > 0)
            list.Add("__local ulong* scratch");

        if (UsesDynamicShared)
            list.AddRange(["__local ulong* dynamic_shared", "int dynamic_shared_size"]);

        return list;
    }

    // A kernel argument is a whole buffer: the view's byte offset is added here. Items outside a range end at once.
    private ImmutableArray<string> Entry()
    {
        ImmutableArray<string>.Builder lines = ImmutableArray.CreateBuilder<string>();
        foreach (Parameter parameter in _kernel.Parameters)
        {
            string name = NewName(parameter);
            string type = OpenClTypes.Value(parameter.Type);
            string argument = $"a{parameter.Index}";
            lines.Add(parameter.Type.Space is { } space
                ? $"{type} {name} = ({type})(({OpenClTypes.Qualifier(space)}char*){argument} + {argument}_offset);"
                : $"{type} {name} = {argument}{(parameter.Type.IsBool ? " != 0" : "")};");
        }

        for (int axis = 0; axis < _kernel.Kind.Rank(); axis++)
        {
            lines.Add($"int global_{axis} = (int)get_global_id({axis});");
            lines.Add($"if (global_{axis} >= extent_{axis}) return;");
        }

        return lines.ToImmutable();
    }

    private void Print(Region region, FallThrough end)
    {
        _exchanges = 0;
        for (int i = 0; i < region.Nodes.Count; i++)
        {
            switch (region.Nodes[i])
            {
                case Instruction instruction:
                    Print(instruction);
                    break;
                case Structured node:
                    // What follows is Unreachable: the end of the node is the end of this region too.
                    bool last = region.Nodes[i + 1] is Unreachable;
                    Print(node, last ? end : null);
                    _exchanges = 0;
                    break;
                case Terminator terminator:
                    Print(terminator, end);
                    break;
            }
        }
    }

    private void Print(Structured node, FallThrough? outer)
    {
        foreach (Result result in node.Results)
            Line($"{OpenClTypes.Value(result.Type)} {NewName(result)};");

        switch (node)
        {
            case If choice:
                PrintIf(choice, new FallThrough(choice, outer));
                break;
            case Block block:
                Braces(() => Print(block.Body, new FallThrough(block, outer)));
                break;
            case Loop loop:
                PrintLoop(loop);
                break;
        }

        if (_breakLabels.TryGetValue(node, out string? label))
            Line($"{label}: ;");
    }

    private void PrintIf(If choice, FallThrough end)
    {
        Line($"if ({Name(choice.Condition)})");
        Braces(() => Print(choice.Then, end));
        bool emptyElse = choice.Else.Nodes is [Break { Arguments.IsEmpty: true } only]
            && end.Reaches(only.Target, asContinue: false);
        if (!emptyElse)
        {
            Line("else");
            Braces(() => Print(choice.Else, end));
        }
    }

    private void PrintLoop(Loop loop)
    {
        for (int i = 0; i < loop.Parameters.Length; i++)
        {
            LoopParameter parameter = loop.Parameters[i];
            Line($"{OpenClTypes.Value(parameter.Type)} {NewName(parameter)} = {Name(loop.Initial[i])};");
        }

        Line("for (;;)");
        _loops.Push(loop);
        Braces(() =>
        {
            Print(loop.Body, new FallThrough(loop, null));
            if (_continueLabels.TryGetValue(loop, out string? label))
                Line($"{label}: ;");
        });
        _loops.Pop();
    }

    private void Print(Terminator terminator, FallThrough end)
    {
        switch (terminator)
        {
            case Return:
                if (!end.Returns)
                    Line("return;");
                break;
            case Break leave:
                Assign(leave.Target.Results, leave.Arguments);
                if (!end.Reaches(leave.Target, asContinue: false))
                    Jump(leave.Target, "break;", _breakLabels, "end");
                break;
            case Continue next:
                Assign(next.Target.Parameters, next.Arguments);
                if (!end.Reaches(next.Target, asContinue: true))
                    Jump(next.Target, "continue;", _continueLabels, "next");
                break;
        }
    }

    private void Jump<T>(T target, string statement, Dictionary<T, string> labels, string prefix) where T : Structured
    {
        if (_loops.TryPeek(out Loop? innermost) && innermost == (Structured)target)
        {
            Line(statement);
            return;
        }

        if (!labels.TryGetValue(target, out string? label))
            labels[target] = label = $"{prefix}_{_breakLabels.Count + _continueLabels.Count}";

        Line($"goto {label};");
    }

    /// <summary>Assigns all targets at once: through temporaries where an argument is a target assigned before it is
    /// read.</summary>
    private void Assign<T>(ImmutableArray<T> targets, ImmutableArray<Value> arguments) where T : Value
    {
        string[] sources = [.. arguments.Select(Name)];
        for (int i = 0; i < targets.Length; i++)
        {
            int target = targets.IndexOf((arguments[i] as T)!);
            if (target >= 0 && target < i && arguments[target] != targets[target])
            {
                string temporary = $"t{_names.Count}_{i}";
                Line($"{OpenClTypes.Value(targets[i].Type)} {temporary} = {sources[i]};");
                sources[i] = temporary;
            }
        }

        for (int i = 0; i < targets.Length; i++)
        {
            if (arguments[i] != targets[i])
                Line($"{Name(targets[i])} = {sources[i]};");
        }
    }

    private string NewName(Value value)
    {
        if (value.Type.Scalar == ScalarType.Float64 && !_traits.Float64)
        {
            throw new DeviceException("CTG3007", $"Kernel '{_kernel.Name}' uses f64, which this OpenCL device lacks " +
                "(cl_khr_fp64). Use f32, or run it on the CPU. See docs/diagnostics.md#CTG3007");
        }

        string name = $"v{_names.Count}";
        _names.Add(value, name);
        return name;
    }

    private string Name(Value value) => value is Constant constant ? OpenClTypes.Literal(constant) : _names[value];

    private void Braces(Action body)
    {
        Line("{");
        _indent++;
        body();
        _indent--;
        Line("}");
    }

    private void Line(string line) => _text.Append(' ', 4 * _indent).Append(line).Append('\n');
}
