using System.Globalization;
using System.Text.RegularExpressions;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;

namespace CPort.Api.Reading;

/// <summary>
/// Turns the plain fields of bodies into typed values and gathers everything that is wrong, each with its path, none with its value. One for one body; not
/// thread-safe.
/// </summary>
public sealed partial class FieldReader(IntakeLimits limits, CodeGeneration codes, DateTimeOffset now)
{
    /// <summary>What is said of a date that cannot be read.</summary>
    internal const string DateForm = "A date is ISO 8601 with Z or an offset, for example 2026-01-31T08:15:00Z.";

    /// <summary>What Windows-1252 has where Unicode has control characters: texts that were decoded as Latin-1 hold these.</summary>
    private const string Windows = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

    /// <summary>Before the web there was nothing to report.</summary>
    private static readonly DateTimeOffset Earliest = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<FieldError> _errors = [];
    private readonly List<FieldError> _leftOut = [];
    private (string List, int Index)? _within;

    public IReadOnlyCollection<FieldError> Errors => _errors;

    /// <summary>
    /// Throws <see cref="ApiProblemException"/> with everything that was found wrong so far; a command is done whole or not, so nothing is left out of it.
    /// </summary>
    public void Check()
    {
        if (Problem is { } problem)
        {
            throw ApiProblemException.Of(problem);
        }

        if (LeftOut is { IsEmpty: false } leftOut)
        {
            throw ApiProblemException.Of(IntakeProblem.Of(leftOut));
        }
    }

    /// <summary>What cannot be read and others can do without: one hash beside others, a size. The rest is taken, and the sender told.</summary>
    public ImmutableArray<FieldError> LeftOut => [.. _leftOut];

    /// <summary>The list of errors is full: what follows need not be looked at.</summary>
    public bool IsFull => _errors.Count >= limits.ErrorsPerReport;

    /// <summary>All that is wrong, or null.</summary>
    public IntakeProblem? Problem => _errors.Count == 0 ? null : IntakeProblem.Of(_errors);

    public IntakeLimits Limits => limits;

    public DateTimeOffset Now => now;

    /// <summary>
    /// What is read until <see cref="Leave"/> stands in this entry of a list: its fields are named without it, and their whole path is made for an error only.
    /// </summary>
    public void Enter(string list, int index) => _within = (list, index);

    public void Leave() => _within = null;

    private string Path(string field) => _within is var (list, index) ? $"{list}[{index}].{field}" : field;

    public void Add(string field, string code, string detail)
    {
        if (!IsFull)
        {
            _errors.Add(new FieldError(Path(field), code, detail));
        }
    }

    private void LeaveOut(string field, string code, string detail)
    {
        if (_leftOut.Count < limits.ErrorsPerReport)
        {
            _leftOut.Add(new FieldError(Path(field), code, detail));
        }
    }

    public void Missing(string field) => Add(field, ProblemCodes.Missing, "The field is required.");

    /// <summary>
    /// A free text: line ends and tabs are fine, other control characters are not, but for those that stand for Windows' quotation marks and dashes. Blank
    /// counts as not given.
    /// </summary>
    public string? Text(string field, string? value, int? maxLength = null)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        var max = maxLength ?? limits.MemoLength;
        if (value.Length > max)
        {
            Add(field, ProblemCodes.TooLong, $"The text is longer than {max} characters.");
            return null;
        }

        if (value.AsSpan().ContainsAnyInRange('\u0080', '\u009F'))
        {
            value = string.Concat(value.Select(c => c is >= '\u0080' and <= '\u009F' ? Windows[c - 0x80] : c));
        }

        if (HasControl(value, "\r\n\t"))
        {
            Add(field, ProblemCodes.ControlCharacters, "The text contains control characters.");
            return null;
        }

        return value;
    }

    private static bool HasControl(string text, string but)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) && !but.Contains(c))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A name: one line. Blank counts as not given.</summary>
    public string? Name(string field, string? value)
    {
        var text = Text(field, value, limits.NameLength);
        if (text is not null && HasControl(text, ""))
        {
            Add(field, ProblemCodes.ControlCharacters, "The text must stand on one line.");
            return null;
        }

        return text;
    }

    public HotlineReference? Reference(string field, string? value, bool required = false)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            if (required)
            {
                Missing(field);
            }

            return null;
        }

        if (HotlineReference.TryParse(value, out var reference))
        {
            return reference;
        }

        Add(field, ProblemCodes.MalformedReference, $"A reference is 1 to {HotlineReference.MaxLength} characters without control characters.");
        return null;
    }

    /// <summary>A date in the past; the sender's clock may be ahead by the tolerance.</summary>
    public DateTimeOffset? PastDate(string field, DateValue? value, bool required)
    {
        if (value is not { } given || string.IsNullOrWhiteSpace(given.Text))
        {
            if (required)
            {
                Missing(field);
            }

            return null;
        }

        if (!TryDate(given.Text, out var date))
        {
            Add(field, ProblemCodes.MalformedDate, DateForm);
            return null;
        }

        if (date > now + limits.ClockTolerance)
        {
            Add(field, ProblemCodes.DateInFuture, "The date lies in the future.");
            return null;
        }

        if (date < Earliest)
        {
            Add(field, ProblemCodes.OutOfRange, $"The date lies before {Earliest.Year}.");
            return null;
        }

        return date;
    }

    /// <summary>A date that may lie in the future: a key's end, a search up to tomorrow.</summary>
    public DateTimeOffset? Date(string field, DateValue? value)
    {
        if (value is not { } given)
        {
            return null;
        }

        if (TryDate(given.Text, out var date))
        {
            return date;
        }

        Add(field, ProblemCodes.MalformedDate, DateForm);
        return null;
    }

    public AgencyId? Agency(string field, string? value)
    {
        if (AgencyId.TryParse(value, out var id))
        {
            return id;
        }

        Add(field, ProblemCodes.OutOfRange, "An agency id is 2 to 40 characters of a-z, 0-9 and '-', starting with a letter.");
        return null;
    }

    /// <summary>
    /// ISO 8601 with Z or an offset, as UTC, in every form of RFC 3339 and in ISO's basic offsets: any number of digits of a second (beyond .NET's seven they
    /// are dropped), a comma, small letters, a leap second, the midnight that ends a day.
    /// </summary>
    public static bool TryDate(string text, out DateTimeOffset utc)
    {
        utc = default;
        var match = DateForms().Match(text.Trim());
        if (!match.Success)
        {
            return false;
        }

        int Number(string group) => match.Groups[group] is { Success: true, ValueSpan: var digits } ? int.Parse(digits, CultureInfo.InvariantCulture) : 0;
        var (hour, minute, second) = (Number("hour"), Number("minute"), Number("second"));
        var fraction = match.Groups["fraction"] is { Success: true } digits ? long.Parse(digits.Value.PadRight(7, '0')[..7], CultureInfo.InvariantCulture) : 0;
        var offset = TimeSpan.FromMinutes((60 * Number("offsetHour")) + Number("offsetMinute"));
        var endsDay = hour == 24 && minute == 0 && second == 0 && fraction == 0;
        if ((hour > 23 && !endsDay) || minute > 59 || second > 60 || (second == 60 && minute != 59) || offset.Hours + (24 * offset.Days) > 14
            || Number("offsetMinute") > 59
            || !DateOnly.TryParseExact(match.Groups["day"].ValueSpan, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return false;
        }

        // A leap second is the first moment of the next one here: no clock of ours knows it.
        var ticks = day.ToDateTime(TimeOnly.MinValue).Ticks + (((hour * 3600L) + (minute * 60) + second) * TimeSpan.TicksPerSecond) + fraction
            - (match.Groups["sign"].ValueSpan is "-" ? -offset : offset).Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        utc = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    public T? Code<T>(string field, CodeList<T> list, CodeValue? value, bool required = false)
        where T : struct, Enum
    {
        if (value is not { } given || (given.Number is null && string.IsNullOrWhiteSpace(given.Text)))
        {
            if (required)
            {
                Missing(field);
            }

            return null;
        }

        if (given.Number is { } number ? list.TryParse(number, codes, out var code) : list.TryParse(given.Text, codes, out code))
        {
            return code;
        }

        Add(field, ProblemCodes.UnknownCode, codes == CodeGeneration.V2
            ? $"This is no {list.Name} of ICCAM v2."
            : $"This is no {list.Name} of ICCAM v3: {list.Allowed}.");
        return null;
    }

    public ImmutableArray<PaymentMethod> PaymentMethods(string field, List<CodeValue?>? values)
    {
        if (values is null)
        {
            return [];
        }

        if (values.Count > 2 * CodeLists.PaymentMethods.Values.Count)
        {
            Add(field, ProblemCodes.TooMany, $"At most {2 * CodeLists.PaymentMethods.Values.Count} payment methods.");
            return [];
        }

        return [.. values.Select((v, i) => Code($"{field}[{i}]", CodeLists.PaymentMethods, v, required: true))
            .OfType<PaymentMethod>().Distinct()];
    }

    /// <summary>A country; blank counts as not given.</summary>
    public Country? Country(string field, string? value, bool required = false)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            if (required)
            {
                Missing(field);
            }

            return null;
        }

        if (Domain.CodeLists.Country.TryParse(value.Trim(), out var country))
        {
            return country;
        }

        Add(field, ProblemCodes.UnknownCountry, "This is no ISO 3166-1 alpha-2 country code; leave it out when the country is not known.");
        return null;
    }

    /// <summary>The URL, read, when it can be one.</summary>
    public WebAddress? Url(string field, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            Missing(field);
            return null;
        }

        if (value.Length > limits.UrlLength)
        {
            Add(field, ProblemCodes.TooLong, $"The URL is longer than {limits.UrlLength} characters.");
            return null;
        }

        if (WebAddress.TryParse(value, out var address, out var fault))
        {
            return address;
        }

        Add(field, ProblemCodes.MalformedUrl, fault.Describe());
        return null;
    }

    /// <summary>Canonical text of an address; blank counts as not given.</summary>
    public string? Address(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        if (IpText.TryParse(value, out var address))
        {
            return IpText.Of(address);
        }

        Add(field, ProblemCodes.MalformedAddress, "This is neither an IPv4 nor an IPv6 address.");
        return null;
    }

    /// <summary>What is said about hosting; null when nothing is.</summary>
    public HostingFacts? Hosting(
        string prefix, string? countryCode, string? ipAddress, string? isp, HostingOrganizationBody? organization,
            HostingSource source, int confidence)
    {
        var country = Country($"{prefix}hostingCountryCode", countryCode);
        var address = Address($"{prefix}hostingIpAddress", ipAddress);
        var provider = Name($"{prefix}hostingIsp", isp);
        var name = Name($"{prefix}hostingOrganization.organizationName", organization?.OrganizationName);
        var isCdn = organization?.IsContentDeliveryNetwork is { IsSet: true };
        if (country is null && address is null && provider is null && name is null && organization?.AutonomousSystemNumber is null && !isCdn)
        {
            return null;
        }

        return new HostingFacts
        {
            Country = country, IpAddress = address, Isp = provider, AutonomousSystemNumber = organization?.AutonomousSystemNumber, OrganizationName = name,
            IsContentDeliveryNetwork = isCdn, Source = source, Confidence = country is null ? 0 : confidence, TracedAt = now,
        };
    }

    public AssessmentInput? Assessment(string field, AssessmentBody? body, bool required = false)
    {
        if (body is null)
        {
            if (required)
            {
                Missing(field);
            }

            return null;
        }

        var analyst = Name($"{field}.assessingAnalystName", body.AssessingAnalystName);
        var category = Category($"{field}.category", body.Category);
        var classification = Code($"{field}.classification", CodeLists.Classifications, body.Classification, required: body.Category is null);
        if (category is { } found && (classification ??= found.Row.Means) != found.Row.Means)
        {
            Add($"{field}.classification", ProblemCodes.Inconsistent, "It is not what follows from the category; leave it out.");
        }

        var age = Code($"{field}.ageCategorization", CodeLists.AgeCategories, body.AgeCategorization);
        var gender = Code($"{field}.genderCategorization", CodeLists.GenderCategories, body.GenderCategorization);
        return classification is not { } decided ? null : new AssessmentInput
        {
            Classification = decided, Age = age ?? AgeCategory.NotDetermined, Gender = gender ?? GenderCategory.NotDetermined,
            VirtualContent = body.VirtualContentCategorization is { IsSet: true },
            UserGeneratedContent = body.UserGeneratedContentCategorization is { IsSet: true },
            ChildModeling = body.ChildModelingCategorization is { IsSet: true }, Analyst = Secret(analyst),
            Category = category is { } said && said.Scheme != CategorySchemes.Iccam ? said.Scheme.Of(said.Row) : null,
        };
    }

    private (CategoryScheme Scheme, CategoryRow Row)? Category(string field, CategoryBody? body)
    {
        if (body is null)
        {
            return null;
        }

        var country = Country($"{field}.countryCode", body.CountryCode);
        var found = body is { Scheme: { } scheme, Version: { } version, Code: { } code }
            ? CategorySchemes.Find(new Category { Scheme = scheme, Version = version, Jurisdiction = country, Code = code }) : null;
        if (found is null)
        {
            Add(field, ProblemCodes.UnknownCode, $"It names none of the schemes {CategorySchemes.Names} with one of its codes.");
        }

        return found;
    }

    public ActionInput? Action(string field, ActionBody? body, bool dateRequired)
    {
        if (body is null)
        {
            Missing(field);
            return null;
        }

        var analyst = Name($"{field}.actioningAnalystName", body.ActioningAnalystName);
        var type = Code($"{field}.actionType", CodeLists.ActionTypes, body.ActionType, required: true);
        var date = PastDate($"{field}.actionDate", body.ActionDate, dateRequired);
        var reason = Code($"{field}.reasonId", CodeLists.ActionReasons, body.ReasonId);
        var text = Text($"{field}.reasonText", body.ReasonText);
        return type is not { } decided || (date is null && dateRequired) ? null : new ActionInput
        {
            Type = decided, Date = date ?? now, Reason = reason, ReasonText = Secret(text), Analyst = Secret(analyst),
        };
    }

    /// <summary>A text to be sealed.</summary>
    public static SecretText? Secret(string? text) => text is null ? null : new SecretText { Text = text };

    /// <summary>One hash of a list of any algorithms; null with an error when something of it is wrong.</summary>
    public ContentHash? Hash(string field, HashBody? body)
    {
        if (!HashAlgorithms.TryFind(body?.Algorithm, out var row))
        {
            Add($"{field}.algorithm", ProblemCodes.UnknownCode, $"Algorithms: {HashAlgorithms.Names}.");
            return null;
        }

        if (body!.Quality is < 0 or > PdqLimits.MaxQuality)
        {
            Add($"{field}.quality", ProblemCodes.OutOfRange, $"The quality is 0 to {PdqLimits.MaxQuality}.");
            return null;
        }

        return Hash($"{field}.value", row, body.Value);
    }

    /// <summary>
    /// The hashes of one media file, and how much its PDQ value says. One that cannot be read does not keep the others from being taken (<see
    /// cref="LeftOut"/>); a PDQ value of unreadable quality might be worth nothing.
    /// </summary>
    public (ImmutableArray<ContentHash> Hashes, int? PdqQuality) Hashes(string field, HashTexts? body)
    {
        if (body is null)
        {
            return ([], null);
        }

        var found = ImmutableArray.CreateBuilder<ContentHash>(HashAlgorithms.All.Length);
        foreach (var row in HashAlgorithms.All)
        {
            if (string.IsNullOrWhiteSpace(body[row.Algorithm]))
            {
                continue;
            }

            if (ContentHash.TryParse(row.Algorithm, body[row.Algorithm].AsSpan().Trim(), out var hash))
            {
                found.Add(hash);
            }
            else
            {
                LeaveOut($"{field}.{row.JsonName}", ProblemCodes.MalformedHash, Form(row));
            }
        }

        if (body.PdqQuality is < 0 or > PdqLimits.MaxQuality)
        {
            LeaveOut($"{field}.pdqQuality", ProblemCodes.OutOfRange, $"The quality is 0 to {PdqLimits.MaxQuality}.");
            found.RemoveAll(h => h.Algorithm == HashAlgorithm.Pdq);
        }
        else if (body.PdqQuality is not null && string.IsNullOrWhiteSpace(body[HashAlgorithm.Pdq]))
        {
            LeaveOut($"{field}.pdqQuality", ProblemCodes.Inconsistent, "A quality without a PDQ value.");
        }

        var hashes = found.DrainToImmutable();
        return (hashes, hashes.Any(h => h.Algorithm == HashAlgorithm.Pdq) ? body.PdqQuality : null);
    }

    /// <summary>Bytes of a media file.</summary>
    public long? Size(string field, long? value)
    {
        if (value is null or (>= 0 and <= 1L << 52))
        {
            return value;
        }

        LeaveOut(field, ProblemCodes.OutOfRange, "The size is 0 to 2^52 bytes.");
        return null;
    }

    private ContentHash? Hash(string field, HashAlgorithmRow row, string? text)
    {
        if (ContentHash.TryParse(row.Algorithm, text.AsSpan().Trim(), out var hash))
        {
            return hash;
        }

        Add(field, ProblemCodes.MalformedHash, Form(row));
        return null;
    }

    private static string Form(HashAlgorithmRow row) => $"{row.Title} is written as {row.Form}.";

    [GeneratedRegex(
        @"\A(?<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?<hour>[0-9]{2}):(?<minute>[0-9]{2})(?::(?<second>[0-9]{2})(?:[.,](?<fraction>[0-9]{1,30}))?)?"
        + @"(?:[Zz]|(?<sign>[+-])(?<offsetHour>[0-9]{2})(?::?(?<offsetMinute>[0-9]{2}))?)\z")]
    private static partial Regex DateForms();
}
