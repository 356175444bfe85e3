namespace CPort.Actors.Confidential;

/// <summary>
/// The master keys of a node, newest first: under the newest the database's keys are wrapped, by the others it still opens what an earlier one wrapped. So a
/// master key is changed while nodes with the old one and nodes with the new one run side by side (docs/operations.md).
/// </summary>
public sealed class MasterKeys
{
    /// <summary>A change needs two.</summary>
    private const int Most = 8;

    private readonly ImmutableArray<MasterKey> _all;

    private MasterKeys(ImmutableArray<MasterKey> all) => _all = all;

    public MasterKey Newest => _all[0];

    /// <summary>Their ids, newest first.</summary>
    public ImmutableArray<string> Ids => [.. _all.Select(k => k.KeyId)];

    public static MasterKeys Of(params ImmutableArray<MasterKey> newestFirst) => new(newestFirst);

    public MasterKey? Find(string keyId) => _all.FirstOrDefault(k => k.KeyId == keyId);

    /// <summary>Reads keys as <see cref="MasterKey.FromText"/> does, separated by blanks, commas or line ends.</summary>
    public static MasterKeys FromText(string? text, string origin)
    {
        var parts = (text ?? "").Split([' ', '\t', '\r', '\n', ','], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length > Most)
        {
            throw new MasterKeyException($"There are more than {Most} master keys in {origin}.");
        }

        var keys = parts.Length == 0 ? [MasterKey.FromText(text, origin)] : parts.Select(p => MasterKey.FromText(p, origin)).ToImmutableArray();
        return keys.DistinctBy(k => k.KeyId).Count() == keys.Length
            ? new MasterKeys(keys)
            : throw new MasterKeyException($"Two of the master keys in {origin} are the same.");
    }

    /// <summary>
    /// Loads an existing key file; throws <see cref="MasterKeyException"/> when it is missing, malformed, or readable by group or others. Use it instead of
    /// <see cref="LoadOrCreate"/> when the database already has keys: a new master key could open nothing there.
    /// </summary>
    public static MasterKeys Load(string path) => FromText(MasterKey.ReadFile(path), path);

    /// <summary>Loads the key file, or makes one with one key at first start.</summary>
    public static MasterKeys LoadOrCreate(string path, out bool created)
    {
        created = !File.Exists(path) && MasterKey.TryCreateFile(path);
        return Load(path);
    }

    public override string ToString() => $"MasterKeys({string.Join(", ", Ids)})";
}
