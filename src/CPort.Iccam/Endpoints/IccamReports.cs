using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Iccam.Reading;
using CPort.Iccam.Security;

namespace CPort.Iccam.Endpoints;

/// <summary>
/// Reports and items by the numbers that ICCAM's clients know, and what is done to them. Waits inside for what passes (<see cref="IccamSettings.Patience"/>).
/// Thread-safe.
/// </summary>
internal sealed class IccamReports(
    IReportGateway gateway, ReportNumbers numbers, ReportIntake intake, ReportReader reader, TimeProvider time, IccamSettings settings)
{
    /// <summary>So often the same content may be another report, each time after the window.</summary>
    private const int MostOfOneContent = 1_000;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Takes a report and answers its number, which every node finds from then on. What is the same report as one of the last hours gets that one's number:
    /// under whichever id it is sent, one report's actor decides, so that two nodes come to the same.
    /// </summary>
    public async Task<long> SubmitAsync(ReadReport report, CancellationToken cancellation)
    {
        for (var nth = 0; nth < MostOfOneContent; nth++)
        {
            var draft = report.Draft with { ReportId = reader.IdOf(report.Content, nth) };
            var outcome = await intake.SubmitAsync(IntakeReading.Good(draft), cancellation);
            if (outcome.Result is IntakeResult.Rejected or IntakeResult.Unavailable)
            {
                throw ApiProblemException.Of(outcome.Problem!);
            }

            var page = await PageAsync(new GetReport { ReportId = draft.ReportId, Caller = draft.Context.Caller, MaxItems = 1 }, cancellation);
            if (page is not { Head: { } head, Items: [var first, ..] })
            {
                // Durable, and its hotline sees it: its actor is on the way from one node to another.
                throw ApiProblemException.Of(ProblemCodes.Unavailable, "The report was taken and cannot be read at the moment.");
            }

            // Another reference is a conflict to the report itself; here it is what makes it a retry.
            var isIt = outcome.Result == IntakeResult.Accepted
                || (!head.Report.Withdrawn && draft.Context.OccurredAt - head.Report.SubmittedAt < settings.RetryWindow);
            if (isIt)
            {
                var firstNumber = first.Item.Number - first.Item.Ordinal + 1;
                await numbers.NoteAsync(
                    draft.Context.Caller.Tenant, draft.ReportId, head.Report.Number, firstNumber, draft.Items.Length, cancellation);
                return head.Report.Number;
            }
        }

        throw ApiProblemException.OfField("urls", ProblemCodes.TooManyOfThem, "This content was reported too often.");
    }

    /// <summary>The whole report as the caller sees it, page by page.</summary>
    public async Task<(ReportHead Head, IReadOnlyList<ItemView> Items)> ReportAsync(Caller caller, long number, CancellationToken cancellation)
    {
        var place = await PlaceAsync(c => numbers.ReportAsync(caller.Tenant, number, c), "reportId", cancellation);
        var query = new GetReport { ReportId = place.Report!.Value, Caller = caller };
        var (items, head) = (new List<ItemView>(), (ReportHead?)null);
        for (GetReport? next = query; next is not null;)
        {
            var page = await PageAsync(next, cancellation);
            head ??= page.Head ?? throw IccamErrors.Absent("reportId");
            items.AddRange(page.Items);
            next = page.Next(next);
        }

        return (head!, items);
    }

    /// <summary>The item, once it is known whose job it is.</summary>
    public async Task<FoundContent> ContentAsync(Caller caller, long number, CancellationToken cancellation)
    {
        var place = await ItemAsync(caller, number, cancellation);
        var query = new GetReport { ReportId = place.Report!.Value, Caller = caller, FromOrdinal = place.Ordinal, MaxItems = 1 };
        return await UntilAsync<FoundContent>(
            async () => await PageAsync(query, cancellation) switch
            {
                { Head: { } head, Items: [{ Item: var item } view, ..] } when item.Ordinal == place.Ordinal =>
                    IsRouted(item) ? new FoundContent(head, view) : null,
                { Head: { SourcePage.Number: var page } head } when page == number => new FoundContent(head, null),
                _ => throw IccamErrors.Absent("contentId"),
            },
            "It is not known yet whose job the content is: hosting is being traced.", cancellation);
    }

    /// <summary>Does something to one item; throws what its rules refuse, as about the field, but for <paramref name="done"/>, which is so already.</summary>
    public async Task DoAsync(
        Caller caller, long number, Func<ReportId, int, IReportCommand> command, string field, RejectionCode? done, CancellationToken cancellation)
    {
        var place = await ItemAsync(caller, number, cancellation);
        await DoAsync(command(place.Report!.Value, place.Ordinal), field, done, cancellation);
    }

    /// <summary>Does something to a report.</summary>
    public async Task DoAsync(Caller caller, long number, Func<ReportId, IReportCommand> command, string field, CancellationToken cancellation)
    {
        var place = await PlaceAsync(c => numbers.ReportAsync(caller.Tenant, number, c), "reportId", cancellation);
        await DoAsync(command(place.Report!.Value), field, null, cancellation);
    }

    private async Task DoAsync(IReportCommand command, string field, RejectionCode? done, CancellationToken cancellation)
    {
        // The same command id each time: what was done and not answered is answered again.
        var reply = await UntilAsync<CommandReply>(async () => await gateway.SendAsync(command, cancellation), "The report does not answer.", cancellation);
        if (reply.Outcome != CommandOutcome.Accepted && reply.Code != done)
        {
            // A colleague who works on it at the moment: to the client a refusal is an end, and this passes.
            throw reply.Code == RejectionCode.Leased ? ApiProblemException.Of(ProblemCodes.Unavailable, reply.Detail)
                : reply.Code == RejectionCode.NotFound ? IccamErrors.Absent(field) : IccamErrors.Of(reply.Code, reply.Detail, field);
        }
    }

    private Task<NumberPlace> ItemAsync(Caller caller, long number, CancellationToken cancellation) =>
        PlaceAsync(c => numbers.ItemAsync(caller.Tenant, number, c), "contentId", cancellation);

    private Task<NumberPlace> PlaceAsync(Func<CancellationToken, Task<NumberPlace>> find, string field, CancellationToken cancellation) =>
        UntilAsync<NumberPlace>(
            async () => await find(cancellation) switch
            {
                { Report: not null } found => found,
                { IsCurrent: true } => throw IccamErrors.Absent(field),
                _ => null,
            },
            "The lists of reports are behind.", cancellation);

    private async Task<ReportPage> PageAsync(GetReport query, CancellationToken cancellation)
    {
        var page = await UntilAsync<ReportPage>(async () => await gateway.GetAsync(query, cancellation), "The report does not answer.", cancellation);
        return page.TooLong ? throw ApiProblemException.Of(ProblemCodes.AnswerTooLong) : page;
    }

    private static bool IsRouted(ContentItem item) => item.Assignment is not null || item.IsClosed() || !(item.NeedsTrace() || item.NeedsRoute());

    /// <summary>Asks until there is an answer; faults that pass are waited out.</summary>
    private async Task<T> UntilAsync<T>(Func<Task<T?>> ask, string why, CancellationToken cancellation)
        where T : class
    {
        var began = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause + pause < LongestPause ? pause + pause : LongestPause)
        {
            try
            {
                if (await ask() is { } answer)
                {
                    return answer;
                }
            }
            catch (Exception e) when (e is not ReportStuckException && Faults.IsPassingFor(e, cancellation) && !IsOver(pause))
            {
                // Asked again below.
            }

            if (IsOver(pause))
            {
                throw ApiProblemException.Of(ProblemCodes.Unavailable, why);
            }

            await Task.Delay(pause, time, cancellation);
        }

        bool IsOver(TimeSpan pause) => time.GetElapsedTime(began) + pause >= settings.Patience;
    }
}

/// <summary>An item in its report, as the caller sees them.</summary>
/// <param name="Item">Null: it is the page of an item that the caller sees, and is itself not for the caller.</param>
internal sealed record FoundContent(ReportHead Head, ItemView? Item);
