using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CPort.Actors.Personal;

/// <summary>What a person puts down.</summary>
public enum PersonalKind
{
    /// <summary>What was searched for.</summary>
    Search = 1,

    /// <summary>Rows that were chosen, with the versions that were shown, and what became of them.</summary>
    Selection = 2,

    /// <summary>A form that was filled in when its session was over.</summary>
    Draft = 3,

    /// <summary>How much one has looked at since the last break.</summary>
    Exposure = 4,

    /// <summary>Up to where one has read what one is told.</summary>
    Read = 5,

    /// <summary>Items that one has passed over for a while.</summary>
    Passed = 6,
}

/// <summary>Whose a thing is: a person (or key) of an agency, live or in training.</summary>
public sealed record PersonalOwner(Tenant Tenant, AgencyId Agency, string KeyId)
{
    public static PersonalOwner Of(Caller caller) => new(caller.Tenant, caller.Agency, caller.KeyId);
}

/// <summary>Something that was put down: its text, and how it is called when it was kept by name.</summary>
public sealed record PersonalThing(string Id, string Body, string? Name);

/// <summary>
/// What people put down in the portal for a while, in the table <c>cport_personal</c>: URLs, hashes and long lists must not stand in addresses, so their pages
/// are at the thing's id. Sealed; only who put it there finds it again. Kept for a day, or until taken away when it was given a name.
/// </summary>
public sealed class PersonalStore(Database database, ConfidentialSeam seam, TimeProvider time)
{
    /// <summary>How long a thing without a name is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>How long it is kept up to where one has read: longer than what there is to read.</summary>
    public static readonly TimeSpan ReadKept = TimeSpan.FromDays(365);

    private readonly Database _database = database.ForRequests;

    /// <summary>Things of a kind with a name that one person may have.</summary>
    public const int Named = 50;

    /// <summary>Drafts of one person; of more the oldest go.</summary>
    public const int Drafts = 20;

    /// <summary>Makes the table when it is missing; several nodes may call it at once.</summary>
    public static Task EnsureTableAsync(Database database, CancellationToken cancellation = default)
    {
        var bytes = database.IsSqlite ? "BLOB" : "BYTEA";
        return DatabaseSchema.ApplyAsync(
            database,
            $"""
            CREATE TABLE IF NOT EXISTS cport_personal (
                id VARCHAR(26) NOT NULL PRIMARY KEY, owner VARCHAR(64) NOT NULL, kind INTEGER NOT NULL, sealed {bytes} NOT NULL, name_sealed {bytes} NULL,
                until BIGINT NOT NULL);
            CREATE INDEX IF NOT EXISTS cport_personal_owner ON cport_personal (owner, kind, until);
            """,
            cancellation);
    }

    /// <summary>Puts it down; gives its id. What has run out goes.</summary>
    public Task<string> KeepAsync(Caller caller, PersonalKind kind, string body, CancellationToken cancellation) =>
        KeepAsync(PersonalOwner.Of(caller), kind, body, cancellation);

    /// <summary>The same for somebody who is not signed in just now.</summary>
    public async Task<string> KeepAsync(PersonalOwner owner, PersonalKind kind, string body, CancellationToken cancellation)
    {
        var id = new ReportId(BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16)));
        var now = time.GetUtcNow();
        await _database.ExecuteAsync("DELETE FROM cport_personal WHERE until < @now", cancellation, ("now", now.ToUnixTimeSeconds())).ConfigureAwait(false);
        await _database.ExecuteAsync(
            "INSERT INTO cport_personal (id, owner, kind, sealed, until) VALUES (@id, @owner, @kind, @sealed, @until)", cancellation,
            ("id", id.ToString()), ("owner", OwnerOf(owner)), ("kind", (int)kind), ("sealed", Seal(PlaceOf(owner, kind, id), body)),
            ("until", now.Add(KeptOf(kind)).ToUnixTimeSeconds())).ConfigureAwait(false);
        if (kind == PersonalKind.Draft)
        {
            await _database.ExecuteAsync(
                """
                DELETE FROM cport_personal WHERE owner = @owner AND kind = @kind AND id NOT IN
                  (SELECT id FROM cport_personal WHERE owner = @owner AND kind = @kind ORDER BY until DESC, id LIMIT @most)
                """,
                cancellation, ("owner", OwnerOf(owner)), ("kind", (int)kind), ("most", Drafts)).ConfigureAwait(false);
        }

        return id.ToString();
    }

    /// <summary>Puts another text in its place; false: there is no such thing of this person.</summary>
    public async Task<bool> ReplaceAsync(Caller caller, PersonalKind kind, string id, string body, CancellationToken cancellation) =>
        ReportId.TryParse(id, out var place) && await _database.ExecuteAsync(
            "UPDATE cport_personal SET sealed = @sealed WHERE id = @id AND owner = @owner", cancellation,
            ("sealed", Seal(PlaceOf(caller, kind, place), body)), ("id", place.ToString()), ("owner", OwnerOf(caller))).ConfigureAwait(false) == 1;

    /// <summary>The one thing of a kind of which a person has one; null: there is none.</summary>
    public async Task<PersonalThing?> OnlyAsync(Caller caller, PersonalKind kind, CancellationToken cancellation) =>
        (await ReadAsync("1 = 1", null, caller, kind, cancellation).ConfigureAwait(false)).MinBy(t => t.Id, StringComparer.Ordinal);

    /// <summary>Puts the one thing of a kind down, in the place of the former one, for a day from now.</summary>
    public async Task PutOnlyAsync(Caller caller, PersonalKind kind, string body, CancellationToken cancellation)
    {
        if (await OnlyAsync(caller, kind, cancellation).ConfigureAwait(false) is not { } former || !ReportId.TryParse(former.Id, out var id))
        {
            await KeepAsync(caller, kind, body, cancellation).ConfigureAwait(false);
            return;
        }

        await _database.ExecuteAsync(
            "UPDATE cport_personal SET sealed = @sealed, until = @until WHERE id = @id AND owner = @owner", cancellation,
            ("sealed", Seal(PlaceOf(caller, kind, id), body)), ("until", time.GetUtcNow().Add(KeptOf(kind)).ToUnixTimeSeconds()), ("id", id.ToString()),
            ("owner", OwnerOf(caller))).ConfigureAwait(false);
    }

    /// <summary>Gives it a name, by which it stays; false: there is no such thing of this person, or too many with names.</summary>
    public async Task<bool> NameAsync(Caller caller, PersonalKind kind, string id, string name, CancellationToken cancellation) =>
        ReportId.TryParse(id, out var place) && (await NamedAsync(caller, kind, cancellation).ConfigureAwait(false)).Length < Named
        && await _database.ExecuteAsync(
            "UPDATE cport_personal SET name_sealed = @name, until = @until WHERE id = @id AND owner = @owner AND kind = @kind", cancellation,
            ("name", Seal(PlaceOf(caller, kind, place), name, 1)), ("until", long.MaxValue), ("id", place.ToString()), ("owner", OwnerOf(caller)),
            ("kind", (int)kind))
            .ConfigureAwait(false) == 1;

    /// <summary>Takes it away.</summary>
    public Task DropAsync(Caller caller, string id, CancellationToken cancellation) => _database.ExecuteAsync(
        "DELETE FROM cport_personal WHERE id = @id AND owner = @owner", cancellation, ("id", id), ("owner", OwnerOf(caller)));

    /// <summary>Takes away all that a person has put down, live and in every training up to this one.</summary>
    public async Task ForgetAsync(AgencyId agency, string person, Tenant training, CancellationToken cancellation)
    {
        for (var tenant = Tenant.Live; tenant <= training; tenant++)
        {
            var owner = OwnerOf(new PersonalOwner(tenant, agency, person));
            await _database.ExecuteAsync("DELETE FROM cport_personal WHERE owner = @owner", cancellation, ("owner", owner)).ConfigureAwait(false);
        }
    }

    /// <summary>Null: there is none of this person, or its row was changed.</summary>
    public async Task<PersonalThing?> FindAsync(Caller caller, PersonalKind kind, string id, CancellationToken cancellation) =>
        (await ReadAsync("id = @key", id, caller, kind, cancellation).ConfigureAwait(false)).FirstOrDefault();

    /// <summary>The person's things with names.</summary>
    public async Task<ImmutableArray<PersonalThing>> NamedAsync(Caller caller, PersonalKind kind, CancellationToken cancellation) =>
        [.. (await ReadAsync("name_sealed IS NOT NULL", null, caller, kind, cancellation).ConfigureAwait(false)).OrderBy(s => s.Name, StringComparer.Ordinal)];

    private async Task<List<PersonalThing>> ReadAsync(string where, string? key, Caller caller, PersonalKind kind, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            $"SELECT id, sealed, name_sealed FROM cport_personal WHERE owner = @owner AND kind = @kind AND until >= @now AND {where}",
            [
                ("owner", OwnerOf(caller)), ("kind", (int)kind), ("now", time.GetUtcNow().ToUnixTimeSeconds()),
                .. key is null ? [] : new (string, object?)[] { ("key", key) },
            ]);
        await using var rows = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = new List<PersonalThing>();
        while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
        {
            if (ReportId.TryParse(rows.GetString(0), out var id) && PlaceOf(caller, kind, id) is var place
                && Open(place, (byte[])rows.GetValue(1)) is { } body)
            {
                found.Add(new PersonalThing(id.ToString(), body, rows.IsDBNull(2) ? null : Open(place, (byte[])rows.GetValue(2), 1)));
            }
        }

        return found;
    }

    private static TimeSpan KeptOf(PersonalKind kind) => kind == PersonalKind.Read ? ReadKept : Kept;

    /// <summary>Sealed for its owner, too: a row that is given to somebody else does not open.</summary>
    private ReportId PlaceOf(PersonalOwner owner, PersonalKind kind, ReportId id) => new(BinaryPrimitives.ReadUInt128BigEndian(
        seam.Keyed("personal-place-1", Encoding.UTF8.GetBytes($"{id}\0{(int)kind}\0{OwnerOf(owner)}"))));

    private ReportId PlaceOf(Caller caller, PersonalKind kind, ReportId id) => PlaceOf(PersonalOwner.Of(caller), kind, id);

    // Keyed, so that the table does not say who works how much.
    private string OwnerOf(PersonalOwner owner) => Convert.ToHexStringLower(
        seam.Keyed("personal-owner-1", Encoding.UTF8.GetBytes($"{(int)owner.Tenant}\0{owner.Agency}\0{owner.KeyId}")));

    private string OwnerOf(Caller caller) => OwnerOf(PersonalOwner.Of(caller));

    private byte[] Seal(ReportId id, string text, int part = 0) =>
        seam.Seal(new SealedPlace(id, SealedField.Personal, part), new SecretText { Text = text }).Bytes;

    private string? Open(ReportId id, byte[] bytes, int part = 0)
    {
        try
        {
            return seam.Open<SecretText>(new SealedPlace(id, SealedField.Personal, part), new Sealed { Bytes = bytes }).Text;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
