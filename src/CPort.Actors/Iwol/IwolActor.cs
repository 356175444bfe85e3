using CPort.Domain.Iwol;
using CPort.Domain.Iwol.Verbs;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Iwol;

/// <summary>What domains of the list need from outside; made once a node.</summary>
/// <param name="Shell">Of the entities.</param>
/// <param name="Seam">Seals names and words.</param>
/// <param name="Environment">Policy and clock; called once a command.</param>
/// <param name="Publication">How the list is given to resolvers from now on.</param>
public sealed record IwolServices(EntityShell Shell, ConfidentialSeam Seam, Func<IwolEnvironment> Environment, IwolPublication Publication);

/// <summary>
/// The shell around one domain: has <see cref="IwolRules"/> decide, persists, applies, and only then answers. Then it tells the list, and after that the items'
/// reports, until each has taken it; what a round did not bring is sent again, and after an end of the node when somebody wakes it (<c>IwolKeeper</c>).
/// </summary>
public sealed class IwolActor : TellingEntity
{
    private const int ReportsAtOnce = 20;

    private readonly IwolServices _services;
    private readonly IActorRef _reports;
    private readonly IwolKey _key;
    private IwolCandidate _candidate = IwolCandidate.None;

    public IwolActor(string entityId, IwolServices services, IActorRef reports)
        : base(EntityName.Of(IwolKey.Parse(entityId)), services.Shell)
    {
        (_services, _reports, _key) = (services, reports, IwolKey.Parse(entityId));
        Recover<IIwolEvent>(e => _candidate = IwolRules.Apply(_candidate, e));
        Command<GetIwolCandidate>(q =>
        {
            Sender.Tell(IwolRules.Page(_candidate, q, _services.Seam, _services.Environment()));
            LeaveUnless(_candidate.Exists);
        });
        Command<IIwolCommand>(Handle);
        Command<Round>(Take);
    }

    private void Handle(IIwolCommand command)
    {
        var decision = Decide(command.Seal(_services.Seam));
        var sender = Sender;
        Commit(decision, () => sender.Tell(decision.Reply));
        LeaveUnless(_candidate.Exists || !decision.Events.IsEmpty);
    }

    private IwolDecision Decide(IIwolCommand command) => IwolRules.Decide(_candidate, command, _services.Environment());

    private void Commit(IwolDecision decision, Action done) => Commit(
        decision.Events, (e, now) => e.Stamped(Stamp(e.Meta, now), e.Receipt), e => _candidate = IwolRules.Apply(_candidate, e), done);

    protected override bool BeginRound()
    {
        if (!_candidate.Owes)
        {
            return false;
        }

        (_candidate.OwesList ? PublishAsync(EntityShards.RegionOf(Context.System, EntityKind.IwolList)) : TellReportsAsync())
            .PipeTo(Self, Self, round => round, _ => Round.Nothing);
        return true;
    }

    private void Take(Round round)
    {
        EndRound(round.Failed);

        Commit(
            Decide(new NotePublished { Key = _key, Context = OwnContext(), Change = round.Change, ListVersion = round.ListVersion, Told = round.Told }),
            () => { });
    }

    /// <summary>
    /// One change after the other, each as it was: the list's last word is the last decision. What came on and went off before the list heard of it comes and
    /// goes there too.
    /// </summary>
    private async Task<Round> PublishAsync(IActorRef? list)
    {
        var (change, candidate) = (_candidate.Published + 1, _candidate);
        if (list is null)
        {
            return Round.Nothing;
        }

        // Changes take turns: on, off, on.
        var published = await list.Ask<IwolPublished>(
            new PublishDomain
            {
                Key = _key, Context = OwnContext(), Name = candidate.Name!, Listed = change % 2 == 1, Change = change, Publication = _services.Publication,
            }, Patience).ConfigureAwait(false);
        return new Round(change, published.Version, [], false);
    }

    private async Task<Round> TellReportsAsync()
    {
        var (change, version, now) = (_candidate.Published, _candidate.ListVersion, Time.GetUtcNow());
        var told = await Task.WhenAll(_candidate.Evidence.Where(e => e.Told < change).GroupBy(e => e.Item.Report).Take(ReportsAtOnce).Select(of => SendAsync(
            new TakeListing
            {
                ReportId = of.Key, Context = OwnContext(), Ordinals = [.. of.Select(e => e.Item.Ordinal).Order()],
                Listing = new ItemListing { Key = _key, Change = change, Listed = change % 2 == 1, ListVersion = version, At = now },
            },
            [.. of.Select(e => e.Item)]))).ConfigureAwait(false);
        return new Round(change, 0, [.. told.SelectMany(t => t)], told.Any(t => t.IsEmpty));
    }

    /// <summary>Empty: not taken, or nothing is known of it. A report that says no (it was withdrawn) never says yes: it is told no more.</summary>
    private async Task<ImmutableArray<ItemRef>> SendAsync(TakeListing command, ImmutableArray<ItemRef> items)
    {
        try
        {
            await _reports.Ask<CommandReply>(command, Patience).ConfigureAwait(false);
            return items;
        }
        catch (AskTimeoutException)
        {
            return [];
        }
    }

    private CommandContext OwnContext() => CommandContext.OfSystem(_candidate.Tenant, Time.GetUtcNow());

    private sealed record Round(int Change, int ListVersion, ImmutableArray<ItemRef> Told, bool Failed) : INoSerializationVerificationNeeded
    {
        public static readonly Round Nothing = new(0, 0, [], true);
    }
}
