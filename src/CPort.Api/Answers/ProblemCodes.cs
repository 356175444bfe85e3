using CPort.Domain.Agencies;
using CPort.Domain.Icse;
using CPort.Domain.Iwol;
using CPort.Domain.People;
using CPort.Domain.Referrals;

namespace CPort.Api.Answers;

/// <summary>
/// Every problem code with its status and title: the one table. A code is a word for programs and part of the API; those of rules are the kebab case of
/// <see cref="RejectionCode"/>, <see cref="AgencyRejection"/> and <see cref="PersonRejection"/>, and a test holds that none is missing here.
/// </summary>
public static class ProblemCodes
{
    // The request
    public const string BadRequest = "bad-request";
    public const string MalformedCursor = "malformed-cursor";
    public const string NotAuthenticated = "not-authenticated";
    public const string NotAuthorised = "not-authorised";
    public const string NetworkNotAllowed = "network-not-allowed";
    public const string PurposeMissing = "purpose-missing";
    public const string PurposeInvalid = "purpose-invalid";
    public const string NotFound = "not-found";
    public const string MethodNotAllowed = "method-not-allowed";
    public const string NotAcceptable = "not-acceptable";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string TooSlow = "too-slow";
    public const string TooManyStreams = "too-many-streams";
    public const string TooManyRequests = "too-many-requests";
    public const string TooMuchUnderWay = "too-much-under-way";
    public const string QuotaExceeded = RejectionLog.QuotaExceeded;
    public const string Unavailable = "unavailable";
    public const string Stuck = "stuck";
    public const string AnswerTooLong = "answer-too-long";
    public const string NoLongerKept = "no-longer-kept";
    public const string TooManyOfThem = "too-many-of-them";

    /// <summary>Of another system's wire: what CPort has nothing for.</summary>
    public const string NotOffered = "not-offered";

    /// <summary>Of operators' commands.</summary>
    public const string Confirm = "confirm";
    public const string WrongState = "wrong-state";

    /// <summary>A defect of the node.</summary>
    public const string Internal = "internal-error";

    // The body, a line of a stream, the query string
    public const string NotUtf8 = "not-utf8";
    public const string ByteOrderMark = "byte-order-mark";
    public const string Empty = "empty";
    public const string TooLarge = "too-large";
    public const string MalformedJson = "malformed-json";
    public const string TooDeep = "too-deep";
    public const string DuplicateKey = "duplicate-key";
    public const string UnknownField = "unknown-field";
    public const string WrongType = "wrong-type";
    public const string Missing = "missing-field";
    public const string TooLong = "too-long";
    public const string TooMany = "too-many";
    public const string ControlCharacters = "control-characters";
    public const string UnknownCode = "unknown-code";
    public const string MalformedDate = "malformed-date";
    public const string DateInFuture = "date-in-future";
    public const string MalformedUrl = "malformed-url";
    public const string MalformedHash = "malformed-hash";
    public const string MalformedAddress = "malformed-address";
    public const string UnknownCountry = "unknown-country";
    public const string MalformedReference = "malformed-reference";
    public const string OutOfRange = "out-of-range";
    public const string Inconsistent = "inconsistent";
    public const string Conflict = "conflict";
    public const string CountChanged = "count-changed";
    public const string RulesNotTried = "rules-not-tried";
    public const string UnknownParameter = "unknown-parameter";
    public const string DuplicateParameter = "duplicate-parameter";
    public const string CommandIdInUse = "command-id-in-use";

    private static readonly Dictionary<string, (int Status, string Title)> Table = new(StringComparer.Ordinal)
    {
        [BadRequest] = (400, "The request cannot be understood"),
        [UnknownParameter] = (400, "Unknown parameter"),
        [DuplicateParameter] = (400, "A parameter stands twice"),
        [MalformedCursor] = (400, "The cursor is not one of this list"),
        [NotAuthenticated] = (401, "No valid API key"),
        [NotAuthorised] = (403, "Not allowed for this caller"),
        [NetworkNotAllowed] = (403, "The key may not come from this network"),
        [PurposeMissing] = (403, "A purpose is required"),
        [PurposeInvalid] = (400, "The purpose cannot be used"),
        [NotFound] = (404, "Not found"),
        [MethodNotAllowed] = (405, "The method is not allowed here"),
        [NotAcceptable] = (406, "The answer is not available in that form"),
        [UnsupportedMediaType] = (415, "The body is of an unsupported type"),
        [TooSlow] = (408, "The request came too slowly"),
        [NoLongerKept] = (410, "No longer kept"),
        [TooManyOfThem] = (409, "There are as many as there can be"),
        [TooManyStreams] = (429, "Too many streams at once"),
        [TooManyRequests] = (429, "Too many requests"),
        [TooMuchUnderWay] = (429, "Too much of the agency's is under way"),
        [QuotaExceeded] = (403, "The agency's quota is used up"),
        [Internal] = (500, "A defect of this node"),
        [NotOffered] = (501, "Not offered here"),
        [Unavailable] = (503, "Not available at the moment"),
        [Stuck] = (503, "The report cannot be read from the journal; it is on the operator's list"),

        // 400: it cannot be read at all. 422: it can, and a value of it cannot be used; `errors` says which, by its field or parameter.
        [NotUtf8] = (400, "Not UTF-8"),
        [ByteOrderMark] = (400, "Byte order mark"),
        [Empty] = (400, "Empty body or line"),
        [MalformedJson] = (400, "Malformed JSON"),
        [TooDeep] = (400, "JSON nested too deeply"),
        [DuplicateKey] = (400, "A key stands twice"),
        [TooLarge] = (413, "Body or line too large"),
        [UnknownField] = (422, "Unknown field"),
        [WrongType] = (422, "Wrong type"),
        [Missing] = (422, "Missing field"),
        [TooLong] = (422, "Text too long"),
        [AnswerTooLong] = (422, "Too long for one answer"),
        [TooMany] = (422, "Too many entries"),
        [ControlCharacters] = (422, "Control characters in a text"),
        [UnknownCode] = (422, "Unknown code"),
        [MalformedDate] = (422, "Malformed date"),
        [DateInFuture] = (422, "Date in the future"),
        [MalformedUrl] = (422, "Impossible URL"),
        [MalformedHash] = (422, "Malformed hash"),
        [MalformedAddress] = (422, "Malformed IP address"),
        [UnknownCountry] = (422, "Unknown country"),
        [MalformedReference] = (422, "Malformed reference"),
        [OutOfRange] = (422, "Value out of range"),
        [Inconsistent] = (422, "Fields contradict each other"),
        [Conflict] = (409, "The reference was used with other content"),

        // Operators' commands
        [Confirm] = (409, "The command wants to be confirmed"),
        [WrongState] = (409, "Not as the node or member is now"),

        // Rules of reports
        ["version-mismatch"] = (412, "The item or report has changed"),
        ["number-wanted"] = (503, "Not available at the moment"),
        ["leased"] = (409, "Held by another analyst"),
        ["not-leased"] = (409, "Not held by the caller"),
        ["wrong-hotline"] = (403, "Not this hotline"),
        ["others-have-acted"] = (409, "Others have acted"),
        ["withdrawn"] = (409, "Withdrawn"),
        ["already-acted-on"] = (409, "Already acted on (ICCAM rule 3)"),
        ["item-is-closed"] = (409, "The item is closed (ICCAM rule 7)"),
        ["action-already-recorded"] = (409, "The action is recorded already (ICCAM rule 8)"),
        ["already-assigned-there"] = (409, "Assigned there already"),
        ["nothing-to-change"] = (422, "Nothing to change"),
        ["parts-out-of-order"] = (503, "Not available at the moment"),
        ["baseline-is-final"] = (409, "Baseline is final (ICCAM rule 1)"),
        ["only-national-is-overruled"] = (409, "Only National is overruled (ICCAM rule 2)"),
        ["not-assessed-yet"] = (409, "Not assessed yet (ICCAM rule 9)"),
        ["report-not-complete"] = (409, "The report is not complete (ICCAM rule 9)"),
        ["action-does-not-fit-assessment"] = (422, "The action does not fit the assessment (ICCAM rule 10)"),
        ["reason-missing"] = (422, "A reason is required"),
        ["reason-does-not-fit"] = (422, "The reason does not fit the action"),
        ["hosting-first"] = (409, "Hosting comes first (ICCAM rule 11)"),
        ["not-assigned"] = (409, "Not assigned"),
        ["not-offline"] = (409, "Not offline"),
        ["nothing-to-correct"] = (409, "Nothing to correct"),
        ["on-hold"] = (409, "Police has asked that the host is not told yet"),
        ["already-on-hold"] = (409, "On hold already"),
        ["no-such-hold"] = (404, "No such hold"),
        ["hold-end-does-not-fit"] = (422, "The hold cannot end then"),
        ["hold-has-ended"] = (409, "The hold has ended"),
        ["not-objected-to"] = (409, "Nobody objects"),
        [RulesNotTried] = (409, "The rules were not tried, or are on"),
        ["not-referred"] = (409, "Not in a referral of one's own"),
        ["no-such-question"] = (404, "No such question"),
        ["question-not-open"] = (409, "The question does not take this"),
        ["answer-incomplete"] = (422, "Not what was asked for"),
        ["asked-already"] = (409, "Asked already"),
        ["question-due-does-not-fit"] = (422, "The answer cannot be due then"),
        ["asked-of-another"] = (403, "Another agency is asked"),
        ["not-police"] = (422, "Not an agency to refer to"),
        ["referral-is-over"] = (409, "The referral does not take this answer"),
        ["answer-does-not-fit"] = (422, "The answer lacks something"),
        ["forward-does-not-fit"] = (422, "Not an agency to forward to"),
        ["not-illegal"] = (409, "Not taken for illegal"),
        ["awaits-second-look"] = (409, "It waits for a second look"),
        ["no-second-look"] = (409, "It waits for no second look"),
        ["not-for-looks"] = (422, "Not to be asked for a second look"),
        ["package-not-there"] = (409, "The package is not where this can be done"),
        ["item-does-not-fit"] = (422, "An item does not fit"),
        ["package-is-empty"] = (409, "Nothing is in the package"),
        ["domain-not-there"] = (409, "The domain is not where this can be done"),
        ["country-has-attested"] = (409, "The country has said what it found"),
        ["attestation-does-not-fit"] = (422, "The attestation lacks something"),
        ["not-blind-any-more"] = (409, "What others found was to be seen"),
        ["not-decidable"] = (409, "Not enough have looked, or not all agree"),
        ["no-evidence"] = (409, "No item of the domain counts"),
        ["review-does-not-fit"] = (422, "Not a day for the next look"),
        ["too-much-evidence"] = (409, "Enough items speak for it"),
        ["too-many-notes"] = (409, "Enough was said of it"),
        ["not-a-domain"] = (422, "Not a registrable domain"),
        ["person-needed"] = (403, "A person is needed"),
        ["nothing-to-acknowledge"] = (409, "Nothing to acknowledge"),
        ["same-person"] = (403, "Another person has to decide"),
        ["too-many-items"] = (422, "Too many items"),
        ["set-by-another"] = (409, "Set by another agency"),
        ["nothing-to-object-to"] = (409, "Nothing to object to"),
        ["not-reopenable"] = (409, "Not to be reopened"),
        ["category-of-another-law"] = (422, "Category of another law"),
        [CountChanged] = (409, "It would change something else than was confirmed"),
        ["doubtful-has-no-effect"] = (422, "Doubtful has no effect"),

        // Agencies
        ["agency-exists"] = (409, "The agency exists"),
        ["agency-inactive"] = (409, "The agency is closed"),
        ["hotline-number-taken"] = (409, "The ICCAM number is taken"),
        ["interpol-exists"] = (409, "INTERPOL is registered"),
        ["own-agency"] = (409, "Not one's own agency"),
        ["key-revoked"] = (409, "The key is revoked"),
        ["second-person-needed"] = (403, "A second person is needed"),
        ["key-replaced"] = (409, "The key is replaced"),
        ["too-many-keys"] = (409, "Too many keys"),
        [CommandIdInUse] = (409, "The command id was used for another command"),
        ["too-many-trainings"] = (409, "Training was emptied too often"),
        ["change-decided"] = (409, "The change is no longer open"),
        ["too-many-changes"] = (409, "Too many changes wait for consent"),
        ["key-id-taken"] = (503, "Not available at the moment"),
        ["bureau-needs-police"] = (409, "A national bureau is police"),
        ["bureau-exists"] = (409, "The country has a national bureau"),
        ["iccam-user-taken"] = (409, "The user name is another system's"),

        // People
        ["name-taken"] = (409, "The sign-in name is taken"),
        ["too-many-people"] = (409, "Too many people"),
        ["agency-invites"] = (403, "The agency invites its people itself"),
        ["last-administrator"] = (409, "The last administrator"),
        ["person-stopped"] = (409, "The person was stopped"),
        ["link-invalid"] = (409, "The link does not work"),
        ["provider-taken"] = (409, "Somebody else is linked to it"),
        ["not-come"] = (409, "The person has not come yet"),
        ["person-id-taken"] = (503, "Not available at the moment"),
    };

    private static readonly Dictionary<Enum, string> OfRules = Enum.GetValues<RejectionCode>().Cast<Enum>()
        .Concat(Enum.GetValues<AgencyRejection>().Cast<Enum>()).Concat(Enum.GetValues<PersonRejection>().Cast<Enum>())
        .Concat(Enum.GetValues<ReferralRejection>().Cast<Enum>()).Concat(Enum.GetValues<IwolRejection>().Cast<Enum>())
        .Concat(Enum.GetValues<PackageRejection>().Cast<Enum>()).ToDictionary(c => c, Kebab);

    /// <summary>Status and title.</summary>
    public static (int Status, string Title) Find(string code) => Table[code];

    /// <summary>For example <c>version-mismatch</c>.</summary>
    public static string Of(RejectionCode code) => OfRules[code];

    public static string Of(ReferralRejection reason) => OfRules[reason];

    public static string Of(IwolRejection reason) => OfRules[reason];

    public static string Of(PackageRejection reason) => OfRules[reason];

    public static string Of(AgencyRejection reason) => reason switch
    {
        AgencyRejection.UnknownAgency or AgencyRejection.UnknownKey or AgencyRejection.UnknownChange or AgencyRejection.UnknownIccamAccess
            or AgencyRejection.UnknownKeyNetworks => NotFound,
        AgencyRejection.ReservedId or AgencyRejection.InvalidName or AgencyRejection.InvalidKind or AgencyRejection.InvalidMemberships
            or AgencyRejection.MandateNeedsHotline or AgencyRejection.InvalidTrust or AgencyRejection.InvalidHotlineNumber
            or AgencyRejection.InvalidRoles or AgencyRejection.InvalidExpiry or AgencyRejection.InvalidGrace
            or AgencyRejection.InvalidSecondLooks or AgencyRejection.InvalidIccamAccess or AgencyRejection.InvalidEscalation
            or AgencyRejection.InvalidNetworks => OutOfRange,
        _ => OfRules[reason],
    };

    public static string Of(PersonRejection reason) => reason switch
    {
        PersonRejection.UnknownPerson or PersonRejection.UnknownAgency => NotFound,
        PersonRejection.InvalidRoles or PersonRejection.InvalidName or PersonRejection.InvalidSettings => OutOfRange,
        _ => OfRules[reason],
    };

    /// <summary>Of a status that the framework answers by itself.</summary>
    public static string Of(int status) => status switch
    {
        401 => NotAuthenticated, 403 => NotAuthorised, 404 => NotFound, 405 => MethodNotAllowed, 406 => NotAcceptable, 408 => TooSlow,
        413 => TooLarge, 415 => UnsupportedMediaType, 429 => TooManyRequests, 503 => Unavailable,
        >= 500 => Internal, _ => BadRequest,
    };

    private static string Kebab(Enum code) => string.Concat(code.ToString().Select((c, i) =>
        char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
