using System.CommandLine;
using System.CommandLine.Invocation;
using Cotangent.Samples.ForwardGradients;
using Cotangent.Samples.HessianSpectrum;
using Cotangent.Samples.Lm;
using Cotangent.Samples.Maml;
using Cotangent.Samples.NBody;
using Cotangent.Samples.Pictures;
using Cotangent.Samples.Pinn;

namespace Cotangent.Samples;

/// <summary>The samples' command line; without a command it trains the language model.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        RootCommand root = new("Samples of Cotangent, a tensor compute engine for .NET. Without a command: lm.")
        {
            LmCommand.Create(), Mandelbrot.Create(), Blur.Create(), NBodyCommand.Create(),
            PinnCommand.Create(), MamlCommand.Create(), HessianSpectrumCommand.Create(), ForwardGradientCommand.Create(),
        };
        bool isForRoot = args is ["-h" or "-?" or "--help" or "--version", ..];
        string[] arguments = args is [] || (args[0].StartsWith('-') && !isForRoot) ? ["lm", .. args] : args;
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Action is ParseErrorAction error) error.ShowHelp = false;
        return parsed.Invoke();
    }
}
