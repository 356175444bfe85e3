using System.Text.Json;
using CPort.Api;
using CPort.Api.Agencies;
using CPort.Domain.CodeLists;

namespace CPort.Node.Client;

/// <summary>What commands and the sample ask of a node about agencies.</summary>
public static class AgencyRequests
{
    /// <summary>Registers an agency; the change that waits for consent where it was not done at once.</summary>
    public static async Task<ChangeAnswer?> RegisterAsync(
        CPortClient client, AgencyId id, string name, AgencyKind kind, IEnumerable<Country> countries, bool orphanMandate, TrustLevel trust,
        int? iccamHotlineNumber = null, CancellationToken cancellation = default)
    {
        var answer = await client.PostAsync("v1/agencies", new RegisterAgencyBody
        {
            Id = id.Value, Name = name, Kind = kind.ToString(), Countries = [.. countries.Select(c => c.Code)],
            HoldsOrphanMandate = orphanMandate, Trust = trust.ToString(), IccamHotlineNumber = iccamHotlineNumber,
        }, cancellation);
        return answer.TryGetProperty("number", out _) ? answer.Deserialize<ChangeAnswer>(ApiJson.Options) : null;
    }

    public static string[] Names(Roles roles) => [.. Enum.GetValues<Roles>().Where(r => r != Roles.None && roles.HasFlag(r)).Select(r => r.ToString())];
}
