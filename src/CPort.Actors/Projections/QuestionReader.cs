using CPort.Domain.CodeLists;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>Which questions a list has.</summary>
public enum QuestionList
{
    /// <summary>They wait for an answer, the first to be due first.</summary>
    Open = 1,

    /// <summary>They wait for a word of who asked, the last answered first.</summary>
    Answered,

    /// <summary>Nothing more is to come, the last closed first.</summary>
    Closed,
}

/// <summary>A page of questions.</summary>
public sealed record QuestionQuery
{
    public QuestionList List { get; init; } = QuestionList.Open;
    public int MaxResults { get; init; } = ReadModel.MaxResults;

    /// <summary>Where the page before ended; null: the first page.</summary>
    public QuestionPlace? After { get; init; }
}

/// <summary>Where a page of questions ended.</summary>
public sealed record QuestionPlace(long At, long FirstItem, int Number);

/// <summary>A question of a list, with the ordinals of its items that the caller sees.</summary>
public sealed record ListedQuestion(QuestionRow Row, QuestionState State, ImmutableArray<int> Items, bool IsOwn, bool ToAnswer);

/// <summary>A page of questions; <see cref="Next"/> is null on the last.</summary>
public sealed record QuestionPage(ImmutableArray<ListedQuestion> Questions, QuestionPlace? Next, ReadPosition At);

/// <summary>Questions of which the caller's agency is part (docs/referrals.md). Overdue by the clock, whatever is written.</summary>
public sealed class QuestionReader(ReadModel model)
{
    public Task<QuestionPage> PageAsync(Caller caller, QuestionQuery query, CancellationToken cancellation = default)
    {
        var max = Math.Clamp(query.MaxResults, 1, ReadModel.MaxResults);
        return model.QueryAsync(async (db, set, at) =>
        {
            var (now, tenant, agency, asks) = (model.Time.GetUtcNow().UtcTicks, caller.Tenant, caller.Agency.Value, AccessTable.AsksForItself(caller));
            var (items, asked) = (ReadTables.Items(db, set).Where(AccessScope.IsPartyTo(caller)), ReadTables.QuestionItems(db, set));
            QuestionState[] states = query.List switch
            {
                QuestionList.Open => [QuestionState.Asked, QuestionState.AskedAgain],
                QuestionList.Answered => [QuestionState.Answered, QuestionState.Impossible],
                _ => [QuestionState.Satisfied, QuestionState.Withdrawn],
            };
            var questions = ReadTables.Questions(db, set).Where(q => q.Tenant == tenant && states.Contains(q.State));
            var after = caller.LooksAfter.Select(a => a.Value).ToList();
            var more = ReadTables.Items(db, set).Where(AccessScope.IsPartyTo(caller, looksAfter: true));
            questions = after.Count == 0
                ? questions.Where(q => (asks && q.Agency == agency)
                    || asked.Any(x => x.ReportId == q.ReportId && x.Number == q.Number && items.Any(i => i.Key == x.Item)))
                : questions.Where(q => (asks && q.Agency == agency)
                    || asked.Any(x => x.ReportId == q.ReportId && x.Number == q.Number
                        && (items.Any(i => i.Key == x.Item) || (after.Contains(q.Agency) && more.Any(i => i.Key == x.Item)))));
            var (when, first, number) = query.After is { } place ? (place.At, place.FirstItem, place.Number) : default;
            if (query.List == QuestionList.Open)
            {
                questions = query.After is null ? questions : questions.Where(q => q.DueAt > when || (q.DueAt == when
                    && (q.FirstItem > first || (q.FirstItem == first && q.Number > number))));
                questions = questions.OrderBy(q => q.DueAt).ThenBy(q => q.FirstItem).ThenBy(q => q.Number);
            }
            else
            {
                questions = query.After is null ? questions : questions.Where(q => q.ChangedAt < when || (q.ChangedAt == when
                    && (q.FirstItem < first || (q.FirstItem == first && q.Number < number))));
                questions = questions.OrderByDescending(q => q.ChangedAt).ThenByDescending(q => q.FirstItem).ThenByDescending(q => q.Number);
            }

            var found = await questions.Take(max + 1).ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToArray();
            var ids = page.Select(q => q.ReportId).Distinct().ToList();
            var seen = ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence)).Where(i => ids.Contains(i.ReportId));
            var shown = (await (from x in asked
                                join i in seen on x.Item equals i.Key
                                select new { x.ReportId, x.Number, i.Ordinal, i.ReportingHotline, i.Hotline, i.AssignedCountry, i.EscalatedTo })
                .ToListAsync(cancellation).ConfigureAwait(false)).ToLookup(x => (x.ReportId, x.Number));

            // As PoliceQuestion.IsFor says it of the report itself.
            bool Has(string? hotline, string? country, string? escalated) => hotline == agency || escalated == agency
                || (hotline is null && country is not null && caller.Kind == AgencyKind.Hotline && caller.WorksFor(Country.Parse(country)));
            return new QuestionPage(
                [
                    .. page.Select(q => new ListedQuestion(
                        q, query.List == QuestionList.Open && q.DueAt <= now ? QuestionState.Overdue : q.State,
                        [.. shown[(q.ReportId, q.Number)].Select(x => x.Ordinal).Order()], q.Agency == agency,
                        query.List == QuestionList.Open && shown[(q.ReportId, q.Number)].Any(x => q.To == QuestionTo.Source
                            ? x.ReportingHotline == agency : Has(x.Hotline, x.AssignedCountry, x.EscalatedTo)))),
                ],
                found.Count > max
                    ? new QuestionPlace(query.List == QuestionList.Open ? page[^1].DueAt : page[^1].ChangedAt, page[^1].FirstItem, page[^1].Number) : null,
                at);
        }, cancellation);
    }
}
