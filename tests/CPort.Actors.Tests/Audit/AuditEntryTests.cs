using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Domain.Access;
using CPort.Domain.Audit;
using CPort.Domain.Identity;
using CsCheck;

namespace CPort.Actors.Tests.Audit;

/// <summary>Entries are RFC 8785 JSON, read back as they were, and short enough for a bundle.</summary>
public sealed class AuditEntryTests
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Gen<AuditEntry> Entries =
        from text in Gen.String[Gen.Char, 0, 12].Array[1, 4]
        from kind in Gen.Enum<AuditKind>()
        from outcome in Gen.Enum<AuditOutcome>()
        from objects in Gen.Select(Gen.Enum<AuditObjectKind>(), Gen.Int[0, 99]).Array[0, 6]
        from ms in Gen.Long[0, 4_000_000_000_000]
        from count in Gen.Int[0, 200]
        select new AuditEntry
        {
            Id = "abc-1", At = DateTimeOffset.FromUnixTimeMilliseconds(ms), Kind = kind, Outcome = outcome, Tenant = "live",
            Action = Whole(text[0]), Node = "n",
            Actor = new AuditActor("hotline-nl", nameof(AgencyKind.Hotline), "Analyst"), Fields = [.. text.Select(Whole)],
            Objects = [.. objects.Select(o => new AuditObject(o.Item1, $"x{o.Item2}")).OrderBy(o => AuditEntry.Word(o.Kind), StringComparer.Ordinal)],
            Query = count % 2 == 0 ? new AuditQuery("0f", count) : null, Request = count % 3 == 0 ? "r" : null,
        };

    [Fact]
    public void Entries_are_canonical_and_read_back_as_they_were() => Entries.Sample(entry =>
    {
        var bytes = entry.ToBytes();
        using var document = JsonDocument.Parse(bytes);
        InOrder(document.RootElement);
        var text = Encoding.UTF8.GetString(bytes);
        Assert.DoesNotMatch(@"\s", System.Text.RegularExpressions.Regex.Replace(text, """
            "(\\.|[^"\\])*"
            """, ""));
        Assert.Equal(JsonNode.Parse(bytes)!.ToJsonString(Plain), JsonNode.Parse(text)!.ToJsonString(Plain));
        Assert.True(AuditEntry.TryRead(bytes, out var read));
        Assert.Equal(bytes, read.ToBytes());
        Assert.Equal((entry.Id, entry.At, entry.Kind, entry.Action), (read.Id, read.At, read.Kind, read.Action));
        Assert.Equal(entry.Objects.ToArray(), read.Objects.ToArray());
    }, iter: 300);

    [Theory]
    [InlineData("\u20ac$\u000f\nA'B\"\\\\\"/", "\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"")] // RFC 8785 3.2.2.2
    [InlineData("\b\t\f\r\u001f\u007f", "\"\\b\\t\\f\\r\\u001f\u007f\"")]
    [InlineData("\ud83d\ude00", "\"\ud83d\ude00\"")]
    public void Texts_are_written_as_RFC_8785_has_them(string text, string json)
    {
        var canonical = new CanonicalJson();
        canonical.Text(text);
        Assert.Equal(json, Encoding.UTF8.GetString(canonical.Written));
    }

    [Fact]
    public void Half_a_character_is_written_as_the_sign_for_none()
    {
        var canonical = new CanonicalJson();
        canonical.Text(new string((char)0xd83d, 1));
        Assert.Equal("\"\ufffd\"", Encoding.UTF8.GetString(canonical.Written));
    }

    [Fact]
    public void Names_out_of_order_are_a_defect()
    {
        var json = new CanonicalJson();
        Assert.Throws<InvalidOperationException>(() => json.Object(() => json.Name("b").Text("x").Name("a")));
    }

    [Fact]
    public void A_page_of_names_fits_and_more_than_an_entry_may_hold_is_refused()
    {
        var entry = Entries.Single() with
        {
            Fields = [], Objects = [.. Enumerable.Range(0, AuditEntry.MaxObjects).Select(i => new AuditObject(
                AuditObjectKind.Item, $"{new ReportId(UInt128.MaxValue)}-{9_000 + i}"))],
        };
        Assert.InRange(entry.ToBytes().Length, 20_000, AuditEntry.MaxBytes);
        Assert.Throws<InvalidOperationException>(() => (entry with { Objects = [.. entry.Objects, .. entry.Objects] }).ToBytes());
    }

    [Fact]
    public void What_is_sealed_is_committed_to()
    {
        var details = new AuditDetails("key-1", "Op. Heron", null, "00");
        Assert.Equal("""{"person":"key-1","purpose":"Op. Heron","salt":"00"}""", Encoding.UTF8.GetString(details.ToBytes()));
        Assert.Equal(details, AuditDetails.Read(details.ToBytes()));
        Assert.NotEqual(AuditDetails.Commitment(details.ToBytes()), AuditDetails.Commitment((details with { Salt = "01" }).ToBytes()));
        Assert.DoesNotContain("Heron", details.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Half a surrogate pair is no text that could be read back.</summary>
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static void InOrder(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            var names = element.EnumerateObject().Select(p => p.Name).ToArray();
            Assert.Equal(names.Order(StringComparer.Ordinal), names);
            foreach (var property in element.EnumerateObject())
            {
                InOrder(property.Value);
            }
        }
    }
}
