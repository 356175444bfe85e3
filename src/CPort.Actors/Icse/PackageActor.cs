using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Icse;

/// <summary>
/// The shell around one package: has <see cref="PackageRules"/> decide, persists, applies, and only then answers. Then it tells the items' reports what became
/// of them, and the referrals that those are in, until each has taken it; what a round did not bring is sent again, and after an end of the node when somebody
/// wakes it (<c>PackageKeeper</c>).
/// </summary>
public sealed class PackageActor : TellingEntity
{
    private const int ReportsAtOnce = 50;

    private readonly ConfidentialSeam _seam;
    private readonly IActorRef _reports;
    private readonly PackageKey _key;
    private IcsePackage _package = IcsePackage.None;

    public PackageActor(string entityId, EntityShell shell, ConfidentialSeam seam, IActorRef reports)
        : base(EntityName.Of(PackageKey.Parse(entityId)), shell)
    {
        (_seam, _reports, _key) = (seam, reports, PackageKey.Parse(entityId));
        Recover<IPackageEvent>(e => _package = PackageRules.Apply(_package, e));
        Command<GetPackage>(q =>
        {
            Sender.Tell(PackageRules.Page(_package, q, _seam));
            LeaveUnless(_package.Exists);
        });
        Command<IPackageCommand>(Handle);
        Command<Round>(Take);
    }

    private void Handle(IPackageCommand command)
    {
        var decision = Decide(command.Seal(_seam));
        var sender = Sender;
        Commit(decision, () => sender.Tell(decision.Reply));
        LeaveUnless(_package.Exists || !decision.Events.IsEmpty);
    }

    private PackageDecision Decide(IPackageCommand command) => PackageRules.Decide(_package, command, Time.GetUtcNow());

    private void Commit(PackageDecision decision, Action done) => Commit(
        decision.Events, (e, now) => e.Stamped(Stamp(e.Meta, now), e.Receipt), e => _package = PackageRules.Apply(_package, e), done);

    protected override bool BeginRound()
    {
        if (!_package.Owes)
        {
            return false;
        }

        var owed = _package.Items.Where(i => i.Told < i.News).Take(ReportsAtOnce).Select(Message).ToList();
        var referrals = EntityShards.RegionOf(Context.System, EntityKind.Referral);
        Task.WhenAll(owed.Select(o => SendAsync(o, referrals))).PipeTo(
            Self, Self, told => new Round([.. told.OfType<ToldItem>()], told.Any(t => t is null)), _ => new Round([], true));
        return true;
    }

    private void Take(Round round)
    {
        EndRound(round.Failed);

        if (!round.Told.IsEmpty)
        {
            Commit(Decide(new NotePackage { Key = _key, Context = OwnContext(), Told = round.Told }), () => { });
        }
    }

    /// <summary>How the item stands now: who missed something in between has missed nothing that still holds.</summary>
    private TakeIcse Message(PackageItem item) => new()
    {
        ReportId = item.Item.Report, Context = OwnContext(), Ordinal = item.Item.Ordinal,
        Icse = new ItemIcse
        {
            Package = _key, News = item.News, At = Time.GetUtcNow(), Recalled = item.Recalled,
            Finding = item.Finding is not { } finding ? null : finding with
            {
                Series = null, Clear = finding.Series is { } series ? _seam.Open<SecretText>(PackageRules.PlaceOf(_key), series) : null,
            },
        },
    };

    /// <summary>Null: not taken, or nothing is known of it. A report that says no never says yes: it is told no more.</summary>
    private async Task<ToldItem?> SendAsync(TakeIcse command, IActorRef? referrals)
    {
        try
        {
            var reply = await _reports.Ask<CommandReply>(command, Patience).ConfigureAwait(false);
            foreach (var referral in command.Icse is { Finding: null, Recalled: null } ? [] : reply.Referrals)
            {
                // Police reads it in the referral, beside the item.
                await (referrals ?? throw new AskTimeoutException("Referrals have not started.")).Ask<ReferralReply>(
                    new NoteIcse
                    {
                        Key = referral.Key, Context = command.Context with { CommandId = CommandId.New() }, Number = referral.Number, Words = reply.Icse,
                    }, Patience).ConfigureAwait(false);
            }

            return new ToldItem { Item = new ItemRef(command.ReportId, command.Ordinal), News = command.Icse.News };
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private CommandContext OwnContext() => CommandContext.OfSystem(_package.Tenant, Time.GetUtcNow());

    private sealed record Round(ImmutableArray<ToldItem> Told, bool Failed) : INoSerializationVerificationNeeded;
}
