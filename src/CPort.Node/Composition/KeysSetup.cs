using CPort.Actors.Cluster.Wire;
using CPort.Actors.Confidential;
using CPort.Domain.Confidential;

namespace CPort.Node.Composition;

/// <summary>The master key and what is sealed under it.</summary>
internal static class KeysSetup
{
    public static IServiceCollection AddKeys(this IServiceCollection services) => services
        .AddSingleton<MasterKeyLoading>()
        .AddSingleton<ConfidentialSeam>(p => p.GetRequiredService<MasterKeyLoading>().Seam)
        .AddPreparation<MasterKeyLoading>((loading, cancellation) => loading.PrepareAsync(cancellation));
}

/// <summary>
/// Loads the master key before anything is sealed or opened, and refuses to start with one that is not the database's. A new key is made only for a database
/// that has none: a lost key file must not be replaced in silence.
/// </summary>
internal sealed partial class MasterKeyLoading(NodeOptions options, Database database, ILogger<MasterKeyLoading> log)
{
    private const string Setting = "master-key-check";
    private ConfidentialSeam? _seam;
    private WireKeys? _wireKeys;

    public ConfidentialSeam Seam => _seam ?? throw NotLoaded();

    /// <summary>By which the nodes know one another.</summary>
    public WireKeys WireKeys => _wireKeys ?? throw NotLoaded();

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

            (_seam, _wireKeys) = (new MasterKeySeam(key), new WireKeys(WireKey.Of(key)));
        }
        catch (MasterKeyException e)
        {
            throw new FixedFiguresException(e.Message);
        }
    }

    private static InvalidOperationException NotLoaded() => new("The master key is not loaded yet.");

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
        Message = "A new master key {KeyId} was made in {File}. Without this file nothing confidential can be read again: "
            + "keep a copy in a safe place.")]
    private static partial void Created(ILogger logger, string file, string keyId);
}
