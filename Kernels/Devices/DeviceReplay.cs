namespace Cotangent.Kernels;

/// <summary>What a program issues, kept between its runs, so that a device issues it again all at once.</summary>
/// <remarks>
/// <para>Between <see cref="Begin"/> and <see cref="End"/> the thread has the device to itself. The first time its launches and copies run
/// as always and are noted. Later each is compared with the note of its place: where addresses or numbers differ the note is changed,
/// and the end issues all of them. A replay is never stale, since nothing is taken over that was not asked for again.</para>
/// <para>Whatever cannot wait for the end (reading, writing, waiting) and whatever differs in more than its arguments has what came
/// before issued first, and the rest of the run goes its usual way.</para>
/// </remarks>
internal abstract class DeviceReplay
{
    /// <summary>Begins a run. False, and nothing begins, inside another replay of the device or if this one has been given up.</summary>
    public abstract bool Begin();

    /// <summary>Issues what is left to issue.</summary>
    public abstract void End();

    /// <summary>Ends a run that failed: what was not issued is dropped.</summary>
    public abstract void Abandon();
}
