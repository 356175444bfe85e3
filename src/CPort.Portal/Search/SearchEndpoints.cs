using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Intake;
using CPort.Actors.Projections;
using CPort.Actors.Personal;
using CPort.Api;
using CPort.Api.Queues;
using CPort.Api.Reading;
using CPort.Domain.Audit;

namespace CPort.Portal.Search;

/// <summary>A search form, and what it found.</summary>
public sealed record SearchModel : IShowsData
{
    Shown IShowsData.What() => Items is { } items ? ListedItemAnswer.Shown(items) : Shown.View("search form", 0);

    /// <summary>What is asked, in the API's own body.</summary>
    public required JsonObject Body { get; init; }

    /// <summary>The search's id; null: nothing is asked yet.</summary>
    public string? Id { get; init; }
    public string? Name { get; init; }
    public IReadOnlyList<ListedItemAnswer>? Items { get; init; }
    public string? Next { get; init; }
    public bool Continued { get; init; }

    /// <summary>The person's searches with names.</summary>
    public ImmutableArray<PersonalThing> Kept { get; init; } = [];

    /// <summary>The field's text, or its list with commas.</summary>
    public string? Text(string field) => Body[field] switch
    {
        JsonArray many => string.Join(", ", many.Select(One)),
        { } one => One(one),
        null => null,
    };

    public bool Has(string field, string value) => Body[field] is JsonArray many && many.Any(v => One(v) == value);

    private static string? One(JsonNode? node) => node switch
    {
        JsonObject o => o["value"]?.GetValue<string>(),
        JsonValue v => v.ToString(),
        _ => null,
    };
}

/// <summary>
/// <c>/app/search</c>: the API's search by a form. The form is posted and kept sealed; results are at the search's id, so no address holds what was asked.
/// </summary>
internal static class SearchEndpoints
{
    public static void MapSearch(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app/search", FormAsync).Needs(Deed.SearchItems);
        pages.MapPost("/app/search", KeepAsync).Needs(Deed.SearchItems);
        pages.MapGet("/app/search/{id}", ResultsAsync).Needs(Deed.SearchItems);
        pages.MapPost("/app/search/{id}/name", NameAsync).Needs(Deed.SearchItems);
        pages.MapPost("/app/search/{id}/drop", DropAsync).Needs(Deed.SearchItems);
        pages.MapGet("/app/go", GoAsync).Needs(Deed.CountItems);
    }

    private static async Task<IResult> FormAsync(HttpContext http, PersonalStore store, Drafts drafts)
    {
        var filled = await drafts.FindAsync(http);
        return Page(
            http, new SearchModel
            {
                Body = filled?.Form(http, "search") is { } form ? BodyOf(form) : [],
                Kept = await store.NamedAsync(CallerOf(http), PersonalKind.Search, http.RequestAborted),
            }, filled: filled);
    }

    private static async Task<IResult> KeepAsync(
        HttpContext http, PersonalStore store, ReportSearch search, IntakeLimits limits, TimeProvider time)
    {
        var body = BodyOf(await Form.ReadAsync(http));
        try
        {
            // What cannot be asked is told before it is kept.
            await FindAsync(http, body, search, limits, time);
        }
        catch (ApiProblemException e) when (e.Problem.Status is StatusCodes.Status400BadRequest or StatusCodes.Status422UnprocessableEntity)
        {
            return Page(http, new SearchModel { Body = body }, ErrorsOf(e.Problem), StatusCodes.Status422UnprocessableEntity);
        }

        return Pages.After($"/app/search/{await store.KeepAsync(CallerOf(http), PersonalKind.Search, body.ToJsonString(), http.RequestAborted)}");
    }

    private static async Task<IResult> ResultsAsync(
        HttpContext http, PersonalStore store, ReportSearch search, IntakeLimits limits, TimeProvider time, string id, string? after = null)
    {
        if (await store.FindAsync(CallerOf(http), PersonalKind.Search, id, http.RequestAborted) is not { } kept)
        {
            return Pages.Absent(http);
        }

        var body = JsonNode.Parse(kept.Body)!.AsObject();
        if (!string.IsNullOrEmpty(after))
        {
            body["cursor"] = after;
        }

        var found = await FindAsync(http, body, search, limits, time);
        body.Remove("cursor");
        return Page(http, new SearchModel
        {
            Body = body, Id = kept.Id, Name = kept.Name, Items = found.Items, Next = found.NextCursor, Continued = !string.IsNullOrEmpty(after),
            Kept = await store.NamedAsync(CallerOf(http), PersonalKind.Search, http.RequestAborted),
        });
    }

    private static async Task<IResult> NameAsync(HttpContext http, PersonalStore store, string id)
    {
        if (await store.FindAsync(CallerOf(http), PersonalKind.Search, id, http.RequestAborted) is null)
        {
            return Pages.Absent(http);
        }

        var name = (await Form.ReadAsync(http)).Text("name");
        var named = name is { Length: <= 80 } && await store.NameAsync(CallerOf(http), PersonalKind.Search, id, name, http.RequestAborted);
        return Pages.After($"/app/search/{id}", named ? "searchNamed" : "searchNotNamed");
    }

    private static async Task<IResult> DropAsync(HttpContext http, PersonalStore store, string id)
    {
        if (await store.FindAsync(CallerOf(http), PersonalKind.Search, id, http.RequestAborted) is null)
        {
            return Pages.Absent(http);
        }

        await store.DropAsync(CallerOf(http), id, http.RequestAborted);
        return Pages.After("/app/search", "searchDropped");
    }

    /// <summary>A number or id, as people read them to each other: leads to its page; what is none, or is nobody's business, to the search.</summary>
    private static async Task<IResult> GoAsync(HttpContext http, ReportSearch search, string? to = null)
    {
        var text = string.Concat((to ?? "").Where(c => !char.IsWhiteSpace(c) && c is not ('.' or ',' or '\u2019')));
        if (AccessTable.May(CallerOf(http), Deed.ListItems))
        {
            if (ReportId.TryParse(text, out var report))
            {
                return Pages.After($"/app/reports/{report}");
            }

            if (text.Split('-') is [var id, var ordinal] && ReportId.TryParse(id, out report)
                && int.TryParse(ordinal, NumberStyles.None, CultureInfo.InvariantCulture, out var item))
            {
                return Pages.After($"/app/reports/{report}/items/{item}");
            }

            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                var found = await search.SearchAsync(CallerOf(http), new SearchQuery { Numbers = [number], MaxResults = 2 }, http.RequestAborted);
                var row = found.Items.FirstOrDefault(i => i.Row.Number == number) ?? found.Items.FirstOrDefault();
                if (row is not null)
                {
                    // The address tells that there is one, and which.
                    await ReadHook.PageAsync(http, new Shown([new AuditObject(AuditObjectKind.Item, $"{row.Row.ReportId}-{row.Row.Ordinal}")], ["number"], 1));
                    var page = $"/app/reports/{row.Row.ReportId}";
                    return Pages.After(row.Row.Number == number ? $"{page}/items/{row.Row.Ordinal}" : page);
                }
            }
        }

        return Pages.After("/app/search", "notFound");
    }

    private static Caller CallerOf(HttpContext http) => http.Features.Get<Caller>()!;

    private static Task<ItemListAnswer> FindAsync(HttpContext http, JsonObject body, ReportSearch search, IntakeLimits limits, TimeProvider time)
    {
        var asked = (JsonObject)body.DeepClone();
        asked["maxResults"] = Queues.QueueEndpoints.Rows;
        var read = JsonSerializer.Deserialize<SearchBody>(asked, ApiJson.Options)!;
        return Api.Queues.SearchEndpoints.FindAsync(
            read, new FieldReader(limits, CodeGeneration.V3, time.GetUtcNow()), CallerOf(http), search, http.RequestAborted);
    }

    /// <summary>The form as the API's body; what was left empty is not asked.</summary>
    private static JsonObject BodyOf(Form form)
    {
        var body = new JsonObject();
        foreach (var field in new[] { "reference", "url", "host", "domain", "agencyText" })
        {
            if (form.Text(field) is { } text)
            {
                body[field] = text;
            }
        }

        foreach (var field in new[] { "hostingCountries", "assignedCountries", "hotlines", "reportingHotlines" })
        {
            if (form.Text(field) is { } text)
            {
                body[field] = new JsonArray([.. text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(t => (JsonNode)t)]);
            }
        }

        foreach (var field in new[] { "states", "classifications" })
        {
            if (form.All(field).ToArray() is { Length: > 0 } chosen)
            {
                body[field] = new JsonArray([.. chosen.Select(t => (JsonNode)t)]);
            }
        }

        if (form.Text("numbers") is { } numbers)
        {
            var read = numbers.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
                .Select(n => long.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0);
            body["numbers"] = new JsonArray([.. read.Select(n => (JsonNode)n)]);
        }

        if (form.Text("hash") is { } hash && form.Text("algorithm") is { } algorithm)
        {
            body["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = algorithm, ["value"] = hash });
        }

        foreach (var (field, end) in new[] { ("addedFrom", false), ("addedTo", true) })
        {
            if (DateOnly.TryParseExact(form.Text(field), "yyyy-MM-dd", out var day) && day.Year is > 1900 and < 9000)
            {
                body[field] = $"{day.AddDays(end ? 1 : 0):yyyy-MM-dd}T00:00:00Z";
            }
        }

        foreach (var field in new[] { "urgent", "knownWithoutLook" })
        {
            if (form.Is(field))
            {
                body[field] = true;
            }
        }

        return body;
    }

    private static ImmutableArray<PageError> ErrorsOf(ApiProblem problem) => problem.Errors is { Count: > 0 } errors
        ? [.. errors.Select(e => new PageError(e.Detail, e.Field.Split('[')[0]))] : [new PageError(problem.Detail ?? problem.Title)];

    private static IResult Page(
        HttpContext http, SearchModel model, ImmutableArray<PageError> errors = default, int status = StatusCodes.Status200OK, FilledForm? filled = null) =>
        Pages.Of<SearchView, SearchModel>(
            http, model, p => p with
            {
                Title = model.Name is { } name ? p.Words.Of("search.named", ("name", name)) : p.Words["search.title"], Nav = NavEntry.Search,
                Errors = errors.IsDefault ? [] : errors, Filled = filled,
            }, status);
}
