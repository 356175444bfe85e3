using System.Globalization;
using CPort.Actors.HashLists;
using CPort.Domain.Audit;
using CPort.Domain.Wires;

namespace CPort.Api.Wires;

/// <summary>
/// <c>/threatexchange/{list}/threat_updates</c>: what an agency's own list holds and what changes in it, shaped as ThreatExchange's feed of a privacy group.
/// One reads on by cursor, which says exactly how far one has come; what a list takes back comes as <c>should_delete</c>, however late one asks.
/// </summary>
public static class ThreatUpdateEndpoints
{
    private const int Most = 1_000;
    private const int Usual = 500;

    public static void MapThreatUpdates(this IEndpointRouteBuilder routes)
    {
        // A slash at the end is ThreatExchange's; routing takes both.
        var updates = routes.MapGroup("/threatexchange").Audited().ExcludeFromDescription();
        updates.MapGet("/{list}/threat_updates", NextAsync).Needs(Deed.ReadHashLists).WithName("ThreatUpdates");
    }

    private static async Task<WireAnswer> NextAsync(
        HttpContext http, ApiCaller me, AgencyLists lists, CPortApiOptions options, string list, CancellationToken cancellation, string? after = null,
        string? limit = null)
    {
        foreach (var name in (ReadOnlySpan<string>)["access_token", "start_time", "stop_time", "types"])
        {
            if (http.Request.Query.ContainsKey(name))
            {
                throw ApiProblemException.OfField(name, ProblemCodes.UnknownParameter, name == "access_token"
                    ? "Addresses stand in logs: the key goes into the header Authorization." : "Only a cursor says how far one has read: go on with after.");
            }
        }

        var most = string.IsNullOrEmpty(limit) ? Usual
            : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is >= 1 and <= Most ? given
            : throw ApiProblemException.OfField("limit", ProblemCodes.OutOfRange, $"A whole number from 1 to {Most} is expected.");
        var reading = $"threat updates {(int)me.Caller.Tenant} {me.Caller.Agency} {list}";
        var place = Cursor.Read<byte[]>(reading, after) is { } packed
            ? ListPlace.Unpack(packed) ?? throw ApiProblemException.Of(ProblemCodes.MalformedCursor)
            : ListPlace.Start;
        if (ReferenceEquals(place, ListPlace.Start) && (await lists.ListsAsync(me.Caller.Tenant, me.Caller.Agency, cancellation)).All(l => l.List != list))
        {
            throw ApiProblemException.Of(ProblemCodes.NotFound, "The agency has brought no list of this name.");
        }

        var stretch = await lists.NextAsync(me.Caller.Tenant, me.Caller.Agency, list, place, most, cancellation);
        var cursor = Cursor.Write(reading, stretch.Next.Pack());
        var cursors = new { after = cursor };
        var address = string.Create(CultureInfo.InvariantCulture,
            $"{options.PublicUrl.TrimEnd('/')}/threatexchange/{Uri.EscapeDataString(list)}/threat_updates?limit={most}&after={cursor}");
        return new WireAnswer(
            new
            {
                data = stretch.Hashes.Select(h => ThreatUpdate.Of(h.Bucket, h.Listed)),
                paging = stretch.More ? new Dictionary<string, object> { ["cursors"] = cursors, ["next"] = address }
                    : new Dictionary<string, object> { ["cursors"] = cursors },
            },
            new Shown([new AuditObject(AuditObjectKind.List, list)], ["hashes"], stretch.Hashes.Length));
    }
}
