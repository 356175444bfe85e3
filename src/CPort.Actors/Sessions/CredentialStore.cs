using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using CPort.Domain.People;

namespace CPort.Actors.Sessions;

/// <summary>A way to sign in. A word of the database: never change a number.</summary>
public enum CredentialKind
{
    Passkey = 1,

    /// <summary>The secret of an authenticator app.</summary>
    Totp = 2,

    /// <summary>The secret that a person keeps (<see cref="KeptSecret"/>), beside codes.</summary>
    Secret = 3,

    /// <summary>Stands once for a code of the app.</summary>
    RecoveryCode = 4,
}

/// <summary>A way to sign in without its secrets, for the page that lists them.</summary>
public sealed record Credential(CredentialKind Kind, string Id, DateTimeOffset MadeAt, DateTimeOffset? UsedAt);

/// <summary>A passkey as it is kept: what the framework must know of it.</summary>
[ProtoContract]
public sealed record StoredPasskey
{
    [ProtoMember(1)] public required byte[] CredentialId { get; init; }
    [ProtoMember(2)] public required byte[] PublicKey { get; init; }
    [ProtoMember(3)] public uint SignCount { get; init; }
    [ProtoMember(4)] public ImmutableArray<string> Transports { get; init; } = [];
    [ProtoMember(5)] public bool IsUserVerified { get; init; }
    [ProtoMember(6)] public bool IsBackupEligible { get; init; }
    [ProtoMember(7)] public bool IsBackedUp { get; init; }
    [ProtoMember(8)] public required byte[] AttestationObject { get; init; }
    [ProtoMember(9)] public required byte[] ClientDataJson { get; init; }
    [ProtoMember(10)] public required DateTimeOffset MadeAt { get; init; }
    [ProtoMember(11)] public string? Name { get; init; }

    public override string ToString() => "StoredPasskey(…)";
}

/// <summary>The secret of an authenticator app, and which of its codes were taken.</summary>
[ProtoContract]
public sealed record StoredTotp
{
    [ProtoMember(1)] public required byte[] Secret { get; init; }

    /// <summary>The newest step of which a code was taken: none of it, or of one before, is taken again.</summary>
    [ProtoMember(2)] public long LastStep { get; init; }

    public override string ToString() => "StoredTotp(…)";
}

/// <summary>
/// The ways to sign in (table <c>cport_credentials</c>): sealed where they must be read, keyed hashes where they need not. Each is of the person's generation
/// at the time, and a later generation has none of them: row, person and generation are bound into the seal or the hash, so that who writes the database brings
/// no earlier one back, and a code's step is sealed with its secret, so that nobody has one taken again. Thread-safe.
/// </summary>
public sealed class CredentialStore(Database database, ConfidentialSeam seam, TimeProvider time)
{
    private readonly Database _database = database.ForRequests;

    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_credentials (kind INTEGER NOT NULL, id VARCHAR(64) NOT NULL, person VARCHAR(40) NOT NULL, generation INTEGER NOT NULL,
          sealed_value VARCHAR(16000), made_at BIGINT NOT NULL, used_at BIGINT, PRIMARY KEY (kind, id));
        CREATE INDEX IF NOT EXISTS cport_credentials_person ON cport_credentials (person);
        """, cancellation);

    /// <summary>Keeps a passkey, or what has changed of it (its counter).</summary>
    public Task PutAsync(Person person, StoredPasskey passkey, CancellationToken cancellation) =>
        PutAsync(person, CredentialKind.Passkey, IdOf(passkey.CredentialId), passkey, cancellation);

    /// <summary>Replaces the app's secret and the one to keep, and gives new recovery codes; what is shown of them is shown once.</summary>
    public async Task<(string Secret, ImmutableArray<string> RecoveryCodes)> PutCodesAsync(Person person, byte[] totp, long usedStep,
        CancellationToken cancellation)
    {
        var made = await PutRecoveryAsync(person, cancellation).ConfigureAwait(false);
        await RemoveAsync(person.Id, CredentialKind.Totp, IdOf(person.Id), cancellation).ConfigureAwait(false);
        await PutAsync(person, CredentialKind.Totp, IdOf(person.Id), new StoredTotp { Secret = totp, LastStep = usedStep }, cancellation)
            .ConfigureAwait(false);
        return made;
    }

    /// <summary>
    /// Replaces the secret to keep and the recovery codes, and leaves the app's: the way back in for who has lost a passkey. What is shown is shown once.
    /// </summary>
    public async Task<(string Secret, ImmutableArray<string> RecoveryCodes)> PutRecoveryAsync(Person person, CancellationToken cancellation)
    {
        var (secret, codes) = (KeptSecret.New(), Enumerable.Range(0, 10).Select(_ => KeptSecret.New()).ToImmutableArray());
        await _database.ExecuteAsync("DELETE FROM cport_credentials WHERE person = @person AND kind IN (3, 4)", cancellation,
            ("person", person.Id.Value)).ConfigureAwait(false);
        await PutAsync<StoredTotp>(person, CredentialKind.Secret, MarkOf(person, "secret", KeptSecret.Read(secret)!), null, cancellation)
            .ConfigureAwait(false);
        foreach (var code in codes)
        {
            await PutAsync<StoredTotp>(person, CredentialKind.RecoveryCode, MarkOf(person, "recovery", KeptSecret.Read(code)!), null, cancellation)
                .ConfigureAwait(false);
        }

        return (secret, codes);
    }

    /// <summary>One way is missing: a single passkey, and neither a recovery code nor an app beside it.</summary>
    public async Task<bool> HasOneWayAsync(Person person, CancellationToken cancellation) =>
        (await OfAsync(person, cancellation).ConfigureAwait(false)) is [{ Kind: CredentialKind.Passkey }];

    /// <summary>A person's ways, oldest first.</summary>
    public async Task<ImmutableArray<Credential>> OfAsync(Person person, CancellationToken cancellation) =>
        [.. (await ReadAsync("person = @key AND generation = @generation ORDER BY made_at", person.Id.Value, person.Generation, cancellation)
            .ConfigureAwait(false)).Select(r => new Credential(r.Kind, r.Id, r.MadeAt, r.UsedAt))];

    public async Task<ImmutableArray<StoredPasskey>> PasskeysAsync(Person person, CancellationToken cancellation) =>
        [.. (await ReadAsync("person = @key AND generation = @generation AND kind = 1 ORDER BY made_at", person.Id.Value, person.Generation, cancellation)
            .ConfigureAwait(false)).Select(Open<StoredPasskey>).OfType<StoredPasskey>()];

    /// <summary>Whose a passkey is, and of which generation; null: nobody's.</summary>
    public async Task<(PersonId Person, int Generation)?> OwnerAsync(byte[] credentialId, CancellationToken cancellation) =>
        (await ReadAsync("id = @key AND kind = 1", IdOf(credentialId), 0, cancellation).ConfigureAwait(false)) is [var row] ? (row.Person, row.Generation)
            : null;

    /// <summary>
    /// Whether all three fit: person, kept secret, and a code of the app or a recovery code, which is used by it. Takes the same work for nobody
    /// (<paramref name="person"/> null) as for somebody.
    /// </summary>
    public async Task<bool> FitAsync(Person? person, string? secret, string? code, CancellationToken cancellation)
    {
        var (id, generation) = (person?.Id ?? Nobody, person?.Generation ?? 0);
        var rows = await ReadAsync("person = @key AND generation = @generation AND kind <> 1", id.Value, generation, cancellation).ConfigureAwait(false);
        var row = rows.Find(r => r.Kind == CredentialKind.Totp);
        var totp = row is null ? null : Open<StoredTotp>(row);
        var secretFits = Has(rows, CredentialKind.Secret, MarkOf(id, generation, "secret", KeptSecret.Read(secret) ?? ""));
        var step = Totp.StepOf(
            totp?.Secret ?? new byte[Totp.SecretLength], (code ?? "").Replace(" ", "", StringComparison.Ordinal), time.GetUtcNow());
        var recovery = MarkOf(id, generation, "recovery", KeptSecret.Read(code) ?? "");
        var recoveryFits = Has(rows, CredentialKind.RecoveryCode, recovery);
        return person is not null && secretFits && (recoveryFits
            ? await _database.ExecuteAsync("DELETE FROM cport_credentials WHERE kind = 4 AND id = @id", cancellation, ("id",
                recovery)).ConfigureAwait(false) == 1
            : step is { } taken && totp is not null && taken > totp.LastStep
                && await TakeStepAsync(row!, totp with { LastStep = taken }, cancellation).ConfigureAwait(false));
    }

    /// <summary>Takes one way away; false: there is none such.</summary>
    public async Task<bool> RemoveAsync(PersonId person, CredentialKind kind, string id, CancellationToken cancellation) => await _database.ExecuteAsync(
        "DELETE FROM cport_credentials WHERE person = @person AND kind = @kind AND id = @id", cancellation,
        ("person", person.Value), ("kind", (int)kind), ("id", id)).ConfigureAwait(false) > 0;

    /// <summary>Deletes all of generations before this one.</summary>
    public Task ForgetAsync(PersonId person, int before, CancellationToken cancellation) => _database.ExecuteAsync(
        "DELETE FROM cport_credentials WHERE person = @person AND generation < @before", cancellation, ("person", person.Value), ("before", before));

    /// <summary>How a passkey is named in the table, 64 lower-case hex digits.</summary>
    public static string IdOf(byte[] credentialId) => Convert.ToHexStringLower(SHA256.HashData(credentialId));

    private static readonly PersonId Nobody = PersonId.Parse("p-0000000000000000");

    private static string IdOf(PersonId person) => IdOf(Encoding.UTF8.GetBytes(person.Value));

    /// <summary>A step's code is taken once: of two at the same time, which both have read the row as it was, one changes it.</summary>
    private async Task<bool> TakeStepAsync(Row row, StoredTotp taken, CancellationToken cancellation) => await _database.ExecuteAsync(
        "UPDATE cport_credentials SET sealed_value = @next, used_at = @now WHERE kind = 2 AND id = @id AND sealed_value = @before", cancellation,
        ("id", row.Id), ("before", row.Value), ("next", Seal(PlaceOf(row.Person, row.Generation, row.Kind, row.Id), taken)),
        ("now", time.GetUtcNow().ToUnixTimeMilliseconds())).ConfigureAwait(false) == 1;

    private static bool Has(List<Row> rows, CredentialKind kind, string mark)
    {
        var found = false;
        foreach (var row in rows.Where(r => r.Kind == kind))
        {
            found |= CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(row.Id), Encoding.ASCII.GetBytes(mark));
        }

        return found;
    }

    private string MarkOf(Person person, string what, string text) => MarkOf(person.Id, person.Generation, what, text);

    private string MarkOf(PersonId person, int generation, string what, string text) =>
        Convert.ToHexStringLower(seam.Keyed("credential-1", Encoding.UTF8.GetBytes($"{person}\0{generation}\0{what}\0{text}")));

    private Task PutAsync<T>(Person person, CredentialKind kind, string id, T? secret, CancellationToken cancellation)
        where T : class => _database.ExecuteAsync("""
            INSERT INTO cport_credentials (kind, id, person, generation, sealed_value, made_at) VALUES (@kind, @id, @person, @generation, @value, @now)
            ON CONFLICT (kind, id) DO UPDATE SET sealed_value = excluded.sealed_value, used_at = excluded.made_at
              WHERE cport_credentials.person = excluded.person AND cport_credentials.generation = excluded.generation
            """, cancellation,
            ("kind", (int)kind), ("id", id), ("person", person.Id.Value), ("generation", person.Generation),
            ("value", secret is null ? null : Seal(PlaceOf(person.Id, person.Generation, kind, id), secret)),
            ("now", time.GetUtcNow().ToUnixTimeMilliseconds()));

    private string Seal<T>(SealedPlace place, T secret)
        where T : class => Convert.ToBase64String(seam.Seal(place, secret).Bytes);

    /// <summary>Null: somebody changed the row; it is no way to sign in.</summary>
    private T? Open<T>(Row row)
        where T : class
    {
        try
        {
            return seam.Open<T>(
                PlaceOf(row.Person, row.Generation, row.Kind, row.Id), new Sealed { Bytes = Convert.FromBase64String(row.Value ?? "") });
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private SealedPlace PlaceOf(PersonId person, int generation, CredentialKind kind, string id) => new(
        new ReportId(BinaryPrimitives.ReadUInt128BigEndian(seam.Keyed(
            "credential-place-1", Encoding.UTF8.GetBytes($"{person}\0{generation}\0{(int)kind}\0{id}")))), SealedField.Credential, (int)kind);

    private async Task<List<Row>> ReadAsync(string where, string key, int generation, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            $"SELECT kind, id, person, generation, sealed_value, made_at, used_at FROM cport_credentials WHERE {where}", ("key", key), ("generation",
                generation));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var rows = new List<Row>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            rows.Add(new Row((CredentialKind)reader.GetInt32(0), reader.GetString(1), PersonId.Parse(reader.GetString(2)), reader.GetInt32(3),
                await reader.IsDBNullAsync(4, cancellation).ConfigureAwait(false) ? null : reader.GetString(4), Time(reader, 5),
                await reader.IsDBNullAsync(6, cancellation).ConfigureAwait(false) ? null : Time(reader, 6)));
        }

        return rows;
    }

    private static DateTimeOffset Time(DbDataReader reader, int at) => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(at));

    private sealed record Row(
        CredentialKind Kind, string Id, PersonId Person, int Generation, string? Value, DateTimeOffset MadeAt, DateTimeOffset? UsedAt);
}
