using System.Collections.Frozen;

namespace CPort.Domain.CodeLists;

/// <summary>Which generation of ICCAM's codes a sender uses: v3 unless it says <c>?codes=v2</c>.</summary>
public enum CodeGeneration
{
    V3 = 3,
    V2 = 2,
}

/// <summary>
/// Reads and writes the values of one ICCAM code list. Names and numbers both parse; names ignore case, spaces, hyphens and underscores. v2 numbers and names
/// are folded to v3 as domain.md 9.40 says. A code of one list never parses in another: <c>NA</c> is National as a classification and nothing as a reason.
/// </summary>
public sealed class CodeList<T>
    where T : struct, Enum
{
    /// <summary>Version of all code lists, stamped on every event; raise it when a list below changes.</summary>
    public const int Version = 1;

    private readonly FrozenDictionary<string, T> _names;
    private readonly FrozenDictionary<int, T> _numbers;
    private readonly FrozenDictionary<string, T> _v2Names;
    private readonly FrozenDictionary<int, T> _v2Numbers;

    internal CodeList(string name, (string Name, T Value)[] aliases, (int Number, T Value)[] v2Numbers, (string Name, T Value)[] v2Names, params T[] v2Only)
    {
        Name = name;
        Values = [.. Enum.GetValues<T>().Except(v2Only)];
        _numbers = Values.ToFrozenDictionary(v => Convert.ToInt32(v, CultureInfo.InvariantCulture));
        _names = Values.Select(v => (Name: v.ToString(), Value: v)).Concat(aliases)
            .GroupBy(p => Fold(p.Name)).ToFrozenDictionary(g => g.Key, g => g.First().Value);
        _v2Numbers = v2Numbers.Length == 0
            ? Enum.GetValues<T>().ToFrozenDictionary(v => Convert.ToInt32(v, CultureInfo.InvariantCulture))
            : v2Numbers.ToFrozenDictionary(p => p.Number, p => p.Value);
        _v2Names = _names.Select(p => (p.Key, p.Value)).Concat(v2Names.Select(p => (Key: Fold(p.Name), p.Value)))
            .GroupBy(p => p.Key).ToFrozenDictionary(g => g.Key, g => g.Last().Value);
    }

    /// <summary>The list's name as used in error texts, for example <c>site type</c>.</summary>
    public string Name { get; }

    /// <summary>The v3 values in ICCAM's order.</summary>
    public IReadOnlyList<T> Values { get; }

    /// <summary>The values a sender may use, for error texts: <c>2 Website, 3 FileHost, …</c></summary>
    public string Allowed => string.Join(", ", Values.Select(v => $"{Convert.ToInt32(v, CultureInfo.InvariantCulture)} {v}"));

    public bool TryParse(int number, CodeGeneration generation, out T value) =>
        (generation == CodeGeneration.V2 ? _v2Numbers : _numbers).TryGetValue(number, out value);

    /// <summary>Reads a name, a short code or a number written as text.</summary>
    public bool TryParse(string? text, CodeGeneration generation, out T value)
    {
        value = default;
        if (string.IsNullOrWhiteSpace(text) || text.Length > 64)
        {
            return false;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? TryParse(number, generation, out value)
            : (generation == CodeGeneration.V2 ? _v2Names : _names).TryGetValue(Fold(text), out value);
    }

    private static string Fold(string name) => string.Concat(name.Where(c => c is not (' ' or '-' or '_' or '/'))).ToUpperInvariant();
}

/// <summary>Every ICCAM code list, by domain.md 1.6. One place, so that a code is looked up nowhere else.</summary>
public static class CodeLists
{
    public static readonly CodeList<SiteType> SiteTypes = new("site type", [("FILE HOST", SiteType.FileHost)],
        [(1, SiteType.Website), (2, SiteType.Website), (3, SiteType.FileHost), (4, SiteType.ImageStore), (5, SiteType.ImageBoard), (6, SiteType.Forum),
         (7, SiteType.BannerSite), (8, SiteType.LinkSite), (9, SiteType.SocialNetworking), (10, SiteType.Redirector), (11, SiteType.WebArchive),
         (18, SiteType.SearchProvider), (20, SiteType.ImageHost), (22, SiteType.Blog), (23, SiteType.Website), (24, SiteType.NotApplicable)],
        [("Not Determined", SiteType.Website), ("Webpage", SiteType.Website)]);

    public static readonly CodeList<Commerciality> Commercialities = new("commerciality", [], [], []);

    public static readonly CodeList<PaymentMethod> PaymentMethods = new("payment method", [("American Express", PaymentMethod.Amex)], [], []);

    /// <summary>A classification without effect is v2's alone.</summary>
    public static readonly CodeList<Classification> Classifications = new("classification",
        Names(CPort.Domain.CodeLists.Classifications.All.Where(c => c.HasEffect), c => c.Value, c => c.Names), [],
        Names(CPort.Domain.CodeLists.Classifications.All.Where(c => !c.HasEffect), c => c.Value, c => [$"{c.Value}", .. c.Names]),
        [.. CPort.Domain.CodeLists.Classifications.All.Where(c => !c.HasEffect).Select(c => c.Value)]);

    public static readonly CodeList<AgeCategory> AgeCategories = new("age category",
        [("ND", AgeCategory.NotDetermined), ("Not categorised", AgeCategory.NotDetermined), ("IN", AgeCategory.Infant),
         ("PP", AgeCategory.PrePubescent), ("PU", AgeCategory.Pubescent)], [], []);

    public static readonly CodeList<GenderCategory> GenderCategories = new("gender category",
        [("UN", GenderCategory.NotDetermined), ("FE", GenderCategory.Female), ("MA", GenderCategory.Male), ("BO", GenderCategory.Both)], [], []);

    /// <summary>v2's Image, Video, Container, Other and Text are media; a Link is a website.</summary>
    public static readonly CodeList<ContentType> ContentTypes = new("content type", [],
        [(0, ContentType.Media), (1, ContentType.Media), (2, ContentType.Website), (3, ContentType.Media), (4, ContentType.Media), (5, ContentType.Media)],
        [("Image", ContentType.Media), ("Video", ContentType.Media), ("Link", ContentType.Website), ("Container", ContentType.Media),
         ("Other", ContentType.Media), ("Text", ContentType.Media)]);

    public static readonly CodeList<ActionType> ActionTypes = new("action type",
        Names(CPort.Domain.CodeLists.ActionTypes.All, a => a.Type, a => a.Names),
        [.. CPort.Domain.CodeLists.ActionTypes.All.Where(a => a.V2Number is not null).Select(a => (a.V2Number!.Value, a.Type))],
        Names(CPort.Domain.CodeLists.ActionTypes.All, a => a.Type, a => a.V2Names));

    public static readonly CodeList<ActionReason> ActionReasons = new("action reason", [], [], []);

    /// <summary>CPort's own: ICCAM has no holds.</summary>
    public static readonly CodeList<HoldReason> HoldReasons = new("hold reason", [], [], []);

    public static readonly CodeList<ReferralWhy> ReferralKeys = new("referral key", [], [], []);

    public static readonly CodeList<DeclineReason> DeclineReasons = new("decline reason", [], [], []);

    public static readonly CodeList<ReferralOutcome> ReferralOutcomes = new("referral outcome", [], [], []);

    public static readonly CodeList<KnownAs> KnownAs = new("known as", [], [], []);

    public static readonly CodeList<DataField> DataFields = new("data field", [], [], []);

    public static readonly CodeList<PrioritySignal> PrioritySignals = new("priority signal", [], [], []);

    public static readonly CodeList<QuestionTo> QuestionsTo = new("question to", [], [], []);

    private static (string Name, T Value)[] Names<TRow, T>(IEnumerable<TRow> rows, Func<TRow, T> value, Func<TRow, ImmutableArray<string>> names) =>
        [.. rows.SelectMany(row => names(row).Select(name => (name, value(row))))];
}
