using System.ComponentModel.DataAnnotations;
using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Audit;
using CPort.Domain.Referrals;

namespace CPort.Api.Agencies;

/// <summary>When the agency's managers are told of an alert that nobody there has acknowledged.</summary>
public sealed record EscalationBody
{
    /// <summary>After so many minutes; 0: they are not. Required.</summary>
    [Required]
    public int? ManagersAfterMinutes { get; init; }
}

/// <summary>How an alert that nobody acknowledges goes on.</summary>
/// <param name="ManagersAfterMinutes">After so many minutes the agency's managers are told by mail; 0: they are not.</param>
/// <param name="OthersAfterMinutes">After so many it goes to the national bureau, else to INTERPOL.</param>
public sealed record EscalationAnswer(int ManagersAfterMinutes, int OthersAfterMinutes) : IShowsData
{
    Shown IShowsData.What() => Shown.View("escalation");
}

/// <summary><c>/v1/notifications/escalation</c>: an agency's.</summary>
public static class EscalationEndpoints
{
    private const string Tag = "Notifications";

    public static void MapEscalation(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/notifications/escalation", (ApiCaller me, AgencyDirectoryFeed agencies) => Escalation(agencies, me.Caller))
            .Needs(Deed.SeeNotifications).WithName("GetEscalation").WithTags(Tag)
            .WithSummary("When others are told of an alert that nobody of the agency has acknowledged").Problems(403, 503);
        v1.MapPut("/notifications/escalation", EscalateAsync).Needs(Deed.SetEscalation).WithName("SetEscalation").WithTags(Tag)
            .WithSummary("Say when the agency's managers are told of an alert that nobody has acknowledged")
            .WithDescription("By administrators and managers of police and INTERPOL. By mail, whatever a manager chose else, and at any hour.")
            .Problems(400, 403, 409, 413, 422, 503);
    }

    /// <summary>The agency's, as its page shows it too.</summary>
    public static EscalationAnswer Escalation(AgencyDirectoryFeed agencies, Caller caller) => new(
        agencies.Current.Find(caller.Agency)?.ManagersAfter ?? EscalationLimits.UsualManagersAfter, ReferralLimits.AlertMinutes);

    private static async Task<EscalationAnswer> EscalateAsync(HttpContext http, ApiCaller me, IAgencyGateway gateway, JsonBody<EscalationBody> body)
    {
        if (body.Value.ManagersAfterMinutes is not { } minutes)
        {
            body.Fields.Missing("managersAfterMinutes");
        }
        else if (minutes is < 0 or > EscalationLimits.MostManagersAfter)
        {
            body.Fields.Add("managersAfterMinutes", ProblemCodes.OutOfRange, $"0 to {EscalationLimits.MostManagersAfter}.");
        }

        body.Check();
        var after = body.Value.ManagersAfterMinutes!.Value;
        return await gateway.SendAsync(new SetEscalation { Context = me.Context(), Agency = me.Caller.Agency, ManagersAfter = after }, http.RequestAborted)
            is AgencyCommandRejected refused
                ? throw ApiProblemException.Of(ProblemCodes.Of(refused.Reason), refused.Text)
                : new EscalationAnswer(after, ReferralLimits.AlertMinutes);
    }
}
