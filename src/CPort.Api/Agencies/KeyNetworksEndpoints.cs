using System.Globalization;
using System.Net;
using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;

namespace CPort.Api.Agencies;

/// <summary>The networks that a key may come from.</summary>
public sealed record KeyNetworksBody
{
    /// <summary>At most 20, as <c>192.0.2.0/24</c>, <c>2001:db8::/32</c> or one address; an empty list: anywhere. Required.</summary>
    [System.ComponentModel.DataAnnotations.Required]
    public List<string?>? Networks { get; init; }
}

/// <summary>Networks that wait for consent.</summary>
/// <param name="Number">Names what is agreed to (<c>:approve</c>).</param>
/// <param name="Networks">What the key may come from then; empty: anywhere.</param>
/// <param name="SetBy">The id of the key or person that had them set.</param>
public sealed record WaitingNetworksAnswer(long Number, IReadOnlyList<string> Networks, string SetBy)
{
    public static WaitingNetworksAnswer? Of(WaitingNetworks? waiting) =>
        waiting is null ? null : new(waiting.Number, KeyNetworks.Texts(waiting.Networks), waiting.SetBy);
}

/// <summary>Which networks a key may come from: <c>/v1/agencies/{agency}/keys/{keyId}/networks</c>.</summary>
internal static class KeyNetworksEndpoints
{
    public static void MapKeyNetworks(this IEndpointRouteBuilder agencies)
    {
        agencies.MapPut("/{agency}/keys/{keyId}/networks", SetAsync).Needs(Deed.IssueKeys).WithName("SetKeyNetworks")
            .WithSummary("Say which networks an API key may come from")
            .WithDescription(
                "What only takes networks away counts at once. What lets the key come from more places needs the consent that a further key needs: "
                + "until then it stands in the key's `networksWaiting`, and what was before goes on. "
                + "A replaced key hands its networks on; later each has its own.")
            .Problems(400, 403, 404, 409, 413, 422, 503);
        agencies.MapPost("/{agency}/keys/{keyId}/networks/{number}:approve", ApproveAsync).Needs(Deed.ApproveKeys).WithName("ApproveKeyNetworks")
            .WithSummary("Agree to the networks that an API key may come from")
            .WithDescription("By the agency whose key it is, or by another operator than who had them set; from then on they count.")
            .Problems(403, 404, 409, 503);
    }

    /// <summary>Each as it is kept; what is none is told by its field.</summary>
    public static ImmutableArray<string> Read(FieldReader fields, string field, List<string?>? texts)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>();
        for (var i = 0; i < texts?.Count && i < KeyNetworks.Max; i++)
        {
            if (KeyNetworks.TryParse(texts[i]?.Trim(), out var network))
            {
                networks.Add(network);
            }
            else
            {
                fields.Add(
                    $"{field}[{i}]", ProblemCodes.OutOfRange,
                    "A network, for example 192.0.2.0/24 or 2001:db8::/32; its address has no bits beyond its prefix.");
            }
        }

        if (texts?.Count > KeyNetworks.Max)
        {
            fields.Add(field, ProblemCodes.OutOfRange, $"At most {KeyNetworks.Max} networks.");
        }

        return KeyNetworks.Texts(networks.ToImmutable());
    }

    private static async Task<AgencyAnswer> SetAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, string keyId,
        JsonBody<KeyNetworksBody> body)
    {
        var (f, id) = (body.Fields, AgencyEndpoints.Id(agency));
        if (body.Value.Networks is null)
        {
            f.Missing("networks");
        }

        var networks = Read(f, "networks", body.Value.Networks);
        if (keyId == me.Caller.KeyId && f.Problem is null && KeyNetworks.Read(networks) is { } wanted
            && !KeyNetworks.Admit(wanted, http.Connection.RemoteIpAddress))
        {
            f.Add("networks", ProblemCodes.Inconsistent, "The key in use could not come in any more from where you are.");
        }

        body.Check();
        await AgencyEndpoints.TakenAsync(
            gateway, new SetKeyNetworks { Context = me.Context(), Agency = id, KeyId = keyId, Networks = networks }, http.RequestAborted);
        return AgencyEndpoints.Show(directory, time, id);
    }

    private static async Task<AgencyAnswer> ApproveAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, string keyId, string number)
    {
        var id = AgencyEndpoints.Id(agency);
        var named = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed
            : throw ApiProblemException.Of(ProblemCodes.NotFound, "Nothing of that number waits.");
        await AgencyEndpoints.TakenAsync(
            gateway, new ApproveKeyNetworks { Context = me.Context(), Agency = id, KeyId = keyId, Number = named }, http.RequestAborted);
        return AgencyEndpoints.Show(directory, time, id);
    }
}
