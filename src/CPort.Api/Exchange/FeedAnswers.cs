using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Exchange;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;

namespace CPort.Api.Exchange;

/// <summary>Who did something: the agency, not the person.</summary>
public sealed record FeedActorAnswer(string Agency, string Kind);

/// <summary>
/// What news say: which record, and what there is to know without asking for it. Who wants more asks (<c>GET /v1/reports/{id}</c>), which is written down.
/// </summary>
public sealed record FeedDataAnswer
{
    public required string Report { get; init; }

    /// <summary>The item's ordinal within the report; absent: the report as a whole.</summary>
    public int? Item { get; init; }

    /// <summary>The number that people know: the item's, or the report's. Absent of what is no longer for the reader.</summary>
    public long? Number { get; init; }

    /// <summary>The item's (or report's) version after the event.</summary>
    public int? Version { get; init; }

    /// <summary>Of an item: where it stood after the event.</summary>
    public string? State { get; init; }
    public bool? Urgent { get; init; }

    /// <summary>What the item was taken for after the event, where the reader sees that.</summary>
    public CodeAnswer? Classification { get; init; }

    /// <summary>Who did it, where the reader sees that.</summary>
    public FeedActorAnswer? By { get; init; }
}

/// <summary>A line of the snapshot: an item as news would tell of it, or, the last one, from where the feed goes on.</summary>
public sealed record FeedSnapshotLine
{
    public string? Report { get; init; }
    public int? Item { get; init; }
    public long? Number { get; init; }
    public int? Version { get; init; }
    public string? State { get; init; }
    public bool? Urgent { get; init; }
    public CodeAnswer? Classification { get; init; }

    /// <summary>Only of the last line: the place from which the feed goes on.</summary>
    public string? LastEventId { get; init; }

    /// <summary>Only of the last line: how many came before it.</summary>
    public long? Items { get; init; }
}

/// <summary>A piece of news as CloudEvents 1.0 has it (structured JSON).</summary>
public sealed record FeedEventAnswer
{
    public string Specversion { get; init; } = "1.0";

    /// <summary>Its place in the feeds, the same for all who read of it; ids rise.</summary>
    public required string Id { get; init; }
    public required string Source { get; init; }

    /// <summary>For example <c>cport.item.assessed.v1</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The report's id, and of an item a hyphen and its ordinal.</summary>
    public required string Subject { get; init; }
    public required DateTimeOffset Time { get; init; }

    /// <summary>The same as <c>time</c>, as Standard Webhooks calls it.</summary>
    public required DateTimeOffset Timestamp { get; init; }
    public string Datacontenttype { get; init; } = "application/json";
    public required string Dataschema { get; init; }

    /// <summary>Of W3C Trace Context: the trace of what led to it.</summary>
    public string? Traceparent { get; init; }

    /// <summary><c>DELETE</c> (HTTP Feeds): it is no longer for the reader. Else absent.</summary>
    public string? Method { get; init; }
    public required FeedDataAnswer Data { get; init; }

    /// <param name="news">What is delivered.</param>
    /// <param name="agency">To whom.</param>
    /// <param name="schemas">Where schemas of data are found, with a slash at its end.</param>
    public static FeedEventAnswer Of(DeliveredNews news, AgencyId agency, string schemas)
    {
        var facts = news.Facts;
        var type = news.IsSeen ? facts.Type : FeedTypes.Withdrawn.Name;
        var data = new FeedDataAnswer { Report = news.Report.ToString(), Item = facts.Ordinal };
        return new FeedEventAnswer
        {
            Id = news.Place.ToString(), Source = $"/agencies/{agency}/feed", Type = type,
            Subject = news.Subject, Time = facts.At, Timestamp = facts.At,
            Dataschema = $"{schemas}{type}.json", Traceparent = news.IsSeen ? facts.TraceParent : null, Method = news.IsSeen ? null : "DELETE",
            Data = !news.IsSeen ? data : data with
            {
                Number = facts.Number, Version = facts.Version, State = facts.State?.ToString(), Urgent = facts.Urgent,
                Classification = news.ShowsJudgement ? CodeAnswer.Of(facts.Classification) : null,
                By = news.ShowsWho ? new FeedActorAnswer(facts.By.Value, facts.ByKind.ToString()) : null,
            },
        };
    }

    /// <summary>What some of these show.</summary>
    public static Shown Shown(IReadOnlyCollection<FeedEventAnswer> events) => new(
        [
            .. events.Select(e => new AuditObject(e.Data.Item is null ? AuditObjectKind.Report : AuditObjectKind.Item, e.Subject)).Distinct(),
        ],
        [.. ShownFields.Of(events.Select(e => e.Data))], events.Count);
}

/// <summary>The schemas of what news say.</summary>
public static class FeedSchemas
{
    /// <summary>JSON Schema (2020-12) of the data of a kind of news; of a kind that this reader may not see any more, only which record it was.</summary>
    public static JsonObject Of(FeedType type, string address)
    {
        static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
        static JsonObject Whole(string description) => new() { ["type"] = "integer", ["minimum"] = 1, ["description"] = description };
        var item = type.Name.StartsWith("cport.item.", StringComparison.Ordinal);
        var required = new JsonArray("report");
        if (item)
        {
            required.Add("item");
        }

        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["$id"] = address, ["title"] = type.Name, ["description"] = type.Meaning,
            ["type"] = "object", ["required"] = required,
            ["properties"] = new JsonObject
            {
                ["report"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9A-HJKMNP-TV-Z]{26}$", ["description"] = "The report's id." },
                ["item"] = Whole("The item's ordinal within the report; absent: the report as a whole."),
                ["number"] = Whole("The number that people know."),
                ["version"] = Whole("The record's version after the event."),
                ["state"] = new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames<ItemState>().Select(n => (JsonNode)n)]) },
                ["urgent"] = new JsonObject { ["type"] = "boolean" },
                ["classification"] = new JsonObject
                {
                    ["type"] = "object", ["required"] = new JsonArray("id", "name"),
                    ["properties"] = new JsonObject { ["id"] = new JsonObject { ["type"] = "integer" }, ["name"] = Text("ICCAM's word.") },
                },
                ["by"] = new JsonObject
                {
                    ["type"] = "object", ["required"] = new JsonArray("agency", "kind"),
                    ["properties"] = new JsonObject { ["agency"] = Text("Who did it."), ["kind"] = Text("What kind of agency that is.") },
                },
            },
        };
    }

    /// <summary>As bytes.</summary>
    internal static byte[] Utf8(FeedType type, string address) => JsonSerializer.SerializeToUtf8Bytes(Of(type, address));
}
