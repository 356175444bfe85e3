using System.Text;

namespace CPort.Domain.Reports;

/// <summary>
/// A report as one caller may see it: every field passes the access table (docs/access.md) before anything confidential is opened. What the caller may not see
/// is absent from the answer, and a report without any visible item looks as if it did not exist.
/// </summary>
public static class ReportViews
{
    /// <summary>What the access table must know of an item.</summary>
    public static ItemRelationFacts RelationFacts(Report report, ContentItem item) => new(
        report.ReportingHotline,
        item.Assignment?.Country,
        item.Assignment?.Hotline,
        item.Hosting?.Country,
        item.Assignment is { Orphan: true, Country: null },
        report.Tenant,
        item.IsSaidIllegal(),
        item.Assignment?.EscalatedTo,
        AccessTable.SetOf(item.FormerAgencies().Select(a => a.Value)),
        AccessTable.SetOf(item.EarlierAssignments.Select(a => a.Country).OfType<Country>().Select(c => c.Code)));

    /// <summary>The answer to <see cref="GetReport"/>; <paramref name="environment"/> is needed for <see cref="GetReport.WithWays"/> only.</summary>
    public static ReportPage Page(Report report, GetReport query, ConfidentialSeam seam, Func<ReportEnvironment>? environment = null)
    {
        var nothing = new ReportPage { ReportId = query.ReportId };
        if (!report.Exists)
        {
            return nothing;
        }

        var visible = report.Items
            .Select(item => (Item: item, Access: AccessTable.For(query.Caller, RelationFacts(report, item))))
            .Where(p => p.Access.Exists)
            .ToArray();
        if (visible.Length == 0)
        {
            return nothing;
        }

        var whole = visible.Aggregate(ItemAccess.None, (all, p) => all.Or(p.Access));
        var max = Math.Clamp(query.MaxItems, 1, ReportRules.ItemsPerPart);
        var page = visible.Where(p => p.Item.Ordinal >= query.FromOrdinal).Take(max + 1).ToArray();
        var access = visible.ToDictionary(p => p.Item.Ordinal, p => p.Access);
        var (memos, nextMemo) = Memos(report, query.FromMemo, whole, access, seam);
        return new ReportPage
        {
            ReportId = query.ReportId,
            Head = Head(report, whole, access, seam) with { Memos = memos },
            NextMemo = nextMemo,
            Items =
            [
                .. page.Take(max).Select(p => View(report, p.Item, p.Access, query.Caller, seam) with
                {
                    Ways = query is { WithWays: true, MaxItems: 1 } && environment is not null ? ItemWays.Of(report, p.Item, query.Caller, environment()) : [],
                }),
            ],
            NextOrdinal = page.Length > max ? page[max].Item.Ordinal : null,
        };
    }

    /// <summary>The answer to <see cref="GetHistory"/>: events that touch at least one item the caller sees, or the report itself.</summary>
    public static HistoryPage History(Report report, GetHistory query, ImmutableArray<SequencedEvent> events, ConfidentialSeam seam)
    {
        var access = report.Items.ToDictionary(i => i.Ordinal, i => AccessTable.For(query.Caller, RelationFacts(report, i)));
        var whole = access.Values.Aggregate(ItemAccess.None, (all, a) => all.Or(a));
        if (!report.Exists || !whole.Exists || whole[FieldGroup.History] == Visibility.Absent)
        {
            return new HistoryPage { ReportId = query.ReportId };
        }

        var entries = ImmutableArray.CreateBuilder<HistoryEntry>();
        foreach (var (sequence, e) in events)
        {
            var touched = e.Touches();
            var seen = touched.Where(o => access.TryGetValue(o, out var a) && a[FieldGroup.History] != Visibility.Absent).ToImmutableArray();
            if (!touched.IsEmpty && seen.IsEmpty)
            {
                continue;
            }

            // An event about the report shows what the caller sees of the whole, one about items what it sees of those.
            var here = touched.IsEmpty ? whole : seen.Aggregate(ItemAccess.None, (all, o) => all.Or(access[o]));
            entries.Add(new HistoryEntry
            {
                Sequence = sequence, Event = e.GetType().Name, Ordinals = seen,
                Meta = here[FieldGroup.History] == Visibility.Visible ? e.Meta : e.Meta with { Purpose = null },
                Facts = here.Sees(FieldGroup.History) ? e.Sentences(seen, here) : [],
                Text = here.Sees(FieldGroup.Memo) && e.FreeText() is { } text ? Open(report, text.Text, text.Field, seam, text.Ordinal) : null,
            });
        }

        var last = events.IsEmpty ? query.FromSequence - 1 : events[^1].Sequence;
        return new HistoryPage
        {
            ReportId = query.ReportId, Found = true, Entries = entries.ToImmutable(), NextSequence = last < report.Version ? last + 1 : null,
        };
    }

    /// <summary>As many memos as an answer has room for, at least one, and where the next ones start.</summary>
    private static (ImmutableArray<MemoView> Memos, int? Next) Memos(
        Report report, int? from, ItemAccess access, Dictionary<int, ItemAccess> items, ConfidentialSeam seam)
    {
        // A memo on an item is seen where that item shows memos, one on the report by whoever sees memos at all.
        bool Sees(Memo memo) => (memo.Ordinal is { } ordinal ? items.GetValueOrDefault(ordinal) : access).Sees(FieldGroup.Memo);

        var (memos, bytes) = (ImmutableArray.CreateBuilder<MemoView>(), 0);
        for (var at = Math.Max(0, from ?? int.MaxValue); at < report.Memos.Count; at++)
        {
            var memo = report.Memos[at];
            if (!Sees(memo))
            {
                continue;
            }

            var view = new MemoView { Memo = memo with { Text = Nothing }, Text = Open(report, memo.Text, SealedField.Memo, seam, memo.Ordinal ?? 0) };
            bytes += Encoding.UTF8.GetByteCount(view.Text) + 200;
            if (memos.Count > 0 && bytes > ReportLimits.MemoBytes)
            {
                return (memos.ToImmutable(), at);
            }

            memos.Add(view);
        }

        return (memos.ToImmutable(), null);
    }

    private static ReportHead Head(Report report, ItemAccess access, Dictionary<int, ItemAccess> items, ConfidentialSeam seam)
    {
        ReportSecrets? secrets = null;
        if (report.Secrets is { } held && access.Sees(FieldGroup.Url))
        {
            var open = seam.Open<ReportSecrets>(new SealedPlace(report.Id, SealedField.ReportSecrets), held);
            secrets = new ReportSecrets
            {
                Referrer = open.Referrer,
                UserName = access.Sees(FieldGroup.Credentials) ? open.UserName : null,
                Password = access.Sees(FieldGroup.Credentials) ? open.Password : null,
                Memo = access.Sees(FieldGroup.Memo) ? open.Memo : null,
                ReportingAnalyst = access.Sees(FieldGroup.ReporterData) ? open.ReportingAnalyst : null,
            };
        }

        var shown = report with { Items = [], Memos = [], Receipts = Report.None.Receipts, Secrets = null, Digests = [] };
        if (!access.Sees(FieldGroup.Hosting))
        {
            shown = shown with { SiteType = null, Commerciality = null, PaymentMethods = [] };
        }

        if (!access.Sees(FieldGroup.ReporterData))
        {
            shown = shown with { Reference = default };
        }

        if (!access.Sees(FieldGroup.State))
        {
            shown = shown with { HotlineReceivedDate = default };
        }

        return new ReportHead
        {
            ReportId = report.Id, Report = shown, Secrets = secrets, ItemCount = items.Count, State = report.State(),
            SourcePage = access.Sees(FieldGroup.Url) && report.Items.FirstOrDefault(i => i.IsSourceUrl) is { } source
                ? new SourcePage
                {
                    Url = seam.Open<ItemSecrets>(source.SecretsPlace(report.Id), source.Secrets).Url,
                    Hosting = access.Sees(FieldGroup.Hosting) ? source.Hosting : null,
                }
                : null,
        };
    }

    private static string Open(Report report, Sealed? text, SealedField field, ConfidentialSeam seam, int ordinal = 0) =>
        text is null ? "" : seam.Open<SecretText>(new SealedPlace(report.Id, field, ordinal), text).Text;

    private static ItemView View(Report report, ContentItem item, ItemAccess access, Caller caller, ConfidentialSeam seam)
    {
        ItemSecrets? secrets = null;
        if (access.Sees(FieldGroup.Url))
        {
            var open = seam.Open<ItemSecrets>(item.SecretsPlace(report.Id), item.Secrets);
            secrets = new ItemSecrets
            {
                Url = open.Url, Memo = access.Sees(FieldGroup.Memo) ? open.Memo : null,
            };
        }

        var shown = item with { Secrets = Nothing, Digest = [], UrlKeys = null };
        // Who had the item before sees what became of it, and its own part.
        var judged = access[FieldGroup.Classification] != Visibility.Absent;
        if (!access.Sees(FieldGroup.Classification))
        {
            shown = shown with
            {
                Inheritance = null, Assessments = judged ? [.. item.Assessments.Where(a => a.Agency == caller.Agency)] : [],
                Actions = judged ? [.. item.Actions.Where(a => a.Agency == caller.Agency || a.Type.IsFinal())] : item.Actions,
                Lease = judged ? null : item.Lease,
            };
        }

        // Analysts are their own agency's affair: nobody else is told who looked.
        var opinions = shown.Assessments.Select(a => new OpinionTexts
        {
            Analyst = a.Agency == caller.Agency ? Open(report, a.Analyst, SealedField.AssessmentAnalyst, seam) : "",
            Why = access.Sees(FieldGroup.Memo) || a.Agency == caller.Agency ? Open(report, a.Why, SealedField.Why, seam) : "",
        }).ToImmutableArray();
        var actions = shown.Actions;
        shown = shown with
        {
            Assessments = [.. shown.Assessments.Select(a => a with { Analyst = null, Why = null })],
            Actions = [.. shown.Actions.Select(a => a with { Analyst = null, ReasonText = null })],
        };

        if (!access.Sees(FieldGroup.Hosting))
        {
            shown = shown with { Hosting = null, EarlierHosting = [] };
        }

        // Of what hashes brought without the hashes: what it is, not whose lists said so.
        if (!access.Sees(FieldGroup.Hashes))
        {
            shown = shown with { Hashes = [], PdqQuality = null, Known = [], Near = [], Inheritance = shown.Inheritance?.WithoutSources() };
        }

        if (!access.Sees(FieldGroup.ReporterData))
        {
            shown = shown with { ReportingReference = null };
        }

        return new ItemView
        {
            Item = shown, Secrets = secrets,
            State = access.Sees(FieldGroup.State) ? item.State() : null,
            Effective = judged ? item.Effective() : null,
            Disputed = judged && item.IsDisputed(), Contradicted = judged && item.IsContradicted(), ObjectedTo = judged && item.IsObjectedTo(),
            Opinions = opinions,
            ActionAnalysts = [.. actions.Select(a => a.Agency == caller.Agency ? Open(report, a.Analyst, SealedField.ActionAnalyst, seam) : "")],
            KnownWithoutLook = access.Sees(FieldGroup.Classification) && item.IsKnownWithoutLook(),
            ReasonTexts = [.. actions.Select(a => access.Sees(FieldGroup.Memo) ? Open(report, a.ReasonText, SealedField.ActionReason, seam) : "")],
        };
    }

    private static readonly Sealed Nothing = new() { Bytes = [] };
}
