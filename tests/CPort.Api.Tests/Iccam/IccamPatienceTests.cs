using CPort.Actors.Agencies;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Reports;
using CPort.Domain.Agencies;
using CPort.Domain.Reports;
using CPort.Iccam.Contracts;
using CPort.Iccam.Endpoints;
using CPort.Iccam.Security;
using CPort.Node.Options;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Iccam;

/// <summary>What the façade waits for inside, and for how long a report is the same one; over the node's own reports, with a gateway that is held up.</summary>
[Collection(IccamCollection.Name)]
public sealed class IccamPatienceTests(IccamNode iccam)
{
    private IServiceProvider Services => iccam.Node.Services;

    private IccamCaller Me
    {
        get
        {
            var (agency, access) = Services.GetRequiredService<AgencyDirectoryFeed>().Current.FindIccam("de-system")!.Value;
            var speaks = Services.GetRequiredService<AgencyDirectoryFeed>().Current.AuthenticateIccam(agency, access, DateTimeOffset.UtcNow);
            return new IccamCaller(agency, access, Assert.IsType<Authentication.Accepted>(speaks).Caller);
        }
    }

    [Fact]
    public async Task Content_is_answered_once_it_is_routed_and_faults_that_pass_are_waited_out()
    {
        var content = await ContentAsync("I0000000901");
        var held = new HeldUp(Services.GetRequiredService<IReportGateway>(), faults: 3, unrouted: 3);
        var found = await Reports(held, TimeSpan.FromMinutes(5)).ContentAsync(Me.Caller, content, default);
        Assert.Equal("DE", found.Item!.Item.Assignment!.Country!.Value.Code);
        Assert.Equal(7, held.Asked);
    }

    [Fact]
    public async Task Content_whose_job_stays_unknown_is_503_which_is_tried_again_and_not_an_answer_without_a_country()
    {
        var content = await ContentAsync("I0000000902");
        var reports = Reports(new HeldUp(Services.GetRequiredService<IReportGateway>(), unrouted: int.MaxValue), TimeSpan.FromMilliseconds(200));
        var problem = await Assert.ThrowsAsync<ApiProblemException>(() => reports.ContentAsync(Me.Caller, content, default));
        Assert.Equal(503, IccamErrors.StatusOf(problem.Problem.Status));
    }

    [Fact]
    public async Task Beyond_the_window_the_same_content_is_another_report_and_then_that_one()
    {
        var all = Services.GetRequiredService<IccamServices>();
        var me = Me;
        var gateway = Services.GetRequiredService<IReportGateway>();
        var within = Reports(gateway, TimeSpan.FromMinutes(5));
        var beyond = Reports(gateway, TimeSpan.FromMinutes(5), TimeSpan.Zero);
        var first = await within.SubmitAsync(Read(), default);
        Assert.Equal(first, await within.SubmitAsync(Read(), default));
        var second = await beyond.SubmitAsync(Read(), default);
        Assert.NotEqual(first, second);

        // To who asks within the window the first is still the one that it was.
        Assert.Equal(first, await within.SubmitAsync(Read(), default));

        CPort.Iccam.Reading.ReadReport Read() => all.Reader.Read(
            new ReportRequest
            {
                HotlineReference = $"I0000000903_{Guid.NewGuid():N}", HotlineReceivedDate = "2026-03-01T10:00:00Z",
                Urls = [new UrlRequest { UrlString = "https://window.example/1.jpg", HostingCountryCode = "DE" }],
            },
            me.Context(TimeProvider.System), me.Access, me.Style);
    }

    [Fact]
    public void A_listener_without_TLS_or_certificate_is_a_wrong_setting()
    {
        var plain = new NodeOptions { Iccam = { Urls = ["http://127.0.0.1:8443"] } }.Validate().ToArray();
        Assert.Contains(plain, p => p.StartsWith("CPORT__Iccam__Urls:", StringComparison.Ordinal));
        var bare = new NodeOptions { Iccam = { Urls = ["https://127.0.0.1:8443"] } }.Validate();
        Assert.Equal("CPORT__Iccam__CertificatePath:", Assert.Single(bare).Split(' ')[0]);
        Assert.Empty(new NodeOptions().Validate());
    }

    private async Task<long> ContentAsync(string file)
    {
        var client = await iccam.DeAsync();
        var report = await client.ReportAsync(new IccamReport(file, new IccamReport.Url($"https://patience.example/{file}", "DE")).Body);
        return (await client.ContentsAsync(report)).Values.Single();
    }

    private IccamReports Reports(IReportGateway gateway, TimeSpan patience, TimeSpan? window = null)
    {
        var all = Services.GetRequiredService<IccamServices>();
        return new IccamReports(
            gateway, Services.GetRequiredService<ReportNumbers>(), Services.GetRequiredService<ReportIntake>(), all.Reader, TimeProvider.System,
            new IccamSettings { Patience = patience, RetryWindow = window ?? new IccamSettings().RetryWindow });
    }

    /// <summary>A way to reports that fails at first, and then shows items as they are before they are routed.</summary>
    private sealed class HeldUp(IReportGateway reports, int faults = 0, int unrouted = 0) : IReportGateway
    {
        public int Asked { get; private set; }

        public async Task<ReportPage> GetAsync(GetReport query, CancellationToken cancellation)
        {
            if (++Asked <= faults)
            {
                throw new ReportsUnavailableException("a node has just died");
            }

            var page = await reports.GetAsync(query, cancellation);
            return Asked - faults > unrouted ? page : page with
            {
                Items = [.. page.Items.Select(i => i with { Item = i.Item with { Assignment = null, Traced = false } })],
            };
        }

        public Task<CommandReply> SendAsync(IReportCommand command, CancellationToken cancellation) => reports.SendAsync(command, cancellation);

        public Task<HistoryPage> HistoryAsync(GetHistory query, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<ReportChangePreviewed> PreviewAsync(PreviewReportChange query, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
