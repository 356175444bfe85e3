using System.Collections.Frozen;

namespace CPort.Domain.CodeLists;

/// <summary>
/// An action on an item (ICCAM v3; the number is ICCAM's id). "Moved" is not an action (rule 11). <see cref="ActionTypes"/> says what each does.
/// </summary>
public enum ActionType
{
    ReportedToLea = 1,
    ReportedToIsp = 2,
    Removed = 3,
    Unavailable = 4,
    NotIllegal = 6,
}

/// <summary>Why an item is unavailable or not illegal (ICCAM v3 action reasons; the number is ICCAM's id).</summary>
public enum ActionReason
{
    Other = 1,
    ContentNotFound = 2,
    ReferrerNotKnownOrIncorrect = 3,
    UnableToAccess = 4,
    PasswordProtected = 5,
    AccountDisabled = 6,
    LegallyUnableToAccess = 7,
    LinkExpired = 8,
    Error404NotFoundOrSiteDown = 9,
    Error503OrContentTemporarilyUnavailable = 10,
    PremiumAccountNecessary = 11,
    MissingPartsToOpenFile = 12,
    ContentRemovedBeforeAssessment = 13,
    AdultPornography = 14,
    NudismOrNotSexualized = 15,
    DoesNotMeetThresholdForIllegality = 16,
    ImagesTooSmall = 17,
    VirtualMaterial = 18,
    LinkingOrLinklistsNotIllegal = 19,
    AgeUnclearOrNotAssessable = 20,
    AgeOverNationalThreshold = 21,
}

/// <summary>Whom an action tells of the item; the read model keeps when each was told first.</summary>
public enum ActionNotice
{
    None,
    Police,
    Host,
}

/// <summary>What there is to know of an action type.</summary>
public sealed record ActionRow(ActionType Type)
{
    /// <summary>How it may be written beside its own name.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>Its number in v2; null: v2 has none.</summary>
    public int? V2Number { get; init; }
    public ImmutableArray<string> V2Names { get; init; } = [];

    /// <summary>The state of an item that it closes; null: it is not final. Nothing is accepted after a final action (ICCAM rule 7).</summary>
    public ItemState? Closes { get; init; }

    /// <summary>The content is gone, for everyone: the item is offline, and may be seen online again.</summary>
    public bool Gone { get; init; }

    /// <summary>It goes with an illegal item, and with a not-illegal one (ICCAM rule 10).</summary>
    public bool ForIllegal { get; init; } = true;
    public bool ForNotIllegal { get; init; }

    /// <summary>It may come before the item is assessed (ICCAM rule 9).</summary>
    public bool BeforeAssessment { get; init; }

    /// <summary>The reporter may record it while the item is no country's job: untraced, or not traced yet.</summary>
    public bool BeforeRouting { get; init; }
    public ActionNotice Notice { get; init; }

    /// <summary>The reasons that explain it, one of which it needs (ICCAM v3); none: it takes none.</summary>
    public ImmutableArray<ActionReason> Reasons { get; init; } = [];
}

/// <summary>The action types, one row each; rules, states, queues, statistics, code lists and texts derive from them.</summary>
public static class ActionTypes
{
    /// <summary>v2's 5 (moved) is no action in v3 and is refused; its 7 (not illegal) is v3's 6.</summary>
    public static ImmutableArray<ActionRow> All { get; } =
    [
        new(ActionType.ReportedToLea) { Names = ["LEA"], V2Number = 1, BeforeRouting = true, Notice = ActionNotice.Police },
        new(ActionType.ReportedToIsp) { Names = ["ISP"], V2Number = 2, Notice = ActionNotice.Host },
        new(ActionType.Removed) { V2Number = 3, V2Names = ["CR", "Content removed"], Closes = ItemState.Removed, Gone = true },
        new(ActionType.Unavailable)
        {
            V2Number = 4, V2Names = ["CU", "Content unavailable"], Closes = ItemState.Unavailable, Gone = true, ForNotIllegal = true, BeforeAssessment = true,
            BeforeRouting = true,
            Reasons =
            [
                ActionReason.Other, ActionReason.ContentNotFound, ActionReason.ReferrerNotKnownOrIncorrect, ActionReason.UnableToAccess,
                ActionReason.PasswordProtected, ActionReason.AccountDisabled, ActionReason.LegallyUnableToAccess, ActionReason.LinkExpired,
                ActionReason.Error404NotFoundOrSiteDown, ActionReason.Error503OrContentTemporarilyUnavailable, ActionReason.PremiumAccountNecessary,
                ActionReason.MissingPartsToOpenFile, ActionReason.ContentRemovedBeforeAssessment,
            ],
        },
        new(ActionType.NotIllegal)
        {
            V2Number = 7, V2Names = ["NI", "Content not illegal"], Closes = ItemState.NotIllegal, ForIllegal = false, ForNotIllegal = true,
            Reasons =
            [
                ActionReason.Other, ActionReason.AdultPornography, ActionReason.NudismOrNotSexualized, ActionReason.DoesNotMeetThresholdForIllegality,
                ActionReason.ImagesTooSmall, ActionReason.VirtualMaterial, ActionReason.LinkingOrLinklistsNotIllegal,
                ActionReason.AgeUnclearOrNotAssessable, ActionReason.AgeOverNationalThreshold,
            ],
        },
    ];

    private static readonly FrozenDictionary<ActionType, ActionRow> Rows = All.ToFrozenDictionary(r => r.Type);

    public static ActionRow Row(this ActionType action) => Rows[action];

    public static bool IsFinal(this ActionType action) => Rows[action].Closes is not null;

    public static bool NeedsReason(this ActionType action) => !Rows[action].Reasons.IsEmpty;

    public static bool Fits(this ActionReason reason, ActionType action) => Rows[action].Reasons.Contains(reason);

    /// <summary>The names of those that are so, for texts: <c>Removed or Unavailable</c>.</summary>
    public static string NamesOf(Func<ActionRow, bool> which) => string.Join(" or ", All.Where(which).Select(r => r.Type));
}
