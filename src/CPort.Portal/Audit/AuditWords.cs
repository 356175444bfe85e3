using CPort.Domain.Audit;

namespace CPort.Portal.Audit;

/// <summary>Words of the log's values, which are written as programs read them.</summary>
internal static class AuditWords
{
    public static string Kind(Words words, string written) =>
        Enum.GetValues<AuditKind>().Where(k => AuditEntry.Word(k) == written).ToArray() is [var kind] ? words.Name("auditKind", kind) : written;

    /// <summary>An operation in pieces between which a narrow column may break it.</summary>
    public static IEnumerable<string> Parts(string action)
    {
        var parts = action.Replace(":int", "", StringComparison.Ordinal).Split('/');
        return parts.Select((part, at) => at == 0 ? part : "/" + part);
    }

    /// <summary>A row's objects, <c>item …ZK2D-1, …ZK2D-2</c>: by the end of their ids, as pages name them; the entry's own page has them whole.</summary>
    public static string Short(IEnumerable<string> objects)
    {
        var of = "";
        var text = new List<string>();
        foreach (var written in objects)
        {
            var (kind, id) = written.Split(':', 2) is [var k, var i] ? (k, i) : ("", written);
            var end = id.LastIndexOf('-') is var dash and > 0 && id.Length - dash <= 6 ? dash : id.Length;
            var shown = id.Length > Whole && end > Shown ? "…" + id[(end - Shown)..].Replace('-', Joined) : id;
            text.Add(kind == of ? shown : $"{kind} {shown}");
            of = kind;
        }

        return string.Join(", ", text);
    }

    /// <summary>Ids no longer than this stand whole; of longer ones so many characters, and an ordinal.</summary>
    private const int Whole = 16, Shown = 4;

    /// <summary>A hyphen at which no line ends: an ordinal alone on the next one would be a number of something else.</summary>
    private const char Joined = '\u2011';
}
