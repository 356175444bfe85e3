using System.Data.Common;
using CPort.Domain.CodeLists;
using CPort.Domain.Referrals;

namespace CPort.Actors.Referrals;

/// <summary>Somebody else drafted rules at the same moment; once more is safe.</summary>
public sealed class PriorityRulesChangedException() : UnavailableException("Another rule set was drafted at the same moment.");

/// <summary>Agencies' rule sets in the table <c>cport_priority_rules</c>. A version is never changed, only where it stands. Thread-safe.</summary>
public sealed class PriorityStore(Database database)
{
    private const string Columns = "agency, tenant, version, state, rules, drafted_by, drafted_at, tried_at, activated_by, activated_at";

    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation = default) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_priority_rules (agency VARCHAR(64) NOT NULL, tenant INTEGER NOT NULL, version INTEGER NOT NULL,
          state INTEGER NOT NULL, rules VARCHAR(2000) NOT NULL, drafted_by VARCHAR(64) NOT NULL, drafted_at BIGINT NOT NULL, tried_at BIGINT NOT NULL,
          activated_by VARCHAR(64) NOT NULL, activated_at BIGINT NOT NULL, command_id VARCHAR(64) NOT NULL, PRIMARY KEY (agency, tenant, version));
        CREATE UNIQUE INDEX IF NOT EXISTS cport_priority_rules_command ON cport_priority_rules (agency, tenant, command_id);
        UPDATE cport_priority_rules SET state = 4 WHERE state = 3 AND EXISTS (SELECT 1 FROM cport_priority_rules o
          WHERE o.agency = cport_priority_rules.agency AND o.tenant = cport_priority_rules.tenant AND o.state = 3 AND o.version > cport_priority_rules.version);
        CREATE UNIQUE INDEX IF NOT EXISTS cport_priority_rules_active ON cport_priority_rules (agency, tenant) WHERE state = 3;
        """, cancellation);

    /// <summary>An agency's own, the newest first.</summary>
    public async Task<ImmutableArray<PriorityRuleSet>> OfAsync(AgencyId agency, Tenant tenant, CancellationToken cancellation) =>
    [
        .. (await ReadAsync(
            $"SELECT {Columns} FROM cport_priority_rules WHERE agency = @agency AND tenant = @tenant ORDER BY version DESC", cancellation,
            ("agency", agency.Value), ("tenant", (int)tenant)).ConfigureAwait(false)).Select(r => r.Set),
    ];

    /// <summary>The one that applies to an agency's referrals.</summary>
    public async Task<PriorityRuleSet> ActiveAsync(AgencyId agency, Tenant tenant, CancellationToken cancellation) =>
        (await OfAsync(agency, tenant, cancellation).ConfigureAwait(false)).FirstOrDefault(s => s.State == PriorityState.Active) ?? PriorityRules.Default;

    /// <summary>All that agencies have switched on.</summary>
    public async Task<Dictionary<(string Agency, Tenant Tenant), PriorityRuleSet>> ActiveAsync(CancellationToken cancellation)
    {
        var all = new Dictionary<(string, Tenant), PriorityRuleSet>();
        foreach (var (agency, tenant, set) in await ReadAsync($"SELECT {Columns} FROM cport_priority_rules WHERE state = @state", cancellation,
            ("state", (int)PriorityState.Active)).ConfigureAwait(false))
        {
            all[(agency, tenant)] = set;
        }

        return all;
    }

    /// <summary>A new version; the same command again makes none.</summary>
    public async Task<PriorityRuleSet> DraftAsync(
        AgencyId agency, Tenant tenant, ImmutableArray<PriorityRule> rules, string by, CommandId command, DateTimeOffset now, CancellationToken cancellation)
    {
        await database.ExecuteAsync(
            """
            INSERT INTO cport_priority_rules (agency, tenant, version, state, rules, drafted_by, drafted_at, tried_at, activated_by, activated_at, command_id)
            SELECT @agency, @tenant, COALESCE(MAX(version), 0) + 1, 1, @rules, @by, @now, 0, '', 0, @command FROM cport_priority_rules
            WHERE agency = @agency AND tenant = @tenant
            ON CONFLICT DO NOTHING
            """, cancellation, ("agency", agency.Value), ("tenant", (int)tenant), ("rules", Text(rules)), ("by", by), ("now", now.UtcTicks),
            ("command", command.Value)).ConfigureAwait(false);

        // Another draft may have taken the number: then there is none of this command, and it is sent again.
        return (await ReadAsync(
            $"SELECT {Columns} FROM cport_priority_rules WHERE agency = @agency AND tenant = @tenant AND command_id = @command", cancellation,
            ("agency", agency.Value), ("tenant", (int)tenant), ("command", command.Value)).ConfigureAwait(false)).Select(r => r.Set).FirstOrDefault()
            ?? throw new PriorityRulesChangedException();
    }

    /// <summary>It was tried, if it was not before.</summary>
    public Task NoteTriedAsync(AgencyId agency, Tenant tenant, int version, DateTimeOffset now, CancellationToken cancellation) => database.ExecuteAsync(
        """
        UPDATE cport_priority_rules SET tried_at = @now, state = CASE WHEN state = 1 THEN 2 ELSE state END
        WHERE agency = @agency AND tenant = @tenant AND version = @version
        """, cancellation, ("now", now.UtcTicks), ("agency", agency.Value), ("tenant", (int)tenant), ("version", version));

    /// <summary>Switches it on in place of the one before, in one transaction: there is never none or two. False: it was not tried, or is on.</summary>
    public async Task<bool> ActivateAsync(AgencyId agency, Tenant tenant, int version, string by, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);

        // PostgreSQL looks at each statement's rows as they were when it began: who comes second waits here, and then sees what the first one made. SQLite's
        // transaction has the one write lock from its beginning.
        if (!database.IsSqlite)
        {
            await ExecuteAsync("SELECT 1 FROM cport_priority_rules WHERE agency = @agency AND tenant = @tenant ORDER BY version FOR UPDATE")
                .ConfigureAwait(false);
        }

        await ExecuteAsync("""
            UPDATE cport_priority_rules SET state = 4 WHERE agency = @agency AND tenant = @tenant AND state = 3
              AND EXISTS (SELECT 1 FROM cport_priority_rules o WHERE o.agency = @agency AND o.tenant = @tenant AND o.version = @version AND o.state IN (2, 4))
            """).ConfigureAwait(false);
        var on = await ExecuteAsync("""
            UPDATE cport_priority_rules SET state = 3, activated_by = @by, activated_at = @now
            WHERE agency = @agency AND tenant = @tenant AND version = @version AND state IN (2, 4)
            """).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return on == 1;

        Task<int> ExecuteAsync(string sql) => transaction.ExecuteAsync(
            sql, cancellation, ("by", by), ("now", now.UtcTicks), ("agency", agency.Value), ("tenant", (int)tenant), ("version", version));
    }

    /// <summary>Switches it off: the built-in set applies. False: it was not on.</summary>
    public async Task<bool> RetireAsync(AgencyId agency, Tenant tenant, int version, CancellationToken cancellation) => await database.ExecuteAsync(
        "UPDATE cport_priority_rules SET state = 4 WHERE agency = @agency AND tenant = @tenant AND version = @version AND state = 3", cancellation,
        ("agency", agency.Value), ("tenant", (int)tenant), ("version", version)).ConfigureAwait(false) == 1;

    /// <summary><c>1:30 3:10:2</c>: signal, weight, and what rules it out.</summary>
    private static string Text(ImmutableArray<PriorityRule> rules) => string.Join(' ', rules.Select(r =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)r.Signal}:{r.Weight}") + (r.Unless is { } u ? $":{(int)u}" : "")));

    private static ImmutableArray<PriorityRule> Rules(string text)
    {
        static int Number(string t) => int.Parse(t, CultureInfo.InvariantCulture);
        return
        [
            .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split(':')).Select(t =>
                new PriorityRule((PrioritySignal)Number(t[0]), Number(t[1]), t.Length > 2 ? (PrioritySignal)Number(t[2]) : null)),
        ];
    }

    private async Task<List<(string Agency, Tenant Tenant, PriorityRuleSet Set)>> ReadAsync(
        string sql, CancellationToken cancellation, params (string Name, object? Value)[] parameters)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = new List<(string, Tenant, PriorityRuleSet)>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            found.Add((reader.GetString(0), (Tenant)reader.GetInt32(1), new PriorityRuleSet
            {
                Version = reader.GetInt32(2), State = (PriorityState)reader.GetInt32(3), Rules = Rules(reader.GetString(4)), DraftedBy = reader.GetString(5),
                DraftedAt = At(reader, 6), TriedAt = At(reader, 7), ActivatedBy = reader.GetString(8) is { Length: > 0 } by ? by : null,
                ActivatedAt = At(reader, 9),
            }));
        }

        return found;
    }

    private static DateTimeOffset? At(DbDataReader reader, int column) =>
        reader.GetInt64(column) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
}
