using System.CommandLine;
using System.CommandLine.Parsing;
using Cotangent.Kernels;

namespace Cotangent.Samples;

/// <summary>What the samples' commands have in common.</summary>
internal static class CommandOptions
{
    /// <summary>A whole number with a least value.</summary>
    public static Option<int> Count(string name, int value, int minimum, string description)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int n) && n < minimum)
            {
                result.AddError($"{name} is {n}; it must be at least {minimum}.");
            }
        });
        return option;
    }

    /// <summary><c>--device</c>.</summary>
    public static Option<string> Device() =>
        new("--device") { Description = "cpu, opencl, opencl:1, debug, …", DefaultValueFactory = _ => "cpu", HelpName = "ID" };

    /// <summary><c>--out</c>, a picture.</summary>
    public static Option<string> Picture(string name) => new("--out")
    {
        Description = "The PNG file to write.",
        DefaultValueFactory = _ => Path.Combine("runs", name + ".png"),
        HelpName = "FILE",
    };

    /// <summary><c>--out</c>, a drawing.</summary>
    public static Option<string> Drawing(string name) => new("--out")
    {
        Description = "The SVG file to write.",
        DefaultValueFactory = _ => Path.Combine("runs", name + ".svg"),
        HelpName = "FILE",
    };

    /// <summary>Runs a sample: mistakes of the user are one sentence and code 2.</summary>
    public static int Guarded(Action run)
    {
        try
        {
            run();
            return 0;
        }
        catch (Exception e) when (e is UserErrorException or CotangentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
    }
}
