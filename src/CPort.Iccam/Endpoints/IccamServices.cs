using CPort.Actors.Agencies;
using CPort.Actors.Projections;
using CPort.Actors.Sessions;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;
using CPort.Iccam.Reading;
using CPort.Iccam.Security;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Iccam.Endpoints;

/// <summary>
/// What the façade's endpoints work with: the readers, gateways and intake of the node, by which the API works too. One for a node; thread-safe.
/// </summary>
public sealed class IccamServices : IDisposable
{
    // Reports are there once the node's actors are: until then there is nothing to work with, and a later request asks again.
    private readonly Lazy<IccamReports> _reports;

    public IccamServices(
        IServiceProvider node, ReportNumbers numbers, QueueReader queues, AgencyDirectoryFeed directory, SignInFailures failures, SignInRefusals refusals,
        KeyUses uses, UrlKeyMaker keys, ConfidentialSeam seam, IntakeLimits limits, TimeProvider time, IccamSettings settings)
    {
        (Limits, Time, Queues) = (limits, time, queues);
        Tokens = new IccamTokens(seam, time, settings);
        SignIn = new IccamSignIn(directory, failures, refusals, uses, Tokens, time, settings);
        Reader = new ReportReader(limits, keys, seam);
        HotlineIds = new HotlineIds(directory);
        _reports = new Lazy<IccamReports>(
            () => new IccamReports(
                node.GetRequiredService<IReportGateway>(), numbers, node.GetRequiredService<ReportIntake>(), Reader, time, settings),
            LazyThreadSafetyMode.PublicationOnly);
    }

    internal IntakeLimits Limits { get; }

    internal TimeProvider Time { get; }

    internal QueueReader Queues { get; }

    internal IccamTokens Tokens { get; }

    internal IccamSignIn SignIn { get; }

    internal ReportReader Reader { get; }

    internal IccamReports Reports => _reports.Value;

    internal HotlineIds HotlineIds { get; }

    public void Dispose() => SignIn.Dispose();
}
