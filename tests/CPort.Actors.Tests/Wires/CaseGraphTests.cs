using System.Text.Json;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Icse;
using CPort.Domain.Identity;
using CPort.Domain.Wires;

namespace CPort.Actors.Tests.Wires;

/// <summary>
/// CASE/UCO JSON-LD by a table of what each class needs, as the CAC ontology's own shapes have it for hotlines, and UCO's for hashes and facets. The same as
/// SHACL is in tests/ForeignVerifiers/case, for who has a validator.
/// </summary>
public sealed class CaseGraphTests
{
    /// <summary>Properties that a node of a class has, each with the class of what it points to; empty: any value.</summary>
    private static readonly Dictionary<string, (string Property, string Class)[]> Shapes = new()
    {
        ["hotline:HotlineReport"] =
        [
            ("hotline:reportedBy", "hotline:ReporterRole"), ("hotline:receivedBy", "hotline:HotlineOrganization"), ("hotline:status", ""),
            ("hotline:hasEvidence", "hotline:EvidenceItem"), ("hotline:intakeChannel", "hotline:IntakeChannel"), ("hotline:currentPhase", "phase"),
        ],
        ["hotline:HotlineOrganization"] = [("uco-core:name", "")],
        ["hotline:ReporterRole"] = [("hotline:isAnonymous", ""), ("hotline:roleAssignmentTime", "xsd:dateTime")],
        ["hotline:EvidenceItem"] = [("uco-core:hasFacet", ""), ("hotline:firstSeen", "xsd:dateTime")],
        ["hotline:ImageEvidence"] = [("uco-observable:hash", "uco-observable:Hash")],
        ["hotline:ForwardToLEAction"] =
            [("uco-action:performer", ""), ("uco-core:startTime", "xsd:dateTime"), ("hotline:forwardsTo", "uco-identity:Organization")],
        ["uco-types:Hash"] = [("uco-types:hashMethod", ""), ("uco-types:hashValue", "xsd:hexBinary")],
        ["uco-observable:URLFacet"] = [("uco-observable:fullValue", "xsd:anyURI")],
        ["case-investigation:ProvenanceRecord"] = [("case-investigation:exhibitNumber", ""), ("uco-core:object", "hotline:EvidenceItem")],
    };

    [Fact]
    public void A_report_with_its_items_has_what_the_shapes_ask_for()
    {
        var nodes = Parse(CaseGraph.Report(CyberTiplineTests.Head(null),
            [CyberTiplineTests.View(1, "https://share.example/1"), CyberTiplineTests.View(2, "https://share.example/2")]));
        Hold(nodes, "hotline:HotlineReport", "hotline:EvidenceItem", "hotline:ImageEvidence", "uco-types:Hash", "uco-observable:URLFacet");
        Assert.Contains("hotline:ESPReport", TypesOf(Assert.Single(OfType(nodes, "hotline:HotlineReport"))));
        Assert.Equal("hotline:classification-confirmed",
            Assert.Single(OfType(nodes, "hotline:HotlineReport")).GetProperty("hotline:classification").GetProperty("@id").GetString());
    }

    [Fact]
    public void A_referral_is_an_act_of_forwarding_and_the_record_of_what_was_handed_over()
    {
        var items = new[] { new ItemRef(HashSamples.Report(1), 1), new ItemRef(HashSamples.Report(1), 2) };
        var nodes = Parse(CaseGraph.Referral("a-referral", "police-nl", "cport", HashSamples.Start, items)
            .Concat(CaseGraph.Report(
                CyberTiplineTests.Head(null), [CyberTiplineTests.View(1, "https://a.example/"), CyberTiplineTests.View(2, "https://b.example/")])));
        Hold(nodes, "hotline:ForwardToLEAction", "case-investigation:ProvenanceRecord");
        Assert.Equal("a-referral",
            Assert.Single(OfType(nodes, "case-investigation:ProvenanceRecord")).GetProperty("case-investigation:exhibitNumber").GetString());
    }

    [Fact]
    public void A_package_names_its_files_by_hashes_and_facts_alone()
    {
        var item = new ItemRef(HashSamples.Report(1), 1);
        var media = new MediaRecord
        {
            Number = 5, Hashes = [HashSamples.Made(HashAlgorithm.Md5, 1), HashSamples.Made(HashAlgorithm.Sha256, 1)], Size = 10, MimeType = "image/png",
            Baseline = true, VictimIdentified = true,
        };
        var nodes = Parse([CaseGraph.Media(item, media, HashSamples.Start), CaseGraph.Package("a-package", [item])]);
        Hold(nodes, "case-investigation:ProvenanceRecord", "hotline:EvidenceItem", "uco-types:Hash");
        Assert.Equal(["cport:Baseline", "cport:victim-identified"],
            Assert.Single(OfType(nodes, "hotline:EvidenceItem")).GetProperty("uco-core:tag").EnumerateArray().Select(t => t.GetString()));
        Assert.DoesNotContain(nodes, n => TypesOf(n).Contains("uco-observable:URLFacet"));
        Assert.Equal(media.Hashes.Select(h => h.ToHex().ToUpperInvariant()).Order(),
            OfType(nodes, "uco-types:Hash").Select(h => h.GetProperty("uco-types:hashValue").GetProperty("@value").GetString()!).Order());
    }

    [Fact]
    public void What_the_caller_does_not_see_is_not_in_it()
    {
        var view = CyberTiplineTests.View(1, "https://share.example/1") with { Secrets = null, Effective = null };
        var text = System.Text.Encoding.UTF8.GetString(CaseGraph.Document(CaseGraph.Report(
            CyberTiplineTests.Head(null), [view with { Item = view.Item with { Hashes = [], MimeType = null } }])));
        Assert.DoesNotContain("share.example", text, StringComparison.Ordinal);
        Hold(Parse(text), "hotline:HotlineReport", "hotline:EvidenceItem");
    }

    [Fact]
    public void A_host_stands_by_its_kind_of_address()
    {
        var view = CyberTiplineTests.View(1, "https://share.example/1");
        JsonElement Facet(string address) => Parse(CaseGraph.Report(CyberTiplineTests.Head(null), [view with
        {
            Item = view.Item with
            {
                Hosting = new CPort.Domain.Routing.HostingFacts
                {
                    IpAddress = address, Source = CPort.Domain.Routing.HostingSource.Reported, TracedAt = HashSamples.Start,
                },
            },
        }])).Single(n => n.TryGetProperty("uco-observable:addressValue", out _));
        Assert.Equal("uco-observable:IPv4AddressFacet", Facet("192.0.2.7").GetProperty("@type").GetString());
        Assert.Equal("uco-observable:IPv6AddressFacet", Facet("2001:db8::7").GetProperty("@type").GetString());
    }

    /// <summary>Every node of a class of the table has what that needs; of each named one there is one.</summary>
    private static void Hold(IReadOnlyList<JsonElement> nodes, params string[] there)
    {
        Assert.All(there, t => Assert.NotEmpty(OfType(nodes, t)));
        var byId = nodes.GroupBy(n => n.GetProperty("@id").GetString()!).ToDictionary(g => g.Key, g => g.SelectMany(TypesOf).ToHashSet());
        foreach (var (type, needs) in Shapes)
        {
            foreach (var node in OfType(nodes, type))
            {
                foreach (var (property, to) in needs)
                {
                    Assert.True(node.TryGetProperty(property, out var value), $"{node.GetProperty("@id")} of {type} has no {property}");
                    Assert.All(value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value },
                        v => Assert.True(Fits(v, to), $"{property}: {v}"));
                }
            }
        }

        bool Fits(JsonElement value, string to) => to switch
        {
            "" => true,
            _ when to.StartsWith("xsd:", StringComparison.Ordinal) => value.GetProperty("@type").GetString() == to,
            "phase" => byId[value.GetProperty("@id").GetString()!].Any(t => t.EndsWith("Phase", StringComparison.Ordinal)),
            _ => byId[value.GetProperty("@id").GetString()!].Contains(to),
        };
    }

    private static IEnumerable<JsonElement> OfType(IEnumerable<JsonElement> nodes, string type) => nodes.Where(n => TypesOf(n).Contains(type));

    private static string[] TypesOf(JsonElement node) => node.TryGetProperty("@type", out var type) && node.TryGetProperty("@id", out _)
        ? type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(t => t.GetString()!)] : [type.GetString()!] : [];

    private static List<JsonElement> Parse(IEnumerable<System.Text.Json.Nodes.JsonObject> nodes) =>
        Parse(System.Text.Encoding.UTF8.GetString(CaseGraph.Document(nodes)));

    /// <summary>Nodes wherever they stand; each prefix that is used is one of the context.</summary>
    private static List<JsonElement> Parse(string document)
    {
        var root = JsonElement.Parse(document);
        var prefixes = root.GetProperty("@context").EnumerateObject().Select(p => p.Name).ToHashSet();
        var found = new List<JsonElement>();
        void Walk(JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                value.EnumerateArray().ToList().ForEach(Walk);
            }
            else if (value.ValueKind == JsonValueKind.Object)
            {
                Assert.All(value.EnumerateObject().Select(p => p.Name).Where(n => n[0] != '@'), n => Assert.Contains(n.Split(':')[0], prefixes));
                if (value.TryGetProperty("@id", out _) && value.TryGetProperty("@type", out _))
                {
                    found.Add(value);
                }

                value.EnumerateObject().ToList().ForEach(p => Walk(p.Value));
            }
        }

        Walk(root.GetProperty("@graph"));
        return found;
    }
}
