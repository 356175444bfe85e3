using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Cluster;
using CPort.Api.Reports;
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

        // Now, so that a wrong certificate is told as a wrong setting and not as a failed start.
        var tls = options.Cluster.Tls.Enabled ? ClusterTls.Setup(options.Cluster) : null;
        var database = PersistenceSetup.OpenDatabase(options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "cport" });
        builder.WebHost.UseKestrel(kestrel => Listen(kestrel, options)).UseShutdownTimeout(TimeSpan.FromSeconds(options.Cluster.StopSeconds) / 3);
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();
        AddLogs(builder.Logging, options.Logs);

        // A stop in all: drain, open requests (a third at most), shards (a half at most), leave. NodeActorService keeps to the time; the host waits a little longer.
        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = TimeSpan.FromSeconds(options.Cluster.StopSeconds + 15));
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<NodeState>();
        builder.Services.AddNodePersistence(database);
        builder.Services.AddNodeTelemetry(options);
        builder.Services.AddClusterMembership(options);
        builder.Services.AddRooms(options);

        builder.AddOperator();

        // Registered after what actors need and before Kestrel, which stops first.
        builder.Services.AddAkka<NodeActorService>(ClusterSetup.SystemName, (akka, services) => akka
            .AddNodeFoundation(options, database, tls)
            .AddRooms(options, services)
            .AddOperatorActors());
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseWaitUntilRunning();
        app.UseRouting();
        app.MapHealth();
        app.MapMetrics(options);
        if (options.Cluster.EffectiveRoles.Contains(ClusterRoles.Api))
        {
            app.MapCPortApi();
        }

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
                listen.UseHttps(Certificates.Load(http.CertificatePath!, http.CertificateKeyPath, http.CertificatePassword, "CPORT__Http__CertificatePath"));
            }
        });
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
/// Starts the actor system, but only when the database answers and fits, and joins the cluster: until then the node says what it waits for, rather than
/// dying and being restarted in a circle. Stops it in order: not ready but serving, no more intake, requests end (Kestrel), shards handed over, left.
/// </summary>
internal sealed partial class NodeActorService(
    AkkaConfigurationBuilder akka,
    IServiceProvider services,
    ILogger<AkkaHostedService> akkaLog,
    IHostApplicationLifetime lifetime,
    NodeState state,
    NodeOptions options,
    Database database,
    IEnumerable<FixedFigure> figures,
    IEnumerable<INodePreparation> preparations,
    ClusterJoining joining,
    IntakeDoor intake,
    TimeProvider time,
    ILogger<NodeActorService> log) : AkkaHostedService(akka, services, akkaLog, lifetime), IHostedLifecycleService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(30);

    /// <summary>Set within the base class' start, which calls <see cref="StopAsync"/> when it fails: that call must not wait for the start to end.</summary>
    private readonly AsyncLocal<bool> _inStart = new();

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _left = new();
    private Task _starting = Task.CompletedTask;
    private Task _beating = Task.CompletedTask;
    private long _stopBegan;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _starting = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Before anything stops: not ready, and load balancers get time to notice. What comes meanwhile is served, because a 503 would cost the sender the one
    /// retry it may need for a report whose shard is just moving. Not when the node has a reason of its own to end: then it has nothing to serve with.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopBegan = time.GetTimestamp();
        await _stopping.CancelAsync();
        if (state is { IsRunning: true, ExitCode: ExitCodes.Ok }
            && ActorSystem is { WhenTerminated.IsCompleted: false } system && Akka.Cluster.Cluster.Get(system).State.Members.Count > 1)
        {
            Leaves(log);
            state.Leaves();
            await Task.Delay(TimeSpan.FromSeconds(options.Cluster.DrainSeconds), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else
        {
            state.Waits("the node is stopping");
        }

        // Kestrel closes next, and waits for streams: they end now.
        intake.Close();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_inStart.Value)
        {
            await base.StopAsync(cancellationToken);
            return;
        }

        state.Waits("the node is stopping");
        await _stopping.CancelAsync();
        await _starting;

        // Bounded whatever hangs: what is not handed over by then moves as after a crash.
        var left = TimeSpan.FromSeconds(options.Cluster.StopSeconds) - time.GetElapsedTime(_stopBegan);
        try
        {
            await base.StopAsync(cancellationToken).WaitAsync(left > TimeSpan.FromSeconds(2) ? left : TimeSpan.FromSeconds(2), time, CancellationToken.None);
            await _left.CancelAsync();
            await _beating;
            if (state.ExitCode == ExitCodes.Ok)
            {
                await joining.LeaveAsync();
            }
        }
        catch (TimeoutException)
        {
            TooSlow(log, options.Cluster.StopSeconds);
            state.Ends(ExitCodes.Failed);
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RunAsync()
    {
        try
        {
            // Only once Kestrel listens: a node whose port is taken must not join the cluster, and health answers from the first moment of waiting.
            var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var started = HostApplicationLifetime!.ApplicationStarted.Register(listening.SetResult);
            await listening.Task.WaitAsync(_stopping.Token);
            await PrepareAsync();
            if (await ClusterSetup.AddressProblemAsync(options.Cluster, _stopping.Token) is { } problem)
            {
                End(ExitCodes.Usage, "the node's address is wrong", problem);
                return;
            }

            state.Waits("the actor system is starting");
            _inStart.Value = true;
            await base.StartAsync(_stopping.Token);
            _inStart.Value = false;
            NoteEnd(ActorSystem!);
            await joining.JoinAsync(ActorSystem!, state.Waits, _stopping.Token);
            _beating = BeatAsync(ActorSystem!);
            state.Runs(ActorSystem!);
            Started(log, database.ToString());
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped while waiting.
        }
        catch (FixedFiguresException e)
        {
            End(ExitCodes.Refused, "the database or the cluster belongs to another configuration", e.Message);
        }
        catch (NotJoinedException e)
        {
            End(ExitCodes.NotJoined, "no cluster let the node in", e.Message);
        }
        catch (Exception e)
        {
            Failed(log, e);
            state.Waits("the start failed");
            state.Ends(ExitCodes.Failed);
            HostApplicationLifetime!.StopApplication();
        }
    }

    private void End(int exitCode, string reason, string message)
    {
        Refused(log, message);
        state.Waits(reason);
        state.Ends(exitCode);
        HostApplicationLifetime!.StopApplication();
    }

    /// <summary>
    /// Why the actor system ends when nobody stopped the node: the split-brain resolver declared it down, an operator had it leave, or a node that it called
    /// failed TLS's handshake (Akka ends the caller then). The base class stops the host afterwards.
    /// </summary>
    private void NoteEnd(ActorSystem system)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "note-end", () =>
        {
            switch (shutdown.ShutdownReason)
            {
                case CoordinatedShutdown.ClrExitReason or DatabaseLostReason:
                    break;
                case CoordinatedShutdown.ClusterLeavingReason:
                    Left(log);
                    break;
                case CoordinatedShutdown.ClusterDowningReason:
                    if (state.ExitCode == ExitCodes.Ok)
                    {
                        IsDown(log);
                    }

                    state.Ends(ExitCodes.Downed);
                    break;
                case var reason:
                    EndsItself(log, reason?.ToString() ?? "unknown");
                    state.Ends(state.Running.IsCompleted ? ExitCodes.Failed : ExitCodes.NotJoined);
                    break;
            }

            state.Waits("the node is stopping");
            return Task.FromResult(Akka.Done.Instance);
        });
    }

    /// <summary>Said in the log by <see cref="ClusterJoining"/>.</summary>
    private sealed class DatabaseLostReason : CoordinatedShutdown.Reason
    {
        public static readonly DatabaseLostReason Instance = new();

        public override int ExitCode => ExitCodes.NoDatabase;
    }

    private async Task BeatAsync(ActorSystem system)
    {
        var end = await joining.BeatAsync(system, _left.Token);
        switch (end)
        {
            case BeatEnd.Replaced or BeatEnd.Downed:
                Ended(log, end == BeatEnd.Replaced ? "Another cluster was formed on this database, so this node's is gone" : "The others have declared this node down and went on without it");
                state.Ends(ExitCodes.Downed);
                await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
                break;
            case BeatEnd.DatabaseLost:
                // The shards first, and without waiting for requests: those wait for the database themselves.
                state.Ends(ExitCodes.NoDatabase);
                state.Waits("the database is lost");
                database.GiveUp();
                Task ended = CoordinatedShutdown.Get(system).Run(DatabaseLostReason.Instance);
                await ended.WaitAsync(TimeSpan.FromSeconds(options.Cluster.StopSeconds), time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                HostApplicationLifetime!.StopApplication();
                break;
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
                state.Waits($"the database does not answer ({DatabaseFault.InWords(e)})");
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

    [LoggerMessage(Level = LogLevel.Information, Message = "The node leaves the cluster: it is not ready any more, serves what still comes, then its shards move to the others")]
    private static partial void Leaves(ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "The node could not stop in order within {Seconds} s (CPORT__Cluster__StopSeconds) and ends as it is; nothing acknowledged is lost")]
    private static partial void TooSlow(ILogger logger, int seconds);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The cluster went on without this node (it was not reachable, or is the smaller side of a split); it ends with exit code 5 to be started again")]
    private static partial void IsDown(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "An operator had the node leave the cluster (pbm cluster leave); it ends")]
    private static partial void Left(ILogger logger);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The actor system ended by itself ({Reason}); the node ends to be started again")]
    private static partial void EndsItself(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Why}; it ends with exit code 5 to be started again")]
    private static partial void Ended(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Why}")]
    private static partial void Refused(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The node cannot start")]
    private static partial void Failed(ILogger logger, Exception e);
}
