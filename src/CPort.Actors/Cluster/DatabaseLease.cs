using Akka.Coordination;

namespace CPort.Actors.Cluster;

/// <summary>
/// A lease that is a row of the table <c>cport_leases</c>: whoever holds it may go on when the cluster splits in halves (lease-majority). Its time is the
/// database's own, so nodes' clocks do not matter. It is renewed while it is held; when that fails for as long as the row is valid the lease is lost, and said
/// to be a little earlier than anybody else can take it. An operation ends within <c>lease-operation-timeout</c>. Thread-safe.
/// </summary>
public sealed class DatabaseLease : Akka.Coordination.Lease
{
    /// <summary>Path of its settings: the value of <c>lease-implementation</c>.</summary>
    public const string ConfigPath = "cport.lease";

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly TimeSpan _validFor;
    private readonly TimeSpan _renewEvery;
    private readonly TimeSpan _patience;

    // A process of the same address is another owner: what its predecessor held must run out first.
    private readonly string _owner;
    private readonly Lock _lock = new();
    private CancellationTokenSource? _renewing;
    private long _heldAt;

    public DatabaseLease(LeaseSettings settings, ExtendedActorSystem system)
        : this(settings, system.Settings.Setup.Get<DatabaseSetup>().Value.Database, TimeProvider.System)
    {
    }

    /// <summary>For tests.</summary>
    public DatabaseLease(LeaseSettings settings, Database database, TimeProvider time)
        : base(settings)
    {
        (_database, _time) = (database, time);
        _validFor = settings.TimeoutSettings.HeartbeatTimeout;
        _renewEvery = settings.TimeoutSettings.HeartbeatInterval;
        _patience = settings.TimeoutSettings.OperationTimeout;
        _owner = $"{settings.OwnerName}/{Guid.NewGuid():N}";
    }

    public static Task EnsureTableAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(
        database, "CREATE TABLE IF NOT EXISTS cport_leases (name VARCHAR(200) NOT NULL PRIMARY KEY, owner VARCHAR(400) NOT NULL, until BIGINT NOT NULL);",
            cancellation);

    public override Task<bool> Acquire() => Acquire(_ => { });

    public override async Task<bool> Acquire(Action<Exception> leaseLostCallback)
    {
        var asked = _time.GetTimestamp();
        try
        {
            var taken = await RunAsync($"""
                INSERT INTO cport_leases (name, owner, until) VALUES (@name, @owner, {_database.NowMilliseconds} + @valid)
                ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
                  WHERE cport_leases.owner = excluded.owner OR cport_leases.until < {_database.NowMilliseconds}
                """).ConfigureAwait(false);
            if (!taken)
            {
                Forget();
                return false;
            }
        }
        catch (Exception e) when (e is not LeaseException)
        {
            throw new LeaseException($"The lease could not be asked for: {DatabaseFault.InWords(e)}");
        }

        CancellationTokenSource renewing;
        lock (_lock)
        {
            _heldAt = asked;
            _renewing?.Cancel();
            renewing = _renewing = new CancellationTokenSource();
        }

        _ = RenewAsync(renewing.Token, leaseLostCallback);
        return true;
    }

    public override async Task<bool> Release()
    {
        Forget();
        try
        {
            await RunAsync("DELETE FROM cport_leases WHERE name = @name AND owner = @owner AND @valid > 0").ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is not LeaseException)
        {
            throw new LeaseException($"The lease could not be released: {DatabaseFault.InWords(e)}");
        }
    }

    public override bool CheckLease()
    {
        lock (_lock)
        {
            // Counted from before the question left, so that this node's idea of the end comes before the database's.
            return _renewing is not null && _time.GetElapsedTime(_heldAt) < _validFor;
        }
    }

    private async Task RenewAsync(CancellationToken cancellation, Action<Exception> lost)
    {
        Exception? cause = null;
        while (CheckLease())
        {
            await Task.Delay(_renewEvery, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested)
            {
                return;
            }

            var asked = _time.GetTimestamp();
            try
            {
                if (!await RunAsync(
                    $"UPDATE cport_leases SET until = {_database.NowMilliseconds} + @valid WHERE name = @name AND owner = @owner AND until >= {_database.NowMilliseconds}")
                    .ConfigureAwait(false))
                {
                    cause = new LeaseException("Another owner has the lease.");
                    break;
                }

                lock (_lock)
                {
                    _heldAt = asked;
                }
            }
            catch (Exception e)
            {
                cause = e;
            }
        }

        if (!cancellation.IsCancellationRequested)
        {
            Forget();
            lost(cause ?? new LeaseException("The lease ran out."));
        }
    }

    private void Forget()
    {
        lock (_lock)
        {
            _renewing?.Cancel();
            _renewing = null;
        }
    }

    private async Task<bool> RunAsync(string sql)
    {
        using var limit = new CancellationTokenSource(_patience);
        return await _database.ExecuteAsync(sql, limit.Token, ("name", Settings.LeaseName), ("owner", _owner), ("valid", (long)_validFor.TotalMilliseconds))
            .ConfigureAwait(false) > 0;
    }
}
