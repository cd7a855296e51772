using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>A call of C# code brings its own derivative, see <see cref="DifferentiableCall"/>.</summary>
internal static class HostCall
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.HostCall] = new()
        {
            Jvp = (y, dx) => y.Get<DifferentiableCall>().Jvp(y, dx),
            Transpose = (y, ct, argument) => y.Get<DifferentiableCall>().Transpose(y, ct, argument),
        },
    };
}
