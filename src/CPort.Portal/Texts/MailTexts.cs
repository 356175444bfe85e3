using System.Text;
using CPort.Actors.Exchange;
using CPort.Domain.People;

namespace CPort.Portal.Texts;

/// <summary>Mails: how many, and where to look. A mail is read on many devices and kept by many servers, so it says nothing else.</summary>
public sealed class MailTexts(Uri portal) : IMailTexts
{
    public (string Subject, string Text) Urgent(string language, int reports)
    {
        var words = Words.Of(language, null);
        var count = words.Count("mail.urgent", reports);
        return (count, Text(words, [count]));
    }

    public (string Subject, string Text) News(string language, IReadOnlyList<(NotificationKind Kind, int Count)> counts)
    {
        var words = Words.Of(language, null);
        return (words["mail.news"], Text(
            words, [words["mail.news"], .. counts.Select(c => $"- {words.Name("notificationKind", c.Kind)}: {words.Number(c.Count)}")]));
    }

    public (string Subject, string Text) Unacknowledged(string language, int alerts)
    {
        var words = Words.Of(language, null);
        var count = words.Count("mail.unacknowledged", alerts);
        return (count, Text(words, [count]));
    }

    public (string Subject, string Text) Daily(string language, IReadOnlyList<(string What, long Count)> waiting)
    {
        var words = Words.Of(language, null);
        return (words["mail.daily"], Text(words, [words["mail.daily"], .. waiting.Select(w => $"- {words[$"queue.{w.What}"]}: {words.Number(w.Count)}")]));
    }

    private string Text(Words words, IEnumerable<string> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.AppendLine(line);
        }

        return text.AppendLine().AppendLine(new Uri(portal, "/app").ToString()).AppendLine().AppendLine(words["mail.why"]).ToString();
    }
}
