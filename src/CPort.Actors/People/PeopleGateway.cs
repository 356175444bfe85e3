using CPort.Actors.Agencies;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;

namespace CPort.Actors.People;

/// <summary>Brings commands to the registry of people; what API and portal need of it, so that tests can stand in.</summary>
public interface IPeopleGateway
{
    /// <summary>
    /// Sends and waits for the durable answer (<see cref="PersonChanged"/>, <see cref="LinkShown"/> or <see cref="PersonCommandRejected"/>), and until this
    /// node's directory knows of it. Throws <see cref="PeopleUnavailableException"/> when no answer comes.
    /// </summary>
    Task<IWireReply> SendAsync(IPersonCommand command, CancellationToken cancellation);
}

/// <summary>The registry of people did not answer in time; repeating the command with the same id is safe.</summary>
public sealed class PeopleUnavailableException(Exception inner) : UnavailableException("The registry of people did not answer in time.", inner);

/// <summary>Over the shard region of people. Thread-safe.</summary>
/// <param name="actors">Where the region is.</param>
/// <param name="directory">This node's.</param>
/// <param name="agencies">This node's.</param>
/// <param name="patience">For the answer, and as long again for the directory.</param>
/// <param name="time">The node's clock.</param>
public sealed class PeopleGateway(
    IReadOnlyActorRegistry actors, PeopleDirectoryFeed directory, IAgencyDirectorySource agencies, TimeSpan patience, TimeProvider time) : IPeopleGateway
{
    private static readonly TimeSpan Lag = TimeSpan.FromMilliseconds(200);

    public async Task<IWireReply> SendAsync(IPersonCommand command, CancellationToken cancellation)
    {
        var answer = await AskAsync(command, cancellation).ConfigureAwait(false);
        for (var began = time.GetTimestamp(); IsOfLag(command, answer) && time.GetElapsedTime(began) < patience / 2;)
        {
            await Task.Delay(Lag, time, cancellation).ConfigureAwait(false);
            answer = await AskAsync(command, cancellation).ConfigureAwait(false);
        }

        var written = answer switch { PersonChanged c => c.SequenceNr, LinkShown l => l.SequenceNr, _ => 0 };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            await directory.WaitForAsync(written, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is durable; this node's directory only lags behind.
        }

        return answer;
    }

    /// <summary>The registry's node has not heard yet of an agency that this one knows: registered a moment ago.</summary>
    private bool IsOfLag(IPersonCommand command, IWireReply answer) =>
        answer is PersonCommandRejected { Reason: PersonRejection.UnknownAgency } && command is InvitePerson invite
        && agencies.Current.Find(invite.Agency) is not null;

    private async Task<IWireReply> AskAsync(IPersonCommand command, CancellationToken cancellation)
    {
        try
        {
            // Twice: the command id makes the second harmless.
            var half = patience / 2;
            return await actors.Get<PeopleRegion>().AskUntilAnsweredAsync<IWireReply>(command, new AskTimes(half, half, half / 2), time, cancellation)
                .ConfigureAwait(false);
        }
        catch (AskTimeoutException e)
        {
            throw new PeopleUnavailableException(e);
        }
    }
}
