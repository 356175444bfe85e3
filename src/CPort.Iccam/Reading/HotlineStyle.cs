namespace CPort.Iccam.Reading;

/// <summary>How one hotline's system writes countries and moments, read and written back: what its access says (<see cref="IccamAccess"/>).</summary>
/// <param name="access">Its settings.</param>
/// <param name="own">The agency's primary country; null when it works for none.</param>
internal sealed class HotlineStyle(IccamAccess access, Country? own)
{
    /// <summary>Before the web there was nothing to report: 1970 is what a record without a date has.</summary>
    private static readonly DateTimeOffset Earliest = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // The name was checked when it was set; a machine without the database of zones has none. Then dates ahead of now are those of a clock in the east.
    private readonly TimeZoneInfo? _zone = access.TimeZone is { } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// <summary>
    /// A country by the hotline's own spelling, an ISO code in either case, ICCAM's <c>UK</c> and <c>EL</c>, or its English name. False for what names none:
    /// <c>??</c>, <c>EU</c>, <c>AP</c>, <c>ZZ</c>, free text, nothing.
    /// </summary>
    public bool TryCountry(string? text, out Country country)
    {
        var trimmed = text?.Trim() ?? "";
        if (own is { } mine && access.CountrySpelling is { } spelling && string.Equals(trimmed, spelling, StringComparison.OrdinalIgnoreCase))
        {
            country = mine;
            return true;
        }

        return Country.TryParse(trimmed, out country) || CountryNames.TryFind(trimmed, out country);
    }

    /// <summary>The code as the hotline's system compares it, letter by letter.</summary>
    public string? Write(Country? country) => country is not { } code ? null
        : code == own && access.CountrySpelling is { } spelling ? spelling
        : code.Code;

    /// <summary>
    /// The moment that is meant; null when none is known (nothing given, unreadable, before 1990). With a zone of its own, a date that claims to be UTC is
    /// local time where that is ahead of UTC: such systems cut the offset off and write Z. What still lies ahead of now is now, unless the hotline wants it
    /// refused.
    /// </summary>
    public DateTimeOffset? Moment(string? text, DateTimeOffset now)
    {
        if (!TryMoment(text?.Trim() ?? "", out var moment, out var saysUtc) || moment < Earliest)
        {
            return null;
        }

        if (saysUtc && _zone is { } zone)
        {
            var local = DateTime.SpecifyKind(moment.UtcDateTime, DateTimeKind.Unspecified);

            // In the hour that there is twice a year the earlier one is meant: the later might not be over yet.
            var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
            moment = offset > TimeSpan.Zero ? new DateTimeOffset(local, offset).ToUniversalTime() : moment;
        }

        return moment < Earliest ? null : moment > now && !access.RefusesFutureDates ? now : moment;
    }

    private static bool TryMoment(string text, out DateTimeOffset moment, out bool saysUtc)
    {
        saysUtc = text.EndsWith('Z') || text.EndsWith('z');
        if (FieldReader.TryDate(text, out moment))
        {
            return true;
        }

        // Without a zone it is UTC, as the dates of queues are.
        return DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out moment);
    }
}
