using CPort.Domain.Audit;

namespace CPort.Portal.Audit;

/// <summary>Words of the log's values, which are written as programs read them.</summary>
internal static class AuditWords
{
    public static string Kind(Words words, string written) =>
        Enum.GetValues<AuditKind>().Where(k => AuditEntry.Word(k) == written).ToArray() is [var kind] ? words.Name("auditKind", kind) : written;
}
