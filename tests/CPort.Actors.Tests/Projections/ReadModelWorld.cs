using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Confidential;
using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CPort.Tests.Shared;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Tests.Projections;

/// <summary>Reports lived through by random commands of several agencies, decided by the real rules. The same seed gives the same lives.</summary>
internal sealed class RandomLives(int seed, ConfidentialSeam seam)
{
    public static readonly DateTimeOffset Start = new(2026, 5, 4, 6, 0, 0, TimeSpan.Zero);

    private static readonly Country[] Hosts = [Country.Parse("NL"), Country.Parse("DE"), Country.Parse("DE"), Country.Parse("RU"), Country.Parse("FR")];

    private static readonly Classification[] Opinions =
        [Classification.Baseline, Classification.National, Classification.NotIllegal, Classification.Doubtful];

    private readonly Random _random = new(seed);

    // Of its own, so that the lives without police are as they were.
    private readonly Random _police = new(seed);
    private readonly Dictionary<ReportId, Report> _reports = [];
    private DateTimeOffset _now = Start;
    private long _numbers = 100;

    public static Caller Hotline(string id, params string[] countries) => new()
    {
        Agency = AgencyId.Parse(id), Kind = AgencyKind.Hotline, Roles = Roles.Analyst | Roles.Machine, KeyId = "key-" + id,
        Countries = [.. countries.Select(Country.Parse)],
    };

    public static readonly Caller Nl = Hotline("hotline-nl", "NL"), De1 = Hotline("hotline-de1", "DE"), De2 = Hotline("hotline-de2", "DE"),
        Uk = Hotline("hotline-uk", "GB") with { HoldsOrphanMandate = true };

    private static readonly Caller PoliceDe = Hotline("police-de", "DE") with { Kind = AgencyKind.Police, Roles = Roles.Officer, Purpose = "case 7" };

    private static readonly Caller[] Callers = [Nl, De1, De2, Uk];

    public IReadOnlyDictionary<ReportId, Report> Reports => _reports;

    /// <summary>Police asks for holds, and is given items.</summary>
    public bool WithPolice { get; init; }

    /// <summary>Some of everything waits for a second look, and INTERPOL is asked for some.</summary>
    public bool WithLooks { get; init; }

    /// <summary>How far the directory believes an agency.</summary>
    public Func<AgencyId, TrustLevel?> Trust { get; set; } = _ => null;

    /// <summary>One more command; answers its report and the events it led to (none when refused).</summary>
    public (ReportId Id, ImmutableArray<IReportEvent> Events) Step()
    {
        _now += TimeSpan.FromSeconds(_random.Next(0, 4000));
        return _reports.Count == 0 || _random.Next(8) == 0 ? Submit(_random.Next(1, 5)) : Do(Command());
    }

    public (ReportId Id, ImmutableArray<IReportEvent> Events) Submit(int items, Caller? by = null, bool known = false)
    {
        var caller = by ?? Pick(Callers);
        var reference = HotlineReference.Parse(string.Create(CultureInfo.InvariantCulture, $"{seed}-{_numbers}"));
        var command = new SubmitReport
        {
            ReportId = TestKeys.IdOf(caller.Tenant, caller.Agency, reference), Context = Context(caller), Reference = reference,
            HotlineReceivedDate = _now.AddHours(-_random.Next(1, 90)), ReportNumber = _numbers++, FirstItemNumber = _numbers,
            SiteType = _random.Next(3) == 0 ? null : SiteType.ImageHost, Urgent = _random.Next(10) == 0,
            Commerciality = _random.Next(4) == 0 ? Commerciality.Commercial : null,
            Items = [.. Enumerable.Range(0, items).Select(_ => Item(known))],
        };
        _numbers += items;
        var done = Do(command);

        // Random opinions and actions may not fit one another; the same report without them is always taken.
        return done.Events.IsEmpty ? Do(command with { Items = [.. command.Items.Select(i => i with { Assessment = null, Actions = [] })] }) : done;
    }

    /// <summary>The automatic work of a report: traced, routed, matched.</summary>
    public (ReportId Id, ImmutableArray<IReportEvent> Events) Work(ReportId id) => Do(new CompleteAutomaticWork
    {
        ReportId = id, Context = Context(Caller.System),
        Traces = [.. _reports[id].Items.Select(i => new ItemTrace { Ordinal = i.Ordinal, Facts = Facts(_random.Next(6) == 0 ? null : Pick(Hosts)) })],
        Verdicts = [.. _reports[id].Items.Where(i => i.NeedsMatch()).Select(i => new ItemVerdicts
        {
            LookedUp = true, NearSearched = true,
            Ordinal = i.Ordinal, Exact = [.. i.Hashes.Select(h => new HashVerdict { Hash = h, Version = 0 })],
        })],
    });

    public (ReportId Id, ImmutableArray<IReportEvent> Events) Do(IReportVerb command)
    {
        var report = _reports.GetValueOrDefault(command.ReportId, Report.None);
        var environment = new ReportEnvironment { Now = _now, Members = new Members(Trust, WithLooks) };
        var decision = ReportRules.Decide(report, ReportSealing.Seal(seam, report, command), environment);
        if (!decision.Events.IsEmpty)
        {
            _reports[command.ReportId] = decision.Events.Aggregate(report, ReportRules.Apply);
        }

        return (command.ReportId, decision.Events);
    }

    public CommandContext Context(Caller caller) => new() { CommandId = CommandId.New(), Caller = caller, OccurredAt = _now };

    private IReportVerb Command()
    {
        var report = Pick([.. _reports.Values]);
        var caller = _random.Next(3) == 0 ? Pick(Callers) : JobOf(report) ?? Pick(Callers);
        var context = Context(caller);
        ImmutableArray<ItemTarget> targets = [.. Enumerable.Range(0, _random.Next(1, 3))
            .Select(_ => new ItemTarget { Ordinal = _random.Next(1, report.Items.Count + 1) })];
        var type = Pick([ActionType.ReportedToLea, ActionType.ReportedToIsp, ActionType.Removed, ActionType.Unavailable, ActionType.NotIllegal]);
        if (WithLooks && _police.Next(6) == 0)
        {
            return new AskForLook
            {
                ReportId = report.Id, Context = Context(caller with { Roles = caller.Roles | Roles.Manager }), Items = targets,
                Agency = AgencyId.Parse("interpol"),
            };
        }

        if (WithPolice && _police.Next(10) == 0)
        {
            return _police.Next(2) == 0
                ? new RequestReferral
                {
                    ReportId = report.Id, Context = context, Items = targets, Agency = AgencyId.Parse("police-fr"), Why = ReferralWhy.Host,
                }
                : new RequestHold
                {
                    ReportId = report.Id, Context = Context(PoliceDe), Items = targets, Reason = HoldReason.CountryRelated,
                    Note = new SecretText { Text = Marker + "-note" },
                };
        }

        return _random.Next(19) switch
        {
            0 or 1 or 2 => new CompleteAutomaticWork
            {
                ReportId = report.Id, Context = Context(Caller.System),
                Traces = [.. targets.Select(t => new ItemTrace { Ordinal = t.Ordinal, Facts = Facts(_random.Next(4) == 0 ? null : Pick(Hosts)) })],
                Verdicts = [.. targets.Select(t => Verdicts(report.Items[t.Ordinal - 1]) with { LookedUp = true, NearSearched = true })],
            },
            3 or 4 => new AssessItems
            {
                ReportId = report.Id, Context = context, Items = targets,
                Assessment = new AssessmentInput { Classification = Pick(Opinions),
                    Age = Pick([AgeCategory.Infant, AgeCategory.PrePubescent, AgeCategory.NotDetermined]) },
            },
            5 or 6 => new RecordActions
            {
                ReportId = report.Id, Context = context, Items = targets,
                Action = new ActionInput
                {
                    Type = type, Date = _now,
                    Reason = type == ActionType.Unavailable
                        ? ActionReason.ContentNotFound : type == ActionType.NotIllegal ? ActionReason.AdultPornography : null,
                },
            },
            7 => new ClaimItems { ReportId = report.Id, Context = context, Items = targets },
            8 => new AssignItems { ReportId = report.Id, Context = context, Items = targets, Hotline = caller.Agency },
            9 => new UpdateHosting { ReportId = report.Id, Context = context, Items = targets, Facts = Facts(Pick(Hosts)) },
            10 => new MoveToCountry { ReportId = report.Id, Context = context, Items = targets, Country = Pick(Hosts) },
            11 => new SeenOnlineAgain { ReportId = report.Id, Context = context, Item = targets[0], ItemNumber = _numbers++ },
            12 => new SetHotlineReference { ReportId = report.Id, Context = context, Item = targets[0], Reference = HotlineReference.Parse($"own {_numbers}") },
            13 => new MarkUrgent { ReportId = report.Id, Context = context, Urgent = !report.Urgent },
            14 => _random.Next(4) == 0
                ? new WithdrawReport { ReportId = report.Id, Context = context }
                : new SetSiteFacts { ReportId = report.Id, Context = context, Commerciality = Pick([Commerciality.Commercial, Commerciality.NonCommercial]) },
            15 => new ObjectToBaseline { ReportId = report.Id, Context = context, Items = targets, Why = new SecretText { Text = Marker + "-why" } },
            16 => new ReopenItem { ReportId = report.Id, Context = context, Item = targets[0], ItemNumber = _numbers++ },
            17 => new CorrectAssessment
            {
                ReportId = report.Id, Context = context, Item = targets[0], Assessment = new AssessmentInput { Classification = Pick(Opinions) },
            },
            _ => new AddItems { ReportId = report.Id, Context = context, FirstItemNumber = (_numbers += 3) - 3, Items = [Item(false), Item(false)] },
        };
    }

    private Caller? JobOf(Report report) => Pick([.. report.Items]).Assignment switch
    {
        { Hotline: { } hotline } => Callers.First(c => c.Agency == hotline),
        { Country: { } country } => Callers.First(c => c.WorksFor(country)),
        { Orphan: true } => Uk,
        _ => Callers.FirstOrDefault(c => c.Agency == report.ReportingHotline),
    };

    // Few URLs, so that some occur twice.
    private SubmittedItem Item(bool known) => Item(known, $"https://www.host{_random.Next(5)}.example/{Marker}/{_random.Next(40)}.jpg");

    private SubmittedItem Item(bool known, string url) => new()
    {
        Secrets = new ItemSecrets { Url = url, Memo = Marker + "-memo" }, UrlKeys = KeysOf(seam, url),
        ContentType = ContentType.Media, Hosting = known || _random.Next(2) == 0 ? Facts(Pick(Hosts)) : null,
        Hashes = _random.Next(3) == 0 ? [] : [Hash(_random.Next(50))],
        Actions = _random.Next(12) == 0 ? [new ActionInput { Type = ActionType.Removed, Date = _now.AddMinutes(-1) }] : [],
        Assessment = _random.Next(4) == 0 ? new AssessmentInput { Classification = Pick(Opinions), UserGeneratedContent = true } : null,
    };

    /// <summary>As the intake makes them.</summary>
    public static UrlKeys KeysOf(ConfidentialSeam seam, string url) =>
        new UrlKeyMaker(seam, Suffixes.Shipped).Of(WebAddress.TryParse(url, out var address, out _) ? address : throw new ArgumentException("No URL."));

    /// <summary>Stands in every URL and memo, and must stand in no read table.</summary>
    public const string Marker = "zq7marker";

    public static ContentHash Hash(int n) => ContentHash.FromBytes(Domain.Hashes.HashAlgorithm.Sha256, SHA256.HashData([(byte)n]));

    private ItemVerdicts Verdicts(ContentItem item) => new()
    {
        Ordinal = item.Ordinal,
        Exact = [.. item.Hashes.Select(hash => new HashVerdict
        {
            Hash = hash, Version = _random.Next(30),
            Opinions = [new HashOpinion
            {
                Agency = AgencyId.Parse("interpol"), Basis = OpinionBasis.Human, Classification = Pick(Opinions), Country = Pick(Hosts),
                    Trust = TrustLevel.Trusted, At = _now,
            }],
        })],
        Near = _random.Next(3) == 0 ? [new NearMatch { Distance = 9, Verdict = new HashVerdict { Hash = Hash(1), Version = 1 } }] : [],
    };

    private HostingFacts Facts(Country? country) =>
        new() { Country = country, IpAddress = "192.0.2.9", Source = country is null ? HostingSource.NotFound : HostingSource.StaticTable, TracedAt = _now };

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    private sealed class Members(Func<AgencyId, TrustLevel?> trust, bool withLooks) : IMembership
    {
        public SecondLookPolicy SecondLooksOf(AgencyId agency) => withLooks ? new SecondLookPolicy { Sample = 30 } : SecondLookPolicy.Off;

        public bool GivesLooks(AgencyId agency) => withLooks;

        public ImmutableArray<AgencyId> HotlinesOf(Country country) => [.. Callers.Where(c => c.WorksFor(country)).Select(c => c.Agency)];

        public ImmutableArray<Country> CountriesOf(AgencyId agency) => Callers.FirstOrDefault(c => c.Agency == agency)?.Countries ?? [];

        public bool HoldsOrphanMandate(AgencyId agency) => agency == Uk.Agency;

        public AgencyId? PoliceOf(Country country) => country.Code == "FR" ? AgencyId.Parse("police-fr") : null;

        public AgencyId? Interpol => AgencyId.Parse("interpol");

        public bool IsPoliceOrInterpol(AgencyId agency) => agency == Interpol || agency.Value.StartsWith("police", StringComparison.Ordinal);

        public TrustLevel? TrustOf(AgencyId agency) => trust(agency);
    }
}

/// <summary>A database with a journal, an actor system to read it with, and the read tables.</summary>
internal sealed class ReadModelWorld : IAsyncDisposable
{
    private readonly Dictionary<string, long> _sequences = [];

    private ReadModelWorld(Database database, TestActorSystem node) => (Database, Node) = (database, node);

    public Database Database { get; }

    public TestActorSystem Node { get; }

    public ReadTables Tables => new(Database, UrlKeys);

    public ConfidentialSeam Seam { get; } = TestKeys.Seam;

    /// <summary>The public suffix list of the nodes.</summary>
    public PublicSuffixes List { get; set; } = Suffixes.Shipped;

    public UrlKeyMaker UrlKeys => new(Seam, List);

    public JournalReader Journal => new(Database, TestKeys.Journal);

    public ReadModel Model => new(Tables, Journal, Seam, TimeProvider.System, Doubts);

    public DatabaseDoubts Doubts { get; } = new(TimeProvider.System);

    public static async Task<ReadModelWorld> StartAsync(DatabaseProvider provider, PostgreSqlServer server) =>
        await StartAsync(await TestDatabases.CreateEmptyAsync(provider, server));

    public static async Task<ReadModelWorld> StartAsync(Database database)
    {
        await DatabaseSchema.EnsureAsync(database);
        var node = await TestActorSystem.StartAsync(akka => akka.AddWireSerialization().AddSqlPersistence(database, TestKeys.Journal));
        return new ReadModelWorld(database, node);
    }

    public Task<ProjectionStatus> StatusAsync() => new ProjectionStatusReader(Tables, Journal, TimeProvider.System).ReadAsync();

    public Projector Projector(int set, ProjectionOptions? options = null, JournalTail? tail = null) =>
        new(Tables, set, Journal, Seam, UrlKeys, TimeProvider.System, options ?? new ProjectionOptions(), tail: tail);

    public JournalTail Tail(JournalTailOptions? options = null, TimeProvider? time = null) =>
        new(Database, Journal, time ?? TimeProvider.System, options ?? JournalTailOptions.Always);

    /// <summary>
    /// A new set, advanced by up to four nodes in turn, of which some come and go, some are late to hear of it, and some work at the same time.
    /// Answers its number.
    /// </summary>
    public async Task<int> BuiltByNodesAsync(Random random)
    {
        var set = await Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow);
        var slices = ProjectionSlices.Of(set);
        var orderings = (await EventsAsync()).Select(e => e.Ordering).ToArray();
        var nodes = Enumerable.Range(0, 4).Select(_ =>
            Projector(set.Id, new ProjectionOptions { BatchSize = random.Next(5, 40), CachedItems = random.Next(5, 200) })).ToArray();
        for (int up = 1, at = 0; (await Tables.SetsAsync()).Single(s => s.Id == set.Id).Position < orderings[^1]; up = random.Next(1, nodes.Length + 1))
        {
            at = Math.Min(orderings.Length - 1, at + random.Next(30));

            // A node that is not up any more takes the share it last had.
            await Task.WhenAll(Enumerable.Range(0, Math.Min(nodes.Length, up + 1)).Select(async n =>
            {
                try
                {
                    while (!await nodes[n].AdvanceAsync(slices.ShareOf(n % up, up), orderings[at]))
                    {
                    }
                }
                catch (Exception e) when (e is ProjectionFencedException or System.Data.Common.DbException)
                {
                    // Another was first; it begins anew at the next turn.
                }
            }));
        }

        return set.Id;
    }

    public ProjectionServices Services(ProjectionOptions? options = null) =>
        new()
        {
            Database = Database, Seam = Seam, Journal = TestKeys.Journal, UrlKeys = UrlKeys, Time = TimeProvider.System, Doubts = Doubts,
            Options = options ?? new ProjectionOptions(),
        };

    /// <summary>Rows as the journal writes them, in one transaction.</summary>
    public async Task AppendAsync(params IEnumerable<(ReportId Id, ImmutableArray<IReportEvent> Events)> steps)
    {
        await using var connection = await Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var (id, events) in steps)
        {
            foreach (var e in events)
            {
                var name = EntityName.Of(id).ToString();
                var row = TestKeys.Journal.SealEvent(name, _sequences.GetValueOrDefault(name) + 1, e);
                await InsertAsync(connection, transaction, name, row.Bytes, row.Manifest, SealedRowSerializer.SerializerId);
            }
        }

        await transaction.CommitAsync();
    }

    /// <summary>A row whose bytes no serializer can read.</summary>
    public async Task AppendDamagedAsync(ReportId id)
    {
        await using var connection = await Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await InsertAsync(connection, transaction, EntityName.Of(id).ToString(), [255, 255, 255, 1], "re5", SealedRowSerializer.SerializerId);
        await transaction.CommitAsync();
    }

    private async Task InsertAsync(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, string id, byte[] bytes,
        string manifest, int serializer)
    {
        var sequence = _sequences[id] = _sequences.GetValueOrDefault(id) + 1;
        await using var command = connection.Statement("""
            INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
            VALUES (@created, @deleted, @id, @sequence, @message, @manifest, @identifier, 'test')
            """, ("created", DateTime.UtcNow.Ticks), ("deleted", false), ("id", id), ("sequence", sequence), ("message", bytes), ("manifest", manifest), ("identifier", serializer));
        command.Transaction = transaction;
        await command.ExecuteNonQueryAsync();
    }

    public Task<ImmutableArray<JournalEvent>> EventsAsync(long after = 0, int limit = 1_000_000) =>
        Journal.ReadSlicesAsync(new ProjectionSlices(1), [0], after, long.MaxValue, limit, default);

    /// <summary>All rows of a set, as text that equal rows agree in.</summary>
    public async Task<string> RowsAsync(int set)
    {
        await using var db = Tables.Connect();
        var lines = new List<string>();
        lines.AddRange((await ReadTables.Reports(db, set).ToListAsync()).Select(r => r.ToString()));
        lines.AddRange((await ReadTables.Items(db, set).ToListAsync()).Select(r => r.ToString()));
        lines.AddRange((await ReadTables.EarlierCountries(db, set).ToListAsync()).Select(r => r.ToString()));
        lines.AddRange((await ReadTables.Holds(db, set).ToListAsync()).Select(r => r.ToString()));
        lines.AddRange((await ReadTables.HoldItems(db, set).ToListAsync()).Select(r => r.ToString()));
        lines.AddRange((await ReadTables.Hashes(db, set).ToListAsync()).Select(r => r.ToString()));
        lines.AddRange((await ReadTables.LookAlikes(db, set).ToListAsync()).Select(r => r.ToString()));
        lines.AddRange((await ReadTables.Groups(db, set).ToListAsync()).Select(r => r.ToString()));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    /// <summary>What the rows must be by the reports' states.</summary>
    public string Expected(RandomLives lives)
    {
        var lines = new List<string>();
        foreach (var report in lives.Reports.Values)
        {
            var row = ReadRows.Of(report);
            lines.Add(row.ToString());
            lines.AddRange(row.Holds.Select(h => h.ToString()));
            lines.AddRange(row.Holds.SelectMany(h => h.Items).Select(h => h.ToString()));
            var rows = report.Items.Select(i => ReadRows.Of(Seam, report, i)).ToArray();
            lines.AddRange(rows.Select(r => r.ToString()));
            lines.AddRange(rows.SelectMany(r => r.EarlierCountries).Select(e => e.ToString()));
            lines.AddRange(report.Items.SelectMany(i => ReadRows.HashesOf(Seam, report.Tenant, i)).Select(h => h.ToString()));
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        TestDatabases.Delete(Database);
    }
}
