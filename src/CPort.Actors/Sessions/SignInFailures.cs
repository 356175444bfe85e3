using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CPort.Actors.Sessions;

/// <summary>
/// Slows guessing down (table <c>cport_signin_attempts</c>): per network and name, per name from wherever, and, only at high counts, per network, behind
/// which a whole agency may sit. An attempt is counted as a wrong answer <em>before</em> it is looked at, and no longer when it was right: of a burst at the
/// same time no more get through than are allowed. After the allowed number a minute's pause, then two, up to an hour. A name counts whether somebody has it
/// or not. Thread-safe.
/// </summary>
public sealed class SignInFailures(Database database, ConfidentialSeam seam, TimeProvider time)
{
    /// <summary>Wrong answers for a name from one network before the first pause there.</summary>
    public const int AllowedFromThere = 5;

    /// <summary>And for a name from anywhere: its owner is in another network than who guesses, and goes on longer.</summary>
    public const int AllowedForName = 10;

    /// <summary>And from one network, whatever the names.</summary>
    public const int AllowedFromNetwork = 200;

    /// <summary>After so many in a row the way by code is closed until somebody opens it (<see cref="CPort.Domain.People.PersonState.Locked"/>).</summary>
    public const int UntilLocked = 15;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Database _database = database.ForRequests;

    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_signin_attempts (mark VARCHAR(64) NOT NULL PRIMARY KEY, failures INTEGER NOT NULL, last_at BIGINT NOT NULL,
          paused_until BIGINT NOT NULL, of_name VARCHAR(64) NULL);
        CREATE INDEX IF NOT EXISTS cport_signin_attempts_name ON cport_signin_attempts (of_name);
        """, cancellation);

    /// <summary>
    /// Counts one more answer as wrong, before anybody looks at it; how many there are in a row for the name. Null: the way from here for this name is closed
    /// at the moment, and nothing was counted, so that who asks during a pause lengthens nothing.
    /// </summary>
    public async Task<int?> ReserveAsync(string name, IPAddress? from, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);

        // Always in this order: of two transactions neither waits for what the other has.
        if (await TakeAsync(transaction, MarkOf(name), null, AllowedForName, cancellation).ConfigureAwait(false) is not { } inARow
            || await TakeAsync(transaction, PairOf(name, from), MarkOf(name), AllowedFromThere, cancellation).ConfigureAwait(false) is null
            || await TakeAsync(transaction, MarkOf(NetworkOf(from)), null, AllowedFromNetwork, cancellation).ConfigureAwait(false) is null)
        {
            return null;
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return inARow;
    }

    /// <summary>The answer was right: nothing is held against the name any more, and the network's count is halved and its pause over.</summary>
    public async Task SucceededAsync(string name, IPAddress? from, CancellationToken cancellation)
    {
        await _database.ExecuteAsync(
            "DELETE FROM cport_signin_attempts WHERE mark IN (@name, @pair)", cancellation, ("name", MarkOf(name)), ("pair", PairOf(name, from)))
            .ConfigureAwait(false);
        await _database.ExecuteAsync(
            "UPDATE cport_signin_attempts SET failures = failures / 2, paused_until = 0 WHERE mark = @mark", cancellation, ("mark", MarkOf(NetworkOf(from))))
            .ConfigureAwait(false);
    }

    /// <summary>An administrator makes an end of what is held against the name, wherever.</summary>
    public Task ForgetAsync(string name, CancellationToken cancellation) =>
        _database.ExecuteAsync("DELETE FROM cport_signin_attempts WHERE mark = @mark OR of_name = @mark", cancellation, ("mark", MarkOf(name)));

    /// <summary>Deletes what is older than a day.</summary>
    public Task<int> SweepAsync(CancellationToken cancellation) => _database.ExecuteAsync("DELETE FROM cport_signin_attempts WHERE last_at < @before",
        cancellation, ("before", (time.GetUtcNow() - TimeSpan.FromDays(1)).ToUnixTimeMilliseconds()));

    /// <summary>The network that an address is taken for: 24 bits of IPv4, 64 of IPv6 (a customer's).</summary>
    internal static string NetworkOf(IPAddress? address)
    {
        if (address is null)
        {
            return "network none";
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return "network " + Convert.ToHexStringLower(plain.GetAddressBytes().AsSpan(0, plain.AddressFamily == AddressFamily.InterNetwork ? 3 : 8));
    }

    /// <summary>One more, with the pause that follows from it; null while one goes on.</summary>
    private async Task<int?> TakeAsync(DbTransaction transaction, string mark, string? ofName, int allowed, CancellationToken cancellation)
    {
        await using var command = transaction.Connection!.Statement("""
            INSERT INTO cport_signin_attempts (mark, failures, last_at, paused_until, of_name) VALUES (@mark, 1, @now, 0, @name)
            ON CONFLICT (mark) DO UPDATE SET failures = cport_signin_attempts.failures + 1, last_at = excluded.last_at,
              paused_until = CASE WHEN cport_signin_attempts.failures + 1 < @allowed THEN 0
                WHEN cport_signin_attempts.failures + 1 - @allowed > 5 THEN @now + @longest
                ELSE @now + 60000 * (1 << (cport_signin_attempts.failures + 1 - @allowed)) END
              WHERE cport_signin_attempts.paused_until <= @now
            RETURNING failures
            """, ("mark", mark), ("name", ofName), ("now", time.GetUtcNow().ToUnixTimeMilliseconds()), ("allowed", allowed),
            ("longest", (long)Longest.TotalMilliseconds));
        command.Transaction = transaction;
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is { } failures
            ? Convert.ToInt32(failures, CultureInfo.InvariantCulture) : null;
    }

    private string PairOf(string name, IPAddress? from) => MarkOf($"{NetworkOf(from)}\0{name}");

    private string MarkOf(string text) => Convert.ToHexStringLower(seam.Keyed("sign-in-failure-1", Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
