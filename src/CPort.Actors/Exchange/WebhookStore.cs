using System.Security.Cryptography;
using CPort.Actors.Confidential;
using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>Somebody else changed the webhook meanwhile.</summary>
public sealed class WebhookChangedException() : UnavailableException("The webhook was changed meanwhile.");

/// <summary>A try to deliver, as the agency sees it: one POST, or one event of those that were given up.</summary>
/// <param name="Place">The event; of a batch the last one.</param>
/// <param name="Try">From 1.</param>
/// <param name="At">When.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Answer">In words without data.</param>
/// <param name="Events">How many events it carried.</param>
public sealed record WebhookDelivery(FeedPlace Place, int Try, DateTimeOffset At, WebhookOutcome Outcome, string Answer, int Events = 1);

/// <summary>
/// Webhooks and the last of their deliveries, in the tables <c>cport_webhooks</c> and <c>cport_webhook_deliveries</c>. A webhook's row is sealed for its id and
/// says itself whose it is; one that was changed, or given to another agency, is noted and not obeyed. Each change goes from one version to the next.
/// Thread-safe.
/// </summary>
public sealed class WebhookStore(Database database, ConfidentialSeam seam, DatabaseDoubts? doubts = null)
{
    /// <summary>Tries of a webhook that are kept.</summary>
    public const int DeliveriesKept = 1_000;

    public static async Task EnsureTablesAsync(Database database, CancellationToken cancellation = default)
    {
        await DatabaseSchema.ApplyAsync(
            database,
            $"""
            CREATE TABLE IF NOT EXISTS cport_webhooks (id VARCHAR(26) NOT NULL PRIMARY KEY, agency VARCHAR(40) NOT NULL, version BIGINT NOT NULL,
              sealed {(database.IsSqlite ? "BLOB" : "BYTEA")} NOT NULL);
            CREATE INDEX IF NOT EXISTS cport_webhooks_agency ON cport_webhooks (agency);
            CREATE TABLE IF NOT EXISTS cport_webhook_deliveries (webhook VARCHAR(26) NOT NULL, number BIGINT NOT NULL, ordering BIGINT NOT NULL,
              part INTEGER NOT NULL, try INTEGER NOT NULL, at BIGINT NOT NULL, outcome INTEGER NOT NULL,
              answer VARCHAR(200) NOT NULL, PRIMARY KEY (webhook, number));
            """,
            cancellation).ConfigureAwait(false);
        await DatabaseSchema.AddMissingAsync(
            database, "cport_webhook_deliveries", [("events", "INTEGER NOT NULL DEFAULT 1")], cancellation).ConfigureAwait(false);
    }

    /// <summary>Keeps a new one.</summary>
    public Task AddAsync(Webhook hook, CancellationToken cancellation) => database.ExecuteAsync(
        "INSERT INTO cport_webhooks (id, agency, version, sealed) VALUES (@id, @agency, 1, @sealed)", cancellation,
        ("id", hook.Id.ToString()), ("agency", hook.Agency.Value), ("sealed", Seal(hook)));

    /// <inheritdoc cref="ReplaceAsync(Webhook, long, IReadOnlyList{WebhookDelivery}, CancellationToken)"/>
    public Task<long> ReplaceAsync(Webhook hook, long version, CancellationToken cancellation) => ReplaceAsync(hook, version, [], cancellation);

    /// <summary>Changes it as it is now, however often somebody else is quicker; null: there is none of this agency and tenant.</summary>
    public Task<Webhook?> ChangeAsync(AgencyId agency, Tenant tenant, ReportId id, Func<Webhook, Webhook> change, CancellationToken cancellation) =>
        ChangeAsync(agency, tenant, id, change, [], cancellation);

    /// <inheritdoc cref="ChangeAsync(AgencyId, Tenant, ReportId, Func{Webhook, Webhook}, CancellationToken)"/>
    public async Task<Webhook?> ChangeAsync(
        AgencyId agency, Tenant tenant, ReportId id, Func<Webhook, Webhook> change, IReadOnlyList<WebhookDelivery> tries, CancellationToken cancellation)
    {
        while (true)
        {
            if (await FindAsync(agency, tenant, id, cancellation).ConfigureAwait(false) is not ({ } hook, var version))
            {
                return null;
            }

            try
            {
                var changed = change(hook);
                await ReplaceAsync(changed, version, tries, cancellation).ConfigureAwait(false);
                return changed;
            }
            catch (WebhookChangedException)
            {
                // By whoever delivers, some times a second: again.
            }
        }
    }

    /// <summary>False: there is none of this agency and tenant.</summary>
    public async Task<bool> RemoveAsync(AgencyId agency, Tenant tenant, ReportId id, CancellationToken cancellation)
    {
        if (await FindAsync(agency, tenant, id, cancellation).ConfigureAwait(false) is null)
        {
            return false;
        }

        await database.ExecuteAsync("DELETE FROM cport_webhooks WHERE id = @id", cancellation, ("id", id.ToString())).ConfigureAwait(false);
        await database.ExecuteAsync("DELETE FROM cport_webhook_deliveries WHERE webhook = @id", cancellation, ("id", id.ToString())).ConfigureAwait(false);
        return true;
    }

    /// <summary>Null: there is none of this agency and tenant.</summary>
    public async Task<(Webhook Hook, long Version)?> FindAsync(AgencyId agency, Tenant tenant, ReportId id, CancellationToken cancellation)
    {
        foreach (var found in await ReadAsync("id = @key", id.ToString(), cancellation).ConfigureAwait(false))
        {
            if (found.Hook.Agency == agency && found.Hook.Tenant == tenant)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>An agency's, oldest first.</summary>
    public async Task<ImmutableArray<Webhook>> OfAsync(AgencyId agency, Tenant tenant, CancellationToken cancellation) =>
        [.. (await ReadAsync("agency = @key", agency.Value, cancellation).ConfigureAwait(false)).Select(f => f.Hook).Where(h => h.Tenant == tenant)
            .OrderBy(h => h.CreatedAt).ThenBy(h => h.Id)];

    /// <summary>All of all agencies.</summary>
    public Task<ImmutableArray<(Webhook Hook, long Version)>> AllAsync(CancellationToken cancellation) => ReadAsync("@key = ''", "", cancellation);

    /// <summary>
    /// Puts it in the place of the version given and writes down the tries that led there, together or not at all; of many tries the oldest go. Throws
    /// <see cref="WebhookChangedException"/> when there is another version by now. Answers the new version.
    /// </summary>
    public async Task<long> ReplaceAsync(Webhook hook, long version, IReadOnlyList<WebhookDelivery> tries, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        var id = hook.Id.ToString();
        if (await transaction.ExecuteAsync(
            "UPDATE cport_webhooks SET sealed = @sealed, version = version + 1 WHERE id = @id AND version = @version", cancellation,
            ("sealed", Seal(hook)), ("id", id), ("version", version)).ConfigureAwait(false) != 1)
        {
            throw new WebhookChangedException();
        }

        if (tries.Count > 0)
        {
            // The row above is locked, so nobody else counts.
            await using var last = connection.Statement("SELECT COALESCE(MAX(number), 0) FROM cport_webhook_deliveries WHERE webhook = @id", ("id", id));
            last.Transaction = transaction;
            var number = Convert.ToInt64(await last.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
            await ManyRows.InsertAsync(
                connection, transaction, "cport_webhook_deliveries", "", ("webhook", tries.Select(_ => id).ToArray()),
                ("number", tries.Select((_, n) => number + 1 + n).ToArray()), ("ordering", tries.Select(t => t.Place.Ordering).ToArray()),
                ("part", tries.Select(t => t.Place.Part).ToArray()), ("try", tries.Select(t => t.Try).ToArray()),
                ("at", tries.Select(t => t.At.ToUnixTimeMilliseconds()).ToArray()), ("outcome", tries.Select(t => (int)t.Outcome).ToArray()),
                ("answer", tries.Select(t => t.Answer).ToArray()), ("events", tries.Select(t => t.Events).ToArray())).ConfigureAwait(false);
            await transaction.ExecuteAsync(
                "DELETE FROM cport_webhook_deliveries WHERE webhook = @id AND number <= @gone", cancellation, ("id", id),
                ("gone", number + tries.Count - DeliveriesKept)).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return version + 1;
    }

    /// <summary>The last tries, newest first.</summary>
    public async Task<ImmutableArray<WebhookDelivery>> DeliveriesAsync(ReportId webhook, WebhookOutcome? outcome, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        var only = outcome is null ? "" : " AND outcome = @outcome";
        await using var select = connection.Statement(
            $"""
            SELECT ordering, part, try, at, outcome, answer, events FROM cport_webhook_deliveries WHERE webhook = @id{only}
            ORDER BY number DESC LIMIT @limit
            """, [("id", webhook.ToString()), ("limit", limit), .. outcome is null ? [] : new (string, object?)[] { ("outcome", (int)outcome) }]);
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = ImmutableArray.CreateBuilder<WebhookDelivery>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            found.Add(new WebhookDelivery(
                new FeedPlace(reader.GetInt64(0), reader.GetInt32(1)), reader.GetInt32(2), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)),
                (WebhookOutcome)reader.GetInt32(4), reader.GetString(5), reader.GetInt32(6)));
        }

        return found.ToImmutable();
    }

    private byte[] Seal(Webhook hook) => seam.Seal(new SealedPlace(hook.Id, SealedField.Webhook), hook).Bytes;

    private async Task<ImmutableArray<(Webhook Hook, long Version)>> ReadAsync(string where, string key, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement($"SELECT id, agency, version, sealed FROM cport_webhooks WHERE {where}", ("key", key));
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = ImmutableArray.CreateBuilder<(Webhook, long)>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var (id, agency) = (reader.GetString(0), reader.GetString(1));
            try
            {
                var hook = seam.Open<Webhook>(new SealedPlace(ReportId.Parse(id), SealedField.Webhook), new Sealed { Bytes = (byte[])reader.GetValue(3) });
                if (hook.Agency.Value == agency && hook.Id.ToString() == id)
                {
                    found.Add((hook, reader.GetInt64(2)));
                    continue;
                }
            }
            catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
            {
                // As below.
            }

            doubts?.Note(DoubtfulPlace.Feed, "a webhook", "NotOpened");
        }

        return found.ToImmutable();
    }
}
