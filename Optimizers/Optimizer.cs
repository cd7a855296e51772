namespace Cotangent.Optimizers;

/// <summary>Trains a tree of parameters: holds them and its own state in flat arenas, and moves all in one fused update a step.</summary>
/// <remarks>
/// <para>A step outside <c>Jit.Compile</c> computes at once. Inside a compiled function, <see cref="Parameters"/> reads the arena's
/// cells and <see cref="Step(TParameters, Tensor)"/> writes them, so that the whole training step is one program that
/// updates in place.</para>
/// <para>Take derivatives with respect to <see cref="Parameters"/>, not with respect to the arena: the latter would need a buffer of
/// the arena's size a parameter.</para>
/// </remarks>
/// <typeparam name="TParameters">A tree of floating tensors, see <see cref="Trees"/>.</typeparam>
public abstract class Optimizer<TParameters>
{
    private readonly ParameterArena<TParameters> _arena;
    private readonly State[] _parameters;
    private readonly string[] _slotNames;
    private readonly State[][] _slots;
    private readonly RunningNumber[] _numberRules;
    private readonly State[] _numbers;
    private readonly OptimizerOptions _options;

    private protected Optimizer(TParameters parameters, OptimizerOptions options, string[] slots, params RunningNumber[] numbers)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _arena = new ParameterArena<TParameters>(parameters, options.Decays);
        _parameters = [.. _arena.Pack(parameters, "parameters").Select(p => new State(p))];
        _slotNames = slots;
        _slots = [.. slots.Select(_ => _arena.Segments.Select(s => new State(Tensor.Zeros([s.Size], s.DType, s.Device))).ToArray())];
        _numberRules = numbers;
        _numbers = [.. numbers.Select(n => new State(Tensor.Scalar(n.Start, DType.Float64, _arena.Device)))];
        RealizeUnlessTraced();
    }

    /// <summary>The parameters as they are now.</summary>
    public TParameters Parameters => _arena.Unpack([.. _parameters.Select(p => p.Value)]);

    /// <summary>Moves the parameters by the rule, at the rate of the options.</summary>
    /// <param name="gradients">The gradients, a tree like the parameters.</param>
    /// <returns>The global norm of the gradients before clipping. A compiled function that does not use it does not compute it.</returns>
    public Tensor Step(TParameters gradients) => Step(gradients, _options.Rate);

    /// <summary>As <see cref="Step(TParameters)"/>, at a rate of this step: a schedule's.</summary>
    public Tensor Step(TParameters gradients, double rate) => Step(gradients, Tensor.Scalar(rate, DType.Float64, _arena.Device));

    /// <summary>As <see cref="Step(TParameters)"/>, at a rate that is a scalar tensor: inside a compiled function, its argument.</summary>
    public Tensor Step(TParameters gradients, Tensor rate)
    {
        ArgumentNullException.ThrowIfNull(rate);
        if (rate.Rank != 0) throw new OptimizerException($"The rate has shape {rate.Shape}; it must be a scalar, shape [].");
        Tensor[] g = _arena.Pack(gradients, "gradients");
        Tensor norm = Clip.GlobalNorm(g);
        if (_options.MaximumNorm is { } maximum) g = [.. g.Select(x => x * Clip.Scale(norm, maximum).Cast(x.DType))];

        Tensor[] numbers = [.. _numbers.Select((n, i) => _numberRules[i].Next(n.Value))];
        Tensor[] previous = [.. _numbers.Select(n => n.Value)];
        for (int s = 0; s < _parameters.Length; s++)
        {
            UpdateInputs inputs = new(_parameters[s].Value, [.. _slots.Select(slot => slot[s].Value)], g[s], rate.Cast(DType.Float64),
                previous, numbers, _arena.Segments[s]);
            (Tensor moved, Tensor[] slots) = Update(inputs);
            _parameters[s].Value = moved;
            for (int k = 0; k < slots.Length; k++) _slots[k][s].Value = slots[k];
        }

        for (int i = 0; i < numbers.Length; i++) _numbers[i].Value = numbers[i];
        RealizeUnlessTraced(norm);
        return norm;
    }

    /// <summary>The optimizer's state by name, for a checkpoint: a tensor for each slot and parameter (<c>m.blocks.0.wq</c>) and the running
    /// numbers. The parameters are not in it.</summary>
    public IReadOnlyDictionary<string, Tensor> Export()
    {
        Dictionary<string, Tensor> state = [];
        for (int k = 0; k < _slots.Length; k++)
        {
            Tensor[] leaves = _arena.Leaves([.. _slots[k].Select(s => s.Value)]);
            for (int i = 0; i < leaves.Length; i++) state[Key(_slotNames[k], _arena.Names[i])] = leaves[i];
        }

        for (int i = 0; i < _numbers.Length; i++) state[_numberRules[i].Name] = _numbers[i].Value;
        return state;
    }

    /// <summary>Takes up an exported state: training continues bit for bit. Names that belong to others are left alone.</summary>
    /// <exception cref="OptimizerException">A tensor is missing or has another shape or dtype; the optimizer is unchanged.</exception>
    public void Import(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Tensor Find(string name) => state.TryGetValue(name, out Tensor? value)
            ? value.To(_arena.Device)
            : throw new OptimizerException($"The saved state has no '{name}': it is from another optimizer or other parameters.");

        Tensor[] Slot(string slot) => _arena.Pack([.. _arena.Names.Select(n => Find(Key(slot, n)))], $"saved state's '{slot}'");

        Tensor[][] slots = [.. _slotNames.Select(Slot)];
        Tensor[] numbers = [.. _numberRules.Select(n => Find(n.Name))];
        if (Array.FindIndex(numbers, n => n.Rank != 0 || n.DType != DType.Float64) is >= 0 and int wrong)
        {
            throw new OptimizerException($"The saved state's '{_numberRules[wrong].Name}' is {numbers[wrong].DType}{numbers[wrong].Shape}; " +
                "it must be Float64[].");
        }

        for (int k = 0; k < slots.Length; k++)
        {
            for (int s = 0; s < slots[k].Length; s++) _slots[k][s].Value = slots[k][s];
        }

        for (int i = 0; i < numbers.Length; i++) _numbers[i].Value = numbers[i];
        RealizeUnlessTraced();
    }

    /// <summary>The rule: new parameters and slots of one segment. A pure function of tensors.</summary>
    private protected abstract (Tensor Parameters, Tensor[] Slots) Update(UpdateInputs inputs);

    private static string Key(string slot, string name) => name.Length == 0 ? slot : $"{slot}.{name}";

    // A chain of lazy updates would grow with each step; in a trace there is nothing to compute yet.
    private void RealizeUnlessTraced(params Tensor[] others)
    {
        Tensor[] values = [.. others, .. _parameters.Concat(_slots.SelectMany(s => s)).Concat(_numbers).Select(s => s.Value)];
        if (!values.Any(v => v.Node.IsTraced)) Tensor.Realize(values);
    }
}
