using CPort.Actors.Reports;
using CPort.Domain.CodeLists;
using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Reports;

namespace CPort.Actors.Icse;

/// <summary>The entity did not answer in time; repeating the command with the same id is safe.</summary>
public sealed class PackageUnavailableException(Exception inner) : UnavailableException("The package did not answer in time.", inner);

/// <summary>
/// The way to packages from outside their actors: looks at items with the caller's own eyes, and sends commands until they are answered. Thread-safe.
/// </summary>
public sealed class PackageGateway(IReadOnlyActorRegistry actors, IReportGateway reports, ConfidentialSeam seam, TimeSpan patience, TimeProvider time)
{
    private const int AskedAtOnce = 16;

    /// <summary>Sends a command and waits for its durable answer.</summary>
    public Task<PackageReply> SendAsync(IPackageCommand command, CancellationToken cancellation) => AskAsync<PackageReply>(command, cancellation);

    /// <summary>A page of a package as the caller may see it.</summary>
    public Task<PackagePage> GetAsync(GetPackage query, CancellationToken cancellation) => AskAsync<PackagePage>(query, cancellation);

    /// <summary>Puts items into a package (null: a new one), or takes some out. Refused as a whole when one does not fit.</summary>
    public async Task<PackageReply> FillAsync(
        CommandContext context, PackageKey? package, ImmutableArray<ItemRef> add, ImmutableArray<ItemRef> takeOut, CancellationToken cancellation)
    {
        var key = package ?? PackageRules.KeyOf(seam, context.Caller.Tenant, context.Caller.Agency, context.CommandId);
        var media = await LookAsync(context.Caller, key, add, cancellation).ConfigureAwait(false);
        return media.FirstOrDefault(m => m.Media is null) is { Item.Ordinal: > 0 } wrong
            ? new PackageReply
            {
                Key = key, Code = PackageRejection.ItemDoesNotFit,
                Detail = $"{wrong.Item} is not illegal, has no MD5 hash, is out in another package, or is not for you to see.",
            }
            : await SendAsync(
                new FillPackage
                {
                    Key = key, Context = context, Add = [.. media.Select(m => new PackageItem { Item = m.Item, Media = m.Media! })], TakeOut = takeOut,
                },
                cancellation).ConfigureAwait(false);
    }

    /// <summary>Releases a package, after having looked at each of its items again; null: there is none for the caller.</summary>
    public async Task<PackageReply?> ReleaseAsync(CommandContext context, PackageKey key, CancellationToken cancellation)
    {
        var gone = ImmutableArray.CreateBuilder<ItemRef>();
        var found = false;
        await foreach (var page in PagesAsync(context.Caller, key, cancellation).ConfigureAwait(false))
        {
            found = true;
            var items = page.State is PackageState.Draft or PackageState.Reviewed ? page.Items : [];
            gone.AddRange((await LookAsync(context.Caller, key, [.. items.Select(i => i.Item)], cancellation).ConfigureAwait(false))
                .Where(m => m.Media is null).Select(m => m.Item));
        }

        return found ? await SendAsync(new ReleasePackage { Key = key, Context = context, Gone = gone.ToImmutable() }, cancellation).ConfigureAwait(false)
            : null;
    }

    /// <summary>All pages of a package; none when there is nothing to see.</summary>
    public async IAsyncEnumerable<PackagePage> PagesAsync(
        Caller caller, PackageKey key, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var skip = 0;
        while (true)
        {
            var page = await GetAsync(new GetPackage { Key = key, Caller = caller, Skip = skip }, cancellation).ConfigureAwait(false);
            if (!page.Found)
            {
                yield break;
            }

            yield return page;
            if (page.Next is not { } next)
            {
                yield break;
            }

            skip = next;
        }
    }

    /// <summary>What goes to ICSE of each item; null: it does not fit, or is not to be seen.</summary>
    private async Task<ImmutableArray<(ItemRef Item, MediaRecord? Media)>> LookAsync(
        Caller caller, PackageKey package, ImmutableArray<ItemRef> items, CancellationToken cancellation)
    {
        var looked = ImmutableArray.CreateBuilder<(ItemRef, MediaRecord?)>();
        foreach (var part in items.Distinct().Chunk(AskedAtOnce))
        {
            looked.AddRange(await Task.WhenAll(part.Select(AskForAsync)).ConfigureAwait(false));
        }

        return looked.ToImmutable();

        async Task<(ItemRef, MediaRecord?)> AskForAsync(ItemRef item)
        {
            var page = await reports.GetAsync(
                new GetReport { ReportId = item.Report, Caller = caller, FromOrdinal = item.Ordinal, MaxItems = 1 }, cancellation).ConfigureAwait(false);
            return (item, page.Items is [var view] && view.Item.Ordinal == item.Ordinal ? MediaOf(view, package) : null);
        }
    }

    private static MediaRecord? MediaOf(ItemView view, PackageKey package)
    {
        var media = new MediaRecord
        {
            Number = view.Item.Number, Hashes = view.Item.Hashes, Size = view.Item.MediaSize, MimeType = view.Item.MimeType,
            Baseline = view.Effective == Classification.Baseline,
        };
        return view.Effective is Classification.Baseline or Classification.National && !view.Item.Withdrawn && media.Md5 is not null
            && !view.Item.IsOutBeside(package) ? media : null;
    }

    private async Task<T> AskAsync<T>(IPackageMessage message, CancellationToken cancellation)
    {
        try
        {
            return await actors.Get<PackageRegion>().AskUntilAnsweredAsync<T>(
                message, new AskTimes(patience / 4, patience / 2, patience), time, cancellation).ConfigureAwait(false);
        }
        catch (AskTimeoutException e)
        {
            throw new PackageUnavailableException(e);
        }
    }
}
