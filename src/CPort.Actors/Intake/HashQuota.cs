namespace CPort.Actors.Intake;

/// <summary>
/// How many rows of hash lists each agency has stored, by tenant, in the table <c>cport_hash_rows</c>, and whether it may store more. Counted after a step of
/// an import is durable: a node that dies in between forgets a step, and one that reaches the limit may pass it by one.
/// </summary>
public sealed class HashQuota(Database database, IntakeLimits limits)
{
    /// <summary>Makes the table when it is missing; several nodes may call it at once.</summary>
    public static Task EnsureTableAsync(Database database, CancellationToken cancellation = default) => DatabaseSchema.ApplyAsync(
        database, "CREATE TABLE IF NOT EXISTS cport_hash_rows (agency VARCHAR(40) NOT NULL, tenant INTEGER NOT NULL, stored BIGINT NOT NULL, PRIMARY KEY (agency, tenant));",
        cancellation);

    /// <summary>A source that is believed alone brings whole lists; one that nobody knows, or an exercise, a sample.</summary>
    public long Of(Caller caller) => caller.Tenant != Tenant.Live ? limits.HashRowsPerAgency / 100 : caller.Trust switch
    {
        TrustLevel.Trusted => limits.HashRowsPerAgency,
        TrustLevel.Standard => limits.HashRowsPerAgency / 10,
        _ => limits.HashRowsPerAgency / 100,
    };

    public async Task<bool> IsUsedUpAsync(Caller caller, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            "SELECT stored FROM cport_hash_rows WHERE agency = @agency AND tenant = @tenant",
            ("agency", caller.Agency.Value), ("tenant", (int)caller.Tenant));
        return await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is { } stored and not DBNull
            && Convert.ToInt64(stored, System.Globalization.CultureInfo.InvariantCulture) >= Of(caller);
    }

    public async Task CountAsync(Caller caller, int rows, CancellationToken cancellation)
    {
        if (rows != 0)
        {
            await database.ExecuteAsync(
                """
                INSERT INTO cport_hash_rows (agency, tenant, stored) VALUES (@agency, @tenant, @rows)
                ON CONFLICT (agency, tenant) DO UPDATE SET stored = cport_hash_rows.stored + excluded.stored
                """,
                cancellation, ("agency", caller.Agency.Value), ("tenant", (int)caller.Tenant), ("rows", (long)rows)).ConfigureAwait(false);
        }
    }
}
