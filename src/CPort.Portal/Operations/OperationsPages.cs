using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Entities;
using CPort.Actors.Intake;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Api;
using CPort.Api.Hashes;
using CPort.Api.Operators;
using CPort.Domain.Audit;
using CPort.Portal.SignIn;

namespace CPort.Portal.Operations;

/// <summary>
/// <c>/app/operations</c>: how the installation is, for operators: what their port and the API answer them, by the same functions. What ends or moves nodes is
/// left to their port.
/// </summary>
internal static class OperationsPages
{
    private const string Home = "/app/operations";

    /// <summary>How long a part of the page may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    /// <summary>How long the page waits for a comparison; it goes on without it.</summary>
    private static readonly TimeSpan ReconcilePatience = TimeSpan.FromSeconds(20);

    public static void MapOperations(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, (HttpContext http, TimeProvider _) => PageAsync(http)).Needs(Deed.WatchNodes).Needs(Deed.ReadProjections).Needs(Deed.KeepQuarantine)
            .Needs(Deed.ReadStuck);
        pages.MapPost($"{Home}/retry", RetryAsync).Needs(Deed.RetryStuck).NeedsProof();
        pages.MapPost($"{Home}/rebuild", RebuildAsync).Needs(Deed.RebuildProjections).NeedsProof();
        pages.MapPost($"{Home}/reconcile", ReconcileAsync).Needs(Deed.RebuildProjections).NeedsProof();
    }

    private static async Task<IResult> PageAsync(HttpContext http, ReconcileAnswer? reconciled = null, params ImmutableArray<PageError> errors)
    {
        var services = http.RequestServices;
        var system = services.GetRequiredService<ActorSystem>();
        var me = (await ApiCaller.BindAsync(http))!;
        var regions = PartAsync(http, async _ => new { All = await OperatorView.ShardsAsync(system, Patience * 0.8) });
        var projections = PartAsync(http, c => ProjectionEndpoints.StatusAsync(services.GetRequiredService<ProjectionStatusReader>(), c));
        var stuck = PartAsync(http, c => StuckEndpoints.ListAsync(
            services.GetRequiredService<StuckEntities>(), services.GetRequiredService<DatabaseDoubts>(), c));
        var keys = PartAsync(http, c => KeyRingStatus.ReadAsync(services.GetRequiredService<KeyRingStore>(), services.GetRequiredService<KeyRing>(), c));
        var quarantine = PartAsync(http, c => QuarantineEndpoints.ListAsync(
            me, services.GetRequiredService<IReadOnlyActorRegistry>(), services.GetRequiredService<Database>(), services.GetRequiredService<StuckEntities>(),
            services.GetRequiredService<AgencyDirectoryFeed>(), c));
        var unfinished = PartAsync(http, c => services.GetRequiredService<UnfinishedWork>().CountAsync(c));
        var rejected = PartAsync(http, async c => new { Count = await services.GetRequiredService<IRejectionLog>().CountAsync(me.Caller.Tenant, c) });
        var note = PartAsync(http, async c => await services.GetRequiredService<AuditReader>().CheckpointAsync(c) ?? "");
        var all = (await regions)?.All;
        var model = new OperationsModel
        {
            Members = OperatorView.Members(Akka.Cluster.Cluster.Get(system)),
            Regions = all is not { } views ? null :
            [
                .. views.Where(r => r.TypeName is not null).GroupBy(r => r.TypeName!).Select(g => new RegionFigures(
                    g.Key, g.Count(), g.FirstOrDefault(r => r.Coordinator)?.Node.Address, g.Sum(r => r.Shards.Length),
                    g.Sum(r => r.Shards.Sum(s => s.Entities)), g.Sum(r => r.FailedShards.Length))),
            ],
            Silent = all is not { } asked ? [] : [.. asked.Where(r => r.Failure is not null).Select(r => r.Node.Address).Distinct()],
            Projections = await projections, Stuck = await stuck, Keys = await keys, Quarantine = await quarantine, Unfinished = await unfinished,
            Rejected = (await rejected)?.Count, Reconciled = reconciled, Proved = StepUp.IsProved(http),
            Sealed = (await note)?.Split('\n') is [_, var size, ..] && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                ? n : null,
        };
        return Pages.Of<OperationsView, OperationsModel>(
            http, model, p => p with { Title = p.Words["operations.title"], Nav = NavEntry.Operations, Errors = errors, Address = Home },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> RetryAsync(HttpContext http, StuckRetry retry)
    {
        var form = await Form.ReadAsync(http);
        if (!EntityName.TryParse(form.Text("id") ?? "", out var name))
        {
            return Pages.Absent(http);
        }

        var answers = await retry.RunAsync(name, http.RequestAborted);
        await ReadHook.DoneAsync(http, new Shown([new AuditObject(AuditObjectKind.Entity, name.ToString())], []));
        return answers ? Pages.After(Home, "retried") : await PageAsync(http, null, new PageError(Pages.WordsOf(http)["error.stillStuck"], "stuck"));
    }

    private static async Task<IResult> RebuildAsync(HttpContext http, IRequiredActor<ProjectionActor> projection)
    {
        IShowsData started = await ProjectionEndpoints.RebuildAsync(projection, http.RequestAborted);
        await ReadHook.DoneAsync(http, started.What());
        return Pages.After(Home, "rebuild");
    }

    private static async Task<IResult> ReconcileAsync(HttpContext http, IRequiredActor<ProjectionActor> projection)
    {
        // A long one goes on by itself; what it has found is in the log of the node that runs it.
        await ReadHook.DoneAsync(http, Shown.View("read model compared"));
        var running = ProjectionEndpoints.ReconcileAsync(projection, CancellationToken.None);
        return await Task.WhenAny(running, Task.Delay(ReconcilePatience, http.RequestAborted)) == running
            ? await PageAsync(http, await running) : Pages.After(Home, "reconcile");
    }

    /// <summary>A part of the page; null: not in time, or not just now.</summary>
    private static async Task<T?> PartAsync<T>(HttpContext http, Func<CancellationToken, Task<T>> read)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(Patience);
        try
        {
            return await read(limit.Token).WaitAsync(Patience, http.RequestAborted);
        }
        catch (Exception e) when (e is ApiProblemException || Faults.IsPassingFor(e, http.RequestAborted))
        {
            return null;
        }
    }
}
