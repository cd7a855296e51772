using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Cotangent.Perf.Peers;

/// <summary>PyTorch in a process of its own, kept alive and asked round by round: <c>torch_peer.py</c> says what it answers. Started when
/// first asked for.</summary>
/// <param name="interpreters">Where Python may be; the first that has PyTorch is taken.</param>
internal sealed class PeerProcess(params IReadOnlyList<string> interpreters) : IDisposable
{
    /// <summary>The system's Python before whatever else is on PATH.</summary>
    public static IReadOnlyList<string> Interpreters { get; } = ["/usr/bin/python3", "python3"];

    private Process? _process;
    private bool _isAbsent;

    /// <summary>Why there is no PyTorch; null if there is, or nobody has asked.</summary>
    public string? Absence { get; private set; }

    /// <summary>A case of the script, prepared; null if PyTorch is not on this machine.</summary>
    /// <param name="name">The script's name of the case.</param>
    /// <param name="sizes">Its sizes.</param>
    /// <param name="threads">Threads at most: the script takes the number that is fastest.</param>
    /// <exception cref="PeerException">The script refuses or dies.</exception>
    public IContestant? Open(string name, IReadOnlyList<int> sizes, int threads) =>
        Start(threads) ? new Contestant(this, Ask(new { @do = "open", @case = name, sizes }).Parallel) : null;

    /// <summary>Peak memory of the case that is open since it was opened, in bytes.</summary>
    public double PeakBytes() => Ask(new { @do = "memory" }).Bytes;

    public void Dispose()
    {
        if (_process is null)
            return;
        _process.StandardInput.Close();
        if (!_process.WaitForExit(2000))
            _process.Kill();
        _process.Dispose();
    }

    private bool Start(int threads)
    {
        if (_process is not null || _isAbsent)
            return !_isAbsent;
        List<string> reasons = [];
        foreach (string interpreter in interpreters)
        {
            try
            {
                _process = Process.Start(Command(interpreter, threads))!;
                Ask(new { @do = "hello" });
                return true;
            }
            catch (Exception fault) when (fault is System.ComponentModel.Win32Exception or PeerException or IOException)
            {
                reasons.Add($"{interpreter}: {fault.Message}");
                _process?.Dispose();
                _process = null;
            }
        }

        Absence = string.Join("; ", reasons);
        Console.Error.WriteLine($"torch is absent: {Absence}");
        _isAbsent = true;
        return false;
    }

    private static ProcessStartInfo Command(string interpreter, int threads)
    {
        ProcessStartInfo start = new(interpreter)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Peers", "torch_peer.py"), threads.ToString(CultureInfo.InvariantCulture) },
        };
        PeerEnvironment.Clear(start.Environment);
        if (OpenBlas.CoreType is { } core)
            start.Environment["OPENBLAS_CORETYPE"] = core;
        return start;
    }

    private Answer Ask(object question)
    {
        _process!.StandardInput.WriteLine(JsonSerializer.Serialize(question));
        _process.StandardInput.Flush();
        string? line = _process.StandardOutput.ReadLine();
        if (line is null)
            throw new PeerException("it ended before it answered");
        Answer answer = JsonSerializer.Deserialize<Answer>(line, JsonSerializerOptions.Web)!;
        return answer.Error is null ? answer : throw new PeerException(answer.Error);
    }

    private sealed record Answer(double Seconds, double Bytes, bool Parallel, string? Error);

    private sealed class Contestant(PeerProcess process, bool isParallel) : IContestant
    {
        public double Time(int repeats)
        {
            double seconds = process.Ask(new { @do = "run", repeats }).Seconds;
            PeerEnvironment.Settle(isParallel);
            return seconds;
        }

        public void Warm(int repeats) => process.Ask(new { @do = "run", repeats });

        public void Dispose() => process.Ask(new { @do = "close" });
    }
}

/// <summary>A peer that is there but fails.</summary>
internal sealed class PeerException(string message) : Exception(message);
