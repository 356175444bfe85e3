using CPort.Domain.People;

namespace CPort.Actors.Exchange;

/// <summary>One mail to one person.</summary>
public sealed record Mail(string To, string Language, string Subject, string Text)
{
    public override string ToString() => "Mail(…)";
}

/// <summary>Hands mails over to a server.</summary>
public interface IMailSender
{
    /// <summary>
    /// False: the server refuses this mail for good. Throws <see cref="MailServerException"/> when it cannot be handed over now and is to be tried again.
    /// </summary>
    Task<bool> SendAsync(Mail mail, CancellationToken cancellation);
}

/// <summary>No mail can be handed over at the moment. Its text says why, without any address.</summary>
public sealed class MailServerException(string message, Exception inner) : IOException(message, inner);

/// <summary>What mails say, in a person's language.</summary>
public interface IMailTexts
{
    /// <summary><paramref name="reports"/>: how many urgent reports came.</summary>
    (string Subject, string Text) Urgent(string language, int reports);

    /// <summary><paramref name="counts"/>: how much has come, of each kind.</summary>
    (string Subject, string Text) News(string language, IReadOnlyList<(NotificationKind Kind, int Count)> counts);

    /// <summary><paramref name="alerts"/>: how many alerts nobody of the agency has acknowledged.</summary>
    (string Subject, string Text) Unacknowledged(string language, int alerts);

    /// <summary><paramref name="waiting"/>: how much waits, by the name of the queue (<c>referrals</c>: of those).</summary>
    (string Subject, string Text) Daily(string language, IReadOnlyList<(string What, long Count)> waiting);
}
