using System.ComponentModel.DataAnnotations;
using System.Globalization;
using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;

namespace CPort.Api.Agencies;

/// <summary>How a hotline's own system, written for ICCAM's API v3, comes in and writes.</summary>
public sealed record IccamAccessBody
{
    /// <summary>What it signs in by, 1 to 100 characters, unique among all agencies. Required.</summary>
    [Required]
    public string? UserName { get; init; }

    /// <summary>12 to 200 characters; kept as a hash. Left out: the present one stays, or, where there is none, the certificate suffices.</summary>
    public string? Password { get; init; }

    /// <summary>SHA-256 of the one client certificate it may show, 64 hexadecimal digits; left out: any of the listener's authorities.</summary>
    public string? Certificate { get; init; }

    /// <summary>The id of the agency's key as which it speaks, with the role analyst or machine. Required.</summary>
    [Required]
    public string? KeyId { get; init; }

    /// <summary>The analyst whose name stands where it gives none. Required.</summary>
    [Required]
    public string? AnalystName { get; init; }

    /// <summary>How it writes its own country, for example <c>UK</c>; left out: as ISO does.</summary>
    public string? CountrySpelling { get; init; }

    /// <summary>The zone of its clock, for example <c>Europe/Amsterdam</c>; left out: its dates are what they say.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Whether a date ahead of now is the moment of receipt (the default), or is refused.</summary>
    public bool? ClampFutureDates { get; init; }

    public override string ToString() => nameof(IccamAccessBody);
}

/// <summary>How a hotline's own system comes in and writes; of its password only whether there is one.</summary>
/// <param name="Number">Names what is agreed to (<c>:approve</c>).</param>
/// <param name="SetBy">The id of the key or person that had it set.</param>
public sealed record IccamAccessAnswer(
    long Number, string UserName, bool HasPassword, string? Certificate, string KeyId, string AnalystName, string? CountrySpelling, string? TimeZone,
    bool ClampFutureDates, string? SetBy)
{
    public static IccamAccessAnswer? Of(IccamAccess? access) => access is null ? null : new(
        access.Credentials, access.UserName, access.PasswordHash is not null, access.CertificateThumbprint, access.KeyId, access.AnalystName,
        access.CountrySpelling, access.TimeZone, !access.RefusesFutureDates, access.SetBy);
}

/// <summary>A hotline's way in at the ICCAM façade: <c>/v1/agencies/{agency}/iccam</c>.</summary>
internal static class IccamAccessEndpoints
{
    public static void MapIccamAccess(this IEndpointRouteBuilder agencies)
    {
        agencies.MapPut("/{agency}/iccam", SetAsync).Needs(Deed.IssueKeys).WithName("SetIccamAccess")
            .WithSummary("Say how a hotline's own ICCAM system comes in and writes")
            .WithDescription(
                "It speaks as the key that is named. How it comes in needs the consent that a further key needs: until then it stands in `iccamWaiting`, and "
                + "what was before goes on. A change of it ends the tokens of before.").Problems(400, 403, 404, 409, 422, 503);
        agencies.MapPost("/{agency}/iccam/{number}:approve", ApproveAsync).Needs(Deed.ApproveKeys).WithName("ApproveIccamAccess")
            .WithSummary("Agree to how a hotline's ICCAM system comes in")
            .WithDescription("By the agency whose it is, or by another operator than who had it set; from then on it works.").Problems(403, 404, 409, 503);
        agencies.MapPost("/{agency}/iccam:stop", StopAsync).Needs(Deed.RevokeKeys).WithName("StopIccamAccess")
            .WithSummary("End a hotline's ICCAM system's way in at once").Problems(403, 404, 409, 503);
    }

    private static async Task<AgencyAnswer> SetAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, JsonBody<IccamAccessBody> body)
    {
        var (b, f, id) = (body.Value, body.Fields, AgencyEndpoints.Id(agency));
        string Required(string field, string? value)
        {
            var text = f.Name(field, value);
            if (text is null && f.Problem is null)
            {
                f.Missing(field);
            }

            return text ?? "";
        }

        var access = new IccamAccess
        {
            UserName = Required("userName", b.UserName), KeyId = Required("keyId", b.KeyId), AnalystName = Required("analystName", b.AnalystName),
            CertificateThumbprint = f.Name("certificate", b.Certificate), CountrySpelling = f.Name("countrySpelling", b.CountrySpelling),
            TimeZone = f.Name("timeZone", b.TimeZone), RefusesFutureDates = b.ClampFutureDates == false,
        };
        if (b.Password is { } given && (IccamPassword.Plain(given).Length < IccamPassword.MinLength || given.Length > IccamPassword.MaxLength))
        {
            f.Add("password", ProblemCodes.OutOfRange, $"A password has {IccamPassword.MinLength} to {IccamPassword.MaxLength} characters.");
        }

        body.Check();
        if (b.Password is { } password)
        {
            // The password itself goes no further than here.
            access = access with { PasswordHash = await Task.Run(() => IccamPassword.Hash(password), http.RequestAborted) };
        }

        await AgencyEndpoints.TakenAsync(gateway, new SetIccamAccess { Context = me.Context(), Agency = id, Access = access }, http.RequestAborted);
        return AgencyEndpoints.Show(directory, time, id);
    }

    private static async Task<AgencyAnswer> ApproveAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, string number)
    {
        var id = AgencyEndpoints.Id(agency);
        var credentials = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var named) ? named
            : throw ApiProblemException.Of(ProblemCodes.NotFound, "Nothing of that number waits.");
        await AgencyEndpoints.TakenAsync(
            gateway, new ApproveIccamAccess { Context = me.Context(), Agency = id, Credentials = credentials }, http.RequestAborted);
        return AgencyEndpoints.Show(directory, time, id);
    }

    private static async Task<AgencyAnswer> StopAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency)
    {
        var id = AgencyEndpoints.Id(agency);
        await AgencyEndpoints.TakenAsync(gateway, new StopIccamAccess { Context = me.Context(), Agency = id }, http.RequestAborted);
        return AgencyEndpoints.Show(directory, time, id);
    }
}
