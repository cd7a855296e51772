using System.Diagnostics;
using System.Runtime.InteropServices;
using Spectre.Console;

namespace Cotangent.Samples;

/// <summary>Runs the steps of a sample with a progress bar, or a line now and then where there is no terminal. Ctrl-C ends it after the step at
/// hand.</summary>
internal static class StepLoop
{
    /// <summary>Runs a step for 0, 1, …; returns how many were made.</summary>
    /// <param name="console">Where progress is shown.</param>
    /// <param name="count">The steps.</param>
    /// <param name="step">Makes a step; returns what to show of it.</param>
    public static int Run(IAnsiConsole console, int count, Func<int, string> step)
    {
        using CancellationTokenSource stop = new();
        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        int done = 0;
        if (console.Profile.Out.IsTerminal)
        {
            console.Progress().Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new RemainingTimeColumn())
                .Start(bar =>
                {
                    ProgressTask task = bar.AddTask("starting", maxValue: count);
                    while (done < count && !stop.IsCancellationRequested)
                    {
                        task.Description = Markup.Escape(step(done));
                        task.Value = ++done;
                    }
                });
        }
        else
        {
            long shown = Stopwatch.GetTimestamp();
            while (done < count && !stop.IsCancellationRequested)
            {
                string status = step(done++);
                if (Stopwatch.GetElapsedTime(shown).TotalSeconds < 5) continue;
                shown = Stopwatch.GetTimestamp();
                console.WriteLine($"step {done}/{count}  {status}");
            }
        }

        if (done < count) console.WriteLine($"Stopped after step {done} of {count}.");
        return done;
    }
}
