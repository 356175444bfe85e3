using System.Security.Claims;
using System.Text.Encodings.Web;
using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CPort.Api.Security;

/// <summary>
/// Reads <c>Authorization: Bearer cport_…</c> or <c>X-Api-Key</c>, and <c>X-Purpose</c>. Why a key is refused is never told, except about the purpose and
/// the network, which only who has a good key learns of.
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, AgencyDirectoryFeed directory, TimeProvider time,
    SignInRefusals refusals)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string KeyHeader = "X-Api-Key";
    public const string PurposeHeader = "X-Purpose";

    private RefusalCause? _explained;
    private Authentication.Refused? _refused;
    private bool _unknownYet;

    /// <summary>The key as it was sent; null: none was.</summary>
    public static string? KeyOf(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization["Bearer ".Length..].Trim()
            : request.Headers[KeyHeader] is [{ Length: > 0 } given] ? given.Trim()
            : null;
    }

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (PageMetadata.Of(Context) is not null)
        {
            // Pages are opened by people in sessions; a key has no place in a browser.
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (KeyOf(Request) is not { } key)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        switch (directory.Authenticate(key, time.GetUtcNow(), Request.Headers[PurposeHeader].ToString(), Context.Connection.RemoteIpAddress))
        {
            case Authentication.Accepted accepted:
                Context.Features.Set(accepted.Caller);
                Context.RequestServices.GetService<KeyUses>()?.Note(accepted.Caller.KeyId);
                var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, accepted.Caller.KeyId)], SchemeName);
                return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName)));
            case Authentication.Refused refused:
                _refused = refused;
                _explained = refused.MayBeExplained ? refused.Cause : null;

                // A node that has just started has not read all keys: that a good key is unknown to it is no reason for its owner to give up.
                _unknownYet = !directory.Ready;
                return Task.FromResult(AuthenticateResult.Fail(refused.Cause.ToString()));
            default:
                return Task.FromResult(AuthenticateResult.NoResult());
        }
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_unknownYet)
        {
            await (ApiProblem.Of(ProblemCodes.Unavailable, "The directory of agencies is being read.") with { RetryAfter = 1 }).WriteAsync(Context);
            return;
        }

        if (_refused is { } refused)
        {
            refusals.Note(refused);
        }

        var problem = _explained switch
        {
            RefusalCause.PurposeMissing => ApiProblem.Of(ProblemCodes.PurposeMissing, $"Police state why they look: header {PurposeHeader}."),
            RefusalCause.PurposeInvalid => ApiProblem.Of(
                ProblemCodes.PurposeInvalid, $"A purpose is at most {AgencyDirectory.MaxPurposeLength} characters without control characters."),
            RefusalCause.OutsideNetworks => ApiProblem.Of(ProblemCodes.NetworkNotAllowed, KeyNetworks.Refusal),
            _ => ApiProblem.Of(ProblemCodes.NotAuthenticated, $"Send Authorization: Bearer cport_… or {KeyHeader}."),
        };
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.WWWAuthenticate = "Bearer realm=\"cport\"";
        }

        await problem.WriteAsync(Context);
    }
}
