using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CPort.Actors.Searches;

/// <summary>A search as it was kept: what was asked, and how it is called when it was kept by name.</summary>
public sealed record KeptSearch(string Id, string Body, string? Name);

/// <summary>
/// What people searched for in the portal, in the table <c>cport_searches</c>: URLs and hashes must not stand in addresses, so a page of results is at the
/// search's id. Sealed; only who searched finds it again. Kept for a day, or until taken away when it was given a name.
/// </summary>
public sealed class SearchStore(Database database, ConfidentialSeam seam, TimeProvider time)
{
    /// <summary>How long a search without a name is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>Searches with a name that one person may have.</summary>
    public const int Named = 50;

    /// <summary>Makes the table when it is missing; several nodes may call it at once.</summary>
    public static Task EnsureTableAsync(Database database, CancellationToken cancellation = default) => DatabaseSchema.ApplyAsync(
        database,
        $"""
        CREATE TABLE IF NOT EXISTS cport_searches (
            id VARCHAR(26) NOT NULL PRIMARY KEY, owner VARCHAR(64) NOT NULL, sealed {(database.IsSqlite ? "BLOB" : "BYTEA")} NOT NULL,
            name_sealed {(database.IsSqlite ? "BLOB" : "BYTEA")} NULL, until BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS cport_searches_owner ON cport_searches (owner, until);
        """,
        cancellation);

    /// <summary>Keeps what was asked; gives its id. What has run out goes.</summary>
    public async Task<string> KeepAsync(Caller caller, string body, CancellationToken cancellation)
    {
        var id = new ReportId(BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16)));
        var now = time.GetUtcNow();
        await database.ExecuteAsync("DELETE FROM cport_searches WHERE until < @now", cancellation, ("now", now.ToUnixTimeSeconds())).ConfigureAwait(false);
        await database.ExecuteAsync(
            "INSERT INTO cport_searches (id, owner, sealed, until) VALUES (@id, @owner, @sealed, @until)", cancellation,
            ("id", id.ToString()), ("owner", OwnerOf(caller)), ("sealed", Seal(id, body)), ("until", now.Add(Kept).ToUnixTimeSeconds())).ConfigureAwait(false);
        return id.ToString();
    }

    /// <summary>Gives it a name, by which it stays; false: there is no such search of this person, or too many with names.</summary>
    public async Task<bool> NameAsync(Caller caller, string id, string name, CancellationToken cancellation)
    {
        if (!ReportId.TryParse(id, out var place) || (await OfAsync(caller, cancellation).ConfigureAwait(false)).Length >= Named)
        {
            return false;
        }

        return await database.ExecuteAsync(
            "UPDATE cport_searches SET name_sealed = @name, until = @until WHERE id = @id AND owner = @owner", cancellation,
            ("name", Seal(place, name, 1)), ("until", long.MaxValue), ("id", place.ToString()), ("owner", OwnerOf(caller))).ConfigureAwait(false) == 1;
    }

    /// <summary>Takes it away.</summary>
    public Task DropAsync(Caller caller, string id, CancellationToken cancellation) => database.ExecuteAsync(
        "DELETE FROM cport_searches WHERE id = @id AND owner = @owner", cancellation, ("id", id), ("owner", OwnerOf(caller)));

    /// <summary>Null: there is none of this person, or its row was changed.</summary>
    public async Task<KeptSearch?> FindAsync(Caller caller, string id, CancellationToken cancellation) =>
        (await ReadAsync("id = @key", id, caller, cancellation).ConfigureAwait(false)).FirstOrDefault();

    /// <summary>The person's searches with names.</summary>
    public async Task<ImmutableArray<KeptSearch>> OfAsync(Caller caller, CancellationToken cancellation) =>
        [.. (await ReadAsync("name_sealed IS NOT NULL", null, caller, cancellation).ConfigureAwait(false)).OrderBy(s => s.Name, StringComparer.Ordinal)];

    private async Task<List<KeptSearch>> ReadAsync(string where, string? key, Caller caller, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            $"SELECT id, sealed, name_sealed FROM cport_searches WHERE owner = @owner AND until >= @now AND {where}",
            [("owner", OwnerOf(caller)), ("now", time.GetUtcNow().ToUnixTimeSeconds()), .. key is null ? [] : new (string, object?)[] { ("key", key) }]);
        await using var rows = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = new List<KeptSearch>();
        while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
        {
            if (ReportId.TryParse(rows.GetString(0), out var id) && Open(id, (byte[])rows.GetValue(1)) is { } body)
            {
                found.Add(new KeptSearch(id.ToString(), body, rows.IsDBNull(2) ? null : Open(id, (byte[])rows.GetValue(2), 1)));
            }
        }

        return found;
    }

    // Keyed, so that the table does not say who searches how much.
    private string OwnerOf(Caller caller) => Convert.ToHexStringLower(
        seam.Keyed("search-owner-1", Encoding.UTF8.GetBytes($"{(int)caller.Tenant}\0{caller.Agency}\0{caller.KeyId}")));

    private byte[] Seal(ReportId id, string text, int part = 0) =>
        seam.Seal(new SealedPlace(id, SealedField.Search, part), new SecretText { Text = text }).Bytes;

    private string? Open(ReportId id, byte[] bytes, int part = 0)
    {
        try
        {
            return seam.Open<SecretText>(new SealedPlace(id, SealedField.Search, part), new Sealed { Bytes = bytes }).Text;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
