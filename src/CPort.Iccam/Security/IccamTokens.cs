using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CPort.Domain.Confidential;

namespace CPort.Iccam.Security;

/// <summary>What a token says, once it is known to be one of ours.</summary>
/// <param name="Agency">Whose system has it.</param>
/// <param name="Credentials">How that came in (<see cref="IccamAccess.Credentials"/>).</param>
/// <param name="IssuedAt">When, whole seconds.</param>
/// <param name="Certificate">SHA-256 of the client certificate that was shown then, and has to be shown again; empty: none was.</param>
internal sealed record IccamToken(AgencyId Agency, long Credentials, DateTimeOffset IssuedAt, string Certificate);

/// <summary>
/// Tokens that hold all they mean, under a keyed hash of the database: good on every node, kept nowhere, and ended by what they name (the access, its key, its
/// agency) and by time. Never anything that PHP takes for a number. Thread-safe.
/// </summary>
internal sealed class IccamTokens(ConfidentialSeam seam, TimeProvider time, IccamSettings settings)
{
    private const string Bearer = "iccamb";
    private const string Refresh = "iccamr";
    private const string Purpose = "iccam-token-1";

    /// <summary>How long a token works beyond its end: a run that began with it goes on.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan RefreshLife = TimeSpan.FromHours(24);

    public TokenAnswer Issue(AgencyId agency, IccamAccess access, string certificate)
    {
        var token = new IccamToken(agency, access.Credentials, time.GetUtcNow(), certificate);
        return new TokenAnswer(Write(Bearer, token), Write(Refresh, token), (long)settings.TokenLife.TotalSeconds);
    }

    /// <summary>Null: not one of ours, or over.</summary>
    public IccamToken? Read(string? text) => Read(Bearer, text, settings.TokenLife + Grace);

    /// <summary>Of a token for a new one; the one it was given with does, too, as long as it works.</summary>
    public IccamToken? ReadRefresh(RefreshRequest request) => Read(Refresh, request.RefreshToken, RefreshLife) ?? Read(request.BearerToken);

    /// <summary>When the client takes it to end.</summary>
    public DateTimeOffset EndOf(IccamToken token) => token.IssuedAt + settings.TokenLife;

    private string Write(string kind, IccamToken token)
    {
        var said = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{kind}|{token.Agency}|{token.Credentials}|{token.IssuedAt.ToUnixTimeSeconds()}|{token.Certificate}"));
        return $"{kind}.{Base64Url.EncodeToString(said)}.{Base64Url.EncodeToString(seam.Keyed(Purpose, said))}";
    }

    private IccamToken? Read(string kind, string? text, TimeSpan life)
    {
        if (text is not { Length: < 1_000 } || text.Split('.') is not [var word, var body, var mac] || word != kind
            || !Base64Url.IsValid(body) || !Base64Url.IsValid(mac))
        {
            return null;
        }

        var said = Base64Url.DecodeFromChars(body);
        if (!CryptographicOperations.FixedTimeEquals(seam.Keyed(Purpose, said), Base64Url.DecodeFromChars(mac))
            || Encoding.UTF8.GetString(said).Split('|') is not [var of, var agency, var credentials, var issued, var certificate] || of != kind)
        {
            return null;
        }

        var at = DateTimeOffset.FromUnixTimeSeconds(long.Parse(issued, CultureInfo.InvariantCulture));
        return time.GetUtcNow() < at + life
            ? new IccamToken(AgencyId.Parse(agency), long.Parse(credentials, CultureInfo.InvariantCulture), at, certificate) : null;
    }
}
