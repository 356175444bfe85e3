namespace CPort.Domain.Access;

/// <summary>
/// What the audit log calls a use of data: first the kinds of Article 25 of Directive (EU) 2016/680, then our own. Written into entries by name: never change
/// one.
/// </summary>
public enum AuditKind
{
    /// <summary>Data came in: a report, a list of hashes.</summary>
    Collection = 1,

    /// <summary>Data was changed: assessed, acted on, moved, corrected.</summary>
    Alteration,

    /// <summary>Data was looked at.</summary>
    Consultation,

    /// <summary>Data was handed to somebody named, who had not asked for it.</summary>
    Disclosure,

    /// <summary>Data was put beside other data: searched, looked up among known hashes.</summary>
    Combination,

    /// <summary>Data was destroyed.</summary>
    Erasure,

    /// <summary>Somebody came in, or was refused.</summary>
    SignIn,

    /// <summary>Agencies, people, keys or nodes were changed.</summary>
    Administration,

    /// <summary>Data left in bulk, as a file.</summary>
    Export,

    /// <summary>A rule was changed.</summary>
    Policy,
}

/// <summary>How a right leaves its mark in the audit log: a column of the deed table.</summary>
/// <param name="Kind">What its use is; null: nothing that concerns a person's data is shown or done.</param>
/// <param name="FromJournal">
/// The use is an event that is durable before it is acknowledged, and the log takes it from the journal; otherwise the entry is durable before the answer
/// leaves.
/// </param>
public readonly record struct AuditedAs(AuditKind? Kind, bool FromJournal)
{
    /// <summary>Shows nothing of reports, items, hashes, agencies or people.</summary>
    public static AuditedAs Nothing => default;

    /// <summary>An entry, durable before the answer leaves.</summary>
    public static AuditedAs Before(AuditKind kind) => new(kind, false);

    /// <summary>An event of the journal, which the log follows.</summary>
    public static AuditedAs Journaled(AuditKind kind) => new(kind, true);

    /// <summary>The entry must be there before an answer leaves.</summary>
    public bool IsBefore => Kind is not null && !FromJournal;

    public override string ToString() =>
        Kind is not { } kind ? "–" : char.ToLowerInvariant(kind.ToString()[0]) + kind.ToString()[1..] + (FromJournal ? ", by the journal" : "");
}
