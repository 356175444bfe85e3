using Akka.Event;
using CPort.Actors.Agencies;
using CPort.Actors.Personal;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Actors.Sessions;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.People;
using CPort.Domain.Reports.Verbs;
using LinqToDB.Async;

namespace CPort.Actors.People;

/// <summary>
/// What follows from stopping a person: sessions, ways to sign in, what they had put down and keys of their own are ended at once, and what they hold is given
/// back as far as the read tables know it, and once more when those have caught up. Never throws: what a passing fault leaves undone ends by itself (claims run
/// out; the directories refuse sessions and keys of who was stopped).
/// </summary>
public sealed class PersonEffects(
    SessionStore sessions, CredentialStore credentials, PersonalStore personal, ReadModel model, IAgencyDirectorySource agencies,
    Func<IReadOnlyActorRegistry> actors, TimeProvider time) : IPersonEffects
{
    /// <summary>After the stop: a claim of a moment before is in the read tables by the second or third.</summary>
    private static readonly ImmutableArray<TimeSpan> ClaimRounds = [TimeSpan.Zero, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60)];

    private static readonly AskTimes Patience = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(12));

    public async Task StoppedAsync(Person person)
    {
        await QuietlyAsync(() => sessions.EndAllAsync(person.Id, null, CancellationToken.None)).ConfigureAwait(false);
        await QuietlyAsync(() => credentials.ForgetAsync(person.Id, int.MaxValue, CancellationToken.None)).ConfigureAwait(false);
        await QuietlyAsync(() => sessions.ForgetPurposesAsync(person.Id, CancellationToken.None)).ConfigureAwait(false);
        await QuietlyAsync(() => personal.ForgetAsync(person.Agency, person.Id.Value, agencies.Current.Training, CancellationToken.None))
            .ConfigureAwait(false);
        foreach (var wait in ClaimRounds)
        {
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time).ConfigureAwait(false);
            }

            // A key that was made in the same moment is in the directory by the second round; it works in none.
            await QuietlyAsync(() => RevokeKeysAsync(person)).ConfigureAwait(false);
            await QuietlyAsync(() => ReturnClaimsAsync(person)).ConfigureAwait(false);
        }
    }

    public async Task ResetAsync(Person person)
    {
        await QuietlyAsync(() => sessions.EndAllAsync(person.Id, null, CancellationToken.None)).ConfigureAwait(false);
        await QuietlyAsync(() => credentials.ForgetAsync(person.Id, person.Generation, CancellationToken.None)).ConfigureAwait(false);
    }

    public Task ArrivedAsync(AgencyId agency) => QuietlyAsync(() => actors().Get<AgencyRegion>().AskUntilAnsweredAsync<object>(
        new NoteArrival { Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), Agency = agency }, Patience, time, CancellationToken.None));

    private async Task RevokeKeysAsync(Person person)
    {
        foreach (var key in agencies.Current.KeysOf(person.Agency).Where(k => k.Owner == person.Id && k.RevokedAt is null))
        {
            await actors().Get<AgencyRegion>().AskUntilAnsweredAsync<object>(
                new RevokeKey { Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), Agency = person.Agency, KeyId = key.KeyId }, Patience, time,
                CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Every report of which the agency holds an item may be one that the person does; the report knows.</summary>
    private async Task ReturnClaimsAsync(Person person)
    {
        var now = time.GetUtcNow();
        var (agency, ticks) = (person.Agency.Value, now.UtcTicks);
        var held = await model.QueryAsync(async (db, set, _) => await ReadTables.Items(db, set)
            .Where(i => i.LeaseAgency == agency && i.LeaseUntil > ticks).Select(i => new { i.ReportId, i.Tenant }).Distinct().ToListAsync()
            .ConfigureAwait(false), CancellationToken.None).ConfigureAwait(false);
        foreach (var report in held)
        {
            await actors().Get<ReportRegion>().AskUntilAnsweredAsync<CommandReply>(
                new ReturnClaims
                {
                    ReportId = ReportId.Parse(report.ReportId), Context = CommandContext.OfSystem(report.Tenant, now), Agency = person.Agency,
                    KeyId = person.Id.Value,
                },
                Patience, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task QuietlyAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (Faults.IsPassing(e) || e is AskTimeoutException or MissingActorRegistryEntryException)
        {
            // See the class.
        }
    }
}
