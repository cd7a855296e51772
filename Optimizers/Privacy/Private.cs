using Cotangent.AutoDiff;

namespace Cotangent.Optimizers.Privacy;

/// <summary>Private training: gradients that tell little about any one record (Abadi et al., Deep learning with differential privacy, arXiv
/// 1607.00133). docs/privacy.md says what is promised.</summary>
public static class Private
{
    /// <summary>A private gradient of a loss.</summary>
    /// <param name="loss">The loss of <b>one</b> record, a scalar: (parameters, record) ↦ loss; a record is a tree of tensors without the batch
    /// axis. A record is what is protected: an image, a document, all of a user's text.</param>
    /// <param name="options">The sampling, the bound and the noise.</param>
    /// <typeparam name="TParameters">A tree of floating tensors of any shapes; all are trained, and all get noise.</typeparam>
    /// <typeparam name="TRecord">A tree of tensors, such as a tuple; integers are allowed.</typeparam>
    /// <returns>What draws batches of records, clips, adds noise and keeps the account. The loss is first called when a gradient is asked for: it throws a
    /// <see cref="NotScalarException"/> then where it is not of shape [].</returns>
    /// <remarks>The function is recorded once for a batch of <see cref="PrivateOptions.PieceSize"/> records: what it reads beside its arguments is
    /// public.</remarks>
    /// <example><code>
    /// double sigma = PrivacyAccountant.Prv.NoiseMultiplier(epsilon: 8, delta: 1e-5, sampleRate: q, steps);
    /// var privately = Private.Wrap((Net n, (Tensor X, Tensor Y) r) =&gt; n.Loss(r.X, r.Y),
    ///     new PrivateOptions { Records = count, SampleRate = q, NoiseMultiplier = sigma });
    /// (Net gradient, _) = privately.Gradient(net, i =&gt; (images.Gather(i), labels.Gather(i)));
    /// </code></example>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="PrivacyException">An option is outside its range.</exception>
    public static PrivateGradient<TParameters, TRecord> Wrap<TParameters, TRecord>(Func<TParameters, TRecord, Tensor> loss, PrivateOptions options) =>
        new(loss, options, null);

    /// <summary>As <see cref="Wrap"/>, of a loss written for a batch: it is shown first that result i depends on record i alone.</summary>
    /// <param name="losses">(parameters, batch) ↦ one loss a record, [records]. The records are along the first axis of each tensor of the batch.</param>
    /// <param name="options">The sampling, the bound and the noise.</param>
    /// <remarks>The function is followed op by op when it is first called. What mixes records is refused by name: normalisation over the batch,
    /// a mean over it, products between records; and what cannot be followed: loops, kernels of the user's. Their remedy is
    /// <see cref="Wrap"/> with the loss of one record, which cannot mix.</remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="PrivacyException">An option is outside its range.</exception>
    /// <exception cref="MixedRecordsException">When called: the losses mix records, or are not one a record.</exception>
    public static PrivateGradient<TParameters, TRecord> WrapBatch<TParameters, TRecord>(Func<TParameters, TRecord, Tensor> losses, PrivateOptions options)
    {
        ArgumentNullException.ThrowIfNull(losses);
        BatchLoss<TParameters, TRecord> batch = new(losses);
        return new(batch.OfOne, options, batch.RequireSeparate);
    }
}
