using CPort.Actors.Confidential;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Text;
using CsCheck;

namespace CPort.Actors.Tests.Reports;

public class IdentityTests
{
    private static readonly Gen<ReportId> Ids = Gen.Select(Gen.ULong, Gen.ULong, (high, low) => new ReportId(new UInt128(high, low)));

    [Fact]
    public void A_report_id_reads_back_what_it_writes_in_either_case() => Ids.Sample(id =>
    {
        Assert.Equal(26, id.ToString().Length);
        Assert.Equal(id, ReportId.Parse(id.ToString()));
        Assert.Equal(id, ReportId.Parse(id.ToString().ToLowerInvariant()));
        Assert.Equal(id, ReportId.Parse(id.ToString().Replace('0', 'o').Replace('1', 'l')));
    });

    /// <summary>References are few enough to be tried: without the installation's key nobody is to tell whose report an id is.</summary>
    [Fact]
    public void The_same_reference_has_another_id_under_another_key_in_another_tenant_and_of_another_hotline()
    {
        var (here, there) = (new KeyRingSeam(KeyRing.New()), new KeyRingSeam(KeyRing.New()));
        var (nl, de, reference) = (AgencyId.Parse("hotline-nl"), AgencyId.Parse("hotline-de"), HotlineReference.Parse("NL-1"));
        var id = ReportIds.Of(here, Tenant.Live, nl, reference);
        Assert.Equal(id, ReportIds.Of(here, Tenant.Live, nl, reference));
        Assert.Equal(4, new HashSet<ReportId>
        {
            id, ReportIds.Of(there, Tenant.Live, nl, reference), ReportIds.Of(here, Tenant.Training, nl, reference),
            ReportIds.Of(here, Tenant.Live, de, reference),
        }.Count);
    }

    [Fact]
    public void Report_ids_sort_like_their_text() => Gen.Select(Ids, Ids).Sample((a, b) =>
        Assert.Equal(Math.Sign(string.CompareOrdinal(a.ToString(), b.ToString())), Math.Sign(a.CompareTo(b))));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0000000000000000000000000")]
    [InlineData("000000000000000000000000000")]
    [InlineData("80000000000000000000000000")]
    [InlineData("0000000000000000000000000U")]
    [InlineData("0000000000000000000000000\u0131")]
    public void What_is_no_report_id_is_refused(string? text)
    {
        Assert.False(ReportId.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ReportId.Parse(text ?? ""));
    }

    [Fact]
    public void An_item_reads_back_what_it_writes() => Gen.Select(Ids, Gen.Int[1, 9_999_999]).Sample((id, ordinal) =>
    {
        var item = new ItemRef(id, ordinal);
        Assert.True(ItemRef.TryParse(item.ToString(), out var read));
        Assert.Equal(item, read);
    });

    [Theory]
    [InlineData("00000000000000000000000000")]
    [InlineData("00000000000000000000000000-")]
    [InlineData("00000000000000000000000000-0")]
    [InlineData("00000000000000000000000000--1")]
    [InlineData("00000000000000000000000000-1x")]
    [InlineData("00000000000000000000000000_1")]
    [InlineData(null)]
    public void What_is_no_item_is_refused(string? text) => Assert.False(ItemRef.TryParse(text, out _));

    [Fact]
    public void Any_text_is_a_reference_that_reads_back_or_none() => Gen.String[0, 210].Sample(text =>
    {
        if (HotlineReference.TryParse(text, out var reference))
        {
            Assert.Equal(NormalForm.Visible(text).Trim(), reference.Value);
            Assert.Equal(reference, HotlineReference.Parse(reference.Value));
            var amended = new SetHotlineReference { ReportId = default, Context = new ReportScenario().Context(ReportScenario.Nl), Item = new ItemTarget
                { Ordinal = 1 }, Reference = reference };
            using var bytes = new MemoryStream(ReportScenario.Bytes(amended));
            Assert.Equal(reference, ((SetHotlineReference)CPort.Actors.Serialization.WireModel.Instance.Deserialize(bytes, null, typeof(SetHotlineReference)))
                .Reference);
        }
        else
        {
            Assert.True(NormalForm.Visible(text).Trim().Length is 0 or > HotlineReference.MaxLength || text.Any(c => char.IsControl(c) || char.IsSurrogate(c)));
        }
    });

    /// <summary>One report, whatever system its reference was copied from.</summary>
    [Theory]
    [InlineData("R-e\u0301", "R-é")]
    [InlineData("R-1\u200b", "R-1")]
    [InlineData("\ufeff R-1 \u200e", "R-1")]
    [InlineData("R\u00ad-\u20601", "R-1")]
    [InlineData("\u1100\u1161 1", "가 1")]
    [InlineData("Ｒ-1", "Ｒ-1")]
    public void References_that_read_the_same_are_one(string text, string name)
    {
        Assert.Equal(name, HotlineReference.Parse(text).Value);
        Assert.Equal(HotlineReference.Parse(name), HotlineReference.Parse(text));
    }

    [Theory]
    [InlineData("\u200b")]
    [InlineData("a\u0000b")]
    [InlineData("a\nb")]
    [InlineData("   ")]
    public void Control_characters_and_blanks_are_no_reference(string text) => Assert.False(HotlineReference.TryParse(text, out _));

    [Fact]
    public void Half_of_a_surrogate_pair_is_no_reference() => Assert.False(HotlineReference.TryParse("half " + '\uD83D', out _));

    [Fact]
    public void Two_hundred_characters_are_a_reference_and_one_more_is_none()
    {
        Assert.True(HotlineReference.TryParse(new string('x', 200), out _));
        Assert.False(HotlineReference.TryParse(new string('x', 201), out _));
        Assert.True(HotlineReference.TryParse("2026/001 \uD83D\uDCC4", out _));
    }

    [Fact]
    public void The_same_hotline_and_reference_give_the_same_id_and_others_another()
    {
        var (nl, be) = (AgencyId.Parse("hotline-nl"), AgencyId.Parse("hotline-be"));
        Assert.Equal(TestKeys.IdOf(Tenant.Live, nl, HotlineReference.Parse("1")), TestKeys.IdOf(Tenant.Live, nl, HotlineReference.Parse(" 1 ")));
        Assert.NotEqual(TestKeys.IdOf(Tenant.Live, nl, HotlineReference.Parse("1")), TestKeys.IdOf(Tenant.Live, be, HotlineReference.Parse("1")));
        Assert.NotEqual(TestKeys.IdOf(Tenant.Live, nl, HotlineReference.Parse("1")), TestKeys.IdOf(Tenant.Live, nl, HotlineReference.Parse("2")));
        Assert.NotEqual(TestKeys.IdOf(Tenant.Live, nl, HotlineReference.Parse("1")), TestKeys.IdOf(Tenant.Training, nl, HotlineReference.Parse("1")));
    }
}
