using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent;

public sealed partial class Tensor
{
    /// <summary>The output of a C# kernel, as an operation like any other: lazy, planned, compiled, differentiable where a
    /// derivative is given. It fuses with nothing.</summary>
    /// <param name="kernel">A kernel, see docs/user-kernels.md. The view that it writes is its output, the others are its
    /// inputs.</param>
    /// <param name="launch">The extent of its index, or its groups.</param>
    /// <param name="inputs">A tensor for each input view, in the order of the parameters, of the view's element type; the
    /// kernel sees the elements in row-major order.</param>
    /// <param name="output">The shape of the result; its dtype is the output view's. What the kernel does not write is
    /// undefined, unless options say to zero it.</param>
    /// <param name="numbers">A C# number (or a tensor of shape []) for each number among the parameters. Kernel arguments:
    /// other numbers lead to no new program.</param>
    /// <param name="jvp">The derivative, if it is to have one; reverse mode transposes it.</param>
    /// <param name="options">Zeroing, device, transpose.</param>
    /// <exception cref="KernelCompilationException">The method is no kernel.</exception>
    /// <exception cref="KernelCallException">The arguments do not fit the kernel's parameters.</exception>
    /// <exception cref="DTypeMismatchException">An argument has another dtype than its parameter.</exception>
    /// <example><code>
    /// static void Scale(Index1D i, ArrayView&lt;float&gt; x, ArrayView&lt;float&gt; y, float a) =&gt; y[i] = a * x[i];
    ///
    /// Tensor y = Tensor.Kernel(Scale, (int)x.Size, inputs: [x], output: x.Shape, numbers: [2f]);
    /// </code></example>
    public static Tensor Kernel(Delegate kernel, KernelLaunch launch, ReadOnlySpan<Tensor> inputs, Shape output,
        ReadOnlySpan<Tensor> numbers = default, KernelJvp? jvp = null, KernelOptions? options = null) =>
        Kernel(kernel, launch, inputs, [output], numbers, jvp, options)[0];

    /// <summary>The outputs of a C# kernel with several, in the order of the parameters. Outputs that are read together (by
    /// one <see cref="Realize(IReadOnlyList{Tensor}, CancellationToken)"/>, in one compiled function) cost one
    /// launch.</summary>
    /// <inheritdoc cref="Kernel(Delegate, KernelLaunch, ReadOnlySpan{Tensor}, Shape, ReadOnlySpan{Tensor}, KernelJvp,
    /// KernelOptions)"/>
    public static Tensor[] Kernel(Delegate kernel, KernelLaunch launch, ReadOnlySpan<Tensor> inputs,
        ReadOnlySpan<Shape> outputs, ReadOnlySpan<Tensor> numbers = default, KernelJvp? jvp = null,
        KernelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        options ??= new KernelOptions();
        UserKernel method = UserKernel.Of(kernel);
        CheckLaunch(method, launch);
        CheckOutputs(method, outputs, options);
        RequireCount(method, "input view", method.Inputs, inputs.Length);
        RequireCount(method, "number", method.Numbers, numbers.Length);

        ImmutableArray<Node>.Builder x = ImmutableArray.CreateBuilder<Node>(inputs.Length + numbers.Length);
        for (int i = 0; i < inputs.Length; i++) x.Add(ArgumentNode(method, method.Inputs[i], inputs[i]));
        for (int i = 0; i < numbers.Length; i++) x.Add(ArgumentNode(method, method.Numbers[i], numbers[i]));
        bool hasData = x.Any(n => !n.IsAnywhere);
        if (hasData && options.Device is { } other && x.First(n => !n.IsAnywhere).Device is var own && own != other)
            throw new DeviceMismatchException($"kernel '{method.Name}'", own, other);

        KernelAttributes call = new(method, launch.Shape, [.. outputs])
        {
            ZeroOutputs = options.ZeroOutputs,
            Device = hasData ? null : options.Device ?? Device.Default,
            Derivative = jvp is null && options.Transpose is null ? null
                : new KernelDerivative(jvp, options.Transpose, options.LinearInputs?.ToImmutableArray()),
        };
        ImmutableArray<Node> arguments = x.ToImmutable();
        return Of([.. outputs.ToArray().Select((_, i) => new Node(Ops.UserKernel, arguments, call.At(i)))]);
    }

    private static void CheckLaunch(UserKernel kernel, KernelLaunch launch)
    {
        int rank = kernel.Source.Kind.Rank();
        if (rank != launch.Rank) throw new KernelCallException(
            $"kernel '{kernel.Name}': {(rank == 0 ? "it has no index parameter and is launched in groups (KernelConfig)"
            : $"it begins with Index{rank}D")}; the launch given is {launch}.");
        if (rank == 0) TypedKernel.RequireGroup(launch.Shape.Group);
        TypedKernel.IsRange(rank == 0 ? launch.Shape.Grid : launch.Shape.Extent);
    }

    private static void CheckOutputs(UserKernel kernel, ReadOnlySpan<Shape> outputs, KernelOptions options)
    {
        if (outputs.Length == 0 || outputs.Length != kernel.Outputs.Length)
        {
            string written = kernel.Outputs.IsEmpty ? "none of its views" : string.Join(" and ", kernel.Outputs.Select(p => $"'{p.Name}'"));
            throw new KernelCallException($"kernel '{kernel.Name}': it writes {written}, and {outputs.Length} output shapes are given. " +
                "Each view that a kernel writes is an output with a shape of its own; inputs are only read.");
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            CheckExtents($"kernel '{kernel.Name}'", outputs[i]);
            kernel.CheckElements(kernel.Outputs[i], outputs[i]);
        }

        if (!options.ZeroOutputs && kernel.FirstAccumulated is { } view) throw new KernelCallException(
            $"kernel '{kernel.Name}': it adds atomically to '{view.Name}', whose contents are undefined before the launch. " +
            "Pass options: new() { ZeroOutputs = true }.");
    }

    private static void RequireCount(UserKernel kernel, string what, ImmutableArray<KernelParameter> parameters, int count)
    {
        if (count == parameters.Length) return;
        string names = parameters.IsEmpty ? "" : $" ({string.Join(", ", parameters.Select(p => $"{p.Type.ToText()} {p.Name}"))})";
        throw new KernelCallException(
            $"kernel '{kernel.Name}': it has {parameters.Length} {what}s{names}; {count} are given.");
    }

    /// <summary>The node for a parameter: C# numbers take on its dtype, as far as they fit it.</summary>
    private static Node ArgumentNode(UserKernel kernel, KernelParameter parameter, Tensor argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        if (argument.Weak is not { } weak) return argument.Node;
        return weak.IsInteger || parameter.DType.IsFloat()
            ? weak.ToNode(parameter.DType)
            : throw new DTypeMismatchException($"kernel '{kernel.Name}': the parameter '{parameter.Name}' is " +
                $"{parameter.Type.ToText()} and takes {parameter.DType}; it is given the number {weak.Real}.");
    }
}
