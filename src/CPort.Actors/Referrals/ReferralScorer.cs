using CPort.Actors.Projections;
using CPort.Domain.CodeLists;
using CPort.Domain.Inheritance;
using CPort.Domain.Referrals;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Referrals;

/// <summary>What holds of a referral by its items as the read tables have them.</summary>
public sealed record ReferralSigns(string ReferralId, int Signals, int CompleteWith);

/// <summary>
/// Gives referrals that police works on their scores, by its agency's rules: new and changed ones at once, those whose items changed, those of an agency that
/// switched on other rules; and all of them again now and then, the longest ago first, so that nothing is missed for long. One at a time.
/// </summary>
public sealed class ReferralScorer(ReadTables tables, PriorityStore rules)
{
    private const int AtOnce = 300;

    /// <summary>From an item's event to its row in the read tables.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    private DateTimeOffset _looked;

    /// <summary>Scores what has to be; answers how many.</summary>
    public async Task<int> ScoreAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var db = tables.Connect();
        if (await ReadTables.ServingAsync(db, cancellation).ConfigureAwait(false) is not { } serving)
        {
            return 0;
        }

        var active = await rules.ActiveAsync(cancellation).ConfigureAwait(false);
        var due = await DueAsync(db, serving.Id, active, now, cancellation).ConfigureAwait(false);
        if (due.Count == 0)
        {
            return 0;
        }

        var signs = (await SignsAsync(db, serving.Id, [.. due.Select(d => d.ReferralId)], cancellation).ConfigureAwait(false)).ToDictionary(s => s.ReferralId);
        foreach (var row in due)
        {
            var set = active.GetValueOrDefault((row.Agency, row.Tenant)) ?? PriorityRules.Default;
            var sign = signs.GetValueOrDefault(row.ReferralId) ?? new ReferralSigns(row.ReferralId, 0, 0);
            var score = PriorityRules.Score(set.Rules, PriorityRules.OfBits(sign.Signals));
            var terms = PriorityRules.TermsText(score.Terms);
            if ((row.Score, row.ScoreVersion, row.ScoreTerms, row.CompleteWith) != (score.Score, set.Version, terms, sign.CompleteWith))
            {
                await db.GetTable<ReferralRow>().Where(r => r.ReferralId == row.ReferralId)
                    .Set(r => r.Score, score.Score).Set(r => r.ScoreVersion, set.Version).Set(r => r.ScoreTerms, terms)
                    .Set(r => r.CompleteWith, sign.CompleteWith).UpdateAsync(cancellation).ConfigureAwait(false);
            }
        }

        var (ids, at) = (due.Select(d => d.ReferralId).ToList(), now.UtcTicks);
        await db.GetTable<ReferralRow>().Where(r => ids.Contains(r.ReferralId)).Set(r => r.ScoredAt, at).UpdateAsync(cancellation).ConfigureAwait(false);
        return due.Count;
    }

    /// <summary>What holds of referrals now.</summary>
    public static async Task<ImmutableArray<ReferralSigns>> SignsAsync(
        DataConnection db, int set, IReadOnlyCollection<string> referrals, CancellationToken cancellation)
    {
        var all = ImmutableArray.CreateBuilder<ReferralSigns>();
        foreach (var part in referrals.Chunk(100))
        {
            var ids = part.ToList();
            var rows = await (
                from x in db.GetTable<ReferralItemRow>()
                join i in ReadTables.Items(db, set) on new { x.ReportId, x.Ordinal } equals new { i.ReportId, i.Ordinal }
                where ids.Contains(x.ReferralId)
                group i by x.ReferralId into g
                select new
                {
                    g.Key,
                    Items = g.Count(),
                    Urgent = g.Max(i => i.Urgent ? 1 : 0),
                    Baseline = g.Max(i => i.Classification == Classification.Baseline ? 1 : 0),
                    National = g.Max(i => i.Classification == Classification.National ? 1 : 0),
                    NotJudged = g.Max(i => i.Classification == null ? 1 : 0),
                    Known = g.Max(i => i.Inheritance != null ? 1 : 0),
                    Unknown = g.Max(i => i.Inheritance == null && !i.IsSourceUrl ? 1 : 0),
                    Young = g.Max(i => i.AssessedAge == AgeCategory.Infant || i.AssessedAge == AgeCategory.PrePubescent ? 1 : 0),
                    UserGenerated = g.Max(i => i.AssessedFlags != null && (i.AssessedFlags.Value & 2) != 0 ? 1 : 0),
                    Online = g.Max(i => i.FinalAt == null ? 1 : 0),
                    SeenAgain = g.Max(i => i.SeenAgain ? 1 : 0),
                    Alike = g.Max(i => i.NearMatches > 0 ? 1 : 0),
                    Commercial = g.Max(i => i.Commerciality == Commerciality.Commercial ? 1 : 0),
                    Referrer = g.Max(i => i.CompleteWith != null && (i.CompleteWith.Value & (1 << (int)DataField.Referrer)) != 0 ? 1 : 0),
                    Access = g.Max(i => i.CompleteWith != null && (i.CompleteWith.Value & (1 << (int)DataField.Access)) != 0 ? 1 : 0),
                    UploadTime = g.Max(i => i.CompleteWith != null && (i.CompleteWith.Value & (1 << (int)DataField.UploadTime)) != 0 ? 1 : 0),
                    Trace = g.Max(i => i.CompleteWith != null && (i.CompleteWith.Value & (1 << (int)DataField.HostingTrace)) != 0 ? 1 : 0),
                    Page = g.Max(i => i.CompleteWith != null && (i.CompleteWith.Value & (1 << (int)DataField.PageContext)) != 0 ? 1 : 0),
                    SiteType = g.Max(i => i.CompleteWith != null && (i.CompleteWith.Value & (1 << (int)DataField.SiteType)) != 0 ? 1 : 0),
                    Hash = g.Max(i => i.CompleteWith != null && (i.CompleteWith.Value & (1 << (int)DataField.ExactHash)) != 0 ? 1 : 0),
                }).ToListAsync(cancellation).ConfigureAwait(false);

            // What the agency's own questions were answered, which others cannot read.
            var answers = (await (
                from x in db.GetTable<ReferralItemRow>()
                join i in ReadTables.Items(db, set) on new { x.ReportId, x.Ordinal } equals new { i.ReportId, i.Ordinal }
                join a in ReadTables.QuestionItems(db, set) on i.Key equals a.Item
                join q in ReadTables.Questions(db, set) on new { a.ReportId, a.Number } equals new { q.ReportId, q.Number }
                where ids.Contains(x.ReferralId) && q.Agency == x.Agency && q.Answered != 0
                select new { x.ReferralId, q.Answered }).Distinct().ToListAsync(cancellation).ConfigureAwait(false))
                .GroupBy(a => a.ReferralId).ToDictionary(g => g.Key, g => g.Aggregate(0, (bits, a) => bits | a.Answered));
            all.AddRange(rows.Select(r => new ReferralSigns(
                r.Key,
                PriorityRules.Bits(Held(
                    (PrioritySignal.Urgent, r.Urgent), (PrioritySignal.Baseline, r.Baseline), (PrioritySignal.National, r.National),
                    (PrioritySignal.NotJudged, r.NotJudged), (PrioritySignal.KnownMedia, r.Known), (PrioritySignal.UnknownMedia, r.Unknown),
                    (PrioritySignal.YoungChild, r.Young), (PrioritySignal.UserGenerated, r.UserGenerated), (PrioritySignal.StillOnline, r.Online),
                    (PrioritySignal.ManyItems, r.Items >= PriorityRules.ManyItems ? 1 : 0), (PrioritySignal.SeenAgain, r.SeenAgain),
                    (PrioritySignal.LookAlikes, r.Alike), (PrioritySignal.Commercial, r.Commercial))),
                answers.GetValueOrDefault(r.Key) | Completeness.Bits(Held(
                    (DataField.Referrer, r.Referrer), (DataField.Access, r.Access), (DataField.UploadTime, r.UploadTime), (DataField.HostingTrace, r.Trace),
                    (DataField.PageContext, r.Page), (DataField.SiteType, r.SiteType), (DataField.ExactHash, r.Hash))))));
        }

        return all.ToImmutable();
    }

    private static IEnumerable<T> Held<T>(params (T What, int Holds)[] all) => all.Where(a => a.Holds == 1).Select(a => a.What);

    private async Task<List<ReferralRow>> DueAsync(
        DataConnection db, int set, Dictionary<(string Agency, Tenant Tenant), PriorityRuleSet> active, DateTimeOffset now, CancellationToken cancellation)
    {
        var works = Referral.WorkStates.ToList();
        var rows = db.GetTable<ReferralRow>().Where(r => works.Contains(r.State));
        var due = await rows.Where(r => r.ScoredAt == 0).Take(AtOnce).ToListAsync(cancellation).ConfigureAwait(false);

        var since = ((_looked == default ? now : _looked) - Slack).UtcTicks;
        var changed = await (
            from i in ReadTables.Items(db, set)
            where i.ChangedAt >= since && i.CompleteWith != null
            join x in db.GetTable<ReferralItemRow>() on new { i.ReportId, i.Ordinal } equals new { x.ReportId, x.Ordinal }
            join r in rows on x.ReferralId equals r.ReferralId
            select r).Distinct().Take(AtOnce).ToListAsync(cancellation).ConfigureAwait(false);
        due.AddRange(changed);

        // Where another rule set applies than by which it was scored.
        var own = active.Keys.Select(k => k.Agency).Distinct().ToList();
        due.AddRange(await rows.Where(r => r.ScoreVersion != 0 && !own.Contains(r.Agency)).Take(AtOnce).ToListAsync(cancellation).ConfigureAwait(false));
        foreach (var ((agency, tenant), rules) in active)
        {
            var version = rules.Version;
            due.AddRange(await rows.Where(r => r.Agency == agency && r.Tenant == tenant && r.ScoreVersion != version).Take(AtOnce)
                .ToListAsync(cancellation).ConfigureAwait(false));
        }

        var old = (now - Again).UtcTicks;
        due.AddRange(await rows.Where(r => r.ScoredAt != 0 && r.ScoredAt < old).OrderBy(r => r.ScoredAt).Take(AtOnce / 3)
            .ToListAsync(cancellation).ConfigureAwait(false));
        _looked = now;
        return [.. due.DistinctBy(r => r.ReferralId)];
    }
}
