using CPort.Actors.Confidential;
using CPort.Api.Security;
using CPort.Node.Operator;
using CPort.Node.Readiness;
using CPort.Portal;

namespace CPort.Node.Composition;

/// <summary>Puts a node together from its options: what runs where, as a list; each part is a file beside this one.</summary>
public static class NodeHost
{
    /// <summary>
    /// A node ready to run: <c>await app.RunAsync()</c>, or <c>StartAsync</c> and <see cref="WaitUntilRunningAsync"/> in tests and the demo. It serves health
    /// at once and everything else when database and cluster are there. <paramref name="configure"/> comes last and may replace services (a clock, a trace
    /// provider, the log's outlet).
    /// </summary>
    public static WebApplication Build(NodeOptions options, Action<WebApplicationBuilder>? configure = null)
    {
        if (options.Validate().ToArray() is { Length: > 0 } problems)
        {
            throw new NodeConfigurationException(problems);
        }

        OwnCertificate.Ensure(options);

        // Now, so that a wrong certificate is told as a wrong setting and not as a failed start.
        var tls = options.Cluster.Tls.Enabled && !options.IsAlone ? ClusterTls.Setup(options.Cluster) : null;
        var database = PersistenceSetup.OpenDatabase(options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "cport" });
        builder.WebHost
            .UseKestrel(kestrel => kestrel.Listen(options))
            .UseShutdownTimeout(TimeSpan.FromSeconds(options.Cluster.StopSeconds) / 3);
        builder.Logging.AddNodeLogs(options.Logs);

        // A stop in all: drain, open requests (a third at most), shards (a half at most), leave. NodeLifecycle keeps to the time; the host waits a little
        // longer.
        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = TimeSpan.FromSeconds(options.Cluster.StopSeconds + 15));
        builder.AddNodeTelemetry(options);
        builder.Services
            .AddRouting()
            .AddSingleton(options)
            .AddSingleton(new SteadyClock(TimeProvider.System))
            .AddSingleton<TimeProvider>(p => p.GetRequiredService<SteadyClock>())
            .AddSingleton<NodeState>()
            .AddSingleton<NodePreparations>()
            .AddPersistence(database)
            .AddClusterMembership(options)
            .AddKeys()
            .AddAudit(options)
            .AddClock()
            .AddAgencies()
            .AddPeople(options)
            .AddTracing(options.Hosting)
            .AddEntities()
            .AddReports(options)
            .AddReadModel(options.Policy)
            .AddReferrals(options)
            .AddIwol(options)
            .AddIcse(options)
            .AddExchange(options)
            .AddHashes(options.Policy)
            .AddApi(options)
            .AddIccam(options)
            .AddPortal(options);
        builder.AddOperator();

        // Registered after what actors need and before Kestrel, which stops first. Those that others ask come first.
        builder.Services.AddAkka<NodeLifecycle>(NodeState.SystemName, (akka, services) => akka
            .AddCluster(options, services, tls)
            .AddAgencies(services)
            .AddPeople(services)
            .AddHashes(services)
            .AddReports(options, services)
            .AddReadModel(options, services)
            .AddReferrals(options, services)
            .AddIwol(options, services)
            .AddIcse(options, services)
            .AddOperatorActors());

        // After the actors, which it needs to the last of its requests.
        builder.Services.AddSingleton<IccamHost>().AddHostedService(p => p.GetRequiredService<IccamHost>());
        configure?.Invoke(builder);

        var app = builder.Build();
        OwnCertificate.Tell(options, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(OwnCertificate)));
        app.UseAnswerHeaders();
        app.UseExceptionHandler();
        app.UseHead();
        app.UseWaitUntilRunning();
        app.UseRouting();
        app.UseFiguresListener();
        app.UsePortalSessions();
        app.UseCPortApi();
        app.MapHealth();
        app.MapMetrics(options);
        if (options.Cluster.EffectiveRoles.Contains(ClusterRoles.Api))
        {
            app.MapCPortApi();
            app.MapCPortPortal();
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
}
