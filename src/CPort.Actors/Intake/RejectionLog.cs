using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CPort.Actors.Intake;

/// <summary>
/// Rejected lines in the table <c>cport_rejections</c>, on SQLite and PostgreSQL. What was wrong with a line, and its reference, is sealed. An agency has so
/// many entries (<see cref="IntakeLimits.RejectionsPerAgency"/>), of which the oldest go; and as many new ones a day and node, beyond which one entry of the day
/// counts them: a sender whose lines are all wrong neither writes a row for each nor pushes all out that was there before.
/// </summary>
public sealed class RejectionLog(Database database, ConfidentialSeam seam, IntakeLimits limits, DatabaseDoubts? doubts = null) : IRejectionLog, IDisposable
{
    /// <summary>The problem of the entry that counts what is not kept.</summary>
    public const string QuotaExceeded = "quota-exceeded";

    private readonly ConcurrentDictionary<Tenant, NumberAllocator> _ids = new();
    private readonly ConcurrentDictionary<(AgencyId, Tenant), Written> _written = new();

    /// <summary>Makes the table when it is missing; several nodes may call it at once.</summary>
    public static Task EnsureTableAsync(Database database, CancellationToken cancellation = default) => DatabaseSchema.ApplyAsync(
        database,
        """
        CREATE TABLE IF NOT EXISTS cport_rejections (
          tenant INTEGER NOT NULL, id BIGINT NOT NULL, agency VARCHAR(40) NOT NULL, name VARCHAR(32) NOT NULL, first_at BIGINT NOT NULL,
          last_at BIGINT NOT NULL, times INTEGER NOT NULL, line BIGINT NOT NULL, report_id VARCHAR(26) NULL, result INTEGER NOT NULL,
          sealed TEXT NOT NULL, PRIMARY KEY (tenant, id), UNIQUE (agency, tenant, name));
        CREATE INDEX IF NOT EXISTS cport_rejections_newest ON cport_rejections (agency, tenant, id);
        """,
        cancellation);

    public async Task RecordAsync(IReadOnlyCollection<RejectedLine> lines, CancellationToken cancellation)
    {
        lines = [.. lines.GroupBy(l => (l.Agency, l.Tenant)).SelectMany(of => WithinQuota([.. of]))];
        var ids = new Dictionary<Tenant, long>();
        foreach (var of in lines.GroupBy(l => l.Tenant))
        {
            ids[of.Key] = await IdsOf(of.Key).NextAsync(of.Count(), cancellation).ConfigureAwait(false);
        }

        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using (var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false))
        {
            // In one order everywhere, so that two streams of one sender cannot wait for each other's rows.
            foreach (var line in lines.OrderBy(l => l.Name, StringComparer.Ordinal))
            {
                await using var insert = connection.Statement(
                    """
                    INSERT INTO cport_rejections (id, agency, tenant, name, first_at, last_at, times, line, report_id, result, sealed)
                    VALUES (@id, @agency, @tenant, @name, @at, @at, @times, @line, @report, @result, @sealed)
                    ON CONFLICT (agency, tenant, name) DO UPDATE SET last_at = excluded.last_at, line = excluded.line, result = excluded.result,
                      sealed = excluded.sealed, report_id = excluded.report_id, times = cport_rejections.times + excluded.times
                    """,
                    ("id", ids[line.Tenant]++), ("agency", line.Agency.Value), ("tenant", (int)line.Tenant), ("name", line.Name),
                    ("at", line.LastAt.UtcTicks), ("times", line.Times), ("line", line.Line), ("report", line.ReportId?.ToString()), ("result", (int)line.Result),
                    ("sealed", Write(line)));
                insert.Transaction = transaction;
                await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }

        foreach (var of in lines.GroupBy(l => (l.Agency, l.Tenant)).Where(of => Of(of.Key).IsToBePruned(of.Count(), limits.RejectionsPerAgency / 20)))
        {
            await using var prune = connection.Statement(
                """
                DELETE FROM cport_rejections WHERE agency = @agency AND tenant = @tenant AND id <=
                  (SELECT id FROM cport_rejections WHERE agency = @agency AND tenant = @tenant ORDER BY id DESC LIMIT 1 OFFSET @keep)
                """,
                ("agency", of.Key.Agency.Value), ("tenant", (int)of.Key.Tenant), ("keep", limits.RejectionsPerAgency));
            await prune.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyList<RejectedLine>> ListAsync(AgencyId agency, Tenant tenant, long? before, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            """
            SELECT id, name, first_at, last_at, times, line, report_id, result, sealed FROM cport_rejections
            WHERE agency = @agency AND tenant = @tenant AND id < @before ORDER BY id DESC LIMIT @limit
            """,
            ("agency", agency.Value), ("tenant", (int)tenant), ("before", before ?? long.MaxValue), ("limit", limit));
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = new List<RejectedLine>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            // A row that does not open is told as such: the others are the sender's to read.
            var (id, name) = (reader.GetInt64(0), reader.GetString(1));
            var kept = TryRead(id, PlaceOf(agency, tenant, name), reader.GetString(8));
            found.Add(new RejectedLine
            {
                Id = id, Agency = agency, Tenant = tenant, Name = name, FirstAt = At(reader.GetInt64(2)),
                LastAt = At(reader.GetInt64(3)), Times = reader.GetInt32(4), Line = reader.GetInt64(5), Reference = kept?.Reference,
                ReportId = !reader.IsDBNull(6) && ReportId.TryParse(reader.GetString(6), out var report) ? report : null,
                Result = (IntakeResult)reader.GetInt32(7),
                Problem = kept is null ? null : new IntakeProblem { Code = kept.Code, Detail = kept.Detail, Errors = [.. kept.Errors] },
                Fields = kept?.Fields ?? [],
            });
        }

        return found;
    }

    public async Task<long> CountAsync(Tenant tenant, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var count = connection.Statement("SELECT COUNT(*) FROM cport_rejections WHERE tenant = @tenant", ("tenant", (int)tenant));
        return Convert.ToInt64(await count.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        foreach (var ids in _ids.Values)
        {
            ids.Dispose();
        }
    }

    private Written Of((AgencyId, Tenant) whose) => _written.GetOrAdd(whose, _ => new Written());

    /// <summary>The lines of one agency that are kept, and one for all others of the day.</summary>
    private IEnumerable<RejectedLine> WithinQuota(RejectedLine[] lines)
    {
        var last = lines[^1];
        var kept = Of((last.Agency, last.Tenant)).Admit(DateOnly.FromDateTime(last.LastAt.UtcDateTime), lines.Length, limits.RejectionsPerAgency);
        return kept == lines.Length ? lines : lines.Take(kept).Append(last with
        {
            Name = $"not-kept-{last.LastAt.UtcDateTime:yyyyMMdd}", Times = lines.Length - kept, Reference = null, ReportId = null, Fields = [],
            Result = IntakeResult.Rejected, FirstAt = lines[kept].FirstAt,
            Problem = new IntakeProblem
            {
                Code = QuotaExceeded, Detail = $"{limits.RejectionsPerAgency} rejected lines were kept this day; further ones are only counted.",
            },
        });
    }

    // One by one, not in blocks a node: the newest have the highest.
    private NumberAllocator IdsOf(Tenant tenant) => _ids.GetOrAdd(tenant, t => new NumberAllocator(
        database, AllocatedNumbers.NameOf("rejection", t), new NumberGuard(seam, cancellation => HighestAsync(t, cancellation), doubts), blockSize: 1));

    private async Task<long> HighestAsync(Tenant tenant, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var highest = connection.Statement("SELECT COALESCE(MAX(id), 0) FROM cport_rejections WHERE tenant = @tenant", ("tenant", (int)tenant));
        return Convert.ToInt64(await highest.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
    }

    // A year that no clock shows is a changed row's.
    private static DateTimeOffset At(long utcTicks) => new(Math.Clamp(utcTicks, 0, DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero);

    private string Write(RejectedLine line)
    {
        var problem = line.Problem ?? throw new ArgumentException("What was wrong with the line is not said.", nameof(line));
        var kept = new Kept(line.Reference, problem.Code, problem.Detail, [.. problem.Errors], [.. line.Fields]);
        return Convert.ToBase64String(
            seam.Seal(PlaceOf(line.Agency, line.Tenant, line.Name), new SecretText { Text = JsonSerializer.Serialize(kept) }).Bytes);
    }

    private Kept? TryRead(long id, SealedPlace place, string value)
    {
        try
        {
            return JsonSerializer.Deserialize<Kept>(seam.Open<SecretText>(place, new Sealed { Bytes = Convert.FromBase64String(value) }).Text)!;
        }
        catch (Exception e) when (e is CryptographicException or FormatException or JsonException)
        {
            doubts?.Note(DoubtfulPlace.Rejections, string.Create(CultureInfo.InvariantCulture, $"rejection {id}"), e.GetType().Name);
            return null;
        }
    }

    /// <summary>It is no report's; its place is its own.</summary>
    private SealedPlace PlaceOf(AgencyId agency, Tenant tenant, string name) => new(
        new ReportId(BinaryPrimitives.ReadUInt128BigEndian(seam.Keyed("rejection-1", Encoding.UTF8.GetBytes($"{agency}\0{(int)tenant}\0{name}")))),
        SealedField.Rejection);

    /// <summary>What this node has written of one agency's.</summary>
    private sealed class Written
    {
        private readonly Lock _lock = new();
        private DateOnly _day;
        private int _today;
        private int _sincePruned;

        /// <summary>How many of so many lines have room in the day's quota.</summary>
        public int Admit(DateOnly day, int lines, int quota)
        {
            lock (_lock)
            {
                (_day, _today) = (day, day == _day ? _today : 0);
                var admitted = Math.Min(lines, Math.Max(0, quota - _today));
                _today += admitted;
                return admitted;
            }
        }

        public bool IsToBePruned(int lines, int every)
        {
            lock (_lock)
            {
                _sincePruned += lines;
                var isDue = _sincePruned > every;
                _sincePruned = isDue ? 0 : _sincePruned;
                return isDue;
            }
        }
    }

    private sealed record Kept(string? Reference, string Code, string Detail, FieldError[] Errors, string[] Fields);
}
