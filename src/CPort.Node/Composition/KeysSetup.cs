using CPort.Actors.Confidential;
using CPort.Domain.Confidential;
using CPort.Node.Readiness;

namespace CPort.Node.Composition;

/// <summary>The master keys, the database's own keys under them, and what seals with those.</summary>
internal static class KeysSetup
{
    public static IServiceCollection AddKeys(this IServiceCollection services) => services
        .AddSingleton<KeyRing>()
        .AddSingleton<KeyRingStore>()
        .AddSingleton<KeyRingLoading>()
        .AddSingleton<ConfidentialSeam>(p => new KeyRingSeam(p.GetRequiredService<KeyRing>()))
        .AddSingleton<JournalSeal>()
        .AddPreparation<KeyRingLoading>((loading, cancellation) => loading.PrepareAsync(cancellation))
        .AddHostedService<KeyRingWatch>();

    /// <summary>After the keys, which open what the journal says of the time.</summary>
    public static IServiceCollection AddClock(this IServiceCollection services) => services
        .AddSingleton<ClockStart>()
        .AddPreparation<ClockStart>((start, cancellation) => start.PrepareAsync(cancellation))
        .AddSingleton<IReadinessCheck, ClockReadiness>()
        .AddHostedService<ClockWatch>();
}

/// <summary>
/// Opens the database's keys before anything is sealed or opened, and refuses to start where they are wrapped under master keys that are not here. A new master
/// key is made only for a database that has no keys: a lost key file must not be replaced in silence.
/// </summary>
internal sealed partial class KeyRingLoading(NodeOptions options, KeyRingStore store, ILogger<KeyRingLoading> log)
{
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await store.OpenAsync(store.Masters ?? Load(mayCreate: !await store.HasKeysAsync(cancellation)), cancellation);
        }
        catch (MasterKeyException e)
        {
            throw new FixedFiguresException(e.Message);
        }
    }

    private MasterKeys Load(bool mayCreate)
    {
        if (options.EffectiveMasterKeyFile is not { } file)
        {
            return MasterKeys.FromText(options.Keys.MasterKey, "CPORT__Keys__MasterKey");
        }

        if (!mayCreate)
        {
            return MasterKeys.Load(file);
        }

        var keys = MasterKeys.LoadOrCreate(file, out var created);
        if (created)
        {
            Created(log, Path.GetFullPath(file), keys.Newest.KeyId);
        }

        return keys;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A new master key {KeyId} was made in {File}. Without this file nothing can be read again: keep a copy in a safe place.")]
    private static partial void Created(ILogger logger, string file, string keyId);
}

/// <summary>Keeps up with what other nodes make of the database's keys.</summary>
internal sealed partial class KeyRingWatch(KeyRingStore store, DatabaseDoubts doubts, TimeProvider time, ILogger<KeyRingWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(KeyRingStore.RefreshEvery, time);
        var said = "";
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (store.Masters is not { } masters)
            {
                continue;
            }

            try
            {
                var reading = await store.RefreshAsync(masters, stoppingToken);
                Note(reading);
                var locked = string.Join("; ", reading.Locked);
                if (locked != said && locked.Length > 0)
                {
                    Locked(log, locked);
                }

                said = locked;
            }
            catch (Exception e) when (Faults.IsPassingFor(e, stoppingToken))
            {
                // Read again in a moment; until then the ring is as it was.
            }
        }
    }

    /// <summary>Keys that this node has opened once it keeps, whatever becomes of their rows: the operator has time to put them right.</summary>
    private void Note(KeyRingReading reading)
    {
        foreach (var (key, reason) in reading.Refused.Select(k => (k, "DoesNotOpen")).Concat(reading.Ahead.Select(k => (k, "DatedInTheFuture"))))
        {
            doubts.Note(DoubtfulPlace.Keys, NameOf(key), reason);
        }

        foreach (var known in doubts.List().Where(d => d.Place == DoubtfulPlace.Keys).Select(d => d.What)
            .Except(reading.Refused.Concat(reading.Ahead).Select(NameOf)))
        {
            doubts.Clear(DoubtfulPlace.Keys, known);
        }

        static string NameOf(StoredKey key) => string.Create(CultureInfo.InvariantCulture, $"key {key.Purpose} {key.Generation}");
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Keys of the database are wrapped under a master key that this node does not have: {Keys}. What is sealed under them cannot be read here: "
            + "start the node again with both master keys (docs/operations.md)")]
    private static partial void Locked(ILogger logger, string keys);
}
