using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using CPort.Domain.People;

namespace CPort.Actors.Sessions;

/// <summary>How long sessions last.</summary>
public sealed record SessionTimes
{
    /// <summary>Without a request for so long a session is over; 15 to 30 minutes are usual.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>However busy: a shift.</summary>
    public TimeSpan Absolute { get; init; } = TimeSpan.FromHours(10);

    /// <summary>A dangerous act needs a sign-in not older than this.</summary>
    public TimeSpan StepUp { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// What a session is, sealed for its row: whose, with which rights, until when. The columns beside it are for finding rows only, so that who writes the
/// database makes nobody somebody else.
/// </summary>
[ProtoContract]
public sealed record SessionTicket
{
    /// <summary>Why the person looks.</summary>
    [ProtoMember(1)] public string? Purpose { get; init; }
    [ProtoMember(2)] public DateTimeOffset? PurposeAt { get; init; }
    [ProtoMember(3)] public required PersonId Person { get; init; }
    [ProtoMember(4)] public int Generation { get; init; }
    [ProtoMember(5)] public Tenant Tenant { get; init; }
    [ProtoMember(6)] public Roles Roles { get; init; }
    [ProtoMember(7)] public DateTimeOffset CreatedAt { get; init; }
    [ProtoMember(8)] public DateTimeOffset ExpiresAt { get; init; }
    [ProtoMember(9)] public DateTimeOffset? ProvedAt { get; init; }

    /// <summary>The person has one way to sign in, and makes another before anything else.</summary>
    [ProtoMember(10)] public bool OneWay { get; init; }

    public override string ToString() => "SessionTicket(…)";
}

/// <summary>The last purposes of a person, newest first, to be offered again.</summary>
[ProtoContract]
public sealed record RecentPurposes
{
    public const int Most = 5;

    [ProtoMember(1)] public ImmutableArray<string> Texts { get; init; } = [];

    public RecentPurposes With(string purpose) => new() { Texts = [.. Texts.Where(t => t != purpose).Prepend(purpose).Take(Most)] };

    public override string ToString() => $"RecentPurposes({Texts.Length})";
}

/// <summary>A person's session as it is now.</summary>
/// <param name="IdHash">See <see cref="SessionStore.HashOf"/>; the id itself is in the browser and nowhere else.</param>
/// <param name="LastSeenAt">The last request, within a minute.</param>
/// <param name="Ticket">Opened: whose it is, and what it may.</param>
public sealed record Session(string IdHash, DateTimeOffset LastSeenAt, SessionTicket Ticket)
{
    public PersonId Person => Ticket.Person;

    /// <summary>Of the person's ways to sign in: an earlier one is over.</summary>
    public int Generation => Ticket.Generation;

    /// <summary>Live or training.</summary>
    public Tenant Tenant => Ticket.Tenant;

    /// <summary>Those chosen at sign-in.</summary>
    public Roles Roles => Ticket.Roles;

    /// <summary>The sign-in.</summary>
    public DateTimeOffset CreatedAt => Ticket.CreatedAt;

    /// <summary>However busy.</summary>
    public DateTimeOffset ExpiresAt => Ticket.ExpiresAt;

    /// <summary>The last time the person showed a passkey, for acts that need it (<see cref="SessionTimes.StepUp"/>); null: came another way.</summary>
    public DateTimeOffset? ProvedAt => Ticket.ProvedAt;

    public SessionRights Rights => new(Tenant, Roles, Ticket.Purpose, Ticket.PurposeAt, Ticket.OneWay);

    public override string ToString() => $"Session({Person})";
}

/// <summary>
/// Sessions are rows (table <c>cport_sessions</c>): good on every node, asked at every request, and over at once when the row is gone. A row is found by a
/// keyed hash of the id, so that who reads the table has no session. Thread-safe.
/// </summary>
public sealed class SessionStore(Database database, ConfidentialSeam seam, SessionTimes options, TimeProvider time)
{
    /// <summary>A row is written for a request at most so often.</summary>
    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);

    private readonly Database _database = database.ForRequests;

    private const string Columns = "id_hash, person, seen_at, expires_at, ticket";

    public SessionTimes Options => options;

    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_sessions (id_hash VARCHAR(64) NOT NULL PRIMARY KEY, person VARCHAR(40) NOT NULL, seen_at BIGINT NOT NULL,
          expires_at BIGINT NOT NULL, ticket VARCHAR(4000) NOT NULL);
        CREATE INDEX IF NOT EXISTS cport_sessions_person ON cport_sessions (person);
        CREATE TABLE IF NOT EXISTS cport_purposes (person VARCHAR(40) NOT NULL PRIMARY KEY, texts VARCHAR(8000) NOT NULL);
        """, cancellation);

    /// <summary>256 random bits as 43 characters of base64url: what the browser gets.</summary>
    public static string NewId() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>Opens a session; its id is to be shown to the browser, once.</summary>
    /// <param name="person">Whose.</param>
    /// <param name="tenant">Live or training.</param>
    /// <param name="roles">Those chosen; more than the person has are worth nothing.</param>
    /// <param name="proved">By a passkey.</param>
    /// <param name="cancellation">Of the request.</param>
    /// <param name="oneWay">It is the person's only way to sign in.</param>
    public async Task<(string Id, Session Session)> OpenAsync(
        Person person, Tenant tenant, Roles roles, bool proved, CancellationToken cancellation, bool oneWay = false)
    {
        var (id, now) = (NewId(), time.GetUtcNow());
        var ticket = new SessionTicket
        {
            Person = person.Id, Generation = person.Generation, Tenant = tenant.IsTraining() ? Tenant.Training : Tenant.Live, Roles = roles, CreatedAt = now,
            ExpiresAt = now + options.Absolute, ProvedAt = proved ? now : null, OneWay = oneWay,
        };
        var session = new Session(HashOf(id), now, ticket);
        await _database.ExecuteAsync(
            $"INSERT INTO cport_sessions ({Columns}) VALUES (@id, @person, @seen, @expires, @ticket)", cancellation,
            ("id", session.IdHash), ("person", person.Id.Value), ("seen", Ms(now)), ("expires", Ms(session.ExpiresAt)),
            ("ticket", Seal(session.IdHash, ticket))).ConfigureAwait(false);
        return (id, session);
    }

    /// <summary>The session with this id, and notes that it was seen; null when there is none, or it is over.</summary>
    /// <param name="id">As the browser has it.</param>
    /// <param name="cancellation">Of the request.</param>
    /// <param name="seen">False for what a page asks by itself: it is no sign that somebody is there.</param>
    public async Task<Session?> FindAsync(string id, CancellationToken cancellation, bool seen = true)
    {
        if (id.Length is < 20 or > 100)
        {
            return null;
        }

        var (hash, now) = (HashOf(id), time.GetUtcNow());
        if (await ReadAsync(hash, cancellation).ConfigureAwait(false) is not { } session)
        {
            return null;
        }

        if (IsOver(session, now))
        {
            await EndAsync(hash, cancellation).ConfigureAwait(false);
            return null;
        }

        if (seen && now - session.LastSeenAt > SeenEvery)
        {
            await _database.ExecuteAsync(
                "UPDATE cport_sessions SET seen_at = @seen WHERE id_hash = @id", cancellation, ("id", hash), ("seen", Ms(now))).ConfigureAwait(false);
        }

        return session;
    }

    /// <summary>Whether its time has run out.</summary>
    public bool IsOver(Session session, DateTimeOffset now) => now >= session.ExpiresAt || now - session.LastSeenAt >= options.Idle;

    /// <summary>The person has shown a passkey: just now, or <paramref name="at"/>.</summary>
    public Task ProvedAsync(Session session, CancellationToken cancellation, DateTimeOffset? at = null) =>
        SetAsync(session.IdHash, session.Ticket with { ProvedAt = at ?? time.GetUtcNow() }, cancellation);

    /// <summary>Whether a dangerous act may follow without showing a passkey again.</summary>
    public bool IsProved(Session session) => session.ProvedAt is { } at && time.GetUtcNow() - at < options.StepUp;

    /// <summary>The purpose from now on; it is offered again later.</summary>
    public async Task StatePurposeAsync(Session session, string purpose, CancellationToken cancellation)
    {
        var ticket = session.Ticket with { Purpose = purpose, PurposeAt = time.GetUtcNow() };
        await SetAsync(session.IdHash, ticket, cancellation).ConfigureAwait(false);
        var recent = (await PurposesAsync(session.Person, cancellation).ConfigureAwait(false)).With(purpose);
        await _database.ExecuteAsync(
            "INSERT INTO cport_purposes (person, texts) VALUES (@person, @texts) ON CONFLICT (person) DO UPDATE SET texts = excluded.texts", cancellation,
            ("person", session.Person.Value),
            ("texts", Convert.ToBase64String(seam.Seal(PurposesPlace(session.Person), recent).Bytes))).ConfigureAwait(false);
    }

    /// <summary>The person's last purposes.</summary>
    public async Task<RecentPurposes> PurposesAsync(PersonId person, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("SELECT texts FROM cport_purposes WHERE person = @person", ("person", person.Value));
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is string texts
            ? seam.Open<RecentPurposes>(PurposesPlace(person), new Sealed { Bytes = Convert.FromBase64String(texts) }) : new RecentPurposes();
    }

    /// <summary>Of a person who was stopped: what they looked for is told by the audit log alone.</summary>
    public Task ForgetPurposesAsync(PersonId person, CancellationToken cancellation) =>
        _database.ExecuteAsync("DELETE FROM cport_purposes WHERE person = @person", cancellation, ("person", person.Value));

    /// <summary>The person has another way to sign in now.</summary>
    public Task SecondWayMadeAsync(Session session, CancellationToken cancellation) =>
        SetAsync(session.IdHash, session.Ticket with { OneWay = false }, cancellation);

    /// <summary>Tenant or roles of the session from now on.</summary>
    public Task ChangeAsync(Session session, Tenant tenant, Roles roles, CancellationToken cancellation) => SetAsync(
        session.IdHash, session.Ticket with { Tenant = tenant.IsTraining() ? Tenant.Training : Tenant.Live, Roles = roles }, cancellation);

    /// <summary>Ends one.</summary>
    public Task EndAsync(string idHash, CancellationToken cancellation) =>
        _database.ExecuteAsync("DELETE FROM cport_sessions WHERE id_hash = @id", cancellation, ("id", idHash));

    /// <summary>Ends all of a person, but the one named.</summary>
    public Task EndAllAsync(PersonId person, string? butIdHash, CancellationToken cancellation) => _database.ExecuteAsync(
        "DELETE FROM cport_sessions WHERE person = @person AND id_hash <> @but", cancellation, ("person", person.Value), ("but", butIdHash ?? ""));

    /// <summary>A person's open sessions, newest first.</summary>
    public async Task<ImmutableArray<Session>> OfAsync(PersonId person, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return
        [
            .. (await ReadAsync("person = @key", person.Value, cancellation).ConfigureAwait(false)).Where(s => !IsOver(s, now))
                .OrderByDescending(s => s.CreatedAt),
        ];
    }

    /// <summary>The last request of each of these people who has an open session; the others have none.</summary>
    public async Task<IReadOnlyDictionary<PersonId, DateTimeOffset>> LastSeenAsync(IReadOnlyCollection<PersonId> people, CancellationToken cancellation)
    {
        var seen = new Dictionary<PersonId, DateTimeOffset>();
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        foreach (var part in people.Chunk(200))
        {
            var names = part.Select((_, i) => $"@p{i.ToString(CultureInfo.InvariantCulture)}");
            await using var command = connection.Statement(
                "SELECT person, MAX(seen_at) FROM cport_sessions WHERE expires_at > @now AND seen_at > @idle "
                + $"AND person IN ({string.Join(',', names)}) GROUP BY person",
                [("now", Ms(time.GetUtcNow())), ("idle", Ms(time.GetUtcNow() - options.Idle)),
                    .. part.Select((person, i) => ($"p{i.ToString(CultureInfo.InvariantCulture)}", (object?)person.Value))]);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                if (PersonId.TryParse(reader.GetString(0), out var person))
                {
                    seen[person] = Time(reader, 1);
                }
            }
        }

        return seen;
    }

    /// <summary>Which of these are there still.</summary>
    public async Task<ImmutableHashSet<string>> StillThereAsync(IReadOnlyCollection<string> idHashes, CancellationToken cancellation)
    {
        var there = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        foreach (var part in idHashes.Chunk(200))
        {
            var names = part.Select((_, i) => $"@h{i.ToString(CultureInfo.InvariantCulture)}");
            await using var command = connection.Statement(
                $"SELECT id_hash FROM cport_sessions WHERE expires_at > @now AND seen_at > @idle AND id_hash IN ({string.Join(',', names)})",
                [("now", Ms(time.GetUtcNow())), ("idle", Ms(time.GetUtcNow() - options.Idle)),
                    .. part.Select((hash, i) => ($"h{i.ToString(CultureInfo.InvariantCulture)}", (object?)hash))]);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                there.Add(reader.GetString(0));
            }
        }

        return there.ToImmutable();
    }

    /// <summary>Deletes what is over; how many.</summary>
    public Task<int> SweepAsync(CancellationToken cancellation) => _database.ExecuteAsync(
        "DELETE FROM cport_sessions WHERE expires_at <= @now OR seen_at <= @idle", cancellation,
        ("now", Ms(time.GetUtcNow())), ("idle", Ms(time.GetUtcNow() - options.Idle)));

    /// <summary>Keyed, 64 lower-case hex digits.</summary>
    public string HashOf(string id) => Convert.ToHexStringLower(seam.Keyed("session-1", System.Text.Encoding.UTF8.GetBytes(id)));

    private Task SetAsync(string idHash, SessionTicket ticket, CancellationToken cancellation) => _database.ExecuteAsync(
        "UPDATE cport_sessions SET ticket = @ticket WHERE id_hash = @id", cancellation, ("id", idHash), ("ticket", Seal(idHash, ticket)));

    private async Task<Session?> ReadAsync(string idHash, CancellationToken cancellation) =>
        (await ReadAsync("id_hash = @key", idHash, cancellation).ConfigureAwait(false)).FirstOrDefault();

    private async Task<List<Session>> ReadAsync(string where, string key, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement($"SELECT {Columns} FROM cport_sessions WHERE {where}", ("key", key));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = new List<Session>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            // A row that somebody changed does not open, or says another person than it is found by: no session.
            if (TryOpen(reader.GetString(0), reader.GetString(4)) is { } ticket && ticket.Person.Value == reader.GetString(1))
            {
                found.Add(new Session(reader.GetString(0), Time(reader, 2), ticket));
            }
        }

        return found;
    }

    private string Seal(string idHash, SessionTicket ticket) => Convert.ToBase64String(seam.Seal(Place(idHash), ticket).Bytes);

    private SessionTicket? TryOpen(string idHash, string ticket)
    {
        try
        {
            return seam.Open<SessionTicket>(Place(idHash), new Sealed { Bytes = Convert.FromBase64String(ticket) });
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private static SealedPlace Place(string idHash) =>
        new(new ReportId(BinaryPrimitives.ReadUInt128BigEndian(Convert.FromHexString(idHash))), SealedField.Session);

    private static SealedPlace PurposesPlace(PersonId person) => new(new ReportId(person.Number), SealedField.Session, 1);

    private static long Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static DateTimeOffset Time(DbDataReader reader, int at) => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(at));
}
