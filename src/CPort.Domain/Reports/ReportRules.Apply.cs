using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;

namespace CPort.Domain.Reports;

/// <content>How events change the state. Reads neither clock nor randomness nor policy, and never fails on an event that was once persisted.</content>
public static partial class ReportRules
{
    /// <summary>The state after an event.</summary>
    public static Report Apply(Report report, IReportEvent e)
    {
        var next = e switch
        {
            ReportSubmitted x => report with
            {
                Id = x.ReportId, Number = x.Number, ReportingHotline = x.ReportingHotline, ReportingCountry = x.ReportingCountry,
                Reference = x.Reference, HotlineReceivedDate = x.HotlineReceivedDate, SubmittedAt = x.Meta.OccurredAt, SiteType = x.SiteType,
                Commerciality = x.Commerciality, PaymentMethods = x.PaymentMethods, Urgent = x.Urgent, DataKey = x.DataKey, Secrets = x.Secrets,
                Digests = x.Digests, Tenant = x.Meta.Tenant, SubmissionCommand = x.Meta.CommandId,
            },
            ItemsAdded x => report with
            {
                Items = report.Items.AddRange(x.Items),
                SubmittedItems = x.WithSubmission ? report.SubmittedItems + x.Items.Length : report.SubmittedItems,
            },
            ReportAmended x => report with { HotlineReceivedDate = x.HotlineReceivedDate ?? report.HotlineReceivedDate, Secrets = x.Secrets ?? report.Secrets },
            ReportWithdrawn x => Each(report with { Withdrawn = true }, e, report.Items.Select(i => i.Ordinal), i => i with { Withdrawn = true, Lease = null }),
            UrgencyChanged x => report with { Urgent = x.Urgent },
            ItemsTraced x => Each(report, e, x.Traces, t => t.Ordinal, (i, t) => i with { Hosting = Keep(i.Hosting, t.Facts), Traced = true }),
            ItemsMatched x => Each(report, e, x.Matches, m => m.Ordinal, (i, m) => i with
            {
                Verdicts = MergeVerdicts(i.Verdicts, m.Verdicts), Near = m.NearLookedUp ? m.Near : i.Near, Inheritance = m.Inheritance,
                Matched = i.Matched || m.Complete,
            }),
            ItemsAssigned x => Each(report, e, x.Assignments, a => a.Ordinal, (i, a) => i with
            {
                Assignment = a.Assignment,
                Inheritance = a.CountryChanged ? a.Inheritance : i.Inheritance,

                // A lease belongs to the hotline that had the job; handed on, it would lock the new one out.
                Lease = a.CountryChanged || a.Assignment.Hotline != i.Assignment?.Hotline ? null : i.Lease,

                // The new hotline has no reference of its own for it yet.
                AssignedReference = a.Assignment.Hotline == i.Assignment?.Hotline ? i.AssignedReference : null,
            }),
            ItemsClaimed x => Each(report, e, x.Ordinals, i => i with { Lease = x.Lease }),
            ItemsReleased x => Each(report, e, x.Ordinals, i => i with { Lease = null }),
            ItemsAssessed x => Each(report, e, x.Assessments, a => a.Ordinal, (i, a) => i with
            {
                Assessments = [.. i.Assessments.Select(old => old.Id == a.Corrects ? old with { CorrectedBy = a.Assessment.Id } : old), a.Assessment],
            }),
            ActionsRecorded x => Each(report, e, x.Actions, a => a.Ordinal, (i, a) => i with
            {
                Actions = i.Actions.Add(a.Action), Lease = a.Action.Type.IsFinal() ? null : i.Lease,
            }),
            HostingUpdated x => Each(report, e, x.Ordinals, i => i with
            {
                Hosting = x.Facts, Traced = true, EarlierHosting = i.Hosting is { } before ? i.EarlierHosting.Add(before) : i.EarlierHosting,
            }),
            ItemSeenOnlineAgain x => Each(report, e, [x.EarlierOrdinal], i => i with { NextOccurrence = x.Occurrence.Ordinal }) is var r
                ? r with { Items = r.Items.Add(x.Occurrence) } : report,
            HotlineReferenceSet x => Each(report, e, [x.Ordinal], i => i with { AssignedReference = x.Reference }),
            SiteFactsSet x => report with { SiteType = x.SiteType, Commerciality = x.Commerciality, PaymentMethods = x.PaymentMethods },
            MemoAdded x => report with { Memos = report.Memos.Add(x.Memo) },
            OpinionsPropagated x => Each(report, e, x.Assessments.GroupBy(p => p.Ordinal), g => g.Key, (i, g) => i with
            {
                Assessments = [.. i.Assessments.Select(a => g.Any(p => p.AssessmentId == a.Id) ? a with { Propagated = true } : a)],
            }),
            _ => report,
        };
        return next with
        {
            Version = report.Version + 1, LastChangedAt = e.Meta.OccurredAt,
            Receipts = e.Receipt is { } receipt ? Remember(next.Receipts, new((e.Meta.Agency, e.Meta.CommandId), receipt)) : next.Receipts,
        };
    }

    /// <summary>What a tracer did not learn anew (the ISP as the hotline reported it, say) stays.</summary>
    private static Domain.Routing.HostingFacts Keep(Domain.Routing.HostingFacts? reported, Domain.Routing.HostingFacts traced) =>
        reported is null
            ? traced
            : traced with
            {
                IpAddress = traced.IpAddress ?? reported.IpAddress, Isp = traced.Isp ?? reported.Isp,
                AutonomousSystemNumber = traced.AutonomousSystemNumber ?? reported.AutonomousSystemNumber,
                OrganizationName = traced.OrganizationName ?? reported.OrganizationName,
                IsContentDeliveryNetwork = traced.IsContentDeliveryNetwork || reported.IsContentDeliveryNetwork,
            };

    private static ImmutableList<KeyValuePair<(AgencyId, CommandId), CommandReply>> Remember(
        ImmutableList<KeyValuePair<(AgencyId, CommandId), CommandReply>> receipts, KeyValuePair<(AgencyId, CommandId), CommandReply> receipt)
    {
        var kept = receipts.Count >= Report.RememberedCommands ? receipts.RemoveAt(0) : receipts;
        return kept.Add(receipt);
    }

    private static Report Each(Report report, IReportEvent e, IEnumerable<int> ordinals, Func<ContentItem, ContentItem> change) =>
        Each(report, e, ordinals, o => o, (item, _) => change(item));

    private static Report Each<T>(Report report, IReportEvent e, IEnumerable<T> changes, Func<T, int> ordinalOf, Func<ContentItem, T, ContentItem> change)
    {
        var items = report.Items.ToBuilder();
        foreach (var one in changes)
        {
            var at = ordinalOf(one) - 1;
            items[at] = change(items[at], one) with { Version = items[at].Version + 1, LastChangedAt = e.Meta.OccurredAt };
        }

        return report with { Items = items.ToImmutable() };
    }
}
