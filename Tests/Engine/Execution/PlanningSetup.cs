using System.Runtime.CompilerServices;
using Cotangent.Execution;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>All tests of this assembly run with plans checked.</summary>
internal static class PlanningSetup
{
    [ModuleInitializer]
    public static void CheckPlans() => CompiledProgram.PlansAreChecked = true;
}
