using CPort.Node.Client;
using CPort.Api.Agencies;
using CPort.Domain.CodeLists;

namespace CPort.Node.Sample.Case;

/// <summary>Somebody who acts in the case, by a key of their own.</summary>
/// <param name="Name">As the steps name them.</param>
/// <param name="Agency">Whose person it is.</param>
/// <param name="Roles">What they may do there.</param>
public sealed record CaseActor(string Name, AgencyId Agency, Roles Roles);

/// <summary>Who acts, and how they get their agencies and keys where those are not there yet.</summary>
public static class CaseKeys
{
    public static readonly AgencyId Hotline = AgencyId.Parse("hotline-nl");
    public static readonly AgencyId PoliceNl = AgencyId.Parse("police-nl");
    public static readonly AgencyId PoliceDe = AgencyId.Parse("police-de");
    public static readonly AgencyId Interpol = AgencyId.Parse("interpol");
    public static readonly AgencyId Supervisor = AgencyId.Parse("supervisor-nl");

    /// <summary>The four of the case's title, in the order in which their sight is told.</summary>
    public static ImmutableArray<(AgencyId Agency, string Eyes)> Four { get; } =
        [(Hotline, "analyst-nl"), (PoliceNl, "officer-nl"), (PoliceDe, "officer-de"), (Interpol, "officer-ip")];

    public static ImmutableArray<CaseActor> All { get; } =
    [
        new("analyst-nl", Hotline, Roles.Analyst | Roles.Machine), new("officer-nl", PoliceNl, Roles.Officer),
        new("administrator-nl", PoliceNl, Roles.Administrator), new("officer-de", PoliceDe, Roles.Officer),
        new("administrator-de", PoliceDe, Roles.Administrator), new("officer-ip", Interpol, Roles.Officer), new("second-ip", Interpol, Roles.Officer),
        new("auditor-nl", Supervisor, Roles.Auditor),
    ];

    private static readonly ImmutableArray<(AgencyId Id, AgencyKind Kind, string? Country)> Agencies =
    [
        (Hotline, AgencyKind.Hotline, "NL"), (PoliceNl, AgencyKind.Police, "NL"), (PoliceDe, AgencyKind.Police, "DE"), (Interpol, AgencyKind.Interpol, null),
        (Supervisor, AgencyKind.SupervisoryAuthority, "NL"),
    ];

    /// <summary>Makes what is not there and gives everybody's key; what waits for consent the second operator agrees to.</summary>
    public static async Task<Dictionary<string, string>> MakeAsync(ICaseStage stage, CancellationToken cancellation)
    {
        using var first = new CPortClient(stage.Url, stage.OperatorKey);
        using var second = new CPortClient(stage.Url, stage.SecondOperatorKey);
        foreach (var (id, kind, country) in Agencies)
        {
            try
            {
                await first.GetAsync($"v1/agencies/{id}", cancellation);
            }
            catch (CPortApiException e) when (e.Problem.Status == 404)
            {
                ImmutableArray<Country> countries = country is null ? [] : [Country.Parse(country)];
                if (await AgencyRequests.RegisterAsync(
                    first, id, $"Example {id}", kind, countries, false, kind == AgencyKind.Interpol ? TrustLevel.Trusted : TrustLevel.Standard,
                    cancellation: cancellation) is { } waits)
                {
                    await second.PostAsync($"v1/agencies/{id}/changes/{waits.Number}:approve", null, cancellation);
                }
            }
        }

        var keys = new Dictionary<string, string>();
        foreach (var actor in All)
        {
            var body = new IssueKeyBody { Roles = [.. AgencyRequests.Names(actor.Roles)] };
            var made = await first.PostAsync<NewKeyAnswer>($"v1/agencies/{actor.Agency}/keys", body, cancellation);
            if (made.AwaitsConsent == true)
            {
                await second.PostAsync($"v1/agencies/{actor.Agency}/keys/{made.KeyId}:approve", null, cancellation);
            }

            keys[actor.Name] = made.ApiKey ?? throw new CaseException($"The key of {actor.Name} was not shown.");
        }

        return keys;
    }
}
