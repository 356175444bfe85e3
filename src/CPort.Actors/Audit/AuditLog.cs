using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using CPort.Domain.Audit;

namespace CPort.Actors.Audit;

/// <summary>
/// Where every look at data is written down, whoever shows it: the API's endpoints by their filter, the portal's pages and the operators' port by the same
/// call.
/// </summary>
public interface IAuditLog
{
    /// <summary>
    /// Completes when the record is durable, and only then may anything leave that it is about. Throws what <see cref="Faults.IsPassing"/> knows when it could
    /// not be written: then nothing leaves. Answers the ids of its entries, more than one where it names more than <see cref="AuditEntry.MaxObjects"/> objects.
    /// </summary>
    Task<ImmutableArray<string>> RecordAsync(AuditRecord record, CancellationToken cancellation);
}

/// <summary>Makes entries of records: seals what is a person's, and has them written. Thread-safe.</summary>
public sealed class AuditLog(Database database, ConfidentialSeam seam, AuditPeriods periods, TimeProvider time, AuditNode node) : IAuditLog, IDisposable
{
    private const int MostPersons = 4_096;

    private readonly AuditWriter _writer = new(database, seam);
    private readonly ConcurrentDictionary<string, string> _persons = new(StringComparer.Ordinal);

    public async Task<ImmutableArray<string>> RecordAsync(AuditRecord record, CancellationToken cancellation)
    {
        var entry = await EntryOfAsync(record, Milliseconds(time.GetUtcNow()), node.Name, periods, cancellation).ConfigureAwait(false);
        entry = entry with
        {
            Query = record.Question is { } q ? new AuditQuery(Convert.ToHexStringLower(seam.Keyed("audit-query-1", q.Asked).AsSpan(0, 8)), q.Count) : null,
        };
        if (!_persons.TryGetValue(record.Caller.KeyId, out var person))
        {
            person = PersonTag(seam, record.Caller.KeyId);
            if (_persons.Count < MostPersons)
            {
                _persons[record.Caller.KeyId] = person;
            }
        }

        var parts = record.Objects.Length <= AuditEntry.MaxObjects
            ? [record.Objects] : record.Objects.Chunk(AuditEntry.MaxObjects).Select(part => part.ToImmutableArray()).ToArray();
        return [.. await Task.WhenAll(parts.Select(part => _writer.WriteAsync(new WaitingEntry(entry with { Objects = part }, person))))
            .WaitAsync(cancellation).ConfigureAwait(false)];
    }

    public void Dispose() => _writer.Dispose();

    /// <summary>An entry without objects, and without an id of its own yet.</summary>
    internal static async Task<AuditEntry> EntryOfAsync(
        AuditRecord record, DateTimeOffset at, string node, AuditPeriods periods, CancellationToken cancellation)
    {
        var details = AuditDetails.Of(record, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        var (text, commit) = await periods.SealAsync(record.Caller.Agency.Value, AuditEntry.PeriodOf(at), details, cancellation).ConfigureAwait(false);
        return new AuditEntry
        {
            Id = "", At = at, Kind = record.Kind, Actor = AuditActor.Of(record.Caller), Tenant = record.Caller.Tenant.IsTraining() ? "training" : "live",
            Action = record.Action, Outcome = record.Outcome, Fields = record.Fields, Recipients = record.Recipients, Node = node,
            Request = record.Request, Sealed = text, Commit = commit,
        };
    }

    /// <summary>By which a person's entries are found without being told whose they are.</summary>
    internal static string PersonTag(ConfidentialSeam seam, string person) =>
        Convert.ToHexStringLower(seam.Keyed("audit-person-1", Encoding.UTF8.GetBytes(person)).AsSpan(0, 12));

    /// <summary>What an entry can say of a time.</summary>
    internal static DateTimeOffset Milliseconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());
}

/// <summary>What this node is called in entries.</summary>
public sealed record AuditNode(string Name);
