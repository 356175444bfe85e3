namespace CPort.Domain.Audit;

/// <summary>What an object of an entry is. Written by name: never change one.</summary>
public enum AuditObjectKind
{
    Report = 1,

    /// <summary>The report's id, a hyphen, the ordinal.</summary>
    Item,
    Group,
    Agency,

    /// <summary>A key's public part.</summary>
    Key,
    Person,

    /// <summary>A hash by its keyed name; never its value.</summary>
    Hash,

    /// <summary>An entity by its name in the journal.</summary>
    Entity,

    /// <summary>An event of the journal: the entity's name, <c>#</c>, its number there.</summary>
    Event,
    Package,
    List,
    Domain,

    /// <summary>A line that was not taken, by its number.</summary>
    Rejection,

    /// <summary>An entry of this log.</summary>
    Entry,

    /// <summary>A queue, a statistic, a list of the installation.</summary>
    View,
    Referral,
}

/// <summary>Something that was looked at or changed, by id.</summary>
public readonly record struct AuditObject(AuditObjectKind Kind, string Id)
{
    public override string ToString() => $"{AuditEntry.Word(Kind)}:{Id}";
}

/// <summary>What became of it.</summary>
public enum AuditOutcome
{
    /// <summary>The answer left with the data.</summary>
    Shown = 1,

    /// <summary>It was done.</summary>
    Done,

    /// <summary>There was nothing, or nothing that the caller sees.</summary>
    Absent,

    /// <summary>The caller may not.</summary>
    Refused,
}

/// <summary>A question: its keyed digest, so that the same one is known again and none can be read, and how many answers it had.</summary>
/// <param name="Digest">Hexadecimal.</param>
/// <param name="Count">Rows shown.</param>
public sealed record AuditQuery(string Digest, int Count);

/// <summary>A question in the clear: of it only <see cref="AuditQuery"/> is kept.</summary>
/// <param name="Asked">All that was asked, as bytes.</param>
/// <param name="Count">Rows shown.</param>
public sealed record AuditQuestion(byte[] Asked, int Count)
{
    public override string ToString() => $"AuditQuestion({Count})";
}

/// <summary>Which data an answer shows.</summary>
/// <param name="Objects">Of what, by id; a page of a list names all its rows.</param>
/// <param name="Fields">Which groups of fields, by name.</param>
/// <param name="Count">Rows, where they have no ids of their own; otherwise as many as there are objects.</param>
public sealed record Shown(ImmutableArray<AuditObject> Objects, ImmutableArray<string> Fields, int? Count = null)
{
    /// <summary>Figures of a list or a statistic.</summary>
    public static Shown View(string name, int rows = 1) => new([new AuditObject(AuditObjectKind.View, name)], [], rows);
}

/// <summary>
/// An answer that can say which data it shows. The read hook writes that down before the answer leaves; a page of the portal does the same with the model
/// that it shows.
/// </summary>
public interface IShowsData
{
    Shown What();
}

/// <summary>What is to be written down, in the clear; the log seals what is a person's before anything of it is kept.</summary>
public sealed record AuditRecord
{
    public required AuditKind Kind { get; init; }

    /// <summary>Who; of a refused sign-in CPort itself.</summary>
    public required Caller Caller { get; init; }

    /// <summary>By which act: an operation's name (<c>GetReport</c>), never a path with ids.</summary>
    public required string Action { get; init; }

    public required AuditOutcome Outcome { get; init; }

    public ImmutableArray<AuditObject> Objects { get; init; } = [];

    public ImmutableArray<string> Fields { get; init; } = [];

    public AuditQuestion? Question { get; init; }

    /// <summary>Agencies to which data goes without having asked.</summary>
    public ImmutableArray<string> Recipients { get; init; } = [];

    /// <summary>The request's trace id.</summary>
    public string? Request { get; init; }

    /// <summary>Free text; is sealed.</summary>
    public string? Text { get; init; }
}
