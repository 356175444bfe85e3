using System.Net.Sockets;
using System.Runtime.Serialization;
using Akka.Actor;
using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using Microsoft.Data.Sqlite;

namespace CPort.Actors.Tests.Persistence;

/// <summary>What passes is asked again; what does not is a defect or damaged data, and somebody has to look.</summary>
public sealed class FaultsTests
{
    public static TheoryData<Exception, bool> All => new()
    {
        { new SqliteException("", 5), true },
        { new SocketException(), true },
        { new TimeoutException(), true },
        { new IOException(), true },
        { new AskTimeoutException(""), true },
        { new OperationCanceledException(), true },
        { new ReportsUnavailableException(""), true },
        { new AggregateException(new InvalidOperationException("", new TimeoutException())), true },
        { new InvalidDataException(), false },
        { new EndOfStreamException(), false },
        { new SerializationException("", new EndOfStreamException()), false },
        { new InvalidOperationException(), false },
        { new NullReferenceException(), false },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void A_fault_passes_or_it_does_not(Exception fault, bool passes) => Assert.Equal(passes, Faults.IsPassing(fault));

    [Fact]
    public void A_caller_that_went_away_is_no_fault_that_passes()
    {
        Assert.True(Faults.IsPassingFor(new TimeoutException(), default));
        Assert.False(Faults.IsPassingFor(new TimeoutException(), new CancellationToken(canceled: true)));
    }
}
