using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Referrals;

/// <summary>
/// The shell around all referrals of one agency and key: has <see cref="ReferralRules"/> decide, persists, applies, and only then answers. Then it tells the
/// items' reports, and whoever a referral was handed on to, one round at a time until each has taken it; what a round did not bring is sent again, ever more
/// slowly, and after an end of the node when somebody wakes it (<c>ReferralOpener</c>).
/// </summary>
public sealed class ReferralActor : TellingEntity
{
    private const int ReportsAtOnce = 20;

    private readonly ReferralServices _services;
    private readonly IActorRef _reports;
    private readonly ReferralKey _key;
    private ReferralBook _book = ReferralBook.None;

    public ReferralActor(string entityId, ReferralServices services, IActorRef reports)
        : base(EntityName.Of(ReferralKey.Parse(entityId)), services.Shell)
    {
        (_services, _reports, _key) = (services, reports, ReferralKey.Parse(entityId));
        Recover<IReferralEvent>(e => _book = ReferralRules.Apply(_book, e));
        Command<GetReferral>(q =>
        {
            Sender.Tell(ReferralRules.Page(_book, q, _services.Seam));
            LeaveUnless(_book.Exists);
        });
        Command<IReferralCommand>(Handle);
        Command<Round>(Take);
    }

    protected override void OnWoken()
    {
        EscalateDue();
        base.OnWoken();
    }

    private void Handle(IReferralCommand command)
    {
        var decision = Decide(command.Seal(_services.Seam));
        var sender = Sender;
        Commit(decision, () => sender.Tell(decision.Reply));
        LeaveUnless(_book.Exists || !decision.Events.IsEmpty);
    }

    private ReferralDecision Decide(IReferralCommand command) => ReferralRules.Decide(_book, command, _services.Environment());

    private void Commit(ReferralDecision decision, Action done) => Commit(
        decision.Events, (e, now) => e.Stamped(Stamp(e.Meta, now), e.Receipt), e => _book = ReferralRules.Apply(_book, e), done);

    /// <summary>Whom nobody acknowledged in time; <see cref="ReferralOpener"/> wakes it then.</summary>
    private void EscalateDue()
    {
        foreach (var referral in _book.Referrals.Where(r => r.AlertDue <= Time.GetUtcNow()))
        {
            Commit(Decide(new EscalateAlert { Key = _key, Context = OwnContext(), Number = referral.Number }), () => { });
        }
    }

    protected override bool BeginRound()
    {
        if (_book.Referrals.FirstOrDefault(r => r.Owes) is not { } referral)
        {
            return false;
        }

        var told = Messages(referral).Take(ReportsAtOnce).Select(m => SendAsync(m.Command, m.Told)).ToList();
        if (referral.OwesForward)
        {
            told.Add(ForwardAsync(referral, EntityShards.RegionOf(Context.System, EntityKind.Referral)));
        }

        var number = referral.Number;
        Task.WhenAll(told).PipeTo(
            Self, Self, all => new Round(number, [.. all.OfType<ToldReport>()], all.Any(t => t is null)), _ => new Round(number, [], true));
        return true;
    }

    private void Take(Round round)
    {
        EndRound(round.Failed);

        Commit(Decide(new NoteTold { Key = _key, Context = OwnContext(), Number = round.Number, Told = round.Told }), () => { });
    }

    /// <summary>A message for each report, and for those of its items that have heard equally much.</summary>
    private IEnumerable<(TakeReferral Command, ToldReport Told)> Messages(Referral referral)
    {
        var context = OwnContext();
        foreach (var of in referral.Items.Where(i => i.Told is not { } told || told < referral.Lines.Length)
            .GroupBy(i => (i.Item.Report, i.Told, i.Country, i.Urgent, AlsoFor: string.Join(',', i.AlsoFor.Select(c => c.Code)))))
        {
            // One that has just joined hears how things stand, not how they came to.
            var lines = of.Key.Told is { } told ? referral.Lines.Where(l => l.Line > told) : referral.Lines.TakeLast(1);
            foreach (var part in of.Select(i => i.Item.Ordinal).Order().Chunk(ReportRules.ItemsPerPart))
            {
                yield return (
                    new TakeReferral
                    {
                        ReportId = of.Key.Report, Context = context with { CommandId = CommandId.New() }, Agency = _book.Agency, Country = of.Key.Country,
                        Why = _book.Why, About = _book.About, Referral = new ReferralRef(_key, referral.Number), Urgent = of.Key.Urgent, Ordinals = [.. part],
                        Words = [.. lines.Select(l => Word(referral, l))], AlsoFor = of.First().AlsoFor,
                    },
                    new ToldReport { Report = of.Key.Report, Line = referral.Lines.Length, Ordinals = [.. part] });
            }
        }
    }

    private PoliceWord Word(Referral referral, FeedbackLine line) => new()
    {
        Line = line.Line, State = line.State, At = line.At, Reason = line.Reason, Outcome = line.Outcome, KnownAs = line.KnownAs, To = line.To,
        Escalated = line.Escalated,
        Clear = ReferralRules.TextOf(_key, referral.Number, line, _services.Seam) is { } text ? new SecretText { Text = text } : null,
    };

    /// <summary>Null: not taken, or nothing is known of it. A report that says no (it was withdrawn) never says yes: it is told no more.</summary>
    private async Task<ToldReport?> SendAsync(TakeReferral command, ToldReport told)
    {
        try
        {
            return told with { Icse = (await _reports.Ask<CommandReply>(command, Patience).ConfigureAwait(false)).Icse };
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>Each agency that it was handed on to gets the items under a key of its own; once more does nothing.</summary>
    private async Task<ToldReport?> ForwardAsync(Referral referral, IActorRef? referrals)
    {
        if (referrals is null)
        {
            return null;
        }

        try
        {
            // Of what nobody acknowledged what is urgent goes further, of what is handed on all.
            foreach (var (to, part) in from line in referral.Lines.Where(l => l.To is not null && l.Line > referral.Forwarded)
                                       from part in (line.Escalated ? Alerts.UrgentOf(referral) : referral.Items).Chunk(ReferralLimits.ItemsAtOnce)
                                       select (line.To!.Value, part))
            {
                var key = ReferralRules.KeyOf(_services.Seam, _book.Tenant, to, _book.Why, _book.About);
                await referrals.Ask<ReferralReply>(
                    new ReferItems
                    {
                        Key = key, Context = OwnContext(), Agency = to, Why = _book.Why, About = _book.About, By = _book.Agency,
                        Items = [.. part.Select(i => i with { Told = null })],
                    }, Patience).ConfigureAwait(false);
            }

            return new ToldReport { Line = referral.Lines.Length };
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private CommandContext OwnContext() => CommandContext.OfSystem(_book.Tenant, Time.GetUtcNow());

    private sealed record Round(int Number, ImmutableArray<ToldReport> Told, bool Failed) : INoSerializationVerificationNeeded;
}
