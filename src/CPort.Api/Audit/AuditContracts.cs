using System.ComponentModel.DataAnnotations;
using CPort.Actors.Audit;
using CPort.Domain.Audit;

namespace CPort.Api.Audit;

/// <summary>What is looked for in the audit log: all given fields must fit.</summary>
public sealed record AuditSearchBody
{
    /// <summary>The public part of a key, or a person's id.</summary>
    public string? Person { get; init; }

    /// <summary>Who acted.</summary>
    public string? Agency { get; init; }

    /// <summary>A report's id: entries that name it or one of its items. Or <c>kind:id</c> as entries have it, for example <c>agency:hotline-nl</c>.</summary>
    public string? Record { get; init; }

    /// <summary>collection, alteration, consultation, disclosure, combination, erasure, signIn, administration, export, policy.</summary>
    public List<string?>? Kinds { get; init; }

    /// <summary>Inclusive.</summary>
    public DateValue? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateValue? To { get; init; }

    /// <summary>1 to 1,000, by default 200.</summary>
    public int? MaxResults { get; init; }
    public string? Cursor { get; init; }
}

/// <summary>Who acted.</summary>
/// <param name="Agency">The agency's id.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Role">The roles of key or person.</param>
/// <param name="Person">The public part of the key, or the person's id; absent once it is erased, or where the caller may not know it.</param>
public sealed record AuditActorAnswer(string Agency, string Kind, string Role, string? Person);

/// <summary>An entry of the audit log.</summary>
public sealed record AuditEntryAnswer : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.Entry, Id)], []);

    public required string Id { get; init; }

    /// <summary>Its place in the tree, from 0; absent until it has one, a moment after it was written.</summary>
    public long? Seq { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Kind { get; init; }
    public required AuditActorAnswer Actor { get; init; }

    /// <summary>Why, in the caller's words; absent like the person.</summary>
    public string? Purpose { get; init; }
    public string? Text { get; init; }
    public required string Tenant { get; init; }

    /// <summary>The operation.</summary>
    public required string Action { get; init; }
    public required string Outcome { get; init; }

    /// <summary>What it is about, as <c>kind:id</c>.</summary>
    public required IReadOnlyList<string> Objects { get; init; }

    /// <summary>The fields that were shown.</summary>
    public required IReadOnlyList<string> Fields { get; init; }

    /// <summary>A keyed digest of the question: the same one again has the same.</summary>
    public string? QueryDigest { get; init; }

    /// <summary>Rows shown.</summary>
    public int? Rows { get; init; }
    public required IReadOnlyList<string> Recipients { get; init; }
    public required string Node { get; init; }
    public string? Request { get; init; }

    /// <summary>Base64 of the bytes that are hashed into the tree; by its id only.</summary>
    public string? Leaf { get; init; }

    public static AuditEntryAnswer Of(FoundEntry found, byte[]? leaf = null)
    {
        var (e, d) = (found.Entry, found.Details);
        return new AuditEntryAnswer
        {
            Id = e.Id, Seq = found.Seq, At = e.At, Kind = AuditEntry.Word(e.Kind),
            Actor = new AuditActorAnswer(e.Actor.Agency, e.Actor.Kind, e.Actor.Role, d?.Person),
            Purpose = d?.Purpose, Text = d?.Text, Tenant = e.Tenant, Action = e.Action, Outcome = AuditEntry.Word(e.Outcome),
            Objects = [.. e.Objects.Select(o => o.ToString())], Fields = e.Fields, QueryDigest = e.Query?.Digest, Rows = e.Query?.Count,
            Recipients = e.Recipients, Node = e.Node, Request = e.Request, Leaf = leaf is null ? null : Convert.ToBase64String(leaf),
        };
    }
}

/// <summary>A page of entries, newest first.</summary>
/// <param name="NextCursor">The <c>cursor</c> of the next page; absent on the last.</param>
public sealed record AuditEntriesAnswer(IReadOnlyList<AuditEntryAnswer> Entries, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => new([.. Entries.Select(e => new AuditObject(AuditObjectKind.Entry, e.Id))], [], Entries.Count);
}

/// <summary>What a check of the whole log found.</summary>
/// <param name="Size">Entries that were checked.</param>
/// <param name="Root">The root over them, base64.</param>
/// <param name="Checkpoints">Signed checkpoints that fit.</param>
/// <param name="Intact">Nothing is wrong.</param>
/// <param name="Fault">The first thing that is wrong: Checkpoint, Changed, Missing, Moved, Tile, Rewritten.</param>
/// <param name="From">The first entry that it is about.</param>
/// <param name="To">The last one.</param>
/// <param name="Text">A sentence for people.</param>
public sealed record AuditVerdictAnswer(
    long Size, string Root, int Checkpoints, bool Intact, LogFaultKind? Fault, long? From, long? To, string? Text) : IShowsData
{
    Shown IShowsData.What() => Shown.View("audit log verified");

    public static AuditVerdictAnswer Of(LogVerdict v) => new(
        v.Size, Convert.ToBase64String(v.Root), v.Checkpoints, v.Fault is null, v.Fault?.Kind, v.Fault?.From, v.Fault?.To, v.Fault?.Text);
}

/// <summary>Destroys the key of an agency's month, or counts the entries that it is about.</summary>
public sealed record EraseAuditKeyBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? Agency { get; init; }

    /// <summary>A month that is over, for example <c>2026-03</c>. Required.</summary>
    [Required]
    public string? Period { get; init; }

    /// <summary>
    /// The number of entries that the answer before said: proposes it, and of an operator of another hand than who proposed, does it. Left out: only count.
    /// </summary>
    public long? Confirm { get; init; }
}

/// <summary>How far it is.</summary>
public enum EraseAuditStep
{
    Counted = 1,

    /// <summary>It waits for an operator of another hand.</summary>
    Proposed,

    /// <summary>It was confirmed.</summary>
    Destroyed,
}

/// <summary>What erasing does or did.</summary>
/// <param name="Applied">False: counted or proposed, or there was nothing left to destroy.</param>
/// <param name="Entries">Entries of that agency and month: they stay, without who exactly, why and free text.</param>
/// <param name="ProposedBy">The id of the operator's key that proposes it; absent: nobody does.</param>
/// <param name="Step">How far it is.</param>
public sealed record EraseAuditKeyAnswer(string Agency, string Period, bool Applied, long Entries, string? ProposedBy, EraseAuditStep Step) : IShowsData
{
    Shown IShowsData.What() => new(
        [
            new AuditObject(AuditObjectKind.Agency, Agency),
            new AuditObject(AuditObjectKind.View, $"audit key of {Period} {AuditEntry.Word(Step)}"),
            .. ProposedBy is null ? ImmutableArray<AuditObject>.Empty : [new AuditObject(AuditObjectKind.Key, ProposedBy)],
        ], []);
}

/// <summary>A witness of the audit log.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Outcome">How it went the last time it was asked; absent: it was not yet.</param>
/// <param name="AskedAt">When.</param>
/// <param name="Size">The size of the tree that it has cosigned last.</param>
/// <param name="CosignedAt">When it did, as it says itself.</param>
public sealed record AuditWitnessAnswer(string Name, WitnessOutcome? Outcome, DateTimeOffset? AskedAt, long? Size, DateTimeOffset? CosignedAt);

/// <summary>What the witnesses of the audit log have seen.</summary>
/// <param name="Size">The largest tree that one of them has cosigned; absent: none yet.</param>
/// <param name="SeenBy">How many have cosigned just that one.</param>
/// <param name="Witnesses">How many there are.</param>
/// <param name="Note">Its signed checkpoint with their cosignatures.</param>
/// <param name="Each">Each of them, in the order of the configuration.</param>
public sealed record WitnessedLogAnswer(long? Size, int SeenBy, int Witnesses, string? Note, IReadOnlyList<AuditWitnessAnswer> Each)
{
    public static WitnessedLogAnswer Of(WitnessedLog log) => new(
        log.Size, log.SeenBy, log.Witnesses.Length, log.Note,
        [.. log.Witnesses.Select(w => new AuditWitnessAnswer(w.Name, w.Outcome, w.AskedAt, w.Size, w.At))]);
}
