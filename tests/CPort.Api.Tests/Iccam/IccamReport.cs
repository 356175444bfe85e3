using System.Globalization;

namespace CPort.Api.Tests.Iccam;

/// <summary>A report as the client exports it (iccam-v3.md 4.8): all keys, in its order, with its slips.</summary>
internal sealed record IccamReport(string File, params IccamReport.Url[] Urls)
{
    /// <summary>One URL; <paramref name="Country"/> is what whois said.</summary>
    public sealed record Url(string Text, string? Country = "NL", int Classification = 1, bool IsSource = false)
    {
        public string? Ip { get; init; } = "192.0.2.7";
        public string Owner { get; init; } = "Example Hosting B.V.";
        public string? Memo { get; init; }
    }

    /// <summary>Local minute of the attempt: another reference each time.</summary>
    public string Minute { get; init; } = "202603020930";
    public string Received { get; init; } = "2026-03-01T10:00:00Z";
    public string? Memo { get; init; }
    public string? Referrer { get; init; }
    public object SiteType { get; init; } = 2;
    public object Payments { get; init; } = new object?[] { 1 };
    public (string, object?)[] More { get; init; } = [];

    public (string, object?)[] Body =>
    [
        ("reportingAnalystName", "scart.api"), ("hotlineReceivedDate", Received), ("hotlineReference", $"{File}_{Minute}"), ("memo", Memo),
        ("urls", Urls.Select((u, i) => (object?)Entry(u, i)).ToArray()),
        ("sourceUrlUsername", ""), ("sourceUrlPassword", ""), ("sourceUrlReferrer", Referrer), ("sourceUrlSiteType", SiteType),
        ("sourceUrlCommerciality", 1), ("sourceUrlPaymentMethods", Payments), .. More,
    ];

    private (string, object?)[] Entry(Url url, int at) =>
    [
        ("urlString", url.Text), ("hotlineReference", string.Create(CultureInfo.InvariantCulture, $"N{at:D10}_{Minute}")),
        ("hostingCountryCode", url.Country), ("hostingIpAddress", url.Ip), ("hostingIsp", url.Owner),
        ("hostingOrganization", new (string, object?)[] { ("organizationName", url.Owner) }), ("isSourceUrl", url.IsSource), ("memo", url.Memo),
        ("contentType", url.IsSource ? 2 : 1), ("assessment", Assessment(url.Classification)), ("actions", Array.Empty<object?>()),
    ];

    /// <summary>With the three flags, which are always 0 with an illegal item.</summary>
    public static (string, object?)[] Assessment(int classification) =>
    [
        ("assessingAnalystName", "scart.api"), ("classification", classification), ("ageCategorization", classification == 4 ? 1 : 3),
        ("genderCategorization", classification == 4 ? 1 : 2),
        .. classification == 4 ? [] : new (string, object?)[]
        {
            ("virtualContentCategorization", 0), ("userGeneratedContentCategorization", 0), ("childModelingCategorization", 0),
        },
    ];

    /// <summary>An action, dated as the client's clock writes it.</summary>
    public static (string, object?)[] Action(int type, string? date = null) =>
    [
        ("actionType", type), ("actioningAnalystName", "scart.api"),
        ("actionDate", date ?? DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        .. type > 3 ? new (string, object?)[] { ("reasonId", 1), ("reasonText", "SCART report content not found") } : [],
    ];
}
