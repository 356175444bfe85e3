namespace CPort.Domain.CodeLists;

/// <summary>What kind of site the source URL is (ICCAM v3 site types; the number is ICCAM's id).</summary>
public enum SiteType
{
    Website = 2,
    FileHost = 3,
    ImageStore = 4,
    ImageBoard = 5,
    Forum = 6,
    BannerSite = 7,
    LinkSite = 8,
    SocialNetworking = 9,
    Redirector = 10,
    WebArchive = 11,
    SearchProvider = 18,
    ImageHost = 20,
    Blog = 22,
    NotApplicable = 24,
}

/// <summary>Whether the site takes money (ICCAM commerciality).</summary>
public enum Commerciality
{
    NotDetermined = 1,
    Commercial = 2,
    NonCommercial = 3,
}

/// <summary>How a commercial site is paid (ICCAM payment methods; several per report).</summary>
public enum PaymentMethod
{
    NotDetermined = 1,
    Amex = 2,
    Diners = 3,
    Mastercard = 4,
    Paypal = 5,
    Visa = 6,
    WesternUnion = 7,
    Other = 8,
    None = 9,
    Sms = 10,
    Email = 11,
    LibertyReserve = 12,
    Bitcoin = 13,
}

/// <summary>
/// An opinion's classification (ICCAM v3). <see cref="Doubtful"/> exists in v2 only: it is kept as an opinion and has no effect.
/// </summary>
public enum Classification
{
    /// <summary>Illegal everywhere by INTERPOL's Baseline criteria; final (ICCAM rule 1).</summary>
    Baseline = 1,

    /// <summary>Illegal by the law of the assessing country.</summary>
    National = 2,

    /// <summary>v2's "Doubtful": recorded, decides nothing.</summary>
    Doubtful = 3,

    /// <summary>Not illegal (ICCAM's "Ignore").</summary>
    NotIllegal = 4,
}

/// <summary>Apparent age of the youngest child (ICCAM age categories).</summary>
public enum AgeCategory
{
    NotDetermined = 1,
    Infant = 2,
    PrePubescent = 3,
    Pubescent = 4,
}

/// <summary>Gender of the children shown (ICCAM gender categories).</summary>
public enum GenderCategory
{
    NotDetermined = 1,
    Female = 2,
    Male = 3,
    Both = 4,
}

/// <summary>What a content URL leads to (ICCAM v3 content types).</summary>
public enum ContentType
{
    Media = 1,
    Website = 2,
}

/// <summary>An action on an item (ICCAM v3). 3, 4 and 6 are final (ICCAM rule 7); "moved" is not an action (rule 11).</summary>
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

/// <summary>What follows from an action's type (ICCAM rules 7 and 10).</summary>
public static class ActionFacts
{
    /// <summary>Final actions take an item off the work list; nothing is accepted after one (ICCAM rule 7).</summary>
    public static bool IsFinal(this ActionType action) => action is ActionType.Removed or ActionType.Unavailable or ActionType.NotIllegal;

    /// <summary>Unavailable and NotIllegal need a reason (ICCAM v3).</summary>
    public static bool NeedsReason(this ActionType action) => action is ActionType.Unavailable or ActionType.NotIllegal;

    /// <summary>Reasons 2–13 explain Unavailable, 14–21 NotIllegal, 1 either; the other actions take none (domain.md 1.6, inferred).</summary>
    public static bool Fits(this ActionReason reason, ActionType action) => action switch
    {
        ActionType.Unavailable => reason is ActionReason.Other or (>= ActionReason.ContentNotFound and <= ActionReason.ContentRemovedBeforeAssessment),
        ActionType.NotIllegal => reason is ActionReason.Other or (>= ActionReason.AdultPornography and <= ActionReason.AgeOverNationalThreshold),
        _ => false,
    };
}
