using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;

namespace CPort.Domain.Reports;

/// <content>What the reporting hotline does with its own report.</content>
public static partial class ReportRules
{
    private static ReportDecision Submit(Report report, SubmitReport c, ReportEnvironment environment)
    {
        if (c.Context.Caller is not { Kind: AgencyKind.Hotline } caller || !Works(caller))
        {
            return Rejected(report, c, RejectionCode.NotAuthorised, "Only a hotline's machine or analyst key may submit reports.");
        }

        if (report.Exists)
        {
            if (caller.Agency != report.ReportingHotline || caller.Tenant != report.Tenant)
            {
                // The id follows from hotline and reference, so this is a training report meeting a live one (or a wrong id): told nothing about it.
                return Rejected(report, c, RejectionCode.NotFound, "The reference cannot be used here.");
            }

            var fields = SubmissionDigest.Differences(report, c);
            if (fields.IsEmpty && c.Context.CommandId == report.SubmissionCommand)
            {
                // The very command that submitted it: its answer was lost on the way, and is given again.
                return new ReportDecision([], new CommandReply
                {
                    ReportId = c.ReportId, ReportNumber = report.Number, Version = report.Version, Outcome = CommandOutcome.Accepted, Replayed = true,
                });
            }

            return new ReportDecision([], new CommandReply
            {
                ReportId = c.ReportId, ReportNumber = report.Number, Version = report.Version, Fields = fields,
                Outcome = fields.IsEmpty ? CommandOutcome.Duplicate : CommandOutcome.Conflict,
                Detail = fields.IsEmpty
                    ? "This report was accepted before."
                    : "A report with this reference was accepted before with other content; amend it or use a new reference.",
            });
        }

        if (c.Items.IsEmpty || c.Items.Length > environment.MaxItems)
        {
            return Rejected(report, c, RejectionCode.TooManyItems, $"A report has 1 to {environment.MaxItems} items; split a larger one.");
        }

        if (c.HotlineReceivedDate > environment.Now + environment.ClockTolerance)
        {
            return Rejected(report, c, RejectionCode.DateInFuture, "hotlineReceivedDate lies in the future.");
        }

        if (CheckIntake(c.Items, environment) is { } refusal)
        {
            return Rejected(report, c, refusal.Code, refusal.Detail);
        }

        var meta = c.Context.ToMeta();
        Country? country = caller.Countries.IsEmpty ? null : caller.Countries[0];
        var events = new List<IReportEvent>
        {
            new ReportSubmitted
            {
                Meta = meta, ReportId = c.ReportId, Number = c.ReportNumber, ReportingHotline = caller.Agency, ReportingCountry = country,
                Reference = c.Reference, HotlineReceivedDate = c.HotlineReceivedDate, SiteType = c.SiteType, Commerciality = c.Commerciality,
                PaymentMethods = c.PaymentMethods, Urgent = c.Urgent, Secrets = c.SealedSecrets, Digests = c.Digests,
                DataKey = c.DataKey ?? throw new InvalidOperationException("A submission is sealed before it is decided."),
            },
        };
        events.AddRange(NewItems(c.Items, 1, c.FirstItemNumber, c.Context)
            .Chunk(ItemsPerPart)
            .Select(part => new ItemsAdded { Meta = meta, Items = [.. part], WithSubmission = true }));
        var reply = new CommandReply
        {
            ReportId = c.ReportId, Outcome = CommandOutcome.Accepted, ReportNumber = c.ReportNumber, Version = events.Count,
        };
        return new ReportDecision([.. events], reply);
    }

    /// <summary>
    /// What comes with a report obeys the rules that work on it obeys later: reasons, dates, each action once (rule 8), nothing after a final
    /// action (rule 7), NotIllegal with a not-illegal opinion only (rule 10). Whether it was assessed before it was acted on (rule 9) cannot be known.
    /// </summary>
    private static Refusal? CheckIntake(ImmutableArray<SubmittedItem> items, ReportEnvironment environment)
    {
        for (var i = 0; i < items.Length; i++)
        {
            var at = $"urls[{i}].actions: ";
            foreach (var action in items[i].Actions)
            {
                if (CheckAction(action, environment) is { } refusal)
                {
                    return refusal with { Detail = at + refusal.Detail };
                }

                if (action.Type.IsFinal() && items[i].Actions.Any(other => !ReferenceEquals(other, action) && (other.Type.IsFinal() || other.Date > action.Date)))
                {
                    return Closed with { Detail = at + Closed.Detail };
                }

                var isNotIllegal = items[i].Assessment?.Classification == Classification.NotIllegal;
                if (environment.Rules.NotIllegalFollowsAssessment && DoesNotFit(action.Type, isNotIllegal) is { } unfit)
                {
                    return unfit with { Detail = at + unfit.Detail };
                }
            }

            if (environment.Rules.ActionOnce && items[i].Actions.DistinctBy(a => a.Type).Count() < items[i].Actions.Length)
            {
                return new Refusal(RejectionCode.ActionAlreadyRecorded, at + "each action type once per item (ICCAM rule 8).");
            }
        }

        return null;
    }

    /// <summary>Assessments and actions that come with a report are the reporting hotline's opinions and facts at intake (design.md).</summary>
    private static IEnumerable<ContentItem> NewItems(ImmutableArray<SubmittedItem> items, int firstOrdinal, long firstNumber, CommandContext context)
    {
        var caller = context.Caller;
        Country? country = caller.Countries.IsEmpty ? null : caller.Countries[0];
        return items.Select((submitted, i) => new ContentItem
        {
            Ordinal = firstOrdinal + i, Number = firstNumber + i, Digest = submitted.Digest, AddedAt = context.OccurredAt, LastChangedAt = context.OccurredAt,
            Secrets = submitted.SealedSecrets ?? throw new InvalidOperationException("An item is sealed before it is decided."),
            IsSourceUrl = submitted.IsSourceUrl, ContentType = submitted.ContentType, ReportingReference = submitted.Reference,
            Hashes = submitted.Hashes, PdqQuality = submitted.PdqQuality, MediaSize = submitted.MediaSize, MimeType = submitted.MimeType,
            Hosting = submitted.Hosting,

            // A reported country is taken as it is; an address without one is still to be traced.
            Traced = submitted.Hosting?.Country is not null,
            Matched = submitted.Hashes.IsEmpty,
            Assessments = submitted.Assessment is { } a
                ? [ToAssessment(a, 1, caller, country, context.OccurredAt, episode: 0)]
                : [],
            Actions = [.. submitted.Actions.Select(action => ToAction(action, caller, country, context.OccurredAt, episode: 0))],
        });
    }

    private static Assessment ToAssessment(AssessmentInput input, int id, Caller caller, Country? country, DateTimeOffset at, int episode) => new()
    {
        Id = id, Agency = caller.Agency, KeyId = caller.KeyId, Trust = caller.Trust, Country = country, At = at, Episode = episode,
        Classification = input.Classification, Age = input.Age, Gender = input.Gender, VirtualContent = input.VirtualContent,
        UserGeneratedContent = input.UserGeneratedContent, ChildModeling = input.ChildModeling,

        // v2's Doubtful has no effect, so there is nothing to tell the hash buckets.
        Propagated = input.Classification == Classification.Doubtful,
    };

    private static CaseAction ToAction(ActionInput input, Caller caller, Country? country, DateTimeOffset at, int episode) => new()
    {
        Type = input.Type, Agency = caller.Agency, KeyId = caller.KeyId, Date = input.Date, Reason = input.Reason,
        ReasonText = input.SealedReasonText, RecordedAt = at, Episode = episode, Country = country,
    };

    private static ReportDecision Add(Report report, AddItems c, ReportEnvironment environment)
    {
        if (OwnReport(report, c) is { } refused)
        {
            return refused;
        }

        if (c.Items.IsEmpty || c.Items.Length > ItemsPerPart || report.Items.Count + c.Items.Length > environment.MaxItems)
        {
            return Rejected(report, c, RejectionCode.TooManyItems,
                $"1 to {ItemsPerPart} items can be added at a time, and a report holds at most {environment.MaxItems}.");
        }

        if (CheckIntake(c.Items, environment) is { } refusal)
        {
            return Rejected(report, c, refusal.Code, refusal.Detail);
        }

        var items = NewItems(c.Items, report.Items.Count + 1, c.FirstItemNumber, c.Context).ToImmutableArray();
        return Accepted(report, c,
            [.. items.Select(i => new ItemOutcome { Ordinal = i.Ordinal, Number = i.Number, Version = i.Version })],
            new ItemsAdded { Meta = c.Context.ToMeta(), Items = items });
    }

    private static ReportDecision Amend(Report report, AmendReport c, ReportEnvironment environment) =>
        OwnReport(report, c) is { } refused ? refused
        : c.HotlineReceivedDate > environment.Now + environment.ClockTolerance
            ? Rejected(report, c, RejectionCode.DateInFuture, "hotlineReceivedDate lies in the future.")
        : c is { HotlineReceivedDate: null, SealedSecrets: null }
            ? Rejected(report, c, RejectionCode.NothingToChange, "The amendment names nothing to change.")
        : Accepted(report, c, new ReportAmended { Meta = c.Context.ToMeta(), HotlineReceivedDate = c.HotlineReceivedDate, Secrets = c.SealedSecrets });

    private static ReportDecision Withdraw(Report report, WithdrawReport c) =>
        OwnReport(report, c) is { } refused ? refused
        : report.Items.Any(i => i.Actions.Any(a => a.Agency != report.ReportingHotline) || i.Assessments.Any(a => a.Agency != report.ReportingHotline))
            ? Rejected(report, c, RejectionCode.OthersHaveActed, "Another agency has assessed or acted on an item; the report can no longer be withdrawn.")
        : Accepted(report, c, new ReportWithdrawn { Meta = c.Context.ToMeta(), Reason = c.SealedReason });

    private static ReportDecision? OwnReport(Report report, IReportCommand c) =>
        IsReporter(report, c.Context.Caller) ? null
        : NotYours(report, c);
}
