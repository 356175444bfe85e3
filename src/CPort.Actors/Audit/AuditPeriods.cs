using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Confidential;
using CPort.Domain.Audit;

namespace CPort.Actors.Audit;

/// <summary>Seals what belongs to the database under its key ring: generation (2 bytes), nonce (12), cipher text, tag (16).</summary>
internal static class RingSeal
{
    private const int HeadLength = 2 + AesSeal.NonceLength;

    /// <param name="ring">The database's keys.</param>
    /// <param name="purpose">What the key is for.</param>
    /// <param name="plain">What is sealed.</param>
    /// <param name="bound">What it is bound to; only with that it opens.</param>
    public static byte[] Seal(KeyRing ring, string purpose, ReadOnlySpan<byte> plain, string bound)
    {
        var bytes = new byte[HeadLength + plain.Length + AesSeal.TagLength];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)ring.Writing));
        RandomNumberGenerator.Fill(bytes.AsSpan(2, AesSeal.NonceLength));
        AesSeal.Encrypt(
            ring.Derive(ring.Writing, Encoding.UTF8.GetBytes(purpose)), bytes.AsSpan(2, AesSeal.NonceLength), plain, bytes.AsSpan(HeadLength),
            Encoding.UTF8.GetBytes(bound));
        return bytes;
    }

    /// <summary>Null when it does not open: changed, or another's.</summary>
    public static byte[]? Open(KeyRing ring, string purpose, ReadOnlySpan<byte> bytes, string bound)
    {
        if (bytes.Length < HeadLength + AesSeal.TagLength)
        {
            return null;
        }

        var plain = new byte[bytes.Length - HeadLength - AesSeal.TagLength];
        var key = ring.Derive(BinaryPrimitives.ReadUInt16BigEndian(bytes), Encoding.UTF8.GetBytes(purpose));
        return AesSeal.TryDecrypt(key, bytes.Slice(2, AesSeal.NonceLength), bytes[HeadLength..], plain, Encoding.UTF8.GetBytes(bound)) ? plain : null;
    }
}

/// <summary>
/// The keys under which entries' details are sealed: one for each agency and month, random, kept wrapped under the key ring. Destroying one takes from that
/// month's entries who, why and free text, and leaves the tree as it is. Thread-safe.
/// </summary>
public sealed class AuditPeriods(Database database, KeyRing ring, TimeProvider time)
{
    private const string Purpose = "audit period 1";
    private const string ErasurePurpose = "audit erasure 1";

    private readonly Database _database = database.ForRequests;

    /// <summary>For sealing only: what is opened is asked of the database each time, because another node may have destroyed the key.</summary>
    private readonly ConcurrentDictionary<(string Agency, string Period), byte[]> _sealing = new();

    /// <summary>Seals details for an agency's month: what goes into the entry. Both null when that month's key is destroyed.</summary>
    public async Task<(string? Sealed, string? Commit)> SealAsync(string agency, string period, AuditDetails details, CancellationToken cancellation)
    {
        if (!_sealing.TryGetValue((agency, period), out var key))
        {
            key = await ReadAsync(agency, period, make: true, cancellation).ConfigureAwait(false);
            if (key is null)
            {
                // Only a month that is over can be erased: in the running one somebody has taken the key away, and nothing is shown without saying to whom.
                return string.CompareOrdinal(period, AuditEntry.PeriodOf(time.GetUtcNow())) < 0 ? default
                    : throw new AuditUnavailableException($"The audit key of {agency} for {period} is gone.");
            }

            if (_sealing.Count > 4_096)
            {
                _sealing.Clear();
            }

            _sealing[(agency, period)] = key;
        }

        var plain = details.ToBytes();
        var commit = AuditDetails.Commitment(plain);
        var bytes = new byte[AesSeal.NonceLength + plain.Length + AesSeal.TagLength];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, AesSeal.NonceLength));
        AesSeal.Encrypt(key, bytes.AsSpan(0, AesSeal.NonceLength), plain, bytes.AsSpan(AesSeal.NonceLength), Encoding.ASCII.GetBytes(commit));
        return (Convert.ToBase64String(bytes), commit);
    }

    /// <summary>The details of entries; null where there are none, their key is destroyed, or they are not those that the entry commits to.</summary>
    public async Task<IReadOnlyList<AuditDetails?>> OpenAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellation)
    {
        var keys = new Dictionary<(string, string), byte[]?>();
        foreach (var of in entries.Select(e => (e.Actor.Agency, e.Period)).Distinct())
        {
            keys[of] = await ReadAsync(of.Agency, of.Period, make: false, cancellation).ConfigureAwait(false);
        }

        return [.. entries.Select(e => Open(e, keys[(e.Actor.Agency, e.Period)]))];
    }

    /// <summary>
    /// Destroys the key of a month, for good, and forgets by which entries a person was found. False when there is none, or it is destroyed already. What
    /// backups of the database hold is not reached.
    /// </summary>
    public async Task<bool> EraseAsync(string agency, string period, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using var erase = connection.Statement(
            "UPDATE cport_audit_periods SET wrapped = NULL, erased_at = @at WHERE agency = @agency AND period = @period AND wrapped IS NOT NULL",
            ("at", now.UtcTicks), ("agency", agency), ("period", period));
        erase.Transaction = transaction;
        var erased = await erase.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false) > 0;
        var from = DateTimeOffset.ParseExact(period, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        await using var forget = connection.Statement(
            "UPDATE cport_audit_entries SET person = NULL WHERE agency = @agency AND at >= @from AND at < @to AND person IS NOT NULL",
            ("agency", agency), ("from", from.UtcTicks), ("to", from.AddMonths(1).UtcTicks));
        forget.Transaction = transaction;
        await forget.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await using var done = connection.Statement(
            "DELETE FROM cport_audit_erasures WHERE agency = @agency AND period = @period", ("agency", agency), ("period", period));
        done.Transaction = transaction;
        await done.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        _sealing.TryRemove((agency, period), out _);
        return erased;
    }

    /// <summary>
    /// Who proposed last to destroy a month's key, and when; null: nobody. Sealed: who writes the database proposes nothing, so that no single operator has
    /// both hands.
    /// </summary>
    public async Task<(string By, DateTimeOffset At)?> ProposedAsync(string agency, string period, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            "SELECT proposed FROM cport_audit_erasures WHERE agency = @agency AND period = @period", ("agency", agency), ("period", period));
        if (await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not string text)
        {
            return null;
        }

        byte[]? plain;
        try
        {
            plain = RingSeal.Open(ring, ErasurePurpose, Convert.FromBase64String(text), $"{agency} {period}");
        }
        catch (FormatException)
        {
            plain = null;
        }

        return plain is null || Encoding.ASCII.GetString(plain).Split(' ') is not [var ticks, var by] ? null
            : (by, new DateTimeOffset(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero));
    }

    /// <summary>Somebody proposes it; it is done when somebody of another hand confirms.</summary>
    public Task ProposeAsync(string agency, string period, string by, DateTimeOffset now, CancellationToken cancellation) => _database.ExecuteAsync(
        """
        INSERT INTO cport_audit_erasures (agency, period, proposed) VALUES (@agency, @period, @proposed)
        ON CONFLICT (agency, period) DO UPDATE SET proposed = excluded.proposed
        """, cancellation, ("agency", agency), ("period", period),
        ("proposed", Convert.ToBase64String(RingSeal.Seal(
            ring, ErasurePurpose, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{now.UtcTicks} {by}")), $"{agency} {period}"))));

    /// <summary>How many entries an agency's month has.</summary>
    public async Task<long> CountAsync(string agency, string period, CancellationToken cancellation)
    {
        var from = DateTimeOffset.ParseExact(period, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var count = connection.Statement(
            "SELECT COUNT(*) FROM cport_audit_entries WHERE agency = @agency AND at >= @from AND at < @to",
            ("agency", agency), ("from", from.UtcTicks), ("to", from.AddMonths(1).UtcTicks));
        return Convert.ToInt64(await count.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
    }

    private static AuditDetails? Open(AuditEntry entry, byte[]? key)
    {
        if (key is null || entry is not { Sealed: { } text, Commit: { } commit })
        {
            return null;
        }

        var bytes = Convert.FromBase64String(text);
        if (bytes.Length < AesSeal.NonceLength + AesSeal.TagLength)
        {
            return null;
        }

        var plain = new byte[bytes.Length - AesSeal.NonceLength - AesSeal.TagLength];
        return AesSeal.TryDecrypt(key, bytes.AsSpan(0, AesSeal.NonceLength), bytes.AsSpan(AesSeal.NonceLength), plain, Encoding.ASCII.GetBytes(commit))
            && AuditDetails.Commitment(plain) == commit ? AuditDetails.Read(plain) : null;
    }

    private async Task<byte[]?> ReadAsync(string agency, string period, bool make, CancellationToken cancellation)
    {
        var bound = $"{agency} {period}";
        if (make)
        {
            var fresh = RingSeal.Seal(ring, Purpose, RandomNumberGenerator.GetBytes(KeyRing.KeyLength), bound);
            await _database.ExecuteAsync(
                "INSERT INTO cport_audit_periods (agency, period, wrapped) VALUES (@agency, @period, @wrapped) ON CONFLICT (agency, period) DO NOTHING",
                cancellation, ("agency", agency), ("period", period), ("wrapped", Convert.ToBase64String(fresh))).ConfigureAwait(false);
        }

        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            "SELECT wrapped FROM cport_audit_periods WHERE agency = @agency AND period = @period", ("agency", agency), ("period", period));
        return await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is string wrapped
            ? RingSeal.Open(ring, Purpose, Convert.FromBase64String(wrapped), bound)
                ?? (make ? throw new SealBrokenException($"The audit key of {agency} for {period} does not open.") : null)
            : null;
    }
}
