using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;

namespace CPort.Domain.Reports;

/// <content>What the assigned country's hotline, a mandated one and the reporting one do with items.</content>
public static partial class ReportRules
{
    private static ReportDecision MarkUrgent(Report report, MarkUrgent c) =>
        !IsReporter(report, c.Context.Caller) && !IsAssigned(report, c.Context.Caller)
            ? NotYours(report, c)
        : report.Urgent == c.Urgent
            ? Accepted(report, c)
            : Accepted(report, c, new UrgencyChanged { Meta = c.Context.ToMeta(), Urgent = c.Urgent });

    private static ReportDecision SetSiteFacts(Report report, SetSiteFacts c)
    {
        if (!IsReporter(report, c.Context.Caller) && !IsAssigned(report, c.Context.Caller))
        {
            return NotYours(report, c);
        }

        if (c is { SiteType: null, Commerciality: null, PaymentMethodsGiven: false })
        {
            return Rejected(report, c, RejectionCode.NothingToChange, "Nothing to set.");
        }

        return Accepted(report, c, new SiteFactsSet
        {
            Meta = c.Context.ToMeta(), SiteType = c.SiteType ?? report.SiteType, Commerciality = c.Commerciality ?? report.Commerciality,
            PaymentMethods = c.PaymentMethodsGiven ? c.PaymentMethods : report.PaymentMethods,
        });
    }

    private static ReportDecision AddMemo(Report report, AddMemo c)
    {
        if (!IsReporter(report, c.Context.Caller) && !IsAssigned(report, c.Context.Caller))
        {
            return NotYours(report, c);
        }

        if (c.Ordinal is { } ordinal && !(report.Item(ordinal) is { } item && (IsReporter(report, c.Context.Caller) || IsAssigned(item, c.Context.Caller))))
        {
            return Rejected(report, c, RejectionCode.NotFound, "There is no such item.");
        }

        if (c.SealedText is null)
        {
            return Rejected(report, c, RejectionCode.NothingToChange, "A memo needs a text.");
        }

        return Accepted(report, c, new MemoAdded
        {
            Meta = c.Context.ToMeta(),
            Memo = new Memo
            {
                Agency = c.Context.Caller.Agency, At = c.Context.OccurredAt, Ordinal = c.Ordinal,
                Text = c.SealedText,
            },
        });
    }

    private static bool IsAssigned(Report report, Caller caller) => report.Items.Any(i => IsAssigned(i, caller));

    private static bool IsAssigned(ContentItem item, Caller caller) =>
        caller.Kind == AgencyKind.Hotline && Works(caller) && item.Assignment is { Country: { } country } a
        && caller.WorksFor(country) && (a.Hotline is null || a.Hotline == caller.Agency);

    private static ReportDecision Assign(Report report, AssignItems c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        return ForItems(report, c, c.Items,
            item =>
                MayTakeOrphan(item, caller)
                    ? item.IsClosed() ? Closed
                    : c.Hotline == caller.Agency && !caller.Countries.IsEmpty
                        ? null
                        : new Refusal(RejectionCode.WrongHotline, "A mandated hotline takes an orphan for itself.")
                : item.Assignment is not { Country: { } country } ? NotFoundOrNotAssigned(report, item, caller)
                : !caller.WorksFor(country) || caller.Kind != AgencyKind.Hotline || !Works(caller) ? NotAuthorisedOrNotFound(report, item, caller)
                : item.IsClosed() ? Closed
                : item.IsLeasedToAnother(caller, environment.Now) ? new Refusal(RejectionCode.Leased, "Another analyst holds the item.")
                : !environment.Members.HotlinesOf(country).Contains(c.Hotline)
                    ? new Refusal(RejectionCode.WrongHotline, "That hotline does not serve the assigned country.")
                : item.Assignment.Hotline == c.Hotline
                    ? new Refusal(RejectionCode.AlreadyAssignedThere, "The hotline has the item already.")
                : null,
            items => [new ItemsAssigned { Meta = c.Context.ToMeta(), Assignments = [.. items.Select(i => Given(i, c.Hotline, caller, c.Context.OccurredAt, environment))] }]);
    }

    /// <summary>The item with a hotline; a mandated hotline's own country becomes an orphan's assigned country.</summary>
    private static ItemAssignment Given(ContentItem item, AgencyId hotline, Caller caller, DateTimeOffset at, ReportEnvironment environment)
    {
        var taken = item.Assignment is { Orphan: true, Country: null };
        Country? country = taken ? caller.Countries[0] : item.Assignment!.Country;
        return new ItemAssignment
        {
            Ordinal = item.Ordinal, CountryChanged = taken,
            Inheritance = taken ? InheritancePolicy.Decide(country, VerdictsOf(item), environment.Inheritance) : item.Inheritance,
            Assignment = item.Assignment! with
            {
                Country = country, Hotline = hotline, HotlineSince = at, CountrySince = taken ? at : item.Assignment.CountrySince,
                Orphan = item.Assignment.Orphan && item.Hosting?.Country != country,
            },
        };
    }

    private static ReportDecision Claim(Report report, ClaimItems c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        if (c.Minutes is < 1 or > 1440)
        {
            return Rejected(report, c, RejectionCode.NothingToChange, "A claim lasts 1 to 1,440 minutes.");
        }

        return ForItems(report, c, c.Items,
            item => MayTakeOrphan(item, caller) && !caller.Countries.IsEmpty
                ? item.IsClosed() ? Closed
                : item.IsLeasedToAnother(caller, environment.Now) ? new Refusal(RejectionCode.Leased, "Another analyst holds the item.") : null
                : CheckJob(report, item, caller, environment) ?? (item.IsClosed() ? Closed : null),
            items =>
            {
                var meta = c.Context.ToMeta();
                var events = new List<IReportEvent>();

                // The first to claim an item that several hotlines could take has it (design.md, "Assignment").
                var toGive = items.Where(i => i.Assignment!.Hotline is null).ToArray();
                if (toGive.Length > 0)
                {
                    events.Add(new ItemsAssigned
                    {
                        Meta = meta,
                        Assignments = [.. toGive.Select(i => Given(i, caller.Agency, caller, c.Context.OccurredAt, environment))],
                    });
                }

                events.Add(new ItemsClaimed
                {
                    Meta = meta, Ordinals = [.. items.Select(i => i.Ordinal)],
                    Lease = new Lease { Agency = caller.Agency, KeyId = caller.KeyId, Until = environment.Now.AddMinutes(c.Minutes) },
                });
                return events;
            });
    }

    private static ReportDecision Release(Report report, ReleaseItems c, ReportEnvironment environment) =>
        ForItems(report, c, c.Items,
            item => CheckJob(report, item, c.Context.Caller, environment)
                ?? (item.Lease is null || item.Lease.Until <= environment.Now ? new Refusal(RejectionCode.NotLeased, "Nobody holds the item.") : null),
            items => [new ItemsReleased { Meta = c.Context.ToMeta(), Ordinals = [.. items.Select(i => i.Ordinal)] }]);

    private static ReportDecision Assess(Report report, AssessItems c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        return ForItems(report, c, c.Items,
            item => CheckJob(report, item, caller, environment) ?? CheckAssess(item, c.Assessment, environment),
            items =>
            [
                .. TakeUnassigned(items, c.Context, environment),
                new ItemsAssessed
                {
                    Meta = c.Context.ToMeta(),
                    Assessments =
                    [
                        .. items.Select(i => new ItemAssessment
                        {
                            Ordinal = i.Ordinal,
                            Assessment = ToAssessment(c.Assessment, i.Assessments.Length + 1, caller, i.Assignment!.Country, c.Context.OccurredAt, i.Assignment.Episode),
                        }),
                    ],
                },
            ]);
    }

    private static Refusal? CheckAssess(ContentItem item, AssessmentInput input, ReportEnvironment environment)
    {
        var rules = environment.Rules;
        if (item.IsClosed())
        {
            return Closed;
        }

        if (input.Classification == Classification.Doubtful)
        {
            return new Refusal(RejectionCode.DoubtfulHasNoEffect, "Doubtful exists in v2 submissions only; assess as Baseline, National or NotIllegal.");
        }

        if (rules.BaselineIsFinal && item.Assessments.Any(a => a is { Counts: true, Classification: Classification.Baseline }))
        {
            return new Refusal(RejectionCode.BaselineIsFinal, "The item is Baseline; nobody re-classifies it (ICCAM rule 1).");
        }

        if (rules.NoAssessmentAfterAction && item.HasAction())
        {
            return new Refusal(RejectionCode.AlreadyActedOn, "The item has been acted on; it is no longer assessed (ICCAM rule 3).");
        }

        var own = item.Assessments.LastOrDefault(a => a.Counts && a.Classification != Classification.Doubtful && item.CountsHere(a));
        return rules.OnlyNationalIsOverruled && own is { Classification: Classification.NotIllegal }
            ? new Refusal(RejectionCode.OnlyNationalIsOverruled, "The item is assessed not illegal here; only National is overruled (ICCAM rule 2). Correct it instead.")
            : null;
    }

    private static ReportDecision Correct(Report report, CorrectAssessment c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        Assessment? Own(ContentItem item) => item.Assessments.LastOrDefault(a => a.Counts && a.Agency == caller.Agency);
        return ForItems(report, c, [c.Item],
            item =>
                !IsConcerned(report, item, caller, environment) ? NotAuthorisedOrNotFound(report, item, caller)
                : Own(item) is null ? new Refusal(RejectionCode.NothingToCorrect, "Your agency has no assessment of this item that counts.")
                : item.Withdrawn ? new Refusal(RejectionCode.Withdrawn, "The item was withdrawn by its hotline.")
                : item.IsClosed() ? Closed
                : item.IsLeasedToAnother(caller, environment.Now) ? new Refusal(RejectionCode.Leased, "Another analyst holds the item.")
                : c.Assessment.Classification == Classification.Doubtful
                    ? new Refusal(RejectionCode.DoubtfulHasNoEffect, "Doubtful exists in v2 submissions only.")
                : environment.Rules.NoAssessmentAfterAction && item.HasAction()
                    ? new Refusal(RejectionCode.AlreadyActedOn, "The item has been acted on; it is no longer assessed (ICCAM rule 3).")
                : null,
            items =>
            [
                new ItemsAssessed
                {
                    Meta = c.Context.ToMeta(), Why = c.SealedWhy,
                    Assessments =
                    [
                        .. items.Select(i => new ItemAssessment
                        {
                            Ordinal = i.Ordinal, Corrects = Own(i)!.Id,
                            Assessment = ToAssessment(c.Assessment, i.Assessments.Length + 1, caller, Own(i)!.Country, c.Context.OccurredAt, Own(i)!.Episode),
                        }),
                    ],
                },
            ]);
    }

    private static ReportDecision Act(Report report, RecordActions c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        if (CheckAction(c.Action, environment) is { } refusal)
        {
            return Rejected(report, c, refusal.Code, refusal.Detail);
        }

        return ForItems(report, c, c.Items,
            item => CheckJob(report, item, caller, environment) ?? CheckAct(report, item, c.Action.Type, environment),
            items =>
            [
                .. TakeUnassigned(items, c.Context, environment),
                new ActionsRecorded
                {
                    Meta = c.Context.ToMeta(),
                    Actions =
                    [
                        .. items.Select(i => new ItemAction
                        {
                            Ordinal = i.Ordinal, Action = ToAction(c.Action, caller, i.Assignment!.Country, c.Context.OccurredAt, i.Assignment.Episode),
                        }),
                    ],
                },
            ]);
    }

    /// <summary>What an action must be by itself, whatever item it is for.</summary>
    private static Refusal? CheckAction(ActionInput action, ReportEnvironment environment) =>
        action.Type.NeedsReason() && action.Reason is null ? new Refusal(RejectionCode.ReasonMissing, $"{action.Type} needs a reason.")
        : action.Reason is { } reason && !reason.Fits(action.Type)
            ? new Refusal(RejectionCode.ReasonDoesNotFit, $"Reason {reason} does not go with {action.Type}.")
        : action.Date > environment.Now + environment.ClockTolerance ? new Refusal(RejectionCode.DateInFuture, "The action's date lies in the future.")
        : null;

    /// <summary>ICCAM rule 10.</summary>
    private static Refusal? DoesNotFit(ActionType action, bool isNotIllegal) =>
        isNotIllegal
            ? action is ActionType.NotIllegal or ActionType.Unavailable
                ? null
                : new Refusal(RejectionCode.ActionDoesNotFitAssessment, "A not-illegal item is closed by NotIllegal or Unavailable (ICCAM rule 10).")
            : action is ActionType.NotIllegal
                ? new Refusal(RejectionCode.ActionDoesNotFitAssessment, "NotIllegal needs a not-illegal assessment (ICCAM rule 10).")
                : null;

    private static Refusal? CheckAct(Report report, ContentItem item, ActionType action, ReportEnvironment environment)
    {
        var rules = environment.Rules;
        if (item.IsClosed())
        {
            return Closed;
        }

        if (rules.ActionOnce && item.Actions.Any(a => a.Type == action && item.InThisEpisode(a)))
        {
            return new Refusal(RejectionCode.ActionAlreadyRecorded, $"{action} is recorded already; each action type once per item (ICCAM rule 8).");
        }

        var effective = item.Effective();
        if (action != ActionType.Unavailable)
        {
            if (rules.Gate == AssessmentGate.PerItem && effective is null)
            {
                return new Refusal(RejectionCode.NotAssessedYet, "Assess the item before acting on it (ICCAM rule 9); Unavailable may come before.");
            }

            if (rules.Gate == AssessmentGate.WholeReport && !report.IsClassified())
            {
                return new Refusal(RejectionCode.ReportNotComplete,
                    "All items must be assessed and site type, commerciality and payment methods set before acting (ICCAM rule 9).");
            }
        }

        return rules.NotIllegalFollowsAssessment ? DoesNotFit(action, effective == Classification.NotIllegal) : null;
    }

    /// <summary>Whoever works on an item that several hotlines of the country could take has it from then on.</summary>
    private static IEnumerable<IReportEvent> TakeUnassigned(ImmutableArray<ContentItem> items, CommandContext context, ReportEnvironment environment)
    {
        var free = items.Where(i => i.Assignment!.Hotline is null).ToArray();
        return free.Length == 0
            ? []
            : [new ItemsAssigned { Meta = context.ToMeta(), Assignments = [.. free.Select(i => Given(i, context.Caller.Agency, context.Caller, context.OccurredAt, environment))] }];
    }

    private static ReportDecision UpdateHosting(Report report, UpdateHosting c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        return ForItems(report, c, c.Items,
            item =>
                (item.Assignment is null && IsReporter(report, caller)) || MayTakeOrphan(item, caller)
                    ? item.IsClosed() ? Closed : null
                : CheckJob(report, item, caller, environment) ?? (item.IsClosed() ? Closed : null),
            items =>
            {
                var events = new List<IReportEvent>
                {
                    new HostingUpdated { Meta = c.Context.ToMeta(), Ordinals = [.. items.Select(i => i.Ordinal)], Facts = c.Facts },
                };

                // An item nobody had yet is routed at once; one that has an owner moves only by MoveToCountry (ICCAM rule 11).
                if (c.Facts.Country is { } country)
                {
                    var toRoute = items.Where(i => i.Assignment is null).Select(i => i with { Hosting = c.Facts, Traced = true }).ToArray();
                    if (toRoute.Length > 0)
                    {
                        events.Add(new ItemsAssigned
                        {
                            Meta = c.Context.ToMeta(),
                            Assignments = [.. toRoute.Select(i => Route(i, country, episode: 1, c.Context.OccurredAt, environment))],
                        });
                    }
                }

                // An orphan that turns out to be hosted where its taker is has the right country already, and is an orphan no more.
                var found = items.Where(i => i.Assignment is { Orphan: true, Country: { } taker } && taker == c.Facts.Country).ToArray();
                if (found.Length > 0)
                {
                    events.Add(new ItemsAssigned
                    {
                        Meta = c.Context.ToMeta(),
                        Assignments = [.. found.Select(i => new ItemAssignment
                        {
                            Ordinal = i.Ordinal, Assignment = i.Assignment! with { Orphan = false }, Inheritance = i.Inheritance,
                        })],
                    });
                }

                return events;
            });
    }

    private static ReportDecision Move(Report report, MoveToCountry c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        return ForItems(report, c, c.Items,
            item =>
                (MayTakeOrphan(item, caller) ? null : CheckJob(report, item, caller, environment))
                ?? (item.IsClosed() ? Closed
                : item.Hosting?.Country != c.Country
                    ? new Refusal(RejectionCode.HostingFirst, "Update the hosting country first, then move (ICCAM rule 11).")
                : item.Assignment!.Country == c.Country || (item.Assignment is { Orphan: true, Country: null } && environment.Members.HotlinesOf(c.Country).IsEmpty)
                    ? new Refusal(RejectionCode.AlreadyAssignedThere, "The item is that country's job already.")
                : null),
            items =>
            [
                new ItemsAssigned
                {
                    Meta = c.Context.ToMeta(),
                    Assignments = [.. items.Select(i => Route(i, c.Country, i.Assignment!.Episode + 1, c.Context.OccurredAt, environment))],
                },
            ]);
    }

    private static ReportDecision SeenAgain(Report report, SeenOnlineAgain c, ReportEnvironment environment)
    {
        var caller = c.Context.Caller;
        if (report.Items.Count >= environment.MaxItems)
        {
            return Rejected(report, c, RejectionCode.TooManyItems, $"A report holds at most {environment.MaxItems} items.");
        }

        var ordinal = report.Items.Count + 1;
        var decision = ForItems(report, c, [c.Item],
            item =>
                !IsConcerned(report, item, caller, environment) ? NotAuthorisedOrNotFound(report, item, caller)
                : item.NextOccurrence is not null
                    ? new Refusal(RejectionCode.NotOffline, $"It was seen again before, as item {item.NextOccurrence}.")
                : item.State() is not (ItemState.Removed or ItemState.Unavailable)
                    ? new Refusal(RejectionCode.NotOffline, "Only an item that was removed or unavailable can be seen online again.")
                : null,
            items =>
            [
                .. items.Select(earlier => new ItemSeenOnlineAgain
                {
                    Meta = c.Context.ToMeta(), EarlierOrdinal = earlier.Ordinal,
                    Occurrence = new ContentItem
                    {
                        Ordinal = ordinal, Number = c.ItemNumber, Secrets = earlier.Secrets, IsSourceUrl = earlier.IsSourceUrl,
                        ContentType = earlier.ContentType, ReportingReference = earlier.ReportingReference, Hashes = earlier.Hashes,
                        PdqQuality = earlier.PdqQuality, MediaSize = earlier.MediaSize, MimeType = earlier.MimeType,
                        Matched = earlier.Hashes.IsEmpty, PreviousOccurrence = earlier.Ordinal, AddedAt = c.Context.OccurredAt,
                        LastChangedAt = c.Context.OccurredAt,

                        // The old hosting may be out of date: the host is traced anew, and kept only when it cannot be.
                        EarlierHosting = earlier.Hosting is { } hosting ? [hosting] : [],

                        // What people said of the media still holds; it is the occurrence that is new.
                        Assessments = [.. earlier.Assessments.Where(a => a.Counts).Select((a, i) => a with { Id = i + 1, Episode = 0, Propagated = true })],
                    },
                }),
            ]);
        if (decision.Events is not [var seen])
        {
            return decision;
        }

        // The remembered answer names the new occurrence as well.
        var reply = decision.Reply with { Items = decision.Reply.Items.Add(new ItemOutcome { Ordinal = ordinal, Number = c.ItemNumber, Version = 1 }) };
        return new ReportDecision([seen.Stamped(seen.Meta, reply)], reply);
    }

    private static ReportDecision SetReference(Report report, SetHotlineReference c, ReportEnvironment environment) =>
        ForItems(report, c, [c.Item],
            item => CheckJob(report, item, c.Context.Caller, environment),
            items =>
            [
                .. TakeUnassigned(items, c.Context, environment),
                .. items.Select(i => new HotlineReferenceSet { Meta = c.Context.ToMeta(), Ordinal = i.Ordinal, Reference = c.Reference }),
            ]);

    private static readonly Refusal Closed = new(RejectionCode.ItemIsClosed, "The item has a final action; nothing more is accepted (ICCAM rule 7).");

    private static Refusal NotAuthorisedOrNotFound(Report report, ContentItem item, Caller caller) =>
        Sees(report, item, caller)
            ? new Refusal(RejectionCode.NotAuthorised, "Only the assigned country's hotlines may do this (ICCAM rule 4).")
            : NotFound;

    private static Refusal NotFoundOrNotAssigned(Report report, ContentItem item, Caller caller) =>
        Sees(report, item, caller)
            ? new Refusal(RejectionCode.NotAssigned, "The item is not assigned to a country yet.")
            : NotFound;
}
