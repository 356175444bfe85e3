using CPort.IccamClient.Our;
using CPort.IccamClient.Planning;
using CPort.IccamClient.Reading;
using CPort.IccamClient.Store;
using CPort.IccamClient.Wire;

namespace CPort.IccamClient.Running;

/// <summary>
/// Takes what is new in ICCAM into our intake, each content once: first it is written down as intended, then submitted under a name that follows from its
/// number, then it is done. What cannot be taken stands in the error list, and the rest goes on.
/// </summary>
internal sealed class Importer(IccamWire iccam, IOurNode our, ClientStore store, RunSettings settings, TimeProvider time, Action<string> say)
{
    /// <summary>Past what stays in the queue because it stands in the error list.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromHours(1);

    /// <summary>A queue may be behind: what was named so long ago and is still in it is named once more.</summary>
    private static readonly TimeSpan Settles = TimeSpan.FromMinutes(5);

    /// <summary>Then it is a person's: news are not read while something is being imported.</summary>
    private const int MostTries = 8;

    private readonly Dictionary<ContentNumber, (DateTimeOffset Due, int Tries, int Taken)> _later = [];

    /// <summary>Batches taken by now: what fails while none is, is no item's fault.</summary>
    private int _taken;

    /// <summary>What was begun before, and what a person wants tried again.</summary>
    public async Task ResumeAsync(OurAgency us, CancellationToken cancellation)
    {
        foreach (var batch in store.Open().GroupBy(r => (r.Report, r.Batch)))
        {
            await TakeAsync(us, batch.Key.Report, batch.Key.Batch, [.. batch.Select(r => r.Content)], cancellation);
        }
    }

    /// <summary>
    /// The queue from its beginning to its end; whether there was something new. What is taken and named leaves it; what stays, because it is in the error
    /// list, is passed over by its date.
    /// </summary>
    public async Task<bool> PollAsync(OurAgency us, Func<Task> nameAsync, CancellationToken cancellation)
    {
        var (from, step, any) = (store.Since(time.GetUtcNow() - settings.Since), Step, false);
        while (from < time.GetUtcNow() + Step)
        {
            var rows = await iccam.NewAsync(from, settings.QueueRows, cancellation);
            foreach (var (_, unreadable) in rows.Where(r => r.Unreadable is not null))
            {
                store.Unreadable(unreadable!);
            }

            var found = rows.Select(r => r.Row).OfType<QueueRow>().DistinctBy(r => r.ContentId).ToArray();
            if (await TakeAsync(us, found, cancellation))
            {
                await nameAsync();
                any = true;
                continue;
            }

            if (rows.Count < settings.QueueRows)
            {
                break;
            }

            // A full page of what is known: others may stand behind it.
            // A report's contents stand together, by the first of them.
            var last = found.GroupBy(r => r.ReportId).Max(g => g.Min(r => r.CountryAssignmentDate)) ?? from;
            (from, step) = last > from ? (last, Step) : (from + step, step + step);
        }

        store.Polled();
        return any;
    }

    /// <summary>Whether there was something new among them.</summary>
    private async Task<bool> TakeAsync(OurAgency us, QueueRow[] rows, CancellationToken cancellation)
    {
        var known = rows.ToDictionary(r => r.ContentId, r => store.Content(new ContentNumber(r.ContentId)));
        foreach (var row in rows)
        {
            if (known[row.ContentId] is { State: ContentState.Done } done)
            {
                store.NameAgain(done.Content, time.GetUtcNow() - Settles);
            }
        }

        var isNew = false;
        foreach (var report in rows.Where(r => known[r.ContentId] is null).GroupBy(r => r.ReportId))
        {
            var (number, batch) = (new ReportNumber(report.Key), report.Select(r => new ContentNumber(r.ContentId)).Order().ToArray());
            store.Intend(number, batch);
            await TakeAsync(us, number, batch[0], batch, cancellation);
            isNew = true;
        }

        return isNew;
    }

    /// <summary>One batch; a fault that passes and is not the whole server's leaves it for later.</summary>
    private async Task TakeAsync(OurAgency us, ReportNumber report, ContentNumber batch, ContentNumber[] contents, CancellationToken cancellation)
    {
        if (_later.TryGetValue(batch, out var later) && later.Due > time.GetUtcNow())
        {
            return;
        }

        try
        {
            await TakeNowAsync(us, report, batch, contents, cancellation);
            _later.Remove(batch);
            _taken++;
        }
        catch (PassingFaultException e) when (!e.Whole && later.Tries + 1 >= MostTries && _taken > later.Taken)
        {
            _later.Remove(batch);
            RefuseAll(report, contents, [new Refusal("", e.Code, "It was tried for a while and did not answer.")]);
        }
        catch (PassingFaultException e)
        {
            // Also what stops everything is remembered first: others go before it the next time.
            _later[batch] = (time.GetUtcNow() + Backoff.After(later.Tries + 1, e.After, Random.Shared.NextDouble()), later.Tries + 1,
                later.Tries == 0 ? _taken : later.Taken);
            if (e.Whole)
            {
                throw;
            }

            say($"report {report}: {e.Code}, tried again later");
        }
    }

    private async Task TakeNowAsync(OurAgency us, ReportNumber number, ContentNumber batch, ContentNumber[] contents, CancellationToken cancellation)
    {
        ReportAnswer report;
        try
        {
            report = await iccam.ReportAsync(number, cancellation);
        }
        catch (RefusedException e)
        {
            RefuseAll(number, contents, e.Refusals);
            return;
        }

        var read = new List<ContentAnswer>();
        foreach (var content in contents)
        {
            if (await ReadAsync(number, content, cancellation) is { } answer)
            {
                read.Add(answer);
            }
        }

        while (read.Count > 0)
        {
            try
            {
                await SubmitAsync(us, number, batch, report, read, cancellation);
                return;
            }
            catch (RefusedException e)
            {
                // Nothing of it was taken. What is wrong with single contents leaves the others.
                var by = e.Refusals.ToLookup(r => IndexOf(r.Field) is { } at && at < read.Count ? at : (int?)null);
                var wrong = by.Where(g => g.Key is not null).Select(g => (Content: read[g.Key!.Value], Refusals: g.ToArray())).ToArray();
                if (wrong.Length == 0)
                {
                    RefuseAll(number, [.. read.Select(c => new ContentNumber(c.ContentId))], e.Refusals);
                    return;
                }

                foreach (var (content, refusals) in wrong)
                {
                    Refuse(number, new ContentNumber(content.ContentId), refusals);
                    read.Remove(content);
                }
            }
        }
    }

    private async Task<ContentAnswer?> ReadAsync(ReportNumber report, ContentNumber content, CancellationToken cancellation)
    {
        try
        {
            var answer = await iccam.ContentAsync(content, cancellation);
            if (ContentReader.Missing(content, answer) is not { } missing)
            {
                return answer;
            }

            Refuse(report, content, [missing]);
        }
        catch (RefusedException e)
        {
            Refuse(report, content, e.Refusals);
        }

        return null;
    }

    private async Task SubmitAsync(
        OurAgency us, ReportNumber number, ContentNumber batch, ReportAnswer report, List<ContentAnswer> read, CancellationToken cancellation)
    {
        var submitted = await our.SubmitAsync(ContentReader.Read(number, batch, report, read, time.GetUtcNow()), cancellation);

        // Of the same content, the items are in our order; else what was sent before is found by its URL.
        var ordinals = submitted.Same ? read.Select((c, i) => (c, i)).ToImmutableDictionary(p => new ContentNumber(p.c.ContentId), p => p.i + 1)
            : ContentReader.Match(
                read.Select(c => (new ContentNumber(c.ContentId), c.Url.UrlString)),
                (await our.UrlsAsync(submitted.Report, cancellation)).Where(u => store.ContentOf(new ItemRef(submitted.Report, u.Ordinal)) is null));
        var done = new List<(ContentNumber, ItemRef, IReadOnlyList<string>)>();
        foreach (var (content, ordinal) in ordinals.OrderBy(o => o.Key))
        {
            var item = new ItemRef(submitted.Report, ordinal);
            done.Add((content, item, await our.ItemAsync(item, cancellation) is { } ours ? [.. Words.Of(us, ours).Select(w => w.Key)] : []));
        }

        store.Imported(done);
        say($"report {number}: {done.Count} contents taken");

        // The name is that of a report without it: it was refused, and is tried again. It gets a report of its own.
        foreach (var content in read.Where(c => done.All(d => d.Item1.Value != c.ContentId)))
        {
            if (batch.Value < 0)
            {
                Refuse(number, new ContentNumber(content.ContentId), [new Refusal("urlString", "conflict", "Its report is with us, and has not its URL.")]);
                continue;
            }

            try
            {
                await SubmitAsync(us, number, new ContentNumber(-content.ContentId), report, [content], cancellation);
            }
            catch (RefusedException e)
            {
                Refuse(number, new ContentNumber(content.ContentId), e.Refusals);
            }
        }
    }

    private void RefuseAll(ReportNumber report, ContentNumber[] contents, ImmutableArray<Refusal> refusals)
    {
        foreach (var content in contents)
        {
            Refuse(report, content, refusals);
        }
    }

    private void Refuse(ReportNumber report, ContentNumber content, IReadOnlyList<Refusal> refusals)
    {
        store.NotImported(report, content, refusals);
        say($"content {content}: not taken, {refusals[0].Code}");
    }

    /// <summary>Of <c>urls[3].urlString</c>: 3.</summary>
    private static int? IndexOf(string field) => field.StartsWith("urls[", StringComparison.Ordinal)
        && field.IndexOf(']', StringComparison.Ordinal) is > 5 and var end
        && int.TryParse(field.AsSpan(5, end - 5), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
        ? at : null;
}
