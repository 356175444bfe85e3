using CPort.Iccam.Reading;
using CPort.Iccam.Security;

namespace CPort.Iccam.Endpoints;

/// <summary>The lists that codes are from: plain arrays, asked for once when a client is set up.</summary>
internal static class EntityEndpoints
{
    public static void MapEntities(this IEndpointRouteBuilder rest, IccamServices all)
    {
        Codes("site-types", CodeLists.SiteTypes);
        Codes("commercialities", CodeLists.Commercialities);
        Codes("payment-methods", CodeLists.PaymentMethods);
        Codes("classifications", CodeLists.Classifications);
        Codes("age-categories", CodeLists.AgeCategories);
        Codes("gender-categories", CodeLists.GenderCategories);
        Map("action-types", _ => CodeLists.ActionTypes.Values.Select(a => new ActionTypeRow((int)a, (int)a, CodeNames.Of(a))).ToList(), r => r.Id);
        Map("countries", _ => Country.All.Select((c, i) => new CountryRow(i + 1, c.Code, CountryNames.Of(c))).ToList(), r => r.Id);
        Map("hotlines", me => all.HotlineIds.SeenBy(me.Agency, AgencyDirectory.DayOf(all.Time.GetUtcNow())).Select(h => new HotlineRow(
            h.Id, h.Agency.Name,
            [.. h.Agency.CountriesOn(AgencyDirectory.DayOf(all.Time.GetUtcNow())).Select(c => me.Style.Write(c)!)])).ToList(), r => r.Id);

        // Of other agencies nobody is named.
        Map<EntityRow>("analysts", me => [new EntityRow(1, me.Access.AnalystName)], r => r.Id);

        void Codes<T>(string name, CodeList<T> list)
            where T : struct, Enum => Map(
            name, _ => list.Values.Select(v => new EntityRow(Convert.ToInt32(v, CultureInfo.InvariantCulture), CodeNames.Of(v))).ToList(), r => r.Id);

        void Map<TRow>(string name, Func<IccamCaller, List<TRow>> rows, Func<TRow, int> idOf)
        {
            foreach (var (path, endpoint) in new[] { ($"/{name}", $"Iccam-{name}"), ($"/{name}/{{number}}", $"Iccam-{name}-one") })
            {
                rest.OnGet(path, http =>
                {
                    var found = rows(IccamCaller.Of(http));
                    var one = http.GetRouteValue("number") is null ? found : found.Where(r => idOf(r) == RequestReader.Number(http, "number")).ToList();
                    return Task.FromResult(Shows.View(name, one));
                }).Needs(Deed.SeeOwnAgency).WithName(endpoint);
            }
        }
    }
}
