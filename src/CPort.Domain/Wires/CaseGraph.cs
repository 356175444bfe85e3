using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Domain.Hashes;
using CPort.Domain.Icse;
using CPort.Domain.Reports;

namespace CPort.Domain.Wires;

/// <summary>
/// What CPort gives out as CASE/UCO JSON-LD with the hotline part of the CAC ontology (caseontology.org; Project VIC's CAC-Ontology 3.0): a graph of nodes, one
/// after the other, so that none has to be in memory whole. Names of classes and properties are theirs; identifiers are ours (<c>urn:cport:</c>).
/// </summary>
public static class CaseGraph
{
    public const string MediaType = "application/ld+json";

    /// <summary>Prefixes that nodes use, by name.</summary>
    public static readonly ImmutableArray<(string Prefix, string Iri)> Prefixes =
    [
        ("case-investigation", "https://ontology.caseontology.org/case/investigation/"),
        ("uco-action", "https://ontology.unifiedcyberontology.org/uco/action/"),
        ("uco-core", "https://ontology.unifiedcyberontology.org/uco/core/"),
        ("uco-identity", "https://ontology.unifiedcyberontology.org/uco/identity/"),
        ("uco-observable", "https://ontology.unifiedcyberontology.org/uco/observable/"),
        ("uco-types", "https://ontology.unifiedcyberontology.org/uco/types/"),
        ("hotline", "https://cacontology.projectvic.org/hotlines#"),
        ("cac-core", "https://cacontology.projectvic.org/core#"),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
        ("cport", "urn:cport:"),
    ];

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A whole document.</summary>
    public static byte[] Document(IEnumerable<JsonObject> nodes)
    {
        using var bytes = new MemoryStream();
        bytes.Write(Head());
        var first = true;
        foreach (var node in nodes)
        {
            bytes.Write(Node(node, first));
            first = false;
        }

        bytes.Write(Foot());
        return bytes.ToArray();
    }

    /// <summary>What stands before the nodes.</summary>
    public static byte[] Head() => Encoding.UTF8.GetBytes(
        $"{{\"@context\":{new JsonObject(Prefixes.Select(p => KeyValuePair.Create(p.Prefix, (JsonNode?)p.Iri))).ToJsonString(Plain)},\"@graph\":[\n");

    /// <summary>A node; <paramref name="first"/>: none stands before it.</summary>
    public static byte[] Node(JsonObject node, bool first) => Encoding.UTF8.GetBytes((first ? "" : ",\n") + node.ToJsonString(Plain));

    /// <summary>What stands behind the nodes.</summary>
    public static byte[] Foot() => "\n]}\n"u8.ToArray();

    /// <summary>A report with some of its items, as a caller sees them.</summary>
    public static IEnumerable<JsonObject> Report(ReportHead head, IReadOnlyCollection<ItemView> items)
    {
        var report = head.Report;
        var id = $"cport:report-{head.ReportId}";
        var received = report.HotlineReceivedDate == default ? report.SubmittedAt : report.HotlineReceivedDate;
        yield return Agency(report.ReportingHotline.Value, "hotline:HotlineOrganization");
        yield return Of("cport:channel", "hotline:IntakeChannel", ("uco-core:name", "CPort"));
        yield return Of($"{id}-reporter", "hotline:ReporterRole", ("hotline:isAnonymous", true), ("hotline:roleAssignmentTime", Time(received)));
        yield return Of($"{id}-phase", head.State switch
        {
            ReportState.Classification => "hotline:ReviewPhase",
            ReportState.Monitoring => "hotline:ActionPhase",
            _ => "hotline:ClosurePhase",
        });
        var node = Of(id, report.FromProvider ? "hotline:ESPReport" : "hotline:HotlineReport",
            ("uco-core:objectCreatedTime", Time(report.SubmittedAt)), ("hotline:reportedBy", Ref($"{id}-reporter")),
            ("hotline:receivedBy", Ref(AgencyNode(report.ReportingHotline.Value))), ("hotline:intakeChannel", Ref("cport:channel")),
            ("hotline:status", Ref(head.State switch
            {
                ReportState.Classification => "hotline:status-in-review",
                ReportState.Monitoring => "hotline:status-in-progress",
                _ => "hotline:status-closed",
            })),
            ("hotline:currentPhase", Ref($"{id}-phase")),
            ("hotline:hasEvidence", new JsonArray([.. items.Select(i => Ref(ItemId(head.ReportId, i.Item.Ordinal)))])));
        if (report.FromProvider)
        {
            // Who reads the graph without the ontology's hierarchy finds the report all the same.
            node["@type"] = new JsonArray("hotline:ESPReport", "hotline:HotlineReport");
        }

        if (Word(items) is { } classification)
        {
            node["hotline:classification"] = Ref(classification);
        }

        yield return node;
        foreach (var item in items)
        {
            yield return Item(head.ReportId, item);
        }
    }

    /// <summary>That items were given to police: an act of forwarding, and the record by which they are handed over.</summary>
    public static IEnumerable<JsonObject> Referral(string referral, string police, string openedBy, DateTimeOffset openedAt, IEnumerable<ItemRef> items)
    {
        var id = $"cport:referral-{referral}";
        yield return Agency(police, "uco-identity:Organization");
        yield return Agency(openedBy, "uco-identity:Organization");
        yield return Of(id, "hotline:ForwardToLEAction", ("uco-action:startTime", Time(openedAt)), ("uco-core:startTime", Time(openedAt)),
            ("uco-action:performer", Ref(AgencyNode(openedBy))), ("hotline:forwardsTo", Ref(AgencyNode(police))));
        yield return Record(id, referral, items);
    }

    /// <summary>A package's record; its files stand as nodes of their own (<see cref="Media"/>).</summary>
    public static JsonObject Package(string package, IEnumerable<ItemRef> items) => Record($"cport:package-{package}", package, items);

    /// <summary>A file of a package: hashes and facts, neither address nor word.</summary>
    public static JsonObject Media(ItemRef item, MediaRecord media, DateTimeOffset releasedAt)
    {
        var id = ItemId(item.Report, item.Ordinal);
        ImmutableArray<string> tags =
        [
            .. media.Baseline is true ? ["cport:Baseline"] : (IEnumerable<string>)[],
            .. media.VictimIdentified ? ["cport:victim-identified"] : (IEnumerable<string>)[],
            .. media.OffenderIdentified ? ["cport:offender-identified"] : (IEnumerable<string>)[],
        ];
        return Evidence(id, KindOf(media.MimeType, isPage: false), releasedAt, [.. Content(id, media.Hashes, media.Size, media.MimeType)], media.Hashes, tags);
    }

    private static JsonObject Item(ReportId report, ItemView view)
    {
        var item = view.Item;
        var id = ItemId(report, item.Ordinal);
        IEnumerable<JsonObject> url = view.Secrets is { } secrets
            ? [Of($"{id}-url", "uco-observable:URLFacet", ("uco-observable:fullValue", Typed(secrets.Url, "xsd:anyURI")))] : [];
        IEnumerable<JsonObject> host = item.Hosting?.IpAddress is { } address
            ? [Of($"{id}-host", address.Contains(':') ? "uco-observable:IPv6AddressFacet" : "uco-observable:IPv4AddressFacet",
                ("uco-observable:addressValue", address))] : [];
        IEnumerable<string> tags = view.Effective is { } classification ? [$"cport:{classification}"] : [];
        return Evidence(id, KindOf(item.MimeType, item.ContentType == ContentType.Website), item.AddedAt,
            [.. url, .. host, .. Content(id, item.Hashes, item.MediaSize, item.MimeType)], item.Hashes, [.. tags]);
    }

    private static JsonObject Evidence(
        string id, string kind, DateTimeOffset firstSeen, ImmutableArray<JsonObject> facets, ImmutableArray<ContentHash> hashes, ImmutableArray<string> tags)
    {
        var node = Of(id, kind, ("hotline:firstSeen", Time(firstSeen)));
        node["@type"] = kind == "hotline:EvidenceItem" ? (JsonNode)kind : new JsonArray(kind, "hotline:EvidenceItem");
        node["uco-core:hasFacet"] = new JsonArray([.. facets]);
        if (!hashes.IsEmpty)
        {
            node["uco-observable:hash"] = new JsonArray([.. hashes.Select((_, i) => Ref(HashId(id, i)))]);
        }

        if (!tags.IsEmpty)
        {
            node["uco-core:tag"] = new JsonArray([.. tags.Select(t => (JsonNode)t)]);
        }

        return node;
    }

    /// <summary>Always one: an item of which nothing else is told has that it is data.</summary>
    private static IEnumerable<JsonObject> Content(string id, ImmutableArray<ContentHash> hashes, long? size, string? mimeType)
    {
        var content = Of($"{id}-content", "uco-observable:ContentDataFacet");
        if (mimeType is not null)
        {
            content["uco-observable:mimeType"] = mimeType;
        }

        if (size is { } bytes)
        {
            content["uco-observable:sizeInBytes"] = bytes;
        }

        if (!hashes.IsEmpty)
        {
            content["uco-observable:hash"] = new JsonArray([.. hashes.Select((hash, i) =>
            {
                var node = Of(HashId(id, i), "uco-types:Hash", ("uco-types:hashMethod", HashAlgorithms.Of(hash.Algorithm).Title),
                    ("uco-types:hashValue", Typed(hash.ToHex().ToUpperInvariant(), "xsd:hexBinary")));
                node["@type"] = new JsonArray("uco-types:Hash", "uco-observable:Hash");
                return node;
            })]);
        }

        yield return content;
    }

    private static JsonObject Record(string id, string exhibit, IEnumerable<ItemRef> items) => Of(
        $"{id}-record", "case-investigation:ProvenanceRecord", ("case-investigation:exhibitNumber", exhibit),
        ("uco-core:object", new JsonArray([.. items.Select(i => Ref(ItemId(i.Report, i.Ordinal)))])));

    private static JsonObject Agency(string agency, string kind) => Of(AgencyNode(agency), kind, ("uco-core:name", agency));

    /// <summary>The ontology's word on a report, where its items have one of one kind.</summary>
    private static string? Word(IReadOnlyCollection<ItemView> items)
    {
        string[] words = [.. items.Select(i => i switch
        {
            { Disputed: true } or { Contradicted: true } => "hotline:classification-uncertain",
            { Effective: { } c } => c.IsIllegal() ? "hotline:classification-confirmed" : c == Classification.NotIllegal
                ? "hotline:classification-false-positive" : "hotline:classification-uncertain",
            _ => "",
        }).Distinct()];
        return words is [{ Length: > 0 } only] ? only : null;
    }

    private static string KindOf(string? mimeType, bool isPage) =>
        isPage ? "hotline:URLReference"
        : mimeType?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) == true ? "hotline:ImageEvidence"
        : mimeType?.StartsWith("video/", StringComparison.OrdinalIgnoreCase) == true ? "hotline:VideoEvidence"
        : "hotline:EvidenceItem";

    private static string AgencyNode(string agency) => $"cport:agency-{agency}";

    private static string ItemId(ReportId report, int ordinal) => $"cport:item-{new ItemRef(report, ordinal)}";

    private static string HashId(string item, int place) => string.Create(CultureInfo.InvariantCulture, $"{item}-hash-{place}");

    private static JsonObject Ref(string id) => new() { ["@id"] = id };

    private static JsonObject Typed(string value, string type) => new() { ["@type"] = type, ["@value"] = value };

    private static JsonObject Time(DateTimeOffset at) =>
        Typed(at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), "xsd:dateTime");

    private static JsonObject Of(string id, string type, params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var node = new JsonObject { ["@id"] = id, ["@type"] = type };
        foreach (var (name, value) in fields)
        {
            node[name] = value;
        }

        return node;
    }
}
