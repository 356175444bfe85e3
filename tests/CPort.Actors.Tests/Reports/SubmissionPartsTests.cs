using CPort.Actors.Cluster;
using CPort.Actors.Reports;
using CPort.Actors.Serialization;
using CPort.Domain.Confidential;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>A report is cut only where it is too long for one message between nodes.</summary>
public sealed class SubmissionPartsTests
{
    [Fact]
    public void A_report_of_many_short_items_is_one_message()
    {
        var submission = Of(300, url: 60);
        Assert.Same(submission, Assert.Single(SubmissionParts.Cut(submission)));
    }

    [Theory]
    [InlineData(10_000, 100)]
    [InlineData(400, 2_000)]
    [InlineData(9, 60_000)]
    public void A_long_report_is_cut_into_messages_that_fit_and_joined_to_the_same(int items, int url)
    {
        var submission = Of(items, url);
        var cut = SubmissionParts.Cut(submission);
        Assert.True(cut.Length > 1);
        Assert.All(cut, part => Assert.True(Bytes(part).Length < ClusterTuning.MaxFrameSize / 3));

        var parts = new SubmissionParts();
        Assert.All(cut[..^1], part =>
        {
            Assert.True(parts.Fit(part));
            Assert.Null(parts.Whole());
        });
        Assert.True(parts.Fit(cut[^1]));
        Assert.Equal(Bytes(submission), Bytes(parts.Whole()!));
    }

    [Fact]
    public void A_part_that_does_not_follow_is_refused_and_the_first_begins_anew()
    {
        var cut = SubmissionParts.Cut(Of(400, 2_000));
        var other = SubmissionParts.Cut(Of(400, 2_000));
        var parts = new SubmissionParts();
        Assert.False(parts.Fit(cut[1]));
        Assert.True(parts.Fit(cut[0]));
        Assert.False(parts.Fit(other[1]));
        Assert.True(parts.Fit(cut[0]));
        Assert.True(parts.Fit(cut[0]));
        Assert.True(parts.Fit(cut[1]));
    }

    private static SubmitReport Of(int items, int url)
    {
        var s = new ReportScenario();
        var item = Entry() with { SealedSecrets = null, Secrets = new ItemSecrets { Url = "https://a.example/".PadRight(url, 'a') } };
        return s.Submission(Nl, "ref-1", [.. Enumerable.Repeat(item, items)]) with { Context = s.Context(Nl, Guid.NewGuid().ToString()) };
    }

    private static byte[] Bytes(SubmitReport submission)
    {
        using var bytes = new MemoryStream();
        WireModel.Instance.Serialize(bytes, submission);
        return bytes.ToArray();
    }
}
