using System.Net;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Agencies;
using CPort.Actors.Sessions;

namespace CPort.Iccam.Security;

/// <summary>
/// Who a hotline's system is: by user name, password and client certificate at a sign-in, by its token and the same certificate after it. Guessing is slowed
/// down on all nodes together (<see cref="SignInFailures"/>), and takes as long for a name that nobody has. Thread-safe.
/// </summary>
internal sealed class IccamSignIn(
    AgencyDirectoryFeed directory, SignInFailures failures, SignInRefusals refusals, KeyUses uses, IccamTokens tokens, TimeProvider time,
    IccamSettings settings)
    : IDisposable
{
    private static readonly string OfNobody = IccamPassword.OfNobody;

    // Passwords cost processor time on purpose: who sends many takes none of what reports need.
    private readonly SemaphoreSlim _atOnce = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>A node that has just started has not read who there is.</summary>
    public bool IsReady => directory.Ready;

    /// <summary>SHA-256 of what the connection showed, small hexadecimal digits; empty: nothing.</summary>
    public static string CertificateOf(HttpContext http) =>
        http.Connection.ClientCertificate is { } shown ? Convert.ToHexStringLower(shown.GetCertHash(HashAlgorithmName.SHA256)) : "";

    /// <summary>Tokens for who has shown to be it; null: no, and why is not told.</summary>
    public async Task<TokenAnswer?> SignInAsync(LoginRequest request, IPAddress? from, string certificate, CancellationToken cancellation)
    {
        var name = IccamPassword.Plain(request.Username ?? "");

        // Counted against who tries, whose certificate TLS has proven: with one of their own nobody keeps another hotline's system out.
        var mark = $"iccam\0{name}\0{certificate}";
        var inARow = await failures.ReserveAsync(mark, from, cancellation);
        if (inARow is null)
        {
            // Whoever is to wait costs no processor time; names that nobody has wait alike.
            refusals.Note("iccam", "paused");
            return null;
        }

        var found = directory.Current.FindIccam(name);
        var fits = await FitsAsync(request.Password ?? "", found?.Access.PasswordHash ?? OfNobody, cancellation);
        var speaks = found is { } system ? directory.Current.AuthenticateIccam(system.Agency, system.Access, time.GetUtcNow(), from) : null;
        var cause = found is not { } known ? "name"
            : !ShowsItsCertificate(known.Access, certificate) ? "certificate"
            : known.Access.PasswordHash is not null && !fits ? "password"
            : speaks is Authentication.Refused refused ? AuditEntry.Word(refused.Cause)
            : null;
        if (cause is not null)
        {
            refusals.Note("iccam", cause, (speaks as Authentication.Accepted)?.Caller ?? (speaks as Authentication.Refused)?.Named);
            return null;
        }

        await failures.SucceededAsync(mark, from, cancellation);
        return tokens.Issue(found!.Value.Agency.Id, found.Value.Access, certificate);
    }

    /// <summary>A token's system, as it is now; null: the token is none, is over, or what it names was stopped.</summary>
    public IccamCaller? CallerOf(IccamToken? token, string certificate, IPAddress? from)
    {
        Authentication? speaks = null;
        if (token is null || directory.Current.Find(token.Agency) is not { Active: true, Iccam: { } access } agency || access.Credentials != token.Credentials
            || !Same(token.Certificate, certificate) || !ShowsItsCertificate(access, certificate)
            || (speaks = directory.Current.AuthenticateIccam(agency, access, time.GetUtcNow(), from)) is not Authentication.Accepted { Caller: var caller })
        {
            // That it comes from elsewhere is its agency's to know; the rest is one word, as before.
            var outside = speaks is Authentication.Refused { Cause: RefusalCause.OutsideNetworks } refused ? refused : null;
            refusals.Note("iccam", token is null ? "token" : outside is null ? "ended" : AuditEntry.Word(outside.Cause), outside?.Named);
            return null;
        }

        uses.Note(caller.KeyId);
        return new IccamCaller(agency, access, caller);
    }

    public void Dispose() => _atOnce.Dispose();

    private bool ShowsItsCertificate(IccamAccess access, string certificate) =>
        access.CertificateThumbprint is { } own ? Same(own, certificate) : settings.CertificatesAreChecked && certificate.Length > 0;

    private static bool Same(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(one), Encoding.ASCII.GetBytes(other));

    private async Task<bool> FitsAsync(string password, string hash, CancellationToken cancellation)
    {
        await _atOnce.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => IccamPassword.Fits(password.Length <= IccamPassword.MaxLength ? password : "", hash), cancellation);
        }
        finally
        {
            _atOnce.Release();
        }
    }
}
