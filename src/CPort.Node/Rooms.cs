using System.Globalization;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Agencies;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Hashes;
using CPort.Actors.Intake;
using CPort.Actors.Matching;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Actors.Routing;
using CPort.Actors.Telemetry;
using CPort.Api;
using CPort.Api.Agencies;
using CPort.Api.Operators;
using CPort.Api.Reports;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Routing;
using CPort.Node.Adapters;

namespace CPort.Node;

/// <summary>The rooms of CPort.Actors on this node: which services they share, and in which order their actors start.</summary>
internal static class Rooms
{
    /// <summary>What the rooms need from outside; everything is a singleton of the node.</summary>
    public static IServiceCollection AddRooms(this IServiceCollection services, NodeOptions options)
    {
        services.AddSingleton<MasterKeyPreparation>();
        services.AddSingleton<INodePreparation>(p => p.GetRequiredService<MasterKeyPreparation>());
        services.AddSingleton<ConfidentialSeam>(p => p.GetRequiredService<MasterKeyPreparation>().Seam);

        services.AddSingleton<StuckEntities>();
        services.AddSingleton<INodePreparation, StuckPreparation>();

        services.AddSingleton(_ => new AgencyDirectoryFeed(SqlJournal.QueryPluginId));
        services.AddSingleton<IReadinessCheck, DirectoryReadiness>();
        services.AddSingleton<IReadinessCheck, RegionReadiness>();
        services.AddSingleton<IReadinessCheck, ProjectionReadiness>();
        services.AddSingleton<HashBucketLoading>();
        services.AddSingleton<IReadinessCheck, HashBucketReadiness>();
        services.AddSingleton<IntakeDoor>();
        services.AddSingleton(new MatchingOptions { NearRadius = options.Policy.PdqRadius, QualityFloor = options.Policy.PdqQualityFloor });
        services.AddHostedService<OperatorBootstrap>();

        // Loaded now: a wrong list is a wrong setting. Changing it would change keyed hashes, so that the database records which it is.
        var suffixes = Suffixes(options.Hosting.PublicSuffixFile);
        services.AddSingleton(new FixedFigure("public-suffixes", suffixes.Fingerprint,
            $"Stored keyed hashes of registrable domains were made by the first start's list ({PublicSuffixes.BuiltIn.Fingerprint} is the built-in one): "
            + "give that list by CPORT__Hosting__PublicSuffixFile, or begin with a new database."));
        services.AddSingleton(p => new UrlKeyMaker(p.GetRequiredService<ConfidentialSeam>(), suffixes));
        services.AddSingleton<IHostingTracer>(p => new HostingTracer(
            new TraceChain(TraceProviders(options.Hosting), new TraceOptions(), p.GetRequiredService<TimeProvider>()),
            p.GetRequiredService<TimeProvider>()));

        services.AddSingleton<ReadTables>();
        services.AddSingleton(p => new JournalReader(p.GetRequiredService<Database>(), p.GetRequiredService<ActorSystem>()));
        services.AddSingleton<ReadModel>();
        services.AddSingleton<QueueReader>();
        services.AddSingleton<ReportSearch>();
        services.AddSingleton<GroupReader>();
        services.AddSingleton<StatisticsReader>();
        services.AddSingleton<ProjectionStatusReader>();
        services.AddSingleton<UnfinishedWork>();
        services.AddHostedService<QueueGauge>();

        services.AddSingleton<INodePreparation, RejectionPreparation>();
        services.AddSingleton<INodePreparation, ReadTablesPreparation>();
        services.AddSingleton<IReportGateway>(p => new ReportGateway(
            p.GetRequiredService<IReadOnlyActorRegistry>().Get<ReportRegion>(), GatewayOptions(options.Limits), p.GetRequiredService<StuckEntities>()));
        services.AddCPortApi(new CPortApiOptions
        {
            Gateway = GatewayOptions(options.Limits), ItemsPerBatch = options.Limits.ItemsPerBatch,
            Intake = new IntakeLimits
            {
                LineBytes = options.Limits.LineBytes, BodyBytes = options.Limits.BodyBytes, ItemsPerReport = options.Limits.ItemsPerReport,
                ConcurrentStreams = options.Limits.ConcurrentStreams, InFlightPerStream = options.Limits.InFlightPerStream,
            },
        });
        return services;
    }

    /// <summary>The rooms in the order they start: those that others ask come first.</summary>
    public static AkkaConfigurationBuilder AddRooms(this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        return akka
            .AddAgencies(services.GetRequiredService<AgencyDirectoryFeed>(), time)
            .AddHashBuckets<ReportRegion>(
                new HashBucketOptions
                {
                    WithEvents = () => HashBucketJournal.WithEventsAsync(services.GetRequiredService<Database>()), Stuck = services.GetRequiredService<StuckEntities>(),
                    Loading = services.GetRequiredService<HashBucketLoading>(),
                },
                time)
            .AddMatching(services.GetRequiredService<MatchingOptions>(), time)
            .AddReports(system => ReportServices(system, options, services))
            .AddProjections(options.Cluster.EffectiveRoles.Contains(ClusterRoles.Projection), () => new ProjectionServices
            {
                Database = services.GetRequiredService<Database>(), Seam = services.GetRequiredService<ConfidentialSeam>(),
                UrlKeys = services.GetRequiredService<UrlKeyMaker>(), Time = time,
                Options = new ProjectionOptions
                {
                    OrphanDeadline = TimeSpan.FromHours(options.Policy.OrphanHours), PdqRadius = options.Policy.PdqRadius,

                    // SQLite has one writer: while a batch of rows is written the journal waits, and with it everybody.
                    BatchSize = services.GetRequiredService<Database>().IsSqlite ? 150 : 500,
                },
            });
    }

    private static ReportGatewayOptions GatewayOptions(NodeOptions.LimitOptions limits) => new()
    {
        // Several attempts: a message to a shard that is moving, or to a node that died a moment ago, is lost, and every command may be sent again.
        AskTimeout = TimeSpan.FromSeconds(limits.AskSeconds / 5.0), Patience = TimeSpan.FromSeconds(limits.AskSeconds),
    };

    private static ReportActorServices ReportServices(ActorSystem system, NodeOptions options, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var directory = services.GetRequiredService<AgencyDirectoryFeed>();
        var rules = options.Policy.ToRules();
        var inheritance = new InheritanceOptions { WeakHashes = options.Policy.WeakHashes, PhotoDnaDecides = options.Policy.PhotoDnaDecides };
        return new ReportActorServices
        {
            Seam = services.GetRequiredService<ConfidentialSeam>(),
            Tracer = services.GetRequiredService<IHostingTracer>(),
            Journal = new QueryReportJournal(system, SqlJournal.QueryPluginId),
            Stuck = services.GetRequiredService<StuckEntities>(),
            Time = time,
            Environment = () =>
            {
                var now = time.GetUtcNow();
                return new ReportEnvironment
                {
                    Now = now, Members = new DirectoryMembership(directory.Current, now), Rules = rules, Inheritance = inheritance,
                    MaxItems = options.Limits.ItemsPerReport,
                };
            },
        };
    }

    private static PublicSuffixes Suffixes(string? file)
    {
        try
        {
            return string.IsNullOrEmpty(file) ? PublicSuffixes.BuiltIn : PublicSuffixes.Load(file);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException([$"CPORT__Hosting__PublicSuffixFile: {e.Message}"]);
        }
    }

    /// <summary>Own table first, then MaxMind, then DNS: whoever is asked first is believed first.</summary>
    private static IEnumerable<ITraceProvider> TraceProviders(NodeOptions.HostingOptions hosting)
    {
        if (!string.IsNullOrEmpty(hosting.TableFile))
        {
            yield return StaticTableProvider.Load(hosting.TableFile);
        }

        if (!string.IsNullOrEmpty(hosting.MmdbFile) || !string.IsNullOrEmpty(hosting.AsnMmdbFile))
        {
            yield return new MaxMindProvider(hosting.MmdbFile, hosting.AsnMmdbFile);
        }

        if (hosting.Dns)
        {
            yield return new DnsProvider();
        }
    }
}

/// <summary>
/// Loads the master key before anything is sealed or opened, and refuses to start with one that is not the database's. A new key is made only for
/// a database that has none: a lost key file must not be replaced in silence.
/// </summary>
internal sealed partial class MasterKeyPreparation(NodeOptions options, Database database, ILogger<MasterKeyPreparation> log) : INodePreparation
{
    private const string Setting = "master-key-check";
    private ConfidentialSeam? _seam;

    public ConfidentialSeam Seam => _seam ?? throw new InvalidOperationException("The master key is not loaded yet.");

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        if (_seam is not null)
        {
            return;
        }

        try
        {
            var stored = await FixedFigures.ReadAsync(database, Setting, cancellation);
            var key = Load(mayCreate: stored is null);
            var check = new MasterKeyCheck(key);
            if (stored is null)
            {
                // Two nodes may start at once: what stands in the database afterwards is what counts.
                await database.ExecuteAsync(
                    "INSERT INTO cport_settings (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING", cancellation,
                    ("name", Setting), ("value", check.CheckValue()));
                stored = await FixedFigures.ReadAsync(database, Setting, cancellation);
            }

            if (check.Verify(stored!) is { } refusal)
            {
                throw new FixedFiguresException(refusal);
            }

            _seam = new MasterKeySeam(key);
        }
        catch (MasterKeyException e)
        {
            throw new FixedFiguresException(e.Message);
        }
    }

    private MasterKey Load(bool mayCreate)
    {
        if (options.EffectiveMasterKeyFile is not { } file)
        {
            return MasterKey.FromText(options.Keys.MasterKey, "CPORT__Keys__MasterKey");
        }

        if (!mayCreate)
        {
            return MasterKey.Load(file);
        }

        var key = MasterKey.LoadOrCreate(file, out var created);
        if (created)
        {
            Created(log, Path.GetFullPath(file), key.KeyId);
        }

        return key;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A new master key {KeyId} was made in {File}. Without this file nothing confidential can be read again: keep a copy in a safe place.")]
    private static partial void Created(ILogger logger, string file, string keyId);
}

internal sealed class StuckPreparation(StuckEntities stuck) : INodePreparation
{
    public Task PrepareAsync(CancellationToken cancellation) => stuck.StartAsync(cancellation);
}

internal sealed class ReadTablesPreparation(ReadTables tables) : INodePreparation
{
    public Task PrepareAsync(CancellationToken cancellation) => tables.PrepareAsync(cancellation);
}

internal sealed class RejectionPreparation(Database database) : INodePreparation
{
    public Task PrepareAsync(CancellationToken cancellation) => RejectionLog.EnsureTableAsync(database, cancellation);
}

/// <summary>Nobody can be let in before the directory of agencies is known.</summary>
internal sealed class DirectoryReadiness(AgencyDirectoryFeed directory) : IReadinessCheck
{
    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation) => Task.FromResult(
        !directory.Ready ? new ReadinessReason("agencies", false, "the directory of agencies is being read")
        : directory.Current.Agencies.All(a => directory.Current.KeysOf(a.Id).IsEmpty)
            ? new ReadinessReason("agencies", false, "first start: the operator's key is being made")
        : new ReadinessReason("agencies", true, string.Create(CultureInfo.InvariantCulture, $"directory at {directory.Current.Version}")));
}

/// <summary>
/// The regions of this node reach their coordinators, which know where every shard is; on a node without the role, the proxy does. Asked at most once a
/// second, whatever the number of probes.
/// </summary>
internal sealed class RegionReadiness(IServiceProvider services, TimeProvider time) : IReadinessCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private readonly Lock _lock = new();
    private Task<ReadinessReason>? _asked;
    private long _askedAt;

    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_asked is null || (_asked.IsCompleted && time.GetElapsedTime(_askedAt) > TimeSpan.FromSeconds(1)))
            {
                _askedAt = time.GetTimestamp();
                _asked = AskAsync();
            }

            return _asked;
        }
    }

    private async Task<ReadinessReason> AskAsync()
    {
        var registry = services.GetRequiredService<ActorRegistry>();
        var silent = await Task.WhenAll(Answers<ReportRegion>(registry, "report"), Answers<HashBucketRegion>(registry, "hash-bucket"), Answers<AgencyRegion>(registry, "agency"));
        var names = silent.OfType<string>().ToArray();
        return names.Length == 0
            ? new ReadinessReason("shards", true, "reports, hash buckets and agencies can be reached")
            : new ReadinessReason("shards", false, $"no answer from the shards of {string.Join(", ", names)}");
    }

    private static async Task<string?> Answers<TRegion>(ActorRegistry registry, string name)
    {
        try
        {
            return registry.TryGet<TRegion>(out var region)
                && (await region.Ask<Akka.Cluster.Sharding.CurrentRegions>(Akka.Cluster.Sharding.GetCurrentRegions.Instance, Patience)).Regions.Count > 0 ? null : name;
        }
        catch (AskTimeoutException)
        {
            return name;
        }
    }
}

/// <summary>A table set serves, so that queues and searches answer; how far it is behind is said, and is no reason to take the node away.</summary>
internal sealed class ProjectionReadiness(ProjectionStatusReader reader) : IReadinessCheck
{
    public async Task<ReadinessReason> CheckAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            var serving = (await reader.ReadAsync(limit.Token)).Sets.LastOrDefault(s => s.State == TableSetState.Serving);
            return serving is null
                ? new ReadinessReason("projections", false, "no read tables yet: no node of role projection has started, or the first build is under way")
                : new ReadinessReason("projections", true, string.Create(CultureInfo.InvariantCulture, $"table set {serving.Set}, {serving.LagEvents} events behind"));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return new ReadinessReason("projections", false, $"the read tables do not answer ({DatabaseFault.InWords(e)})");
        }
    }
}

/// <summary>
/// A near search asks all buckets of PDQ and a report those of its hashes: until all have been heard of once since the node's start, look-ups would
/// wait for them. What does not answer later is said, and is no reason to take the node away: the others would not fare better.
/// </summary>
internal sealed class HashBucketReadiness(HashBucketLoading loading) : IReadinessCheck
{
    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation) => Task.FromResult(Of(loading.Now));

    internal static ReadinessReason Of(HashBucketsLoaded now) => new("hash buckets", now.Asked, now switch
    {
        { InUse: null } => "the journal is asked which buckets hold anything",
        _ => string.Create(CultureInfo.InvariantCulture, $"{now.Loaded} of {now.InUse} loaded")
            + (now.Stuck > 0 ? string.Create(CultureInfo.InvariantCulture, $", {now.Stuck} cannot be read (pbm reports stuck)") : ""),
    });
}

/// <summary>
/// At the very first start there is nobody who could register agencies: makes the agency <c>operator</c> with one key and writes the key, which is
/// shown nowhere else, to <c>operator.key</c> in the data folder, readable by its owner only.
/// </summary>
internal sealed partial class OperatorBootstrap(
    NodeOptions options, NodeState state, AgencyDirectoryFeed directory, IServiceProvider services, TimeProvider time, ILogger<OperatorBootstrap> log)
    : BackgroundService
{
    public const string FileName = "operator.key";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.Running.WaitAsync(stoppingToken);
            await directory.WhenReady.WaitAsync(stoppingToken);
            if (File.Exists(KeyFile + ".new"))
            {
                // The node died in between the last time.
                Publish();
            }

            while (!directory.Current.Agencies.Any(a => a.Kind == AgencyKind.Operator && !directory.Current.KeysOf(a.Id).IsEmpty))
            {
                if (await TryMakeAsync(stoppingToken))
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromSeconds(2), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private string KeyFile => Path.Combine(options.Data, FileName);

    private void Publish()
    {
        File.Move(KeyFile + ".new", KeyFile, overwrite: true);
        Made(log, Path.GetFullPath(KeyFile));
    }

    private async Task<bool> TryMakeAsync(CancellationToken cancellation)
    {
        var region = services.GetRequiredService<ActorRegistry>().Get<AgencyRegion>();
        var agency = AgencyId.Parse("operator");
        CommandContext Context(string command) => new() { CommandId = CommandId.Parse(command), Caller = Caller.System, OccurredAt = time.GetUtcNow() };
        try
        {
            var patience = TimeSpan.FromSeconds(20);
            await region.Ask<object>(
                new RegisterAgency { Context = Context("bootstrap-operator"), Agency = agency, Name = "Operators of this installation", Kind = AgencyKind.Operator },
                patience, cancellation);
            var answer = await region.Ask<object>(
                new IssueKey { Context = Context("bootstrap-operator-key"), Agency = agency, Roles = Roles.Operator, Tenant = Tenant.Live }, patience, cancellation);
            if (answer is not ApiKeyShown { ApiKey: { } key } shown)
            {
                return answer is ApiKeyShown;
            }

            // Kept at once, because it is shown this once; under its name only when it works, because others wait for the file.
            await WriteAsync(KeyFile + ".new", key, cancellation);
            await directory.WaitForAsync(shown.SequenceNr, cancellation);
            Publish();
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    /// <summary>Writes a text that only the file's owner may read.</summary>
    public static async Task WriteAsync(string file, string key, CancellationToken cancellation)
    {
        var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var writer = new StreamWriter(file, create);
        await writer.WriteLineAsync(key.AsMemory(), cancellation);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "First start: the operator's key is in {File}; it registers agencies and is shown nowhere else")]
    private static partial void Made(ILogger logger, string file);
}

/// <summary>Queue lengths for <c>/metrics</c>: counted every ten seconds, because a scrape must not cost a query.</summary>
internal sealed class QueueGauge(NodeState state, IServiceProvider services, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <summary>Counts everything and sees nothing, as an operator does.</summary>
    private static readonly Caller Counter = Caller.System with { Kind = AgencyKind.Operator, Roles = Roles.Operator, KeyId = "queue-gauge" };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.Running.WaitAsync(stoppingToken);
            var reader = services.GetRequiredService<QueueReader>();
            while (true)
            {
                try
                {
                    foreach (var queue in (await reader.CountsAsync(Counter, stoppingToken)).Queues)
                    {
                        CPortMetrics.QueueLength(queue.Queue.Name, queue.Count);
                    }
                }
                catch (Exception e) when (e is System.Data.Common.DbException or ReadModelUnavailableException or TimeoutException or IOException)
                {
                    // The database is away or the first projection has not started: the last figures stand.
                }

                await Task.Delay(Every, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }
}
