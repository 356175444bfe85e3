using CPort.Actors.Audit;
using CPort.Actors.People;
using CPort.Api.Audit;
using CPort.Domain.Audit;
using CPort.Domain.People;
using CPort.Portal.SignIn;

namespace CPort.Portal.Audit;

/// <summary>A page of the audit log.</summary>
public sealed record AuditModel : IShowsData
{
    Shown IShowsData.What() => new([.. Entries.Select(e => new AuditObject(AuditObjectKind.Entry, e.Entry.Id))], [], Entries.Length);

    /// <summary>What was asked.</summary>
    public string? Record { get; init; }
    public string? Person { get; init; }
    public AuditKind? Kind { get; init; }
    public required ImmutableArray<(AuditEntryAnswer Entry, string? Name)> Entries { get; init; }

    /// <summary>Where the next page begins; null on the last.</summary>
    public string? Next { get; init; }

    /// <summary>The newest signed checkpoint: how much of the log is sealed.</summary>
    public long? Sealed { get; init; }

    /// <summary>What the log's witnesses have seen.</summary>
    public required WitnessedLogAnswer Witnessed { get; init; }
}

/// <summary>An entry's page.</summary>
public sealed record AuditEntryModel(AuditEntryAnswer Entry, string? Name) : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.Entry, Entry.Id)], []);
}

/// <summary><c>/app/audit</c>: who looked at what, when, why, for auditors; each look at it is in it, too.</summary>
internal static class AuditPages
{
    private const int Rows = 50;

    public static void MapAudit(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app/audit", SearchAsync).Needs(Deed.SearchAudit);
        pages.MapGet("/app/audit/entries/{id}", EntryAsync).Needs(Deed.SearchAudit);
        pages.MapGet("/app/audit/entries/{id}/proof", ProofAsync).Needs(Deed.SearchAudit);
    }

    private static async Task<IResult> SearchAsync(
        HttpContext http, AuditReader reader, WitnessStore witnesses, AuditSight sight, PortalSessions names, PeopleDirectoryFeed people, string? record = null,
        string? person = null, string? kind = null, string? before = null)
    {
        var caller = http.Features.Get<Caller>()!;
        var chosen = Enum.TryParse<AuditKind>(kind, out var named) && Enum.IsDefined(named) ? named : (AuditKind?)null;
        AuditObject? asked = record?.Trim() is { Length: > 0 } text ? ObjectOf(text) : null;
        var (found, next) = await reader.PageAsync(
            new AuditSearch
            {
                Agencies = sight.AgenciesOf(caller), Record = asked, Person = string.IsNullOrWhiteSpace(person) ? null : person.Trim(),
                Kinds = chosen is { } only ? [only] : [], MaxResults = Rows,
                Before = long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : null,
            }, _ => true, http.RequestAborted);
        var query = $"record={Uri.EscapeDataString(record ?? "")}&person={Uri.EscapeDataString(person ?? "")}&kind={chosen}";
        var model = new AuditModel
        {
            Record = record, Person = person, Kind = chosen,
            Entries = [.. found.Select(f => AuditEntryAnswer.Of(f)).Select(e => (e, NameOf(e, caller, names, people)))],
            Next = next is { } last ? $"/app/audit?{query}&before={last}" : null,
            Witnessed = WitnessedLogAnswer.Of(await witnesses.ReadAsync(http.RequestAborted)),
            Sealed = await reader.CheckpointAsync(http.RequestAborted) is { } note && note.Split('\n') is [_, var size, ..]
                && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var sealedUpTo) ? sealedUpTo : null,
        };
        return Pages.Of<AuditView, AuditModel>(http, model, p => p with { Title = p.Words["audit.title"], Nav = NavEntry.Audit });
    }

    private static async Task<IResult> EntryAsync(
        HttpContext http, AuditReader reader, AuditSight sight, PortalSessions names, PeopleDirectoryFeed people, string id)
    {
        var caller = http.Features.Get<Caller>()!;
        if (await reader.FindAsync(id, http.RequestAborted) is not { } found || !AuditEntry.TryRead(found.Bytes, out var entry) || !sight.Sees(caller, entry))
        {
            return Pages.Absent(http);
        }

        var opened = (await reader.OpenedAsync([(found.Seq, entry)], _ => true, http.RequestAborted))[0];
        var answer = AuditEntryAnswer.Of(opened, found.Bytes);
        return Pages.Of<AuditEntryView, AuditEntryModel>(
            http, new AuditEntryModel(answer, NameOf(answer, caller, names, people)),
            p => p with { Title = p.Words["audit.entry"], Nav = NavEntry.Audit, Crumbs = [new Crumb(p.Words["audit.title"], "/app/audit")] });
    }

    /// <summary>A proof that anybody can check with other tools (C2SP tlog-proof).</summary>
    private static async Task<IResult> ProofAsync(HttpContext http, AuditReader reader, AuditSight sight, string id)
    {
        if (await reader.FindAsync(id, http.RequestAborted) is not { Seq: { } place } found || !AuditEntry.TryRead(found.Bytes, out var entry)
            || !sight.Sees(http.Features.Get<Caller>()!, entry) || await reader.ProveAsync(place, http.RequestAborted) is not { } proof)
        {
            return Pages.Absent(http);
        }

        await ReadHook.PageAsync(http, new Shown([new AuditObject(AuditObjectKind.Entry, entry.Id)], ["proof"]));
        return Results.Text(proof.ToString(), "text/plain");
    }

    /// <summary>A report's or item's id; other objects as entries write them, <c>kind:id</c>. What is neither names nothing.</summary>
    private static AuditObject ObjectOf(string text) =>
        ReportId.TryParse(text, out var report) ? new AuditObject(AuditObjectKind.Report, report.ToString())
        : ItemRef.TryParse(text, out var item) ? new AuditObject(AuditObjectKind.Item, item.ToString())
        : text.Split(':', 2) is [var word, var id] && Enum.GetValues<AuditObjectKind>().Where(k => AuditEntry.Word(k) == word).ToArray() is [var kind]
            ? new AuditObject(kind, id)
        : new AuditObject(AuditObjectKind.View, "-");

    /// <summary>Of the auditor's own agency (rule R14); a supervisory authority sees ids.</summary>
    private static string? NameOf(AuditEntryAnswer entry, Caller caller, PortalSessions names, PeopleDirectoryFeed people) =>
        entry.Actor.Agency == caller.Agency.Value && PersonId.TryParse(entry.Actor.Person, out var id) && people.Current.Find(id) is { } person
            ? names.NameOf(person) : null;
}
