using System.Data.Common;
using System.Net.Sockets;
using Akka.Pattern;
using Akka.Persistence;
using CPort.Actors.Confidential;

namespace CPort.Actors.Persistence;

/// <summary>A part of CPort does not answer at the moment. Asking again is safe.</summary>
public abstract class UnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Which faults pass by themselves.</summary>
public static class Faults
{
    /// <summary>
    /// Of the database, the network or the cluster, or a time limit; anything else is a defect or damaged data. A caller's own cancellation looks like a time
    /// limit: who has such a caller asks for it first.
    /// </summary>
    public static bool IsPassing(Exception fault) =>
        fault is UnavailableException or KeyNotHereException or DbException or SocketException or TimeoutException or AskTimeoutException
            or RecoveryTimedOutException or OpenCircuitException or OperationCanceledException

            // Data that ends early is damaged.
            or IOException and not EndOfStreamException
        || (fault.InnerException is { } inner && IsPassing(inner));

    /// <summary>As <see cref="IsPassing"/>, unless it is that the caller went away.</summary>
    public static bool IsPassingFor(Exception fault, CancellationToken caller) => !caller.IsCancellationRequested && IsPassing(fault);
}
