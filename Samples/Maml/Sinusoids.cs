namespace Cotangent.Samples.Maml;

/// <summary>Tasks of regression: y = a·sin(x + φ) for a in [0.1, 5], φ in [0, π] and x in [−5, 5] (Finn et al., 2017).</summary>
/// <param name="X">Inputs to learn from: [tasks, shots, 1].</param>
/// <param name="Y">Their values.</param>
/// <param name="QueryX">Other inputs of the same tasks.</param>
/// <param name="QueryY">Their values, which the learner should give.</param>
internal sealed record Sinusoids(Tensor X, Tensor Y, Tensor QueryX, Tensor QueryY)
{
    public static Sinusoids Draw(RandomKey key, int tasks, int shots)
    {
        RandomKey[] keys = key.Split(4);
        Tensor amplitude = 0.1 + 4.9 * keys[0].Uniform([tasks, 1, 1]), phase = Math.PI * keys[1].Uniform([tasks, 1, 1]);
        Tensor x = 10 * keys[2].Uniform([tasks, shots, 1]) - 5, query = 10 * keys[3].Uniform([tasks, shots, 1]) - 5;
        return new(x, amplitude * (x + phase).Sin(), query, amplitude * (query + phase).Sin());
    }
}
