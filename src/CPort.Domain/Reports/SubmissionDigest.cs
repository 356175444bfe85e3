using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using CPort.Domain.Confidential;
using CPort.Domain.Reports.Verbs;

namespace CPort.Domain.Reports;

/// <summary>
/// Keyed digests of a submission as received. A re-sent (hotline, reference) is compared with the digests of the <em>original submission</em>, not with
/// today's state (design.md, "replays"), and a difference names its fields. Keyed, because a plain hash of a short URL could be guessed.
/// </summary>
public static class SubmissionDigest
{
    private const string Purpose = "submission-digest-1";

    /// <summary>An entry's fields in the order of their two-byte digests, by their names in ICCAM's body.</summary>
    private static readonly ImmutableArray<(string Name, Func<SubmittedItem, string> Value)> ItemFields =
    [
        ("urlString", i => i.Secrets?.Url ?? ""),
        ("memo", i => i.Secrets?.Memo ?? ""),
        ("hotlineReference", i => i.Reference?.Value ?? ""),
        ("isSourceUrl", i => i.IsSourceUrl ? "1" : ""),
        ("contentType", i => Text((int)i.ContentType)),
        ("hostingCountryCode", i => i.Hosting?.Country?.Code ?? ""),
        ("hostingIpAddress", i => i.Hosting?.IpAddress ?? ""),
        ("hostingIsp", i => i.Hosting?.Isp ?? ""),
        ("hostingOrganization", i => i.Hosting is { } h
            ? $"{h.AutonomousSystemNumber}\0{h.OrganizationName}\0{h.IsContentDeliveryNetwork}" : ""),
        ("assessment", i => i.Assessment is { } a
            ? $"{(int)a.Classification}\0{(int)a.Age}\0{(int)a.Gender}\0{a.VirtualContent}\0{a.UserGeneratedContent}\0{a.ChildModeling}" : ""),
        ("actions", i => string.Join('\u0001', i.Actions.Select(a =>
            $"{(int)a.Type}\0{a.Date.UtcTicks}\0{(int?)a.Reason}\0{a.ReasonText?.Text}"))),
        ("hashes", i => $"{string.Join('\u0001', i.Hashes.Select(h => h.ToHex()))}\0{i.PdqQuality}\0{i.MediaSize}\0{i.MimeType}"),
    ];

    /// <summary>The command with its digests set; secrets must still be in the clear.</summary>
    public static SubmitReport Stamp(ConfidentialSeam seam, SubmitReport command) => command with
    {
        Digests = command.Part > 0 ? [] : [.. ReportFields(command).Select(f => new FieldDigest { Field = f.Name, Mac = Mac(seam, f.Name, f.Value) })],
        Items = [.. command.Items.Select(item => item with { Digest = ItemDigest(seam, item) })],
    };

    /// <summary>The fields in which a re-sent report differs from the original; empty when it is the same.</summary>
    public static ImmutableArray<string> Differences(Report original, SubmitReport again)
    {
        var fields = ImmutableArray.CreateBuilder<string>();
        var before = original.Digests.ToDictionary(d => d.Field, d => d.Mac);
        fields.AddRange(again.Digests.Where(d => before.GetValueOrDefault(d.Field) != d.Mac).Select(d => d.Field));
        if (again.Items.Length != original.SubmittedItems)
        {
            fields.Add("urls");
        }

        for (var i = 0; i < Math.Min(again.Items.Length, original.SubmittedItems) && fields.Count < 20; i++)
        {
            fields.AddRange(ItemDifferences(original.Items[i].Digest, again.Items[i].Digest).Select(name => $"urls[{i}].{name}"));
        }

        return fields.ToImmutable();
    }

    private static IEnumerable<(string Name, string Value)> ReportFields(SubmitReport c) =>
    [
        ("hotlineReceivedDate", Text(c.HotlineReceivedDate.UtcTicks)),
        ("sourceUrlSiteType", Text((int?)c.SiteType)),
        ("sourceUrlCommerciality", Text((int?)c.Commerciality)),
        ("sourceUrlPaymentMethods", string.Join(',', c.PaymentMethods.Select(p => (int)p).Order())),
        ("reportingAnalystName", c.Secrets?.ReportingAnalyst ?? ""),
        ("memo", c.Secrets?.Memo ?? ""),
        ("sourceUrlReferrer", c.Secrets?.Referrer ?? ""),
        ("sourceUrlUsername", c.Secrets?.UserName ?? ""),
        ("sourceUrlPassword", c.Secrets?.Password ?? ""),

        // A child at risk, told with the second sending only, must not vanish behind "duplicate".
        ("urgent", c.Urgent ? "1" : ""),
    ];

    /// <summary>8 bytes over everything decide equality; 2 bytes a field then name what differs.</summary>
    private static byte[] ItemDigest(ConfidentialSeam seam, SubmittedItem item)
    {
        var digest = new byte[8 + (2 * ItemFields.Length)];
        var whole = new StringBuilder();
        for (var f = 0; f < ItemFields.Length; f++)
        {
            var value = ItemFields[f].Value(item);
            whole.Append(value.Length.ToString(CultureInfo.InvariantCulture)).Append(':').Append(value);

            // An empty field needs no HMAC: most are, and "empty" is no secret.
            var mac = value.Length == 0 ? (ushort)0 : (ushort)Mac(seam, ItemFields[f].Name, value);
            BinaryPrimitives.WriteUInt16BigEndian(digest.AsSpan(8 + (2 * f)), mac);
        }

        BinaryPrimitives.WriteUInt64BigEndian(digest, Mac(seam, "item", whole.ToString()));
        return digest;
    }

    private static IEnumerable<string> ItemDifferences(byte[] before, byte[] after)
    {
        if (before.AsSpan(0, Math.Min(8, before.Length)).SequenceEqual(after.AsSpan(0, Math.Min(8, after.Length))))
        {
            return [];
        }

        var names = Enumerable.Range(0, ItemFields.Length)
            .Where(f => !before.AsSpan(8 + (2 * f), 2).SequenceEqual(after.AsSpan(8 + (2 * f), 2)))
            .Select(f => ItemFields[f].Name)
            .ToArray();

        // Two different values share a two-byte digest once in 65,536: the entry is still a conflict, its field just stays unnamed.
        return names.Length > 0 ? names : ["(entry)"];
    }

    private static ulong Mac(ConfidentialSeam seam, string field, string value) =>
        BinaryPrimitives.ReadUInt64BigEndian(seam.Keyed(Purpose, Encoding.UTF8.GetBytes($"{field}\0{value}")));

    private static string Text<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
