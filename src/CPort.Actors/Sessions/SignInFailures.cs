using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CPort.Actors.Sessions;

/// <summary>
/// Slows guessing down (table <c>cport_signin_failures</c>): per name, whether somebody has it or not, and per network that asks. After the allowed number of
/// wrong answers a minute's pause, then two, up to an hour. Thread-safe.
/// </summary>
public sealed class SignInFailures(Database database, ConfidentialSeam seam, TimeProvider time)
{
    /// <summary>Wrong answers for a name before the first pause.</summary>
    public const int AllowedForName = 5;

    /// <summary>And from one network, behind which a whole agency may sit.</summary>
    public const int AllowedFromNetwork = 50;

    /// <summary>After so many in a row the way by code is closed until somebody opens it (<see cref="CPort.Domain.People.PersonState.Locked"/>).</summary>
    public const int UntilLocked = 15;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_signin_failures (mark VARCHAR(64) NOT NULL PRIMARY KEY, failures INTEGER NOT NULL, last_at BIGINT NOT NULL);
        """, cancellation);

    /// <summary>The way from here for this name is closed at the moment.</summary>
    public async Task<bool> IsPausedAsync(string name, IPAddress? from, CancellationToken cancellation)
    {
        var (nameMark, networkMark) = (MarkOf(name), MarkOf(NetworkOf(from)));
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("SELECT mark, failures, last_at FROM cport_signin_failures WHERE mark IN (@name, @network)",
            ("name", nameMark), ("network", networkMark));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var paused = false;
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var allowed = reader.GetString(0) == nameMark ? AllowedForName : AllowedFromNetwork;
            paused |= now - reader.GetInt64(2) < PauseAfter(reader.GetInt32(1) - allowed).TotalMilliseconds;
        }

        return paused;
    }

    /// <summary>One more wrong answer; how many there are in a row for the name.</summary>
    public async Task<int> CountAsync(string name, IPAddress? from, CancellationToken cancellation)
    {
        await AddAsync(MarkOf(NetworkOf(from)), cancellation).ConfigureAwait(false);
        return await AddAsync(MarkOf(name), cancellation).ConfigureAwait(false);
    }

    /// <summary>A right answer, or an administrator, makes an end of it.</summary>
    public Task ForgetAsync(string name, CancellationToken cancellation) =>
        database.ExecuteAsync("DELETE FROM cport_signin_failures WHERE mark = @mark", cancellation, ("mark", MarkOf(name)));

    /// <summary>Deletes what is older than a day.</summary>
    public Task<int> SweepAsync(CancellationToken cancellation) => database.ExecuteAsync("DELETE FROM cport_signin_failures WHERE last_at < @before",
        cancellation, ("before", (time.GetUtcNow() - TimeSpan.FromDays(1)).ToUnixTimeMilliseconds()));

    /// <summary>The pause after so many wrong answers more than allowed: none, 1 minute, 2, 4 … <see cref="Longest"/>.</summary>
    internal static TimeSpan PauseAfter(int more) => more < 0 ? TimeSpan.Zero
        : TimeSpan.FromMinutes(Math.Min(Longest.TotalMinutes, Math.Pow(2, Math.Min(more, 10))));

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

    private async Task<int> AddAsync(string mark, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("""
            INSERT INTO cport_signin_failures (mark, failures, last_at) VALUES (@mark, 1, @now)
            ON CONFLICT (mark) DO UPDATE SET failures = cport_signin_failures.failures + 1, last_at = excluded.last_at RETURNING failures
            """, ("mark", mark), ("now", time.GetUtcNow().ToUnixTimeMilliseconds()));
        return Convert.ToInt32(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
    }

    private string MarkOf(string text) => Convert.ToHexStringLower(seam.Keyed("sign-in-failure-1", Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
