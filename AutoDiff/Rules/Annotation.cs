using Cotangent.AutoDiff.Custom;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Annotations are the identity, but for functions that bring a derivative of their own.</summary>
internal static class Annotation
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Named] = Identity(),
        [Ops.Barrier] = Identity(),
        [Ops.Refused] = Rule.Zero,
        [Ops.Custom] = new()
        {
            Jvp = CustomTangent,
            DifferentiatedInputs = y => 1..(1 + Of(y).Arguments + Of(y).Captures),
            LinearInputs = y => RuleOf(y).LinearArguments is > 0 and var linear ? 1..(1 + linear) : ..1,
            TransposeCall = (y, ct) =>
            {
                // What was linear in its value only (a backward pass that computes values again) goes back through that.
                int linear = RuleOf(y).LinearArguments;
                if (linear == 0) return [ct[Of(y).Output]];
                Shape along = Shape.From(Enumerable.Range(0, linear));
                return [null, .. RuleOf(y).Transpose(CustomCall.Of(y), along, ct)];
            },
            IsLinear = (y, varies) => RuleOf(y) is CheckpointRule ? IsLinearInside(y, varies) : !varies.Skip(1 + RuleOf(y).LinearArguments).Take(Of(y).Arguments + Of(y).Captures - RuleOf(y).LinearArguments)
                .Contains(true),
        },
        [Ops.CustomTangent] = new()
        {
            // Forward, and to higher orders, it is its value. Its own transpose is for reverse mode.
            Jvp = (_, dx) => dx[0],
            DifferentiatedInputs = _ => ..1,
            LinearInputs = y => 1..(1 + Of(y).Along.Rank),
            TransposeCall = (y, ct) => [null, .. RuleOf(y).Transpose(CustomCall.Of(y), Of(y).Along, ct)],
            IsLinear = (_, _) => true,
        },
    };

    private static CustomAttributes Of(Node y) => y.Get<CustomAttributes>();

    private static CustomRule RuleOf(Node y) => (CustomRule)Of(y).Derivative;

    private static Rule Identity() => new()
    {
        Jvp = (_, dx) => dx[0],
        Transpose = (_, ct, _) => ct,
        DifferentiatedInputs = _ => ..1,
        LinearInputs = _ => ..1,
        IsLinear = (_, _) => true,
    };

    /// <summary>A checkpointed function is as linear as its graph.</summary>
    private static bool IsLinearInside(Node y, IReadOnlyList<bool> varies) =>
        Linearity.FirstFault([y.Inputs[0]], [.. y.Inputs.Where((_, i) => i > 0 && i <= Of(y).Arguments && varies[i])]) is null;

    private static Node? CustomTangent(Node y, Node?[] dx)
    {
        CustomAttributes a = Of(y);
        CustomRule rule = RuleOf(y);
        for (int i = 0; i < a.Captures; i++)
        {
            if (dx[1 + a.Arguments + i] is not null) throw new CustomDerivativeException(
                $"{rule.Name}: the function captures a {y.Inputs[1 + a.Arguments + i].DType}{y.Inputs[1 + a.Arguments + i].Shape} that is being " +
                "differentiated; its rule knows its arguments only. Take it as an argument, or put .StopGradient() on it.");
        }

        return rule.Tangent(CustomCall.Of(y), a.Output, dx[1..(1 + a.Arguments)]);
    }
}
