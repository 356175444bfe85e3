using System.ComponentModel.DataAnnotations;
using CPort.Actors.Iwol;
using CPort.Actors.Projections;
using CPort.Domain.Audit;
using CPort.Domain.Iwol;

namespace CPort.Api.Iwol;

/// <summary>An item that speaks for listing its domain.</summary>
public sealed record ProposeDomainBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? ReportId { get; init; }

    /// <summary>The item's ordinal. Required.</summary>
    [Required]
    public int? Item { get; init; }
}

/// <summary>What an officer found, by hand.</summary>
public sealed record AttestBody
{
    /// <summary>The children are real. Required.</summary>
    [Required]
    public bool? ChildrenReal { get; init; }

    /// <summary>They are, or appear, younger than 13. Required.</summary>
    [Required]
    public bool? YoungerThan13 { get; init; }

    /// <summary>The abuse is severe. Required.</summary>
    [Required]
    public bool? Severe { get; init; }

    /// <summary>When the officer looked. Required.</summary>
    [Required]
    public DateValue? SeenAt { get; init; }

    /// <summary>Where the agency keeps what was seen, outside CPort. Required.</summary>
    [Required]
    public string? Reference { get; init; }

    /// <summary>Of an agency that works for several: for which country it speaks.</summary>
    public string? CountryCode { get; init; }
}

/// <summary>A domain is put on the list, or stays on it.</summary>
public sealed record ListDomainBody
{
    /// <summary>When it is looked at again; left out: as late as can be.</summary>
    public DateValue? ReviewBy { get; init; }
    public string? Why { get; init; }
}

/// <summary>Why.</summary>
public sealed record DomainWhyBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? Why { get; init; }
}

/// <summary>What became of a command about a candidate.</summary>
public sealed record IwolCommandAnswer(string Outcome, string CandidateId, IwolState State, bool? Replayed);

/// <summary>A candidate of a list. How many have attested a candidate is told to INTERPOL alone here; to all others it is 0.</summary>
public sealed record ListedCandidateAnswer(
    string CandidateId, string Domain, IwolState State, int Evidence, int Attested, bool? RemovalProposed, bool? Appealed, DateTimeOffset? ReviewBy,
    DateTimeOffset ProposedAt, DateTimeOffset ChangedAt)
{
    public static ListedCandidateAnswer Of(IwolRow row, string name) => new(
        row.Id, name, row.State, row.Evidence, row.Attested, row.Removal == 1 ? true : null, row.Appealed == 1 ? true : null,
        row.ReviewBy is { } review ? ReadRows.Time(review) : null, ReadRows.Time(row.ProposedAt), ReadRows.Time(row.ChangedAt));
}

/// <summary>A page of candidates.</summary>
public sealed record CandidateListAnswer(IReadOnlyList<ListedCandidateAnswer> Candidates, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Candidates.Select(c => new AuditObject(AuditObjectKind.Domain, c.CandidateId))], [.. ShownFields.Of(Candidates)], Candidates.Count);
}

/// <summary>An item that speaks for the domain; what there is to see of it comes from the item itself.</summary>
public sealed record EvidenceAnswer(string ItemId, long Number, string By, DateTimeOffset At);

/// <summary>What an officer found.</summary>
public sealed record AttestationAnswer(
    string Agency, string? CountryCode, bool ChildrenReal, bool YoungerThan13, bool Severe, DateTimeOffset SeenAt, DateTimeOffset At);

/// <summary>What was said of the domain, in words.</summary>
public sealed record DomainNoteAnswer(IwolNoteKind Kind, string Agency, DateTimeOffset At, string? Text);

/// <summary>A candidate as one caller may see it.</summary>
public sealed record CandidateAnswer : IShowsData
{
    Shown IShowsData.What() => new(
        [new AuditObject(AuditObjectKind.Domain, CandidateId), .. Evidence.Select(e => new AuditObject(AuditObjectKind.Item, e.ItemId))],
        [.. ShownFields.Of(this)]);

    public required string CandidateId { get; init; }

    /// <summary>The registrable domain, as an A-label.</summary>
    public required string Domain { get; init; }
    public required IwolState State { get; init; }

    /// <summary>One is told nothing of what others found, not even how many they are, until one has said what one found oneself; left out: one is.</summary>
    public bool? Blind { get; init; }

    /// <summary>Enough have looked lately, and all agree; false also to who is blind.</summary>
    public required bool Decidable { get; init; }

    /// <summary>How many agencies have said what they found; 0 also to who is blind.</summary>
    public required int Attested { get; init; }

    /// <summary>One may say what one found, or say it otherwise than before: others' words were not to be seen yet; left out: one may not.</summary>
    public bool? MayAttest { get; init; }

    /// <summary>What they found; left out until one has said what one found oneself.</summary>
    public IReadOnlyList<AttestationAnswer>? Attestations { get; init; }

    /// <summary>Where one's own agency keeps what it saw.</summary>
    public string? OwnReference { get; init; }
    public required IReadOnlyList<EvidenceAnswer> Evidence { get; init; }
    public IReadOnlyList<DomainNoteAnswer>? Notes { get; init; }
    public DateTimeOffset? ReviewBy { get; init; }
    public bool? RemovalProposed { get; init; }
    public bool? Appealed { get; init; }

    /// <summary>The version by which the list has the last decision; left out: it has none yet.</summary>
    public int? ListVersion { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>Texts of the oldest notes had no room: <c>before</c> of the question that brings them.</summary>
    public string? Earlier { get; init; }

    /// <summary>The list of what was said that <see cref="Earlier"/> is a place in.</summary>
    public static string Said(IwolKey key) => $"notes {key}";

    public static CandidateAnswer Of(IwolPage page) => new()
    {
        Earlier = page.Earlier is { } notes ? Cursor.Write<int?>(Said(page.Key), notes) : null,
        CandidateId = page.Key.ToString(), Domain = page.Name, State = page.State, Decidable = page.Decidable, Attested = page.Attested,
        Blind = page.Blind ? true : null, MayAttest = page.MayAttest ? true : null,
        Attestations = page.Attestations.IsEmpty ? null :
        [
            .. page.Attestations.Select(a => new AttestationAnswer(
                a.Agency.Value, a.Country?.Code, a.ChildrenReal, a.YoungerThan13, a.Severe, a.SeenAt, a.At)),
        ],
        OwnReference = page.OwnReference, Evidence = [.. page.Evidence.Select(e => new EvidenceAnswer(e.Item.ToString(), e.Number, e.By.Value, e.At))],
        Notes = page.Notes.IsEmpty ? null :
        [
            .. page.Notes.Select((n, i) => new DomainNoteAnswer(
                n.Kind, n.Agency.Value, n.At, page.Texts.ElementAtOrDefault(i) is { Length: > 0 } text ? text : null)),
        ],
        ReviewBy = page.ReviewBy, RemovalProposed = page.RemovalProposed ? true : null, Appealed = page.Appealed ? true : null,
        ListVersion = page.ListVersion > 0 ? page.ListVersion : null, ProposedAt = page.ProposedAt, ChangedAt = page.ChangedAt,
    };
}

/// <summary>What came on the list and went off it since a version.</summary>
public sealed record ListChangesAnswer(int Since, int Version, IReadOnlyList<string> Listed, IReadOnlyList<string> Removed) : IShowsData
{
    Shown IShowsData.What() => new(
        [new AuditObject(AuditObjectKind.List, $"iwol changes {Since} to {Version}")], ["listed", "removed"], Listed.Count + Removed.Count);
}

/// <summary>By what files are verified.</summary>
/// <param name="Pem">The public key (Ed25519) as OpenSSL takes it.</param>
/// <param name="Vkey">The same as verifiers of signed notes take it.</param>
public sealed record ListKeyAnswer(string Pem, string Vkey) : IShowsData
{
    Shown IShowsData.What() => Shown.View("the key of lists");
}
