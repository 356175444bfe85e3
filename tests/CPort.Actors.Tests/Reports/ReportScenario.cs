using System.Collections.Immutable;
using System.Text;
using CPort.Actors.Serialization;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using HMACSHA256 = System.Security.Cryptography.HMACSHA256;
using SHA256 = System.Security.Cryptography.SHA256;

namespace CPort.Actors.Tests.Reports;

/// <summary>
/// One report lived through by commands, without actors: a membership of several countries, ready-made callers, and short words for what they do.
/// NL and BE have one hotline each, DE has two, GB's is mandated for orphans, UA has police only, RU has nobody.
/// </summary>
internal sealed class ReportScenario
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    public static readonly Country NL = Country.Parse("NL"), BE = Country.Parse("BE"), DE = Country.Parse("DE"), GB = Country.Parse("GB"),
        UA = Country.Parse("UA"), RU = Country.Parse("RU"), SE = Country.Parse("SE");

    public static readonly Caller Nl = Hotline("hotline-nl", NL), Be = Hotline("hotline-be", BE), De1 = Hotline("hotline-de1", DE),
        De2 = Hotline("hotline-de2", DE), Uk = Hotline("hotline-uk", GB) with { HoldsOrphanMandate = true };

    /// <summary>A hotline that never has anything to do with the report.</summary>
    public static readonly Caller Se = Hotline("hotline-se", SE);
    public static readonly Caller NlColleague = Nl with { KeyId = "key-nl-2" };
    public static readonly Caller NlAuditor = Nl with { KeyId = "key-nl-audit", Roles = Roles.Auditor };
    public static readonly Caller PoliceNl = Nl with
        { Agency = AgencyId.Parse("police-nl"), Kind = AgencyKind.Police, Roles = Roles.Officer, KeyId = "key-police" };
    public static readonly Caller Interpol = new()
    {
        Agency = AgencyId.Parse("interpol"), Kind = AgencyKind.Interpol, Roles = Roles.Officer, KeyId = "key-interpol",
        Trust = TrustLevel.Trusted,
    };

    public static readonly Caller PoliceUa = PoliceNl with
        { Agency = AgencyId.Parse("police-ua"), KeyId = "key-police-ua", Countries = [UA], Purpose = "case 9" };

    public static readonly Sealed AnySealed = new() { Bytes = [1, 2, 3] };

    private readonly List<IReportEvent> _events = [];
    private int _commands;
    private long _numbers = 1000;

    /// <summary>Of several reports that meet in the read tables, each has a reference and items of its own.</summary>
    public int Nth { get; init => (field, _numbers) = (value, 1000 + (1000 * value)); }

    public FakeMembership Members { get; } = new();

    public IccamRules Rules { get; set; } = new();

    public int MaxItems { get; set; } = 10_000;

    public DateTimeOffset Now { get; set; } = Start;

    public Report Report { get; private set; } = Report.None;

    public IReadOnlyList<IReportEvent> Events => _events;

    public ReportEnvironment Environment => new() { Now = Now, Members = Members, Rules = Rules, MaxItems = MaxItems };

    public ContentItem this[int ordinal] => Report.Items[ordinal - 1];

    public ReportId Id { get; private set; }

    /// <summary>A report by NL of one item hosted in the country, traced, matched and routed.</summary>
    public static ReportScenario HostedIn(Country country, int items = 1, IccamRules? rules = null)
    {
        var s = new ReportScenario { Rules = rules ?? new() };
        Assert.Equal(CommandOutcome.Accepted, s.Submit(Nl, [.. Enumerable.Range(0, items).Select(_ => Entry(country))]).Outcome);
        s.Work();
        return s;
    }

    public static Caller Hotline(string id, Country country) => new()
    {
        Agency = AgencyId.Parse(id), Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = "key-" + id, Countries = [country],
    };

    public static HostingFacts Facts(Country? country, HostingSource source = HostingSource.Analyst) =>
        new() { Country = country, IpAddress = "192.0.2.7", Source = source, TracedAt = Start };

    public static SubmittedItem Entry(Country? country = null) => new()
    {
        SealedSecrets = AnySealed, ContentType = ContentType.Media, Hosting = country is null ? null : Facts(country, HostingSource.Reported),
    };

    public static AssessmentInput Opinion(Classification classification) => new() { Classification = classification };

    public static ActionInput Action(ActionType type, DateTimeOffset? date = null, ActionReason? reason = null) => new()
    {
        Type = type, Date = date ?? Start,
        Reason = reason ?? type switch { ActionType.Unavailable => ActionReason.ContentNotFound, ActionType.NotIllegal => ActionReason.AdultPornography, _ =>
            null },
    };

    public static ContentHash Sha256(byte fill) => ContentHash.FromBytes(HashAlgorithm.Sha256, Enumerable.Repeat(fill, 32).ToArray());

    public CommandContext Context(Caller caller, string? id = null) =>
        new() { CommandId = CommandId.Parse(id ?? $"c-{++_commands}"), Caller = caller, OccurredAt = Now };

    public CommandReply Do(IReportVerb command)
    {
        var decision = ReportRules.Decide(Report, command, Environment);
        foreach (var e in decision.Events)
        {
            _events.Add(e);
            Report = ReportRules.Apply(Report, e);
        }

        return decision.Reply;
    }

    public SubmitReport Submission(Caller by, string reference, params SubmittedItem[] items) => new()
    {
        ReportId = TestKeys.IdOf(by.Tenant, by.Agency, HotlineReference.Parse(reference)), Context = Context(by), Reference = HotlineReference.Parse(reference),
        HotlineReceivedDate = Start.AddHours(-1), SealedSecrets = AnySealed, ReportNumber = 77, FirstItemNumber = Numbers(items.Length),
        Items = [.. items],
    };

    public CommandReply Submit(Caller by, params SubmittedItem[] items)
    {
        var submission = Submission(by, $"ref-{Nth + 1}", items);
        Id = submission.ReportId;
        return Do(submission);
    }

    public long Numbers(int count) => (_numbers += count) - count;

    public CommandReply Work(ItemTrace[]? traces = null, ItemVerdicts[]? verdicts = null, AssessmentRef[]? propagated = null, Caller? by = null,
        bool full = false) =>
        Do(new CompleteAutomaticWork
        {
            ReportId = Id, Context = Context(by ?? Caller.System with { Tenant = Report.Tenant }), Traces = [.. traces ?? []],
            Verdicts = [.. (verdicts ?? []).Select(v => v with { LookedUp = full, NearSearched = full })], Propagated = [.. propagated ?? []],
        });

    public static ImmutableArray<ItemTarget> At(params int[] ordinals) => [.. ordinals.Select(o => new ItemTarget { Ordinal = o })];

    private static ImmutableArray<ItemTarget> Targets(int[] ordinals) => At(ordinals.Length == 0 ? [1] : ordinals);

    public CommandReply Assign(Caller by, Caller to, params int[] items) =>
        Do(new AssignItems { ReportId = Id, Context = Context(by), Items = Targets(items), Hotline = to.Agency });

    public CommandReply Claim(Caller by, params int[] items) => Do(new ClaimItems { ReportId = Id, Context = Context(by), Items = Targets(items) });

    public CommandReply Release(Caller by, params int[] items) => Do(new ReleaseItems { ReportId = Id, Context = Context(by), Items = Targets(items) });

    public CommandReply Assess(Caller by, Classification classification, params int[] items) =>
        Do(new AssessItems { ReportId = Id, Context = Context(by), Items = Targets(items), Assessment = Opinion(classification) });

    public CommandReply Correct(Caller by, Classification classification, int item = 1) => Do(new CorrectAssessment
    {
        ReportId = Id, Context = Context(by), Item = new ItemTarget { Ordinal = item }, Assessment = Opinion(classification), SealedWhy = AnySealed,
    });

    public CommandReply Object(Caller by, params int[] items) =>
        Do(new ObjectToBaseline { ReportId = Id, Context = Context(by), Items = Targets(items), SealedWhy = AnySealed });

    public CommandReply Reopen(Caller by, int item = 1) =>
        Do(new ReopenItem { ReportId = Id, Context = Context(by), Item = new ItemTarget { Ordinal = item }, ItemNumber = Numbers(1) });

    /// <summary>The directory believes the agency so far from now on, and the report is told to follow.</summary>
    public CommandReply Trust(Caller agency, TrustLevel trust)
    {
        Members.Trust[agency.Agency] = trust;
        return Do(new FollowTrust { ReportId = Id, Context = Context(Caller.System) });
    }

    public CommandReply Reassign(Caller by, params int[] items) => Do(new ReassignItems { ReportId = Id, Context = Context(by), Ordinals = [.. items] });

    /// <summary>The item inherits this from its hashes from now on, whatever today's policy is; null: nothing.</summary>
    public void Inherit(Classification? inherited, InheritanceKind kind = InheritanceKind.Inherited, int item = 1, int row = 0)
    {
        var match = new ItemMatch
        {
            LookedUp = true, Inheritance = inherited is null && kind == InheritanceKind.Inherited ? null
                : new InheritanceDecision { Kind = kind, Classification = inherited, Row = row },
        };
        var e = new AutomaticWorkDone { Meta = Context(Caller.System).ToMeta(), Steps = [new ItemSteps { Ordinal = item, Match = match }] };
        _events.Add(e);
        Report = ReportRules.Apply(Report, e);
    }

    public CommandReply Act(Caller by, ActionType type, params int[] items) => Act(by, Action(type, Now), items);

    public CommandReply Act(Caller by, ActionInput action, params int[] items) =>
        Do(new RecordActions { ReportId = Id, Context = Context(by), Items = Targets(items), Action = action });

    public CommandReply Host(Caller by, Country? country, params int[] items) =>
        Do(new UpdateHosting { ReportId = Id, Context = Context(by), Items = Targets(items), Facts = Facts(country) });

    public CommandReply Move(Caller by, Country country, params int[] items) =>
        Do(new MoveToCountry { ReportId = Id, Context = Context(by), Items = Targets(items), Country = country });

    public CommandReply SeenAgain(Caller by, int item = 1) =>
        Do(new SeenOnlineAgain { ReportId = Id, Context = Context(by), Item = new ItemTarget { Ordinal = item }, ItemNumber = Numbers(1) });

    public CommandReply Name(Caller by, string reference, int item = 1) => Do(new SetHotlineReference
    {
        ReportId = Id, Context = Context(by), Item = new ItemTarget { Ordinal = item }, Reference = HotlineReference.Parse(reference),
    });

    public CommandReply Add(Caller by, params SubmittedItem[] items) =>
        Do(new AddItems { ReportId = Id, Context = Context(by), FirstItemNumber = Numbers(items.Length), Items = [.. items] });

    public CommandReply Withdraw(Caller by) => Do(new WithdrawReport { ReportId = Id, Context = Context(by), SealedReason = AnySealed });

    public CommandReply Urgent(Caller by, bool urgent = true) => Do(new MarkUrgent { ReportId = Id, Context = Context(by), Urgent = urgent });

    public CommandReply Amend(Caller by, DateTimeOffset? received) =>
        Do(new AmendReport { ReportId = Id, Context = Context(by), HotlineReceivedDate = received });

    public CommandReply Describe(Caller by, SiteType? site = null, Commerciality? commerciality = null, PaymentMethod[]? paid = null) => Do(new SetSiteFacts
    {
        ReportId = Id, Context = Context(by), SiteType = site, Commerciality = commerciality, PaymentMethods = [.. paid ?? []],
            PaymentMethodsGiven = paid is not null,
    });

    public CommandReply Note(Caller by, int? item = null, bool text = true) =>
        Do(new AddMemo { ReportId = Id, Context = Context(by), Ordinal = item, SealedText = text ? AnySealed : null });

    public CommandReply Hold(Caller by, HoldReason reason = HoldReason.PossibleNewVictim, double hours = 0, params int[] items) => Do(new RequestHold
    {
        ReportId = Id, Context = Context(by), Items = Targets(items), Reason = reason, Until = hours == 0 ? null : Now.AddHours(hours), SealedNote = AnySealed,
    });

    public CommandReply Extend(Caller by, DateTimeOffset until, int hold = 0) =>
        Do(new ExtendHold { ReportId = Id, Context = Context(by), Number = Held(hold), Until = until });

    /// <summary>0: the first one that the report has.</summary>
    private int Held(int number) => number > 0 ? number : Report.Holds is [var first, ..] ? first.Number : 1;

    public CommandReply Lift(Caller by, int hold = 0) => Do(new LiftHold { ReportId = Id, Context = Context(by), Number = Held(hold), SealedWhy = AnySealed });

    public CommandReply ObjectToHold(Caller by, int hold = 0) =>
        Do(new ObjectToHold { ReportId = Id, Context = Context(by), Number = Held(hold), SealedWhy = AnySealed });

    public CommandReply Overrule(Caller by, int hold = 0) =>
        Do(new OverruleHold { ReportId = Id, Context = Context(by), Number = Held(hold), SealedWhy = AnySealed });

    public CommandReply Expire() => Do(new ExpireHolds { ReportId = Id, Context = Context(Caller.System with { Tenant = Report.Tenant }) });

    public CommandReply Escalate(params int[] items) => Do(new EscalateOrphans { ReportId = Id, Context = Context(Caller.System), Ordinals = [.. items] });

    /// <summary>Everything a report holds, as bytes: what two equal states agree in.</summary>
    public static string Fingerprint(Report report)
    {
        using var bytes = new MemoryStream();
        void Write<T>(T value) => WireModel.Instance.SerializeWithLengthPrefix(bytes, value, typeof(T), ProtoBuf.PrefixStyle.Base128, 1);
        Write(report);
        foreach (var item in report.Items)
        {
            Write(item);
        }

        foreach (var memo in report.Memos)
        {
            Write(memo);
        }

        foreach (var hold in report.Holds)
        {
            Write(hold);
        }

        foreach (var digest in report.Digests)
        {
            Write(digest);
        }

        foreach (var receipt in report.Receipts.Kept)
        {
            bytes.Write(Encoding.UTF8.GetBytes($"{receipt.Key.Agency} {receipt.Key.Command}"));
            Write(receipt.Value);
        }

        if (report.Secrets is { } secrets)
        {
            Write(secrets);
        }

        return $"{report.SubmittedItems} {Convert.ToHexStringLower(bytes.ToArray())}";
    }

    public static byte[] Bytes<T>(T value)
        where T : class
    {
        using var stream = new MemoryStream();
        WireModel.Instance.Serialize(stream, value);
        return stream.ToArray();
    }

    /// <summary>As the journal and the network see it.</summary>
    public static IReportEvent OverTheWire(IReportEvent e)
    {
        using var stream = new MemoryStream(Bytes(e));
        return (IReportEvent)WireModel.Instance.Deserialize(stream, null, e.GetType());
    }
}

/// <summary>Members by table.</summary>
internal sealed class FakeMembership : IMembership
{
    public Dictionary<Country, ImmutableArray<AgencyId>> Hotlines { get; } = new()
    {
        [ReportScenario.NL] = [ReportScenario.Nl.Agency], [ReportScenario.BE] = [ReportScenario.Be.Agency],
        [ReportScenario.DE] = [ReportScenario.De1.Agency, ReportScenario.De2.Agency], [ReportScenario.GB] = [ReportScenario.Uk.Agency],
        [ReportScenario.SE] = [ReportScenario.Se.Agency],
    };

    public AgencyId? Interpol { get; set; } = ReportScenario.Interpol.Agency;

    public ImmutableArray<AgencyId> HotlinesOf(Country country) => Hotlines.GetValueOrDefault(country, []);

    /// <summary>National bureaus; none, unless a test names them. Police of a country with one belongs there.</summary>
    public Dictionary<Country, AgencyId> Bureaus { get; } = [];

    /// <summary>For whom further agencies work, and which are closed; none, unless a test names them.</summary>
    public Dictionary<AgencyId, ImmutableArray<Country>> Working { get; } = [];
    public HashSet<AgencyId> Closed { get; } = [];

    public ImmutableArray<Country> CountriesOf(AgencyId agency) =>
    [
        .. Working.GetValueOrDefault(agency, []),
        .. Hotlines.Where(p => p.Value.Contains(agency)).Select(p => p.Key),
        .. Bureaus.Where(b => b.Value == agency || PoliceOf(b.Key) == agency).Select(b => b.Key),
    ];

    public AgencyId? BureauOf(Country country) => Bureaus.TryGetValue(country, out var bureau) ? bureau : null;

    public bool HoldsOrphanMandate(AgencyId agency) => agency == ReportScenario.Uk.Agency;

    public AgencyId? PoliceOf(Country country) => country == ReportScenario.UA ? AgencyId.Parse("police-ua")
        : country == ReportScenario.NL ? ReportScenario.PoliceNl.Agency : null;

    public bool IsPoliceOrInterpol(AgencyId agency) => 
        !Closed.Contains(agency) && (agency == Interpol || agency.Value.StartsWith("police", StringComparison.Ordinal));

    /// <summary>What agencies have looked at twice; nothing, unless a test says so.</summary>
    public Dictionary<AgencyId, SecondLookPolicy> Looks { get; } = [];

    public SecondLookPolicy SecondLooksOf(AgencyId agency) => Looks.GetValueOrDefault(agency) ?? SecondLookPolicy.Off;

    /// <summary>Whom one asks for second looks.</summary>
    public HashSet<AgencyId> Lookers { get; } = [];

    public bool GivesLooks(AgencyId agency) => Lookers.Contains(agency);

    /// <summary>Of agencies that are not in here the trust is not known.</summary>
    public Dictionary<AgencyId, TrustLevel> Trust { get; } = [];

    public TrustLevel? TrustOf(AgencyId agency) => Trust.TryGetValue(agency, out var trust) ? trust : null;
}

/// <summary>A seam with a real HMAC and nothing else: the rules never open anything.</summary>
internal sealed class HmacOnlySeam : ConfidentialSeam
{
    private static readonly byte[] Key = SHA256.HashData("test"u8);

    public override Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false) => ReportScenario.AnySealed;

    public override T Open<T>(SealedPlace place, Sealed secret) => throw new NotSupportedException();

    public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data) => HMACSHA256.HashData(Key, (byte[])[.. Encoding.UTF8.GetBytes(purpose), 0, .. data]);
}
