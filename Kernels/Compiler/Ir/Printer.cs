using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Cotangent.Kernels.Ir;

/// <summary>Writes IR as text. Values are numbered in the order of their definition and structured operations in the
/// order they open, so that two kernels have the same text exactly if they are the same but for names.</summary>
/// <example><code>
/// kernel scale range1d (f32 global* %x, f32 %a) {
///   %0 = global.index.x : i32
///   %1 = load %x, %0 : f32
///   %2 = mul %1, %a : f32
///   store %x, %0, %2
///   return
/// }
/// </code></example>
internal sealed class Printer
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<Value, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, int> _labels = new(ReferenceEqualityComparer.Instance);
    private readonly INode? _marked;
    private int _values;
    private int _indent = 1;

    private Printer(INode? marked) => _marked = marked;

    /// <summary>The text of a kernel. The node <paramref name="marked"/>, if any, is pointed at.</summary>
    public static string Print(Kernel kernel, INode? marked = null) => new Printer(marked).Write(kernel);

    /// <summary>A literal as it stands in the text: Int32 and Float64 bare, Float32 with an f, others with their
    /// type.</summary>
    public static string Literal(Constant constant)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        return constant.Type.Scalar switch
        {
            ScalarType.Bool => constant.Bits != 0 ? "true" : "false",
            ScalarType.Float32 when float.IsFinite(constant.AsFloat) => constant.AsFloat.ToString("R", culture) + "f",
            ScalarType.Float64 when double.IsFinite(constant.AsDouble) =>
                constant.AsDouble.ToString("R", culture) is var s && s.AsSpan().ContainsAny('.', 'E') ? s : s + ".0",
            ScalarType.Int32 => constant.AsInteger.ToString(culture),
            ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int64 =>
                string.Create(culture, $"{constant.AsInteger}:{constant.Type}"),
            ScalarType.UInt8 or ScalarType.UInt16 or ScalarType.UInt32 or ScalarType.UInt64 =>
                string.Create(culture, $"{constant.Bits}:{constant.Type}"),
            _ => string.Create(culture, $"0x{constant.Bits:x}:{constant.Type}"),
        };
    }

    private string Write(Kernel kernel)
    {
        foreach (Parameter p in kernel.Parameters)
        {
            string name = p.Name ?? $"arg{p.Index}";
            _names[p] = _names.ContainsValue("%" + name) ? $"%{name}.{p.Index}" : "%" + name;
        }

        string parameters = string.Join(", ", kernel.Parameters.Select(p => $"{p.Type} {_names[p]}"));
        string group = kernel.Group is { } g ? $" {g.X}x{g.Y}x{g.Z}" : "";
        _text.Append(CultureInfo.InvariantCulture,
            $"kernel {kernel.Name} {kernel.Kind.ToString().ToLowerInvariant()}{group} ({parameters}) {{\n");
        Write(kernel.Body);
        return _text.Append("}\n").ToString();
    }

    private void Write(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            if (ReferenceEquals(node, _marked))
            {
                _text.Append(">>");
            }

            switch (node)
            {
                case Instruction instruction: Write(instruction); break;
                case If branch: Write(branch); break;
                case Loop loop: Write(loop); break;
                case Block block:
                    Open(block, "block", "");
                    Nest(block.Body);
                    Line("}");
                    break;
                case Break leave: Line($"break @{Label(leave.Target)}{Arguments(leave)}"); break;
                case Continue again: Line($"continue @{Label(again.Target)}{Arguments(again)}"); break;
                case Return: Line("return"); break;
                case Unreachable: Line("unreachable"); break;
                default: throw new NotSupportedException($"The printer does not know the node {node.GetType().Name}.");
            }
        }
    }

    private void Write(Instruction instruction)
    {
        StringBuilder line = new();
        if (instruction.Type.Scalar != ScalarType.Void)
        {
            line.Append(Define(instruction)).Append(" = ");
        }

        line.Append(Mnemonic(instruction));
        if (instruction.Operands.Length > 0)
        {
            line.Append(' ').Append(List(instruction.Operands));
        }

        if (instruction.Opcode is Opcode.Allocate or Opcode.AsyncCopy or Opcode.AsyncWait or Opcode.MatrixMultiplyAdd)
        {
            line.Append(CultureInfo.InvariantCulture, $" {instruction.Count}");
        }

        if (instruction.Type.Scalar != ScalarType.Void)
        {
            line.Append(" : ").Append(instruction.Type);
        }

        Line(line.ToString());
    }

    private static string Mnemonic(Instruction instruction) => instruction.Opcode switch
    {
        Opcode.Call => $"call {instruction.Function}".ToLowerInvariant(),
        >= Opcode.GlobalIndex and <= Opcode.GridExtent => $"{instruction.Opcode}.{instruction.Axis}".ToLowerInvariant(),
        Opcode.MatrixMultiplyAdd => $"{instruction.Opcode}.{instruction.Matrix}".ToLowerInvariant(),
        Opcode.Fence => $"fence.{instruction.Scope}".ToLowerInvariant(),
        _ => instruction.Opcode.ToString().ToLowerInvariant(),
    };

    private void Write(If branch)
    {
        Open(branch, "if", $" {Use(branch.Condition)}");
        Nest(branch.Then);
        if (branch.Else.Nodes is not [Break { Arguments.IsEmpty: true } leave] || leave.Target != branch)
        {
            Line("} else {");
            Nest(branch.Else);
        }

        Line("}");
    }

    private void Write(Loop loop)
    {
        string initial = List(loop.Initial);
        string parameters = string.Join(", ", loop.Parameters.Select(p => $"{p.Type} {Define(p)}"));
        Open(loop, "loop", loop.Parameters.IsEmpty ? "" : $" ({parameters}) = ({initial})");
        Nest(loop.Body);
        Line("}");
    }

    // The results are numbered before the body, as they stand first in the text.
    private void Open(Structured node, string keyword, string head)
    {
        int label = Label(node);
        string results = node.Results.IsEmpty ? ""
            : string.Join(", ", node.Results.Select(r => $"{r.Type} {Define(r)}")) + " = ";
        Line($"{results}{keyword} @{label}{head} {{");
    }

    private void Nest(Region region)
    {
        _indent++;
        Write(region);
        _indent--;
    }

    private void Line(string line) => _text.Append(' ', 2 * _indent).Append(line).Append('\n');

    private string Arguments(Terminator terminator) =>
        terminator.Arguments.IsEmpty ? "" : $" ({List(terminator.Arguments)})";

    private string List(ImmutableArray<Value> values) => string.Join(", ", values.Select(Use));

    private string Define(Value value) => _names[value] = $"%{_values++}";

    // A value used before or outside its definition is an error that the verifier reports with this very text: it
    // prints as %?.
    private string Use(Value value) =>
        value is Constant constant ? Literal(constant) : _names.GetValueOrDefault(value, "%?");

    private int Label(Structured node)
    {
        if (!_labels.TryGetValue(node, out int label))
        {
            _labels[node] = label = _labels.Count;
        }

        return label;
    }
}
