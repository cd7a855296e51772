using System.Runtime.CompilerServices;
using Cotangent.Kernels.Passes;

namespace Cotangent.Tests;

/// <summary>In tests every kernel is verified after every pass, whatever device compiles it.</summary>
internal static class VerifiedPipeline
{
    [ModuleInitializer]
    internal static void TurnOn() => PipelineOptions.Default = new PipelineOptions { Verify = true };
}
