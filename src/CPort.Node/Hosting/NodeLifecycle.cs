using CPort.Api.Reports;

namespace CPort.Node.Hosting;

/// <summary>
/// Starts the actor system, but only when the database answers and fits, and joins the cluster: until then the node says what it waits for, rather than dying
/// and being restarted in a circle. Stops it in order: not ready but serving, no more intake, requests end (Kestrel), shards handed over, left.
/// </summary>
internal sealed partial class NodeLifecycle(
    AkkaConfigurationBuilder akka,
    IServiceProvider services,
    ILogger<AkkaHostedService> akkaLog,
    IHostApplicationLifetime lifetime,
    NodeState state,
    NodeOptions options,
    Database database,
    NodePreparations preparations,
    SqliteOwner owner,
    ClusterJoining joining,
    IntakeDoor intake,
    TimeProvider time,
    ILogger<NodeLifecycle> log) : AkkaHostedService(akka, services, akkaLog, lifetime), IHostedLifecycleService
{
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
            && ActorSystem is { WhenTerminated.IsCompleted: false } system
            && Akka.Cluster.Cluster.Get(system).State.Members.Count > 1)
        {
            Leaves(log);
            state.Leaves();
            await Task.Delay(TimeSpan.FromSeconds(options.Cluster.DrainSeconds), time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        owner.Dispose();
        return Task.CompletedTask;
    }

    private async Task RunAsync()
    {
        try
        {
            // Only once Kestrel listens: a node whose port is taken must not join the cluster, and health answers from the first moment of waiting.
            var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var started = HostApplicationLifetime!.ApplicationStarted.Register(listening.SetResult);
            await listening.Task.WaitAsync(_stopping.Token);
            await preparations.RunAsync(_stopping.Token);
            if (!options.IsAlone && await ListenAddress.ProblemAsync(options.Cluster, _stopping.Token) is { } problem)
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
            End(ExitCodes.Refused, "the database or the cluster belongs to another node or configuration", e.Message);
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
                Ended(log, end == BeatEnd.Replaced
                    ? "Another cluster was formed on this database, so this node's is gone"
                    : "The others have declared this node down and went on without it");
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

    [LoggerMessage(Level = LogLevel.Information, Message = "The node runs on {Database}")]
    private static partial void Started(ILogger logger, string database);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "The node leaves the cluster: it is not ready any more, serves what still comes, "
            + "then its shards move to the others")]
    private static partial void Leaves(ILogger logger);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The node could not stop in order within {Seconds} s (CPORT__Cluster__StopSeconds) and ends as it is; "
            + "nothing acknowledged is lost")]
    private static partial void TooSlow(ILogger logger, int seconds);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "The cluster went on without this node (it was not reachable, or is the smaller side of a split); "
            + "it ends with exit code 5 to be started again")]
    private static partial void IsDown(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "An operator had the node leave the cluster (pbm cluster leave); it ends")]
    private static partial void Left(ILogger logger);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "The actor system ended by itself ({Reason}); the node ends to be started again")]
    private static partial void EndsItself(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Why}; it ends with exit code 5 to be started again")]
    private static partial void Ended(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Why}")]
    private static partial void Refused(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The node cannot start")]
    private static partial void Failed(ILogger logger, Exception e);
}
