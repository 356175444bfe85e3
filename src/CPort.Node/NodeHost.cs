using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Api;
using CPort.Node.Operator;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace CPort.Node;

/// <summary>Puts a node together from its options.</summary>
public static class NodeHost
{
    /// <summary>
    /// A node ready to run: <c>await app.RunAsync()</c>, or <c>StartAsync</c> and <see cref="WaitUntilRunningAsync"/> in tests and the demo.
    /// It serves health at once and everything else when database and cluster are there. <paramref name="configure"/> comes last and may replace
    /// services (a clock, a trace provider, the log's outlet).
    /// </summary>
    public static WebApplication Build(NodeOptions options, Action<WebApplicationBuilder>? configure = null)
    {
        if (options.Validate().ToArray() is { Length: > 0 } problems)
        {
            throw new NodeConfigurationException(problems);
        }

        var database = PersistenceSetup.OpenDatabase(options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "cport" });
        builder.WebHost.UseKestrel(kestrel => Listen(kestrel, options)).UseShutdownTimeout(TimeSpan.FromSeconds(10));
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();
        AddLogs(builder.Logging, options.Logs);

        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = TimeSpan.FromSeconds(45));
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<NodeState>();
        builder.Services.AddNodePersistence(database);
        builder.Services.AddNodeTelemetry(options);
        builder.Services.AddRooms(options);

        builder.AddOperator();

        // Registered after what actors need and before Kestrel, which stops first.
        builder.Services.AddAkka<NodeActorService>(ClusterSetup.SystemName, (akka, services) => akka
            .AddNodeFoundation(options, database)
            .AddRooms(options, services)
#if PETABRIDGE_CMD
            .AddPetabridge(options)
#endif
            .AddOperatorActors());
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseWaitUntilRunning();
        app.UseRouting();
        app.MapHealth();
        app.MapMetrics(options);
        MapApi(app);
        return app;
    }

    /// <summary>Waits until the node serves; throws <see cref="TimeoutException"/> with what it still waits for.</summary>
    public static async Task WaitUntilRunningAsync(this WebApplication app, TimeSpan patience, CancellationToken cancellation = default)
    {
        var state = app.Services.GetRequiredService<NodeState>();
        var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stopping);
        limit.CancelAfter(patience);
        try
        {
            await state.Running.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The node does not run: {state.WaitingFor ?? "it was stopped"}.");
        }
    }

    /// <summary>CPort.Api's endpoints, OpenAPI and authentication.</summary>
    private static void MapApi(WebApplication app) => app.MapCPortApi(v1 =>
    {
        v1.MapHashes();
        v1.MapQuarantine();
        v1.MapStuck();
        v1.MapQueues();
        v1.MapGroups();
        v1.MapSearch();
        v1.MapStatistics();
    });

    private static void Listen(KestrelServerOptions kestrel, NodeOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.Limits.BodyBytes;
        Listen(kestrel, options.Http, options.Http.Url, HttpProtocols.Http1AndHttp2);
        if (options.Http.Http2Url is { } second)
        {
            Listen(kestrel, options.Http, second, HttpProtocols.Http2);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, NodeOptions.HttpOptions http, string url, HttpProtocols protocols)
    {
        var uri = new Uri(url);
        var tls = uri.Scheme == "https";
        var address = uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 ? IPAddress.Parse(uri.DnsSafeHost)
            : uri.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.IPv6Any;
        kestrel.Listen(address, uri.Port, listen =>
        {
            // HTTP/1.1 and HTTP/2 share a port only by TLS's negotiation.
            listen.Protocols = tls || protocols == HttpProtocols.Http2 ? protocols : HttpProtocols.Http1;
            if (tls)
            {
                listen.UseHttps(Certificate(http));
            }
        });
    }

    /// <summary>The API's certificate with its key.</summary>
    internal static X509Certificate2 Certificate(NodeOptions.HttpOptions http)
    {
        var path = http.CertificatePath!;
        var isPem = File.ReadAllText(path).Contains("-----BEGIN", StringComparison.Ordinal);
        return !isPem ? X509CertificateLoader.LoadPkcs12FromFile(path, http.CertificatePassword)
            : http.CertificatePassword is { } password ? X509Certificate2.CreateFromEncryptedPemFile(path, password, http.CertificateKeyPath)
            : X509Certificate2.CreateFromPemFile(path, http.CertificateKeyPath);
    }

    private static void AddLogs(ILoggingBuilder logging, NodeOptions.LogOptions logs)
    {
        logging.SetMinimumLevel(logs.Level);

        // Request logs carry paths, and a path can carry a hash value: metrics and traces count requests by route template instead. Scopes stay
        // off for the same reason.
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // Every refused key is counted by status; a line each would let a stranger fill the disk.
        logging.AddFilter("CPort.Api.Security.ApiKeyHandler", LogLevel.Warning);
        // A failed start is thrown as well, and told in one line by Program.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Microsoft.Hosting.Lifetime", logs.Level > LogLevel.Information ? logs.Level : LogLevel.Information);
        if (logs.Format == NodeOptions.LogFormat.Json)
        {
            logging.AddJsonConsole(o =>
            {
                o.IncludeScopes = false;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "O";
            });
        }
        else
        {
            logging.AddSimpleConsole(o =>
            {
                o.IncludeScopes = false;
                o.SingleLine = true;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                o.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
    }
}

/// <summary>Work that must be done once per start, after the database is there and before any actor runs: tables, seeds. Run in order of registration.</summary>
public interface INodePreparation
{
    /// <summary>Must be repeatable: it runs again when the database goes away in between.</summary>
    Task PrepareAsync(CancellationToken cancellation);
}

/// <summary>
/// Starts the actor system, but only when the database answers and fits: until then the node says what it waits for, rather than dying and being
/// restarted in a circle. Stops it by Akka's coordinated shutdown.
/// </summary>
internal sealed partial class NodeActorService(
    AkkaConfigurationBuilder akka,
    IServiceProvider services,
    ILogger<AkkaHostedService> akkaLog,
    IHostApplicationLifetime lifetime,
    NodeState state,
    Database database,
    IEnumerable<FixedFigure> figures,
    IEnumerable<INodePreparation> preparations,
    TimeProvider time,
    ILogger<NodeActorService> log) : AkkaHostedService(akka, services, akkaLog, lifetime)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private Task _starting = Task.CompletedTask;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _starting = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        state.Waits("the node is stopping");
        await _stopping.CancelAsync();
        await _starting;
        await base.StopAsync(cancellationToken);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            // Only once Kestrel listens: a node whose port is taken must not join the cluster, and health answers from the first moment of waiting.
            var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var started = HostApplicationLifetime!.ApplicationStarted.Register(listening.SetResult);
            await listening.Task.WaitAsync(_stopping.Token);
            await PrepareAsync();
            state.Waits("the actor system is starting");
            await base.StartAsync(_stopping.Token);
            state.Runs(ActorSystem!);
            Started(log, database.ToString());
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped while waiting.
        }
        catch (FixedFiguresException e)
        {
            Refused(log, e.Message);
            state.Waits("the database belongs to another configuration");
            state.ExitCode = ExitCodes.Refused;
            HostApplicationLifetime!.StopApplication();
        }
        catch (Exception e)
        {
            Failed(log, e);
            state.Waits("the start failed");
            state.ExitCode = ExitCodes.Failed;
            HostApplicationLifetime!.StopApplication();
        }
    }

    private async Task PrepareAsync()
    {
        DateTimeOffset? said = null;
        while (true)
        {
            try
            {
                await DatabaseSchema.EnsureAsync(database, _stopping.Token);
                await FixedFigures.VerifyOrRecordAsync(database, figures, _stopping.Token);
                foreach (var preparation in preparations)
                {
                    await preparation.PrepareAsync(_stopping.Token);
                }

                if (said is not null)
                {
                    DatabaseIsBack(log, database.ToString());
                }

                return;
            }
            catch (Exception e) when (e is DbException or SocketException or TimeoutException or IOException)
            {
                state.Waits($"the database does not answer ({e.GetType().Name})");
                var now = time.GetUtcNow();
                if (said is null || now - said > Reminder)
                {
                    said = now;
                    DatabaseIsAway(log, database.ToString(), Explain(e));
                }

                await Task.Delay(Retry, time, _stopping.Token);
            }
        }
    }

    /// <summary>Codes and innermost causes say what is wrong ("connection refused", "disk full") and quote no data.</summary>
    private static string Explain(Exception e) => e switch
    {
        Npgsql.PostgresException postgres => $"PostgreSQL {postgres.SqlState}: {postgres.MessageText}",
        Microsoft.Data.Sqlite.SqliteException sqlite => $"SQLite error {sqlite.SqliteExtendedErrorCode}: {sqlite.Message}",
        _ => e.GetBaseException().Message,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "The node runs on {Database}")]
    private static partial void Started(ILogger logger, string database);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database {Database} does not answer, the node waits for it: {Why}")]
    private static partial void DatabaseIsAway(ILogger logger, string database, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "The database {Database} answers")]
    private static partial void DatabaseIsBack(ILogger logger, string database);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Why}")]
    private static partial void Refused(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The node cannot start")]
    private static partial void Failed(ILogger logger, Exception e);
}
