using System.Runtime.CompilerServices;

namespace CPort.Actors.Tests;

/// <summary>
/// The pool starts with a thread a processor and adds others slowly. On two processors two property tests take both, and the actors of all other tests
/// with their timers stood still for half a second.
/// </summary>
internal static class ThreadPoolThreads
{
    [ModuleInitializer]
    internal static void Enough() => ThreadPool.SetMinThreads(16, 16);
}
