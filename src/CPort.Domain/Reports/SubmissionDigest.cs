using System.Buffers;
using CPort.Domain.Reports.Verbs;

namespace CPort.Domain.Reports;

/// <summary>
/// Keyed digests of a submission as received. A re-sent (hotline, reference) is compared with the digests of the <em>original submission</em>, not with today's
/// state, and a difference names its fields. Keyed, because a plain hash of a short URL could be guessed. Digests are stored for ever: each says by which <see
/// cref="FieldList"/> it was made, and what is sent again is digested by that list.
/// </summary>
public static class SubmissionDigest
{
    /// <summary>Which fields a digest covers, in what order, and how each becomes text. Names are those of ICCAM's body.</summary>
    internal sealed record FieldList
    {
        public required ImmutableArray<(string Name, Func<SubmitReport, string> Value)> Report { get; init; }

        public required ImmutableArray<(string Name, Func<SubmittedItem, string> Value)> Item { get; init; }
    }

    private const string Purpose = "submission-digest-1";

    // The first 8 bytes, over all fields, decide equality; 2 bytes for each field then name what differs.
    private const int WholeLength = 8;

    private const int MaxDigits = 10;

    private static readonly FieldList First = new()
    {
        Report =
        [
            ("hotlineReceivedDate", c => Text(c.HotlineReceivedDate.UtcTicks)),
            ("sourceUrlSiteType", c => Text((int?)c.SiteType)),
            ("sourceUrlCommerciality", c => Text((int?)c.Commerciality)),
            ("sourceUrlPaymentMethods", c => string.Join(',', c.PaymentMethods.Select(p => (int)p).Order())),
            ("reportingAnalystName", c => c.Secrets?.ReportingAnalyst ?? ""),
            ("memo", c => c.Secrets?.Memo ?? ""),
            ("sourceUrlReferrer", c => c.Secrets?.Referrer ?? ""),
            ("sourceUrlUsername", c => c.Secrets?.UserName ?? ""),
            ("sourceUrlPassword", c => c.Secrets?.Password ?? ""),

            // A child at risk, told with the second sending only, must not vanish behind "duplicate".
            ("urgent", c => c.Urgent ? "1" : ""),
        ],
        Item =
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
                ? $"{(int)a.Classification}\0{(int)a.Age}\0{(int)a.Gender}\0{a.VirtualContent}\0{a.UserGeneratedContent}\0{a.ChildModeling}"
                : ""),
            ("actions", i => string.Join('\u0001', i.Actions.Select(a =>
                $"{(int)a.Type}\0{a.Date.UtcTicks}\0{(int?)a.Reason}\0{a.ReasonText?.Text}"))),
            ("hashes", i => $"{string.Join('\u0001', i.Hashes.Select(h => h.ToHex()))}\0{i.PdqQuality}\0{i.MediaSize}\0{i.MimeType}"),
        ],
    };

    /// <summary>
    /// Every list there ever was; a list's number is its place from 1, and the last one is in use. Stored digests point here: never change a row, append one
    /// (<c>First with { Item = [.. First.Item, ("language", …)] }</c>).
    /// </summary>
    internal static ImmutableArray<FieldList> Lists { get; } =
        [First, First with { Item = [.. First.Item, ("assessment.category", i => i.Assessment?.Category?.ToString() ?? "")] }];

    /// <summary>The command with its digests set, by the list in use; secrets must still be in the clear.</summary>
    public static SubmitReport Stamp(ConfidentialSeam seam, SubmitReport command) => Stamp(seam, command, Lists, Lists.Length);

    /// <summary>The command with digests by the list of the report that it meets; secrets must still be in the clear.</summary>
    internal static SubmitReport StampLike(ConfidentialSeam seam, Report original, SubmitReport again, ImmutableArray<FieldList>? lists = null)
    {
        var known = lists ?? Lists;
        return original.Items is [var item, ..] && ListOf(item.Digest) is var list && list <= known.Length && again.Items.Any(i => ListOf(i.Digest) != list)
            ? Stamp(seam, again, known, list)
            : again;
    }

    internal static SubmitReport Stamp(ConfidentialSeam seam, SubmitReport command, ImmutableArray<FieldList> lists, int list) => command with
    {
        Digests = command.Part > 0 ? []
            : [.. lists[list - 1].Report.Select(f => new FieldDigest { Field = f.Name, Mac = Mac(seam, f.Name, f.Value(command)) })],
        Items = [.. command.Items.Select(item => item with { Digest = ItemDigest(seam, item, lists[list - 1].Item, (byte)list) })],
    };

    /// <summary>The fields in which a re-sent report differs from the original; empty when it is the same.</summary>
    internal static ImmutableArray<string> Differences(Report original, SubmitReport again, ImmutableArray<FieldList>? lists = null)
    {
        var fields = ImmutableArray.CreateBuilder<string>();
        var after = again.Digests.ToDictionary(d => d.Field, d => d.Mac);
        fields.AddRange(original.Digests.Where(d => after.GetValueOrDefault(d.Field) != d.Mac).Select(d => d.Field));
        if (again.Items.Length != original.SubmittedItems)
        {
            fields.Add("urls");
        }

        for (var i = 0; i < Math.Min(again.Items.Length, original.SubmittedItems) && fields.Count < 20; i++)
        {
            fields.AddRange(ItemDifferences(original.Items[i].Digest, again.Items[i].Digest, lists ?? Lists).Select(name => $"urls[{i}].{name}"));
        }

        return fields.ToImmutable();
    }

    /// <summary>A byte for the list, then the digest of the whole, then of each field.</summary>
    private static byte[] ItemDigest(
        ConfidentialSeam seam, SubmittedItem item, ImmutableArray<(string Name, Func<SubmittedItem, string> Value)> fields, byte list)
    {
        var digest = new byte[1 + WholeLength + (2 * fields.Length)];
        digest[0] = list;
        var (values, most) = (new string[fields.Length], 0);
        for (var f = 0; f < fields.Length; f++)
        {
            var value = values[f] = fields[f].Value(item);
            most += value.Length + MaxDigits + 1;

            // An empty field needs no HMAC: most are, and "empty" is no secret.
            var mac = value.Length == 0 ? (ushort)0 : (ushort)Mac(seam, fields[f].Name, value);
            BinaryPrimitives.WriteUInt16BigEndian(digest.AsSpan(1 + WholeLength + (2 * f)), mac);
        }

        // Each value with its length before it, so that no two items are the same text.
        var whole = ArrayPool<char>.Shared.Rent(most);
        try
        {
            var end = 0;
            foreach (var value in values)
            {
                value.Length.TryFormat(whole.AsSpan(end), out var digits, provider: CultureInfo.InvariantCulture);
                end += digits;
                whole[end++] = ':';
                value.CopyTo(whole.AsSpan(end));
                end += value.Length;
            }

            BinaryPrimitives.WriteUInt64BigEndian(digest.AsSpan(1), Mac(seam, "item", whole.AsSpan(0, end)));
            return digest;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(whole, clearArray: true);
        }
    }

    /// <summary>Before digests said by which list they were made there was one list, and no byte for it: only those have an even length.</summary>
    private static int ListOf(byte[] digest) => digest.Length % 2 == 0 ? 1 : digest[0];

    private static IEnumerable<string> ItemDifferences(byte[] before, byte[] after, ImmutableArray<FieldList> lists)
    {
        var list = ListOf(before);
        var (old, now) = (before[(before.Length % 2)..], after[(after.Length % 2)..]);
        if (list == ListOf(after) && old.AsSpan().SequenceEqual(now))
        {
            return [];
        }

        // Two different values share a two-byte digest once in 65,536, and an earlier version does not know a later one's list: the entry is a conflict all the
        // same, its field just stays unnamed.
        var fields = list == ListOf(after) && list <= lists.Length ? lists[list - 1].Item : [];
        var length = WholeLength + (2 * fields.Length);
        var named = old.Length != length || now.Length != length ? [] : fields
            .Where((_, f) => !old.AsSpan(WholeLength + (2 * f), 2).SequenceEqual(now.AsSpan(WholeLength + (2 * f), 2)))
            .Select(f => f.Name)
            .ToArray();
        return named.Length > 0 ? named : ["(entry)"];
    }

    /// <summary>Of the field's name, a zero and its value. Made for each field of each item: without texts and arrays in between.</summary>
    private static ulong Mac(ConfidentialSeam seam, string field, ReadOnlySpan<char> value)
    {
        const int Short = 512;
        var most = Encoding.UTF8.GetMaxByteCount(field.Length + 1 + value.Length);
        var rented = most <= Short ? null : ArrayPool<byte>.Shared.Rent(most);
        Span<byte> text = rented is null ? stackalloc byte[Short] : rented;
        try
        {
            var length = Encoding.UTF8.GetBytes(field, text);
            text[length++] = 0;
            length += Encoding.UTF8.GetBytes(value, text[length..]);
            return seam.KeyedNumber(Purpose, text[..length]);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented, clearArray: true);
            }
        }
    }

    private static string Text<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
