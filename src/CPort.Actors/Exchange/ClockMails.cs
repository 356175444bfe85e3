using CPort.Actors.Referrals;
using CPort.Domain.Agencies;
using CPort.Domain.Exchange;
using CPort.Domain.People;

namespace CPort.Actors.Exchange;

/// <summary>
/// Tells people by mail of clocks: who chose it of what does not go in the agency's own house (<see cref="HouseClocks"/>), once for each that begins; and an
/// agency's managers, whatever they chose, of alerts that nobody there has acknowledged in time. How far each was told is kept once the mail is handed over.
/// </summary>
internal sealed class ClockMails(Database database, HouseClocks house, ReferralReader referrals)
{
    /// <summary>Alerts looked at.</summary>
    private const int MostAlerts = 100;

    /// <summary>Who: a person's id, or an agency's for its managers; and up to which moment (UTC ticks) they were told.</summary>
    public const string Table = """
        CREATE TABLE IF NOT EXISTS cport_mail_clocks (who VARCHAR(40) NOT NULL PRIMARY KEY, kinds INTEGER NOT NULL, upto BIGINT NOT NULL);
        """;

    /// <summary>Once for an agency's people: webhooks and keys.</summary>
    public async Task HouseAsync(
        Caller agency, IEnumerable<(Person Person, NotificationKind Kinds)> people, DateTimeOffset now,
        Func<Person, IReadOnlyList<(NotificationKind Kind, int Count)>, Task> send, CancellationToken cancellation)
    {
        var clocks = await house.OfAsync(agency.Agency, Tenant.Live, NotificationRules.OfTheHouse, now, cancellation).ConfigureAwait(false);
        foreach (var (person, kinds) in people)
        {
            var last = await LastAsync(person.Id.Value, cancellation).ConfigureAwait(false);
            if (last is not { } told || told.Kinds != kinds)
            {
                // Who chooses anew is told what begins from then on.
                await KeepAsync(person.Id.Value, kinds, now.UtcTicks, cancellation).ConfigureAwait(false);
                continue;
            }

            var begun = clocks.Where(c => (c.Kind & kinds) != 0 && c.At.UtcTicks > told.UpTo && c.At <= now).ToArray();
            if (begun.Length > 0 && person.Settings.Notifications?.IsQuietAt(now) != true)
            {
                await send(person, [.. begun.GroupBy(c => c.Kind).OrderBy(g => g.Key).Select(g => (g.Key, g.Count()))]).ConfigureAwait(false);
                await KeepAsync(person.Id.Value, kinds, begun.Max(c => c.At).UtcTicks, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Once for an agency's managers.</summary>
    public async Task ManagersAsync(
        Caller caller, Agency agency, IReadOnlyList<Person> managers, DateTimeOffset now, Func<Person, int, Task> send, CancellationToken cancellation)
    {
        var due = (await referrals.AlertsAsync(caller, MostAlerts, cancellation).ConfigureAwait(false))
            .Where(r => MailRules.IsEscalated(agency, new DateTimeOffset(r.AlertDue, TimeSpan.Zero), now)).ToArray();
        if (due.Length == 0)
        {
            return;
        }

        var last = await LastAsync(agency.Id.Value, cancellation).ConfigureAwait(false);
        var fresh = due.Count(r => last is not { } told || r.AlertDue > told.UpTo);
        if (fresh == 0)
        {
            return;
        }

        foreach (var manager in managers)
        {
            await send(manager, fresh).ConfigureAwait(false);
        }

        await KeepAsync(agency.Id.Value, NotificationKind.Urgent, due.Max(r => r.AlertDue), cancellation).ConfigureAwait(false);
    }

    private async Task<(NotificationKind Kinds, long UpTo)?> LastAsync(string who, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT kinds, upto FROM cport_mail_clocks WHERE who = @who", ("who", who));
        await using var row = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return !await row.ReadAsync(cancellation).ConfigureAwait(false) ? null : ((NotificationKind)row.GetInt32(0), row.GetInt64(1));
    }

    private Task KeepAsync(string who, NotificationKind kinds, long upTo, CancellationToken cancellation) => database.ExecuteAsync(
        """
        INSERT INTO cport_mail_clocks (who, kinds, upto) VALUES (@who, @kinds, @upto)
        ON CONFLICT (who) DO UPDATE SET kinds = excluded.kinds, upto = excluded.upto
        """,
        cancellation, ("who", who), ("kinds", (int)kinds), ("upto", upTo));
}
