using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CPort.Domain.People;

/// <summary>
/// The secret of an invitation: 256 random bits as 43 characters of base64url. Shown once, to who invites; afterwards only its hash exists. A plain hash is
/// enough: it is no password.
/// </summary>
public sealed class EnrolmentLink
{
    private const int Length = 43;

    private EnrolmentLink(string text) => Text = text;

    /// <summary>The secret. Goes into the one reply that shows it and nowhere else.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of the text's 43 characters, 64 lower-case hex digits.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Text)));

    public static EnrolmentLink Generate() =>
        new(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_'));

    public static bool TryParse(string? text, [NotNullWhen(true)] out EnrolmentLink? link)
    {
        link = text is { Length: Length } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? new EnrolmentLink(text) : null;
        return link is not null;
    }

    public override string ToString() => "EnrolmentLink(…)";
}

/// <summary>
/// What a person types to be found: 2 to 40 characters of a-z, 0-9, full stop, hyphen and underscore, beginning with a letter; unique in the agency, so that
/// nobody learns from it whom another agency has. On the page it is written <c>name@agency</c>.
/// </summary>
public static class SignInName
{
    public static bool IsGood(string? name) =>
        name is { Length: >= 2 and <= 40 } && char.IsAsciiLetterLower(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_');

    /// <summary>Splits <c>name@agency</c>, in either case.</summary>
    public static bool TryParse(string? text, out string name, out AgencyId agency)
    {
        (name, agency) = ("", default);
        if (text?.Trim().ToLowerInvariant().Split('@') is not [var before, var after] || !IsGood(before) || !AgencyId.TryParse(after, out agency))
        {
            return false;
        }

        name = before;
        return true;
    }
}

/// <summary>The keyed hashes by which people are found without being read.</summary>
public static class PersonMarks
{
    /// <summary>128 bits of the keyed hash of agency and sign-in name, 32 lower-case hex digits.</summary>
    public static string OfName(ConfidentialSeam seam, AgencyId agency, string signInName) => Of(seam, "person-sign-in-1", $"{agency}\0{signInName}");

    /// <summary>The same of the name that an identity provider has for somebody.</summary>
    public static string OfProvider(ConfidentialSeam seam, string issuer, string subject) => Of(seam, "person-provider-1", $"{issuer.TrimEnd('/')}\0{subject}");

    /// <summary>Where a person's secrets are sealed.</summary>
    public static SealedPlace Place(PersonId person) => new(new ReportId(person.Number), SealedField.PersonSecrets);

    private static string Of(ConfidentialSeam seam, string purpose, string text) =>
        Convert.ToHexStringLower(seam.Keyed(purpose, Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
