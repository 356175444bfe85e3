using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Iwol;
using CPort.Domain.Iwol.Verbs;
using CPort.Domain.Routing;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Iwol;

/// <summary>The entity did not answer in time; repeating the command with the same id is safe.</summary>
public sealed class IwolUnavailableException(Exception inner) : UnavailableException("The candidate or the list did not answer in time.", inner);

/// <summary>
/// The way to candidates and the list from outside their actors: looks at items with the caller's own eyes, and sends commands until they are answered.
/// Thread-safe.
/// </summary>
public sealed class IwolGateway(
    IReadOnlyActorRegistry actors, IReportGateway reports, ReadModel model, UrlKeyMaker keys, ConfidentialSeam seam, IwolPublication publication,
    TimeSpan patience, TimeProvider time)
{
    /// <summary>Sends a command and waits for its durable answer.</summary>
    public Task<IwolReply> SendAsync(IIwolCommand command, CancellationToken cancellation) =>
        AskAsync<IwolReply>(actors.Get<IwolRegion>(), command, cancellation);

    /// <summary>A candidate as the caller may see it.</summary>
    public Task<IwolPage> GetAsync(GetIwolCandidate query, CancellationToken cancellation) =>
        AskAsync<IwolPage>(actors.Get<IwolRegion>(), query, cancellation);

    /// <summary>A page of a version of the list.</summary>
    public Task<IwolListPage> ListAsync(GetIwolList query, CancellationToken cancellation) =>
        AskAsync<IwolListPage>(actors.Get<IwolListRegion>(), query, cancellation);

    /// <summary>Proposes the domain of an item whose URL the caller sees; null: there is no such item for it.</summary>
    public async Task<IwolReply?> ProposeAsync(CommandContext context, ItemRef item, CancellationToken cancellation)
    {
        if (await ViewAsync(context.Caller, item, cancellation).ConfigureAwait(false) is not { Secrets.Url: { } url } view)
        {
            return null;
        }

        var none = new IwolReply { Key = default, Code = IwolRejection.NoEvidence, Detail = "A person has to have judged it Baseline; hashes do not count." };
        if (!view.IsBaselineByPerson())
        {
            return none;
        }

        if (!WebAddress.TryParse(url, out var address, out _) || keys.DomainOf(address) is not { } domain || !IsListable(domain))
        {
            return none with
            {
                Code = IwolRejection.NotADomain,
                Detail = keys.SuffixRules < IwolLimits.SuffixRules ? "It takes the full public suffix list to tell whose a domain is."
                    : IwolRules.NotListable,
            };
        }

        return await SendAsync(
            new ProposeDomain
            {
                Key = IwolRules.KeyOf(seam, context.Caller.Tenant, domain), Context = context, Name = new SecretText { Text = domain },
                Evidence = new IwolEvidence { Item = item, Number = view.Item.Number, By = context.Caller.Agency },
            },
            cancellation).ConfigureAwait(false);
    }

    /// <summary>How the domain's items stand now, with the eyes of who decides; holds by the read tables, as current as those.</summary>
    public async Task<IwolStanding?> StandingAsync(Caller caller, IwolKey key, CancellationToken cancellation)
    {
        var page = await GetAsync(new GetIwolCandidate { Key = key, Caller = caller }, cancellation).ConfigureAwait(false);
        if (!page.Found)
        {
            return null;
        }

        var standing = 0;
        foreach (var evidence in page.Evidence)
        {
            if (await ViewAsync(caller, evidence.Item, cancellation).ConfigureAwait(false) is { } view && view.IsBaselineByPerson())
            {
                // One is as good as many: the rule asks for one.
                standing = 1;
                break;
            }
        }

        return new IwolStanding
        {
            Evidence = standing, Hold = await HoldAsync(caller.Tenant, page.Name, cancellation).ConfigureAwait(false), NoDomain = !IsListable(page.Name),
        };
    }

    /// <summary>Asked when it is proposed and again when it is decided: the list of suffixes may be another by then.</summary>
    private bool IsListable(string domain) => keys.SuffixRules >= IwolLimits.SuffixRules && ListedName.Fits(domain)
        && !publication.Stops(domain) && (keys.IsOnesOwn(domain) || ListedName.IsOfExamples(domain));

    private async Task<ItemView?> ViewAsync(Caller caller, ItemRef item, CancellationToken cancellation)
    {
        var page = await reports.GetAsync(
            new GetReport { ReportId = item.Report, Caller = caller, FromOrdinal = item.Ordinal, MaxItems = 1 }, cancellation).ConfigureAwait(false);
        return page.Items is [var view] && view.Item.Ordinal == item.Ordinal ? view : null;
    }

    /// <summary>A hold that runs on any item of the domain, not only those that speak for it.</summary>
    private Task<string?> HoldAsync(Tenant tenant, string domain, CancellationToken cancellation)
    {
        var key = Convert.ToHexStringLower(keys.OfDomain(domain));
        return model.QueryAsync(
            async (db, set, _) =>
            {
                var now = time.GetUtcNow().UtcTicks;
                var items = ReadTables.Items(db, set).Where(i => i.Tenant == tenant && i.DomainKey == key);
                var held = ReadTables.HoldItems(db, set);
                var hold = await ReadTables.Holds(db, set)
                    .Where(h => h.Tenant == tenant && h.Ended == null && h.EndsAt > now
                        && held.Any(x => x.ReportId == h.ReportId && x.Number == h.Number && items.Any(i => i.Key == x.Item)))
                    .OrderBy(h => h.EndsAt).Select(h => new { h.ReportId, h.Number }).FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
                return hold is null ? null : $"{hold.ReportId}-h{hold.Number}";
            },
            cancellation);
    }

    private async Task<T> AskAsync<T>(IActorRef region, object message, CancellationToken cancellation)
    {
        try
        {
            return await region.AskUntilAnsweredAsync<T>(message, new AskTimes(patience / 4, patience / 2, patience), time, cancellation)
                .ConfigureAwait(false);
        }
        catch (AskTimeoutException e)
        {
            throw new IwolUnavailableException(e);
        }
    }
}
