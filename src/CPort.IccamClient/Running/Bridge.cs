using CPort.IccamClient.Our;
using CPort.IccamClient.Planning;
using CPort.IccamClient.Reading;
using CPort.IccamClient.Store;
using CPort.IccamClient.Wire;

namespace CPort.IccamClient.Running;

/// <summary>
/// What runs beside a node: in, news, out, one after the other, for ever. All that it knows is in its <see cref="ClientStore"/>: it may be ended anywhere and
/// begun again.
/// </summary>
public sealed class Bridge
{
    private readonly Importer _importer;
    private readonly NewsTaker _news;
    private readonly Sender _sender;
    private readonly (IccamWire Iccam, IOurNode Our, ClientStore Store, RunSettings Settings, TimeProvider Time, Action<string> Say) _with;

    /// <param name="owner">Which ICCAM, and which user of it: the folder is kept for that.</param>
    /// <param name="analyst">The name where our own words have none.</param>
    /// <param name="say">Takes lines of the log: numbers and codes.</param>
    public Bridge(
        IccamWire iccam, IOurNode our, ClientStore store, string owner, string analyst, RunSettings settings, TimeProvider time, Action<string> say)
    {
        _with = (iccam, our, store, settings, time, say);
        _importer = new Importer(iccam, our, store, settings, time, say);
        _news = new NewsTaker(our, store, say);
        _sender = new Sender(iccam, our, store, analyst, say);
        Owner = owner;
    }

    private string Owner { get; }

    /// <summary>Until it is stopped. A fault of a whole server is waited out, each time for longer.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        OurAgency? us = null;
        DateTimeOffset? polled = null;
        for (var tries = 0; ;)
        {
            TimeSpan pause;
            try
            {
                us ??= await ClaimAsync(cancellation);
                var poll = polled is not { } last || _with.Time.GetUtcNow() - last >= _with.Settings.ImportEvery;
                var again = await PassAsync(us, poll, cancellation);
                polled = again ? null : poll ? _with.Time.GetUtcNow() : polled;
                (tries, pause) = (0, _with.Settings.NewsEvery);
            }
            catch (PassingFaultException e)
            {
                pause = Backoff.After(++tries, e.After, Random.Shared.NextDouble());
                _with.Say($"{e.Code}: waits {pause.TotalSeconds:0} s");
            }
            catch (RefusedException e)
            {
                // Of a queue or the feed as a whole; nothing of it is any item's fault.
                pause = Backoff.After(++tries, null, Random.Shared.NextDouble());
                _with.Say($"{e.Refusals[0].Field} {e.Refusals[0].Code}: waits {pause.TotalSeconds:0} s");
            }

            await Task.Delay(pause, _with.Time, cancellation);
        }
    }

    /// <summary>Whose the folder is, and from where news are read, from now on.</summary>
    public async Task<OurAgency> ClaimAsync(CancellationToken cancellation)
    {
        var us = await _with.Our.AgencyAsync(cancellation);
        _with.Store.Claim($"{us.Id} {Owner}");
        await _news.BeginAsync(cancellation);
        return us;
    }

    /// <summary>Once in, news and out. Whether there was something new, so that there may be more.</summary>
    public async Task<bool> PassAsync(OurAgency us, bool poll, CancellationToken cancellation)
    {
        var again = false;
        await _importer.ResumeAsync(us, cancellation);
        if (poll)
        {
            // What is taken is named at once: so it leaves the queue, and others come into it.
            again = await _importer.PollAsync(us, () => _sender.SendAsync(us, cancellation), cancellation);
        }

        await _news.TakeAsync(us, cancellation);
        await _sender.SendAsync(us, cancellation);
        return again;
    }

    /// <summary>
    /// A report that is in both already is one from now on: its contents are ours by their URLs, letter by letter. Returns how many there are, and how many
    /// are linked.
    /// </summary>
    public async Task<(int Contents, int Linked)> LinkAsync(ReportNumber number, ReportId report, CancellationToken cancellation)
    {
        var us = await ClaimAsync(cancellation);
        var contents = (await _with.Iccam.ReportAsync(number, cancellation)).ReportContents ?? [];
        var ordinals = ContentReader.Match(
            contents.Select(c => (new ContentNumber(c.ContentId), c.UrlString)), await _with.Our.UrlsAsync(report, cancellation));
        var linked = new List<(ContentNumber, ItemRef, IReadOnlyList<string>)>();
        foreach (var (content, ordinal) in ordinals)
        {
            var item = new ItemRef(report, ordinal);
            linked.Add((content, item, await _with.Our.ItemAsync(item, cancellation) is { } ours
                ? [.. Words.Of(us, ours).Where(w => w.Kind != WordKind.Reference).Select(w => w.Key)] : []));
        }

        _with.Store.Link(number, linked);
        return (contents.Count, linked.Count);
    }
}
