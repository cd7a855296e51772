using System.Collections.Immutable;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>A C# kernel differentiates as its user says: by a JVP in tensors, or as a linear map with a transpose.</summary>
internal static class UserKernel
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.UserKernel] = new() { Jvp = Tangent, Transpose = Transposed, IsLinear = IsLinear },
    };

    private static Node? Tangent(Node y, Node?[] dx)
    {
        KernelAttributes call = y.Get<KernelAttributes>();
        if (!y.DType.IsFloat()) return null;
        return call.Derivative switch
        {
            { Jvp: { } jvp } => UserTangent(call, jvp, y, dx),
            { Transpose: not null } => LinearTangent(call, y, dx),
            _ => throw new KernelDerivativeException(
                $"kernel '{call.Kernel.Name}': it has no derivative, and {Named(call, dx)} depends on what is differentiated. Pass " +
                "jvp: (x, dx, y) => … to Tensor.Kernel, or a Transpose in its options if it is linear, or put .StopGradient() on its " +
                "inputs."),
        };
    }

    private static Node? UserTangent(KernelAttributes call, KernelJvp jvp, Node y, Node?[] dx)
    {
        Node[] outputs = [.. call.Outputs.Select((_, i) => i == call.Output ? y : new Node(y.Op, y.Inputs, call.At(i)))];
        Tensor?[] tangents = jvp([.. y.Inputs.Select(n => new Tensor(n))], [.. dx.Select(Tensor)], [.. outputs.Select(n => new Tensor(n))]);
        if (tangents.Length != outputs.Length) throw new KernelDerivativeException(
            $"kernel '{call.Kernel.Name}': its jvp gave {tangents.Length} tangents for {outputs.Length} outputs.");
        return Checked(call, "jvp", $"the tangent of '{call.Kernel.Outputs[call.Output].Name}'", tangents[call.Output], y);
    }

    /// <summary>The kernel itself, applied to the tangents of the inputs in which it is linear.</summary>
    private static Node LinearTangent(KernelAttributes call, Node y, Node?[] dx)
    {
        ImmutableArray<int> linear = LinearInputs(call);
        for (int i = 0; i < dx.Length; i++)
        {
            if (dx[i] is not null && !linear.Contains(i)) throw new KernelDerivativeException(
                $"kernel '{call.Kernel.Name}': it is declared linear, but not in '{Name(call, i)}', which depends on what is " +
                "differentiated. Pass a jvp, or put .StopGradient() on this argument.");
        }

        return new Node(y.Op, [.. y.Inputs.Select((x, i) => linear.Contains(i) ? dx[i] ?? Algebra.Like(x, 0) : x)], call);
    }

    private static Node Transposed(Node y, Node ct, int argument)
    {
        KernelAttributes call = y.Get<KernelAttributes>();
        ImmutableArray<int> linear = LinearInputs(call);
        if (call.Derivative?.Transpose is not { } transpose || !linear.Contains(argument)) throw new KernelDerivativeException(
            $"kernel '{call.Kernel.Name}': reverse mode comes through it as a linear function of '{Name(call, argument)}', and it has " +
            "no transpose there. Pass options: new() { Transpose = (x, ct) => … } to Tensor.Kernel.");

        Tensor?[] x = [.. y.Inputs.Select((n, i) => linear.Contains(i) ? null : new Tensor(n))];
        Tensor?[] cotangents = new Tensor?[call.Outputs.Length];
        cotangents[call.Output] = new Tensor(ct);
        Tensor?[] result = transpose(x, cotangents);
        if (result.Length <= argument) throw new KernelDerivativeException(
            $"kernel '{call.Kernel.Name}': its transpose gave {result.Length} cotangents for {call.Kernel.Inputs.Length} inputs.");
        return Checked(call, "transpose", $"the cotangent of '{Name(call, argument)}'", result[argument], y.Inputs[argument])
            ?? Algebra.Like(y.Inputs[argument], 0);
    }

    private static bool IsLinear(Node y, IReadOnlyList<bool> varies)
    {
        KernelAttributes call = y.Get<KernelAttributes>();
        return call.Derivative?.Transpose is not null && LinearInputs(call) is var linear
            && Enumerable.Range(0, varies.Count).All(i => varies[i] ? linear.Contains(i) : !linear.Contains(i) || Algebra.Fill(y.Inputs[i]) is 0);
    }

    private static ImmutableArray<int> LinearInputs(KernelAttributes call) => call.Derivative?.LinearInputs
        ?? [.. Enumerable.Range(0, call.Kernel.Inputs.Length).Where(i => call.Kernel.Inputs[i].DType.IsFloat())];

    private static Node? Checked(KernelAttributes call, string rule, string what, Tensor? result, Node like)
    {
        if (result is null) return null;
        return result.Shape == like.Shape && result.DType == like.DType
            ? result.Node
            : throw new KernelDerivativeException($"kernel '{call.Kernel.Name}': its {rule} gave {result.DType}{result.Shape} for {what}, " +
                $"which is {like.DType}{like.Shape}.");
    }

    private static Tensor? Tensor(Node? n) => n is null ? null : new Tensor(n);

    private static string Named(KernelAttributes call, Node?[] dx) =>
        string.Join(", ", Enumerable.Range(0, dx.Length).Where(i => dx[i] is not null).Select(i => $"'{Name(call, i)}'"));

    private static string Name(KernelAttributes call, int argument) => argument < call.Kernel.Inputs.Length
        ? call.Kernel.Inputs[argument].Name
        : call.Kernel.Numbers[argument - call.Kernel.Inputs.Length].Name;
}
