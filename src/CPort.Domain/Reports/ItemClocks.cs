namespace CPort.Domain.Reports;

/// <summary>When police and host were first told of an item and its content was removed, by the actions' own dates; null: not yet.</summary>
public readonly record struct NoticeTimes(DateTimeOffset? Police, DateTimeOffset? Host, DateTimeOffset? Removal)
{
    public static NoticeTimes Of(IEnumerable<CaseAction> actions)
    {
        DateTimeOffset? police = null, host = null, removal = null;
        foreach (var action in actions)
        {
            var row = action.Type.Row();
            police = row.Notice == ActionNotice.Police ? First(police, action.Date) : police;
            host = row.Notice == ActionNotice.Host ? First(host, action.Date) : host;
            removal = row.Closes == ItemState.Removed ? First(removal, action.Date) : removal;
        }

        return new NoticeTimes(police, host, removal);
    }

    private static DateTimeOffset First(DateTimeOffset? a, DateTimeOffset b) => a is { } first && first <= b ? first : b;
}

/// <summary>An item as one country's job: since when (<c>countryAssignmentDate</c>), and what was done in that time.</summary>
public readonly record struct CountryClock(int Episode, Country Country, DateTimeOffset Since, NoticeTimes Times);

/// <summary>The times that statistics measure (verdicts.md 6).</summary>
public static class ItemClocks
{
    /// <summary>Over all episodes and agencies, and what came with the report: a move starts no clock anew.</summary>
    public static NoticeTimes Times(this ContentItem item) => NoticeTimes.Of(item.Actions);

    /// <summary>The clock of the country whose job it is now; null while it is nobody's.</summary>
    public static CountryClock? ClockHere(this ContentItem item) =>
        item.Assignment is { Country: { } country } job ? item.ClockOf(job.Episode, country, job.CountrySince) : null;

    /// <summary>The clocks of the countries that had it before, oldest first: that another hotline of the country took it over starts none.</summary>
    public static IEnumerable<CountryClock> EarlierClocks(this ContentItem item) =>
        from job in item.EarlierAssignments
        where job.Country is not null && (job.Episode, job.Country) != (item.Assignment?.Episode, item.Assignment?.Country)
        group job.CountrySince by (job.Episode, Country: job.Country!.Value) into same
        select item.ClockOf(same.Key.Episode, same.Key.Country, same.Min());

    /// <summary>Ever the job of another country than its reporter's (INHOPE: exchanged).</summary>
    public static bool IsExchanged(this ContentItem item, Report report) =>
        item.EarlierAssignments.Append(item.Assignment).Any(job =>
            job?.Country is { } country && country != report.ReportingCountry && job.Hotline != report.ReportingHotline);

    /// <summary>
    /// It had gone and was seen online again: the public's report was about the occurrence before, and no time from it says anything of this one. One that was
    /// reopened, because it never should have been closed, goes on from the same report.
    /// </summary>
    public static bool IsSeenAgain(this ContentItem item, Report report) =>
        item.PreviousOccurrence is { } ordinal && report.Item(ordinal) is { } before
        && (before.FinalAction()?.Type.Row().Gone == true || before.IsSeenAgain(report));

    // What came with the report (episode 0) was not done for this country.
    private static CountryClock ClockOf(this ContentItem item, int episode, Country country, DateTimeOffset since) =>
        new(episode, country, since, NoticeTimes.Of(item.Actions.Where(a => a.Episode == episode && a.Country == country)));
}
