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

[ProtoContract]
public sealed record StoredSecret
{
    [ProtoMember(1)] public required byte[] Bytes { get; init; }

    public override string ToString() => "StoredSecret(…)";
}

/// <summary>
/// The ways to sign in (table <c>cport_credentials</c>): sealed where they must be read, keyed hashes where they need not. Each is of the person's generation
/// at the time; a later generation has none of them. Thread-safe.
/// </summary>
public sealed class CredentialStore(Database database, ConfidentialSeam seam, TimeProvider time)
{
    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_credentials (kind INTEGER NOT NULL, id VARCHAR(64) NOT NULL, person VARCHAR(40) NOT NULL, generation INTEGER NOT NULL,
          sealed_value VARCHAR(16000), last_step BIGINT, made_at BIGINT NOT NULL, used_at BIGINT, PRIMARY KEY (kind, id));
        CREATE INDEX IF NOT EXISTS cport_credentials_person ON cport_credentials (person);
        """, cancellation);

    /// <summary>Keeps a passkey, or what has changed of it (its counter).</summary>
    public Task PutAsync(Person person, StoredPasskey passkey, CancellationToken cancellation) =>
        PutAsync(person, CredentialKind.Passkey, IdOf(passkey.CredentialId), passkey, cancellation);

    /// <summary>Replaces the app's secret and the one to keep, and gives new recovery codes; what is shown of them is shown once.</summary>
    public async Task<(string Secret, ImmutableArray<string> RecoveryCodes)> PutCodesAsync(Person person, byte[] totp, long usedStep,
        CancellationToken cancellation)
    {
        var (secret, codes) = (KeptSecret.New(), Enumerable.Range(0, 10).Select(_ => KeptSecret.New()).ToImmutableArray());
        await database.ExecuteAsync("DELETE FROM cport_credentials WHERE person = @person AND kind <> @passkey", cancellation,
            ("person", person.Id.Value), ("passkey", (int)CredentialKind.Passkey)).ConfigureAwait(false);
        await PutAsync(person, CredentialKind.Totp, IdOf(person.Id), new StoredSecret { Bytes = totp }, cancellation).ConfigureAwait(false);
        await TakeStepAsync(person.Id, usedStep, cancellation).ConfigureAwait(false);
        await PutAsync<StoredSecret>(person, CredentialKind.Secret, MarkOf(person.Id, "secret", KeptSecret.Read(secret)!), null,
            cancellation).ConfigureAwait(false);
        foreach (var code in codes)
        {
            await PutAsync<StoredSecret>(person, CredentialKind.RecoveryCode, MarkOf(person.Id, "recovery", KeptSecret.Read(code)!), null, cancellation)
                .ConfigureAwait(false);
        }

        return (secret, codes);
    }

    /// <summary>A person's ways, oldest first.</summary>
    public async Task<ImmutableArray<Credential>> OfAsync(Person person, CancellationToken cancellation) =>
        [.. (await ReadAsync("person = @key AND generation = @generation ORDER BY made_at", person.Id.Value, person.Generation, cancellation)
            .ConfigureAwait(false)).Select(r => new Credential(r.Kind, r.Id, r.MadeAt, r.UsedAt))];

    public async Task<ImmutableArray<StoredPasskey>> PasskeysAsync(Person person, CancellationToken cancellation) =>
        [.. (await ReadAsync("person = @key AND generation = @generation AND kind = 1 ORDER BY made_at", person.Id.Value, person.Generation, cancellation)
            .ConfigureAwait(false)).Select(r => Open<StoredPasskey>(r))];

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
        var id = person?.Id ?? Nobody;
        var rows = await ReadAsync("person = @key AND generation = @generation AND kind <> 1", id.Value, person?.Generation ?? 0, cancellation)
            .ConfigureAwait(false);
        var totp = rows.Find(r => r.Kind == CredentialKind.Totp) is { } row ? Open<StoredSecret>(row).Bytes : new byte[Totp.SecretLength];
        var secretFits = Has(rows, CredentialKind.Secret, MarkOf(id, "secret", KeptSecret.Read(secret) ?? ""));
        var step = Totp.StepOf(totp, (code ?? "").Replace(" ", "", StringComparison.Ordinal), time.GetUtcNow());
        var recovery = MarkOf(id, "recovery", KeptSecret.Read(code) ?? "");
        var recoveryFits = Has(rows, CredentialKind.RecoveryCode, recovery);
        return person is not null && secretFits && (recoveryFits
            ? await database.ExecuteAsync("DELETE FROM cport_credentials WHERE kind = 4 AND id = @id", cancellation, ("id",
                recovery)).ConfigureAwait(false) == 1
            : step is { } taken && rows.Exists(r => r.Kind == CredentialKind.Totp) && await TakeStepAsync(id, taken, cancellation).ConfigureAwait(false));
    }

    /// <summary>Takes one way away; false: there is none such.</summary>
    public async Task<bool> RemoveAsync(PersonId person, CredentialKind kind, string id, CancellationToken cancellation) => await database.ExecuteAsync(
        "DELETE FROM cport_credentials WHERE person = @person AND kind = @kind AND id = @id", cancellation,
        ("person", person.Value), ("kind", (int)kind), ("id", id)).ConfigureAwait(false) > 0;

    /// <summary>Deletes all of generations before this one.</summary>
    public Task ForgetAsync(PersonId person, int before, CancellationToken cancellation) => database.ExecuteAsync(
        "DELETE FROM cport_credentials WHERE person = @person AND generation < @before", cancellation, ("person", person.Value), ("before", before));

    /// <summary>How a passkey is named in the table, 64 lower-case hex digits.</summary>
    public static string IdOf(byte[] credentialId) => Convert.ToHexStringLower(SHA256.HashData(credentialId));

    private static readonly PersonId Nobody = PersonId.Parse("p-0000000000000000");

    private static string IdOf(PersonId person) => IdOf(Encoding.UTF8.GetBytes(person.Value));

    /// <summary>A step's code is taken once: of two at the same time one is.</summary>
    private async Task<bool> TakeStepAsync(PersonId person, long step, CancellationToken cancellation) => await database.ExecuteAsync(
        "UPDATE cport_credentials SET last_step = @step, used_at = @now WHERE kind = 2 AND id = @id AND (last_step IS NULL OR last_step < @step)", cancellation,
        ("id", IdOf(person)), ("step", step), ("now", time.GetUtcNow().ToUnixTimeMilliseconds())).ConfigureAwait(false) == 1;

    private static bool Has(List<Row> rows, CredentialKind kind, string mark)
    {
        var found = false;
        foreach (var row in rows.Where(r => r.Kind == kind))
        {
            found |= CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(row.Id), Encoding.ASCII.GetBytes(mark));
        }

        return found;
    }

    private string MarkOf(PersonId person, string what, string text) =>
        Convert.ToHexStringLower(seam.Keyed("credential-1", Encoding.UTF8.GetBytes($"{person}\0{what}\0{text}")));

    private Task PutAsync<T>(Person person, CredentialKind kind, string id, T? secret, CancellationToken cancellation)
        where T : class => database.ExecuteAsync("""
            INSERT INTO cport_credentials (kind, id, person, generation, sealed_value, made_at) VALUES (@kind, @id, @person, @generation, @value, @now)
            ON CONFLICT (kind, id) DO UPDATE SET sealed_value = excluded.sealed_value, used_at = excluded.made_at
              WHERE cport_credentials.person = excluded.person AND cport_credentials.generation = excluded.generation
            """, cancellation,
            ("kind", (int)kind), ("id", id), ("person", person.Id.Value), ("generation", person.Generation),
            ("value", secret is null ? null : Convert.ToBase64String(seam.Seal(Place(person.Id, kind), secret).Bytes)),
            ("now", time.GetUtcNow().ToUnixTimeMilliseconds()));

    private T Open<T>(Row row)
        where T : class => seam.Open<T>(Place(row.Person, row.Kind), new Sealed { Bytes = Convert.FromBase64String(row.Value!) });

    private static SealedPlace Place(PersonId person, CredentialKind kind) => new(new ReportId(person.Number), SealedField.Credential, (int)kind);

    private async Task<List<Row>> ReadAsync(string where, string key, int generation, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
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
