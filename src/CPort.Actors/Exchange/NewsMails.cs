using CPort.Domain.Exchange;
using CPort.Domain.People;

namespace CPort.Actors.Exchange;

/// <summary>
/// Tells people by mail of what they chose beside what is urgent: how much of each kind has come, at most one mail in the time that lies between two, and
/// none in a person's quiet hours, after which one mail counts it all. How far each was told is kept once the mail is handed over.
/// </summary>
internal sealed class NewsMails(Database database, NotificationReader reader, MailTimes times)
{
    /// <summary><c>kinds</c>: what the person had chosen then; who chooses anew is told what comes from then on.</summary>
    public const string Table = """
        CREATE TABLE IF NOT EXISTS cport_mail_people (person VARCHAR(32) NOT NULL PRIMARY KEY, kinds INTEGER NOT NULL, ordering BIGINT NOT NULL,
          told_at BIGINT NULL);
        """;

    /// <summary>Once for an agency's people.</summary>
    public async Task RoundAsync(
        Caller caller, IEnumerable<Person> people, DateTimeOffset now, Func<Person, IReadOnlyList<(NotificationKind Kind, int Count)>, Task> send,
        CancellationToken cancellation)
    {
        foreach (var person in people)
        {
            var kinds = MailRules.NewsOf(person) & ~NotificationRules.OfTheHouse;
            if (kinds == NotificationKind.None)
            {
                continue;
            }

            var last = await LastAsync(person.Id, cancellation).ConfigureAwait(false);
            if (last is null || last.Value.Kinds != kinds)
            {
                var (_, begins) = await reader.CountAsync(caller, NotificationKind.None, FeedPlace.Start, cancellation).ConfigureAwait(false);
                await KeepAsync(person.Id, kinds, begins, last?.ToldAt, cancellation).ConfigureAwait(false);
                continue;
            }

            if (person.Settings.Notifications!.IsQuietAt(now) || !MailRules.MayTell(times, last.Value.ToldAt, now))
            {
                continue;
            }

            var (counts, head) = await reader.CountAsync(caller, kinds, FeedPlace.EndOf(last.Value.Ordering), cancellation).ConfigureAwait(false);
            if (!counts.IsEmpty)
            {
                await send(person, counts).ConfigureAwait(false);
                await KeepAsync(person.Id, kinds, head, now, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<(NotificationKind Kinds, long Ordering, DateTimeOffset? ToldAt)?> LastAsync(PersonId person, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            "SELECT kinds, ordering, told_at FROM cport_mail_people WHERE person = @person", ("person", person.Value));
        await using var row = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return !await row.ReadAsync(cancellation).ConfigureAwait(false) ? null
            : ((NotificationKind)row.GetInt32(0), row.GetInt64(1), row.IsDBNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)));
    }

    private Task KeepAsync(PersonId person, NotificationKind kinds, long ordering, DateTimeOffset? told, CancellationToken cancellation) =>
        database.ExecuteAsync(
            """
            INSERT INTO cport_mail_people (person, kinds, ordering, told_at) VALUES (@person, @kinds, @ordering, @told)
            ON CONFLICT (person) DO UPDATE SET kinds = excluded.kinds, ordering = excluded.ordering, told_at = excluded.told_at
            """,
            cancellation, ("person", person.Value), ("kinds", (int)kinds), ("ordering", ordering), ("told", told?.ToUnixTimeMilliseconds()));
}
