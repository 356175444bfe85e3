using System.Text;
using CPort.Domain.Reports.Verbs;

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
        item.FormerAgencies() is { IsEmpty: false } former ? AccessTable.SetOf(former.Select(a => a.Value)) : "",
        item.EarlierAssignments.IsEmpty ? "" : AccessTable.SetOf(item.EarlierAssignments.Select(a => a.Country).OfType<Country>().Select(c => c.Code)),
        item.Referrals.IsEmpty ? "" : AccessTable.SetOf(item.Referrals.Select(r => r.Agency.Value)),
        item.OpenLook() is { Asked.IsEmpty: false } look ? AccessTable.SetOf(look.Asked.Select(a => a.Value)) : "");

    /// <summary>What the caller may see of the item; of one that waits for a second look who may give it sees nothing that was said.</summary>
    private static ItemAccess AccessOf(Report report, ContentItem item, Caller caller) =>
        item.OpenLook() is { } look && AccessTable.For(caller, RelationFacts(report, item)) is var access
            ? access with { Blind = SecondLooks.IsBlind(access.Relations, look.IsBy(caller)) }
            : AccessTable.For(caller, RelationFacts(report, item));

    /// <summary>The answer to <see cref="GetReport"/>; <paramref name="environment"/> is needed for <see cref="GetReport.WithWays"/> only.</summary>
    public static ReportPage Page(Report report, GetReport query, ConfidentialSeam seam, Func<ReportEnvironment>? environment = null)
    {
        var nothing = new ReportPage { ReportId = query.ReportId };
        if (!report.Exists)
        {
            return nothing;
        }

        var visible = report.Items
            .Select(item => (Item: item, Access: AccessOf(report, item, query.Caller)))
            .Where(p => p.Access.Exists)
            .ToArray();
        if (visible.Length == 0)
        {
            return nothing;
        }

        var whole = visible.Aggregate(ItemAccess.None, (all, p) => all.Or(p.Access));
        var max = Math.Clamp(query.MaxItems, 1, ReportRules.ItemsPerPart);
        var access = visible.ToDictionary(p => p.Item.Ordinal, p => p.Access);
        var from = query.OfQuestion is not { } number ? query.FromOrdinal
            : report.Question(number)?.Ordinals.Where(access.ContainsKey).Cast<int?>().FirstOrDefault() ?? int.MaxValue;
        var page = visible.Where(p => p.Item.Ordinal >= from).Take(max + 1).ToArray();
        var (memos, nextMemo) = Memos(report, query.FromMemo, whole, access, seam);
        return new ReportPage
        {
            ReportId = query.ReportId,
            Head = Head(report, whole, access, seam) with { Memos = memos },
            NextMemo = nextMemo,
            Items =
            [
                .. page.Take(max).Select(p => WithDialogue(
                    View(report, p.Item, p.Access, query.Caller, seam), report, p.Item, query.Caller, access, seam, environment) with
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
        var access = report.Items.ToDictionary(i => i.Ordinal, i => AccessOf(report, i, query.Caller));
        var waiting = report.Items.Where(i => i.OpenLook() is not null).Select(i => i.Ordinal).ToHashSet();
        var whole = access.Values.Aggregate(ItemAccess.None, (all, a) => all.Or(a));
        if (!report.Exists || !whole.Exists || whole[FieldGroup.History] == Visibility.Absent)
        {
            return new HistoryPage { ReportId = query.ReportId };
        }

        var entries = ImmutableArray.CreateBuilder<HistoryEntry>();
        foreach (var (sequence, e) in events.Where(e => e.Event.IsShownTo(query.Caller, report)))
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
                Meta = e.Meta with
                {
                    // Who has looked at an item, or held it, is not told while others are to look who do not know.
                    KeyId = touched.Any(waiting.Contains) && e.Meta.KeyId != query.Caller.KeyId ? "" : KeyFor(query.Caller, e.Meta.Agency, e.Meta.KeyId),

                    // A case number is its agency's own: to others it says what is investigated.
                    Purpose = e.Meta.Agency == query.Caller.Agency && here[FieldGroup.History] == Visibility.Visible
                        && (!touched.Any(waiting.Contains) || e.Meta.KeyId == query.Caller.KeyId)
                        ? e.Meta.Purpose : null,
                },
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

    /// <summary>
    /// With what police and hotlines say to one another about the item, for who is part of that. An answer has room for so much of it: questions, which wait
    /// for somebody, have it first, and of each the newest words; the others are in the history, a page at a time.
    /// </summary>
    private static ItemView WithDialogue(
        ItemView view, Report report, ContentItem item, Caller caller, Dictionary<int, ItemAccess> access, ConfidentialSeam seam,
        Func<ReportEnvironment>? environment)
    {
        if (report.Questions.IsEmpty && report.Holds.IsEmpty && item.Referrals.IsEmpty)
        {
            return view;
        }

        // Without a clock a hold and a question are what was written down.
        var now = environment?.Invoke().Now ?? DateTimeOffset.MinValue;
        var room = new TextRoom();
        var questions = Questions(report, item, caller, access, seam, now, room);
        var holds = Holds(report, item, caller, access, seam, now, room);
        var referrals = Referrals(report, item, caller, seam, room);
        return view with { Questions = questions, Holds = holds, Referrals = referrals, TextsLeftOut = room.LeftOut };
    }

    /// <summary>The newest of them first to be looked at, in their order again.</summary>
    private static ImmutableArray<TView> NewestFirst<T, TView>(IEnumerable<T> of, Func<T, TView> view) => [.. of.Reverse().Select(view).ToArray().Reverse()];

    private static ImmutableArray<ItemReferralView> Referrals(Report report, ContentItem item, Caller caller, ConfidentialSeam seam, TextRoom room)
    {
        var facts = RelationFacts(report, item);
        return NewestFirst(item.Referrals.Where(r => AccessTable.IsParty(caller, facts, r.Agency)), r => new ItemReferralView
        {
            Referral = r with
            {
                About = "", Referral = r.Agency == caller.Agency ? r.Referral : null, Words = [.. r.Words.Select(w => w with { Text = null })],
            },
            Texts = room.Newest(r.Words, w => w.Text, w => Open(report, w.Text, SealedField.ReferralText, seam)),
        });
    }

    private static ImmutableArray<HoldView> Holds(
        Report report, ContentItem item, Caller caller, Dictionary<int, ItemAccess> access, ConfidentialSeam seam, DateTimeOffset now, TextRoom room)
    {
        string Text(Sealed text) => Open(report, text, SealedField.HoldText, seam);
        return NewestFirst(report.Holds.Where(h => h.Ordinals.Contains(item.Ordinal) && report.IsPartyTo(caller, h)), h => new HoldView
        {
            Hold = h with
            {
                Note = null, Ordinals = [.. h.Ordinals.Where(access.ContainsKey)], Objections = [.. h.Objections.Select(o => o with { Why = Nothing })],
            },
            State = h.StateAt(now), Objections = room.Newest(h.Objections, o => o.Why, o => Text(o.Why)),
            Note = h.Note is { } note ? room.Take(() => Text(note)) : "",
        });
    }

    private static ImmutableArray<QuestionView> Questions(
        Report report, ContentItem item, Caller caller, Dictionary<int, ItemAccess> access, ConfidentialSeam seam, DateTimeOffset now, TextRoom room) =>
        NewestFirst(report.Questions.Where(q => q.Ordinals.Contains(item.Ordinal) && report.IsPartyTo(caller, q)), q => new QuestionView
        {
            Question = q with
            {
                Referral = q.Agency == caller.Agency ? q.Referral : null, Ordinals = [.. q.Ordinals.Where(access.ContainsKey)],
                Lines = [.. q.Lines.Select(l => l with
                {
                    Text = null, KeyId = KeyFor(caller, l.Agency, l.KeyId), Answers = [.. l.Answers.Select(a => a with { Value = null })],
                })],
            },
            State = q.StateAt(now), ToAnswer = q.IsOpen && q.IsFor(report, caller),
            Values = room.Newest(
                [.. q.Lines.SelectMany(l => l.Answers)], a => a.Value, a => Open(report, a.Value, SealedField.QuestionText, seam, (int)a.Field)),
            Texts = room.Newest(q.Lines, l => l.Text, l => Open(report, l.Text, SealedField.QuestionText, seam)),
        });

    /// <summary>Whether the caller takes part in the question: it asks, or has to do with one of its items as the table of parties says.</summary>
    public static bool IsPartyTo(this Report report, Caller caller, PoliceQuestion question) =>
        question.Ordinals.Select(report.Item).OfType<ContentItem>().Any(i => AccessTable.IsParty(caller, RelationFacts(report, i), question.Agency));

    /// <summary>Whether the caller takes part in the hold: it asked for it, or has to do with one of its items as the table of parties says.</summary>
    public static bool IsPartyTo(this Report report, Caller caller, PoliceHold hold) =>
        hold.Ordinals.Select(report.Item).OfType<ContentItem>().Any(i => AccessTable.IsParty(caller, RelationFacts(report, i), hold.Agency));

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

                // An event of one file is for who sees that of the file's own item: the report's other files may be another country's.
                Involved = access.Sees(FieldGroup.Involved) && open.Involved is { } involved
                    ? involved with
                    {
                        IpEvents = involved.IpEvents.RemoveAll(
                            e => e.Item > 0 && !items.GetValueOrDefault(e.Item, ItemAccess.None).Sees(FieldGroup.Involved)),
                    }
                    : null,
            };
        }

        var shown = report with { Items = [], Memos = [], Holds = [], Questions = [], Receipts = Report.None.Receipts, Secrets = null, Digests = [] };
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
                    Hosting = access.Sees(FieldGroup.Hosting) ? source.Hosting : null, Number = source.Number, Ordinal = source.Ordinal,
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

        var shown = item with { Secrets = Nothing, Digest = [], UrlKeys = null, Referrals = [], Listing = access.Sees(FieldGroup.State) ? item.Listing : null };
        var told = access.Sees(FieldGroup.State) && access.Sees(FieldGroup.Classification);
        shown = shown with
        {
            IcseProposals = told ? [.. item.IcseProposals.Select(p => p with { Why = null })] : [],
            Icse = told && item.Icse is { } icse ? WithoutSeries(icse) : null, IcseBeside = told ? [.. item.IcseBeside.Select(WithoutSeries)] : [],
        };

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

        // A first word is its author's alone until others have come to the same, and what they said nobody's.
        if (item.OpenLook() is { } look)
        {
            shown = shown with
            {
                Look = access.Sees(FieldGroup.State) ? look.Blind(caller) : null,
                Assessments = [.. shown.Assessments.Where(a => !a.Pending || (a.Agency == caller.Agency && a.KeyId == caller.KeyId))],
            };
        }
        else if (shown.Look is not null)
        {
            shown = shown with { Look = access.Sees(FieldGroup.Classification) ? Settled(shown.Look, caller) : null };
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
            Assessments = [.. shown.Assessments.Select(a => a with { Analyst = null, Why = null, KeyId = KeyFor(caller, a.Agency, a.KeyId) })],
            Actions = [.. shown.Actions.Select(a => a with { Analyst = null, ReasonText = null, KeyId = KeyFor(caller, a.Agency, a.KeyId) })],
            Lease = shown.Lease is { } lease ? lease with { KeyId = KeyFor(caller, lease.Agency, lease.KeyId) } : null,
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
            Effective = judged ? item.Effective() : null, WaitsForLook = shown.Look is not null && item.OpenLook() is not null,
            IcseSeries = told ? Open(report, item.Icse?.Finding?.Series, SealedField.IcseText, seam) : "",
            Disputed = judged && item.IsDisputed(), Contradicted = judged && item.IsContradicted(), ObjectedTo = judged && item.IsObjectedTo(),
            Opinions = opinions,
            ActionAnalysts = [.. actions.Select(a => a.Agency == caller.Agency ? Open(report, a.Analyst, SealedField.ActionAnalyst, seam) : "")],
            KnownWithoutLook = access.Sees(FieldGroup.Classification) && item.IsKnownWithoutLook(),
            ReasonTexts = [.. actions.Select(a => access.Sees(FieldGroup.Memo) ? Open(report, a.ReasonText, SealedField.ActionReason, seam) : "")],
        };
    }

    /// <summary>What was said in a look that is over; who it was is each agency's own affair.</summary>
    private static SecondLook Settled(SecondLook look, Caller caller) => look with
    {
        By = [], Answers = [.. look.Answers.Select(a => a with { Analyst = null, Why = null, KeyId = KeyFor(caller, a.Agency, a.KeyId) })],
    };

    /// <summary>
    /// Which key or person it was is their own agency's affair: others are told the agency and its roles, and cannot count who works how much. Empty: not told.
    /// </summary>
    private static string KeyFor(Caller caller, AgencyId agency, string keyId) =>
        agency == caller.Agency || agency == Caller.System.Agency ? keyId : "";

    private static readonly Sealed Nothing = new() { Bytes = [] };

    private static ItemIcse WithoutSeries(ItemIcse icse) => icse.Finding is { } finding ? icse with { Finding = finding with { Series = null } } : icse;
}
