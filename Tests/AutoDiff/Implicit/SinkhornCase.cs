namespace Cotangent.Tests.AutoDiff;

/// <summary>A transport problem with entropy, its plan P, and the gradients of ⟨W, P⟩.</summary>
internal sealed record SinkhornCase(Tensor Cost, double[] Marginal, double[] Other, double Entropy, double[] Plan, Tensor Weights,
    double[] ByCost, double[] ByMarginal, double[] ByOther)
{
    public static SinkhornCase Get(string name) => name == "2x2"
        ? new(
            Tensor.From(new[,] { { 0, 1 }, { 2, 0.5 } }), [0.6, 0.4], [0.3, 0.7], 0.5,
            [0.297369100525, 0.302630899475, 0.002630899475, 0.397369100525],
            Tensor.From(new double[,] { { 1, 2 }, { 3, 5 } }),
            [-0.005137665381, 0.005137665381, 0.005137665381, -0.005137665381],
            [2.008488335775, 4.993535398985], [-1.017126868447, 0])
        : new(
            Tensor.From(new[,] { { 0.1, 0.5, 0.9 }, { 0.7, 0.2, 0.4 }, { 0.3, 0.8, 0.6 } }), [0.2, 0.3, 0.5], [0.4, 0.4, 0.2], 0.2,
            [
                0.125963594143, 0.068577803855, 0.005458602002, 0.004949572469, 0.242566814586, 0.052483612945,
                0.269086833389, 0.088855381559, 0.142057785052,
            ],
            Tensor.From(new double[,] { { 1, 0, 2 }, { 0, 3, 1 }, { 2, 1, 0 } }),
            [
                -0.016339011125, 0.099283085765, -0.08294407464, 0.086772349211, -0.216190682213, 0.129418333002,
                -0.070433338086, 0.116907596448, -0.046474258362,
            ],
            [-1.039022614448, 1.493176158191, -0.065430076], [2.013080180467, 1.328571361079, 0]);
}
