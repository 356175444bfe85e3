using System.Linq.Expressions;
using CPort.Domain.CodeLists;
using CPort.Domain.Queues;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>A number of items under a name; the name is a code's or country's, or <c>none</c> where there is no value yet.</summary>
public sealed record Tally(string Name, long Count);

/// <summary>A figure with what it means, so that nobody has to guess.</summary>
public sealed record Figure(string Name, string Definition, long Count);

/// <summary>A breakdown with what it means.</summary>
public sealed record Breakdown(string Name, string Definition, ImmutableArray<Tally> Tallies);

/// <summary>
/// How long something took, over the items for which it has happened. Hours are rounded down to whole ones before ranking; the <c>Within…</c> are shares from 0
/// to 1. Null where there is no item.
/// </summary>
public sealed record Duration(
    string Name, string Definition, long Items, double? MedianHours, double? P90Hours, double? WithinOneDay, double? WithinThreeDays, double? WithinSevenDays);

/// <summary>Statistics over the items that joined their report in a span of time.</summary>
public sealed record Statistics
{
    public required DateTimeOffset? From { get; init; }
    public required DateTimeOffset? To { get; init; }

    /// <summary>Whose items are counted, in words.</summary>
    public required string Scope { get; init; }
    public required ImmutableArray<Figure> Figures { get; init; }
    public required ImmutableArray<Breakdown> Breakdowns { get; init; }
    public required ImmutableArray<Duration> Durations { get; init; }
    public required ReadPosition At { get; init; }
}

/// <summary>
/// Counts and times from the read model, each with its definition (INHOPE's where there is one: domain.md 1.2). Hotlines, police and INTERPOL count what they
/// see; operators count everything of the tenant and see no item.
/// </summary>
public sealed class StatisticsReader(ReadModel model)
{
    /// <summary>Items added from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive); null: without bound.</summary>
    public Task<Statistics> ReadAsync(Caller caller, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellation = default) =>
        model.QueryAsync(async (db, set, at) =>
        {
            var everything = AccessTable.May(caller, Deed.CountEverything);
            IQueryable<ItemRow> Scoped(params FieldGroup[] fields)
            {
                var rows = ReadTables.Items(db, set).Where(everything
                    ? AccessScope.CountedFor(caller) : AccessScope.Sees(caller, [FieldGroup.Existence, FieldGroup.State, .. fields]));
                if (from?.UtcTicks is { } first)
                {
                    rows = rows.Where(i => i.AddedAt >= first);
                }

                return to?.UtcTicks is { } end ? rows.Where(i => i.AddedAt < end) : rows;
            }

            async Task<Breakdown> By<T>(string name, string definition, IQueryable<ItemRow> rows, Expression<Func<ItemRow, T>> key, Func<T, string?> text)
            {
                var tallies = await rows.GroupBy(key).Select(g => new { g.Key, Count = g.LongCount() }).ToListAsync(cancellation).ConfigureAwait(false);
                return new Breakdown(name, definition, [.. tallies
                    .Select(t => new Tally(text(t.Key) ?? "none", t.Count))
                    .OrderByDescending(t => t.Count).ThenBy(t => t.Name, StringComparer.Ordinal)]);
            }

            async Task<Figure> Count(string name, string definition, IQueryable<ItemRow> rows) =>
                new(name, definition, await rows.LongCountAsync(cancellation).ConfigureAwait(false));

            var removals = ActionTypes.All.Where(a => a.Closes == ItemState.Removed).Select(a => (ActionType?)a.Type).ToList();
            var all = Scoped();
            var classified = Scoped(FieldGroup.Classification);
            var hosted = Scoped(FieldGroup.Hosting);
            var dated = Scoped(FieldGroup.ReporterData);
            return new Statistics
            {
                From = from, To = to, At = at,
                Scope = everything
                    ? "every item of the tenant" : "the items your agency may see (docs/access.md); a figure about a field counts those whose field it sees",
                Figures =
                [
                    await Count("items", "Content items that joined a report in the span.", all).ConfigureAwait(false),
                    new Figure("reports", "Reports that these items stand in.",
                        await all.Select(i => i.ReportId).Distinct().LongCountAsync(cancellation).ConfigureAwait(false)),
                    new Figure("unfinished", "Reports of these that CPort still owes automatic work: tracing, matching or telling the hash buckets.",
                        await ReadTables.Reports(db, set).Where(r => r.UnfinishedSince != null && all.Any(i => i.ReportId == r.ReportId))
                            .LongCountAsync(cancellation).ConfigureAwait(false)),
                    await Count("urgent", "Items of reports that are marked urgent now.", all.Where(i => i.Urgent)).ConfigureAwait(false),
                    await Count("orphans", "Items hosted where there is no hotline, whether or not a mandated hotline took them.",
                        all.Where(i => i.WasOrphan)).ConfigureAwait(false),
                    await Count("orphansOpen", "Orphans that nobody has taken and that are not closed.", all.Where(i => i.QOrphaned != null))
                        .ConfigureAwait(false),
                    await Count("knownWithoutLook", "Items whose effective classification was inherited from known hashes; nobody had to look.",
                        classified.Where(i => i.KnownWithoutLook)).ConfigureAwait(false),
                    await Count("seenByPeople", "Items for which at least one person's assessment counts (v2's Doubtful does not).",
                        classified.Where(i => i.Seen)).ConfigureAwait(false),
                    await Count("nearKnown", "Media whose hashes nobody knew but that are close to a known picture (PDQ).",
                        classified.Where(i => (i.PriorityReasons & PriorityReasons.NearKnown) != 0)).ConfigureAwait(false),
                    await Count("removed", "Items whose final action is Removed.", all.Where(i => removals.Contains(i.FinalAction))).ConfigureAwait(false),
                ],
                Breakdowns =
                [
                    await By("state", "Items by their state now.", all, i => i.State, s => s.ToString()).ConfigureAwait(false),
                    await By("classification", "Items by effective classification; none: nobody's opinion counts yet.", classified,
                        i => i.Classification, c => c?.ToString()).ConfigureAwait(false),
                    await By("hostingCountry", "Items by hosting country as traced last; none: unknown.", hosted, i => i.HostingCountry, c => c)
                        .ConfigureAwait(false),
                    await By("assignedCountry", "Items by the country whose job they are; none: orphaned or not routed.", all,
                        i => i.AssignedCountry, c => c).ConfigureAwait(false),
                    await By("siteType", "Items by the site type of their report; none: not set.", hosted, i => i.SiteType, s => s?.ToString())
                        .ConfigureAwait(false),
                    await By("commerciality", "Items by the commerciality of their report; none: not set.", hosted,
                        i => i.Commerciality, c => c?.ToString()).ConfigureAwait(false),
                ],
                Durations =
                [
                    await TimeAsync("receiptToPolice",
                        "From the public's report to the hotline to the first report to police (INHOPE's notice and takedown time, first leg).",
                        dated, i => i.LeaAt, cancellation).ConfigureAwait(false),
                    await TimeAsync("receiptToHost", "From the public's report to the hotline to the first notice to the host (second leg).",
                        dated, i => i.IspAt, cancellation).ConfigureAwait(false),
                    await TimeAsync("receiptToRemoval", "From the public's report to the hotline to removal; items Unavailable or NotIllegal do not count.",
                        dated.Where(i => removals.Contains(i.FinalAction)), i => i.FinalAt, cancellation).ConfigureAwait(false),
                ],
            };
        }, cancellation);

    /// <summary>The database counts by whole hours; median and percentiles follow from the counts, whatever the number of items.</summary>
    private static async Task<Duration> TimeAsync(
        string name, string definition, IQueryable<ItemRow> rows, Expression<Func<ItemRow, long?>> end, CancellationToken cancellation)
    {
        const long hour = TimeSpan.TicksPerHour;
        var row = end.Parameters[0];
        Expression<Func<ItemRow, bool>> has = Expression.Lambda<Func<ItemRow,
            bool>>(Expression.NotEqual(end.Body, Expression.Constant(null, typeof(long?))), row);
        var hours = Expression.Lambda<Func<ItemRow, long>>(
            Expression.Divide(
                Expression.Subtract(Expression.Convert(end.Body, typeof(long)), Expression.Property(row, nameof(ItemRow.ReceivedAt))),
                Expression.Constant(hour)),
            row);
        var counts = await rows.Where(has).GroupBy(hours).Select(g => new { Hours = g.Key, Count = g.LongCount() })
            .OrderBy(g => g.Hours).ToListAsync(cancellation).ConfigureAwait(false);
        var total = counts.Sum(c => c.Count);
        double? Rank(double share)
        {
            var left = Math.Max(1, (long)Math.Ceiling(share * total));
            foreach (var c in counts)
            {
                if ((left -= c.Count) <= 0)
                {
                    return Math.Max(0, c.Hours);
                }
            }

            return null;
        }

        double? Within(int days) => total == 0 ? null : Math.Round((double)counts.Where(c => c.Hours < 24L * days).Sum(c => c.Count) / total, 4);
        return new Duration(name, definition, total, Rank(0.5), Rank(0.9), Within(1), Within(3), Within(7));
    }
}
