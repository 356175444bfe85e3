using BenchmarkDotNet.Attributes;
using CPort.Actors.Confidential;
using CPort.Actors.Serialization;
using CPort.Domain.Confidential;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;

namespace CPort.Bench.Micro;

/// <summary>A submitted report's steps inside the node, except the database.</summary>
public class ReportBenchmarks
{
    private readonly KeyRingSeam _seam = new(KeyRing.New());
    private readonly ItemSecrets _secrets = new() { Url = SampleSubmission.Url };
    private SubmitReport _clear = null!;
    private SubmitReport _sealed = null!;
    private SealedPlace _place;
    private Sealed _box = null!;
    private IReportEvent[] _events = [];
    private byte[][] _stored = [];

    [GlobalSetup]
    public void Setup()
    {
        _clear = SampleSubmission.Make(_seam);
        _sealed = (SubmitReport)ReportSealing.Seal(_seam, Report.None, _clear);
        _place = new SealedPlace(_sealed.ReportId, SealedField.ItemSecrets, 1);
        _box = _seam.Seal(_place, _secrets);
        var decision = ReportRules.Decide(Report.None, _sealed, SampleSubmission.Environment);
        _events = [.. decision.Events];
        if (_events.Length != 2)
        {
            throw new InvalidOperationException($"The sample was {decision.Reply.Outcome}: {decision.Reply.Detail}");
        }

        _stored = [.. _events.Select(Write)];
    }

    [Benchmark(Description = "Decide and apply a submission of 4 items")]
    public Report DecideAndApply()
    {
        var report = Report.None;
        foreach (var e in ReportRules.Decide(report, _sealed, SampleSubmission.Environment).Events)
        {
            report = ReportRules.Apply(report, e);
        }

        return report;
    }

    [Benchmark(Description = "Seal a submission of 4 items ")]
    public object SealSubmission() => ReportSealing.Seal(_seam, Report.None, _clear);

    [Benchmark(Description = "Seal one item's URL")]
    public Sealed SealItem() => _seam.Seal(_place, _secrets);

    [Benchmark(Description = "Open one item's URL")]
    public ItemSecrets OpenItem() => _seam.Open<ItemSecrets>(_place, _box);

    [Benchmark(Description = "Digests of a submission of 4 items")]
    public SubmitReport Stamp() => SubmissionDigest.Stamp(_seam, _clear);

    [Benchmark(Description = "Write ReportSubmitted and ItemsAdded (4 items)")]
    public int Serialize() => _events.Sum(e => Write(e).Length);

    [Benchmark(Description = "Read ReportSubmitted and ItemsAdded (4 items)")]
    public int Deserialize()
    {
        for (var i = 0; i < _events.Length; i++)
        {
            WireModel.Instance.Deserialize(_events[i].GetType(), new ReadOnlyMemory<byte>(_stored[i]));
        }

        return _events.Length;
    }

    [Benchmark(Description = "Parse a URL")]
    public bool ParseUrl() => WebAddress.TryParse(SampleSubmission.Url, out _, out _);

    /// <summary>As <see cref="WireSerializer.ToBinary"/> does it; the journal seals it besides.</summary>
    private static byte[] Write(IReportEvent e)
    {
        var stream = new MemoryStream(256);
        WireModel.Instance.Serialize(stream, (object)e);
        return stream.ToArray();
    }
}
