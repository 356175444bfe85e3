using System.Text.RegularExpressions;
using CPort.Api.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Portal.Texts;

namespace CPort.Portal.Tests;

/// <summary>The catalogue: every text that a page names is there, and languages do not differ in places.</summary>
public sealed partial class TextTests
{
    private static readonly string Source = Path.Combine(Root(), "src", "CPort.Portal");

    [Fact]
    public void Every_text_that_a_page_names_is_in_the_catalogue()
    {
        var named = Directory.EnumerateFiles(Source, "*.*", SearchOption.AllDirectories)
            .Where(f => f.EndsWith(".razor", StringComparison.Ordinal) || f.EndsWith(".cs", StringComparison.Ordinal))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(f => Names().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).Distinct().ToArray();
        Assert.True(named.Length > 100, $"{named.Length}");
        Assert.Equal([], named.Where(n => !Words.English.Has(n)));
    }

    /// <summary>A value without a word would stand there as programmers write it.</summary>
    [Fact]
    public void Every_value_of_a_list_has_a_word()
    {
        string[] missing =
        [
            .. Missing<ItemState>("state"), .. Missing<Classification>("classification"), .. Missing<AgeCategory>("age"), .. Missing<GenderCategory>("gender"),
            .. Missing<SiteType>("siteType"), .. Missing<Commerciality>("commerciality"), .. Missing<ActionType>("action"),
            .. Missing<ActionReason>("reasonFor"), .. Missing<ContentType>("contentType"),
            .. Missing<ReportState>("reportState"), .. Missing<MailWish>("mails"),
            .. Missing<NotificationKind>("notificationKind").Where(k => k != "notificationKind.None"),
            .. Domain.Exchange.NotificationKinds.All.SelectMany(r => r.News).Select(n => $"news.{n.Name}").Where(k => !Words.English.Has(k)),
            .. Missing<PersonState>("personState"), .. Missing<TrustLevel>("trust"),
            .. Missing<ReferralState>("referralState"), .. Missing<ReferralWhy>("referralWhy"), .. Missing<DeclineReason>("declineReason"),
            .. Missing<ReferralOutcome>("referralOutcome"), .. Missing<KnownAs>("knownAs"), .. Missing<HoldReason>("holdReason"),
            .. Missing<Domain.Reports.HoldState>("holdState"), .. Missing<Domain.Exchange.WebhookState>("webhookState"),
            .. Missing<Domain.Exchange.WebhookOutcome>("webhookOutcome"), .. Missing<CPort.Actors.Audit.WitnessOutcome>("witnessOutcome"),
            .. Missing<Admin.KeyState>("keyState"), .. Missing<ChangeOf>("changeOf"), .. Missing<ChangeState>("changeState"),
            .. Missing<DataField>("dataField"), .. Missing<QuestionState>("questionState"), .. Missing<QuestionTo>("questionTo"),
            .. Missing<PackageState>("packageState"), .. Missing<RecallReason>("recallReason"), .. Missing<IwolState>("iwolState"),
            .. Missing<Domain.Iwol.IwolNoteKind>("iwolNote"), .. Missing<PrioritySignal>("prioritySignal"), .. Missing<Domain.Referrals.PriorityState>("priorityState"),
            .. Missing<Roles>("role").Where(k => k != "role.None"), .. Missing<AgencyKind>("agencyKind").Where(k => k != "agencyKind.System"),
            .. WorkQueue.All.SelectMany(q => new[] { $"queue.{q.Name}", $"queue.{q.Name}.meaning" }).Where(k => !Words.English.Has(k)),
            .. Country.All.Select(c => $"country.{c.Code}").Where(k => !Words.English.Has(k)),
        ];
        Assert.Empty(missing);

        static IEnumerable<string> Missing<T>(string list)
            where T : struct, Enum => Enum.GetValues<T>().Select(v => $"{list}.{v}").Where(k => !Words.English.Has(k));
    }

    [Fact]
    public void No_text_is_there_that_nothing_names()
    {
        var code = string.Concat(Directory.EnumerateFiles(Source, "*.*", SearchOption.AllDirectories)
            .Where(f => f.EndsWith(".razor", StringComparison.Ordinal) || f.EndsWith(".cs", StringComparison.Ordinal)).Select(File.ReadAllText));

        // Of families whose members are values or numbers, the family is named.
        Assert.Equal([], Words.English.Own.Select(t => t.Key).Distinct().Where(key =>
            !code.Contains($"\"{key}\"", StringComparison.Ordinal) && !Family().IsMatch(key)));
    }

    public static TheoryData<string> Others => [.. Words.Languages.Skip(1)];

    /// <summary>What a language has is said with the same places and in the plural classes that it needs; what it lacks is English.</summary>
    [Theory]
    [MemberData(nameof(Others))]
    public void Places_agree(string language)
    {
        var english = Words.English.Own.ToLookup(t => t.Key);
        Assert.Equal([], english.Select(t => t.Key).Except(Words.In(language).Own.Select(t => t.Key)));
        foreach (var message in Words.In(language).Own.GroupBy(t => t.Key))
        {
            Assert.True(english.Contains(message.Key), $"{language} has {message.Key}, English has not.");
            var places = english[message.Key].SelectMany(t => Places().Matches(t.Text).Select(m => m.Value)).ToHashSet();
            Assert.All(message, t => Assert.Subset(places, Places().Matches(t.Text).Select(m => m.Value).ToHashSet()));
            if (english[message.Key].Count() > 1)
            {
                Assert.Equal(Words.PluralsOf(language).Order(), message.Select(t => t.Plural).Order());
            }
        }
    }

    [Theory]
    [InlineData("en", 1, "1 item")]
    [InlineData("en", 1204, "1\u202F204 items")]
    [InlineData("en", 0, "0 items")]
    public void Plurals_follow_the_number(string language, long count, string expected) =>
        Assert.Equal(expected, Words.In(language).Count("queues.count", count));

    [Theory]
    [InlineData(null, "de-AT,de;q=0.9,en;q=0.8", "de")]
    [InlineData(null, "no", "nb")]
    [InlineData("fr", "de", "fr")]
    [InlineData("xx", "zz", "en")]
    [InlineData(null, null, "en")]
    public void The_language_is_the_persons_or_the_browsers(string? setting, string? browser, string expected) =>
        Assert.Equal(expected, Words.Of(setting, browser).Language);

    [Fact]
    public void A_date_is_never_an_order_of_numbers() =>
        Assert.Equal("31 Jan 2026, 08:15 UTC", Words.English.Moment(new DateTimeOffset(2026, 1, 31, 9, 15, 0, TimeSpan.FromHours(1))));

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CPort.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex("""(?:T|Words|words)(?:\.Of\(|\.Count\(|\[)"([a-zA-Z0-9.-]+)"(?:\]|,|\))""")]
    private static partial Regex Names();

    [GeneratedRegex(@"^(month|country|state|classification|age|gender|action|reasonFor|reason|contentType|hostingSource|inheritance|reportState|event|refusal|"
        + @"done|error|queue|outcome|auditKind|auditOutcome|audit|signin|enrol|settings|theme|"
        + @"density|way|standing|again|purpose|figure|definition|duration|breakdown|nav|help|accessibility|privacy|keys|"
        + @"absent|forbidden|refused|unavailable|defect|language|starting|"
        + @"role|personState|personStanding|agencyKind|trust|changeOf|changeState|keyState|tableSet|keyPurpose|keyAmiss|admin|mail|mails|"
        + @"packageState|recallReason|iwolState|iwolNote|iwol|dataField|questionState|questionTo|prioritySignal|priorityState|requests\.how|deconfliction|"
        + @"inbox|referralState|referralWhy|declineReason|referralOutcome|knownAs|icseWord|"
        + @"siteType|commerciality|holdReason|holdState|notificationKind|dialogue|answer|hold|news|webhookState|webhookOutcome|witnessOutcome)\.")]
    private static partial Regex Family();

    [GeneratedRegex(@"\{[a-z0-9]+\}", RegexOptions.IgnoreCase)]
    private static partial Regex Places();
}
