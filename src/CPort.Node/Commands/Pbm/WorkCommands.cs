using System.CommandLine;
using CPort.Api.Hashes;
using CPort.Api.Operators;
using CPort.Api.Queues;
using CPort.Node.Operator;
using static CPort.Node.Commands.Pbm.PbmCommands;

namespace CPort.Node.Commands.Pbm;

/// <summary>What only CPort has: reports, queues, the read model, hashes, deliveries.</summary>
internal static class WorkCommands
{
    public static IEnumerable<Command> All(PbmCommands pbm)
    {
        var report = new Argument<string>("id") { Description = "The report's id." };
        var entity = new Argument<string>("id") { Description = "The report's id, or the whole id that 'reports stuck' lists." };
        yield return new Command("reports", "Reports.")
        {
            pbm.Get<ReportPlaceAnswer>("show", "A report's state and history, without anything confidential.", "reports/{id}", Report, report),
            pbm.Get<StuckListAnswer>("stuck", "What cannot be read from the journal, and what else was found changed in the database.", "stuck", a =>
            [
                .. a.Stuck.Select(s =>
                    $"{s.Id} | after event {s.AfterSequence} | {s.Reason} | since {Time(s.Since)} | attempts: {s.Attempts}"),
                .. a.Changed.Select(d => $"{d.Place}: {d.What} | {d.Reason} | since {Time(d.Since)} | seen: {d.Times}"),
                $"Count: {a.Stuck.Count} stuck"
                    + (a.Changed.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $", {a.Changed.Count} changed elsewhere") : ""),
            ]),
            pbm.Change<RetriedAnswer>("retry", "Has a stuck report or bucket read again.", "stuck/{id}/retry", a => [$"{a.Id} | answers again"], entity),
        };
        yield return pbm.Get<QueuesAnswer>("queues", "The work queues' lengths.", "queues", a =>
        [
            .. a.Queues.Select(q => $"{q.Name} | count: {q.Count} | urgent: {q.Urgent} | oldest: {Time(q.OldestFrom)}".TrimEnd()),
            string.Create(CultureInfo.InvariantCulture, $"Behind the journal: {a.At.LagEvents} events, {a.At.LagSeconds} s"),
        ]);
        yield return pbm.Get<ProjectionsAnswer>("projections", "Where the read model stands.", "projections", Projections);
        yield return new Command("hashes", "Known hashes.")
        {
            pbm.Get<HashStatsAnswer[]>("stats", "What the hash buckets hold.", "hashes", a => a.Select(Hashes)),
        };
        var tenant = new Option<string?>("--tenant") { Description = "live (when left out) or training." };
        yield return pbm.Get<QuarantineListAnswer>(
            "quarantine", "Hashes that match too much to mean anything, without their values.", "quarantine", Quarantine, query: ("tenant", tenant));
        yield return pbm.Get<DeliveryAnswer[]>("deliveries", "What is on its way to somebody.", "deliveries",
            a => a.Select(d =>
                $"{d.Kind} | pending: {d.Pending}" + (d.OldestSince is null ? "" : $" | oldest since {Time(d.OldestSince)}")
                + (d.Note is { } note ? $" | {note}" : "")));
    }

    private static IEnumerable<string> Report(ReportPlaceAnswer a)
    {
        var r = a.Report;
        yield return $"{r.ReportId} | number {r.Number} | {r.State} | version {r.Version} | {r.ReportingHotline}"
            + (r.Urgent ? " | urgent" : "")
            + $" | submitted {Time(r.SubmittedAt)} | changed {Time(r.LastChangedAt)} | shard {a.Shard} on {a.Node ?? "no node"}";
        var owed = a.Owed.ToDictionary(o => o.Item, o =>
            $" | {(o.Traced ? "" : "not traced")}{(o.Traced || o.Matched ? "" : ", ")}{(o.Matched ? "" : "not matched")}");
        foreach (var i in r.Items)
        {
            var job = i.Assignment;
            yield return $"item {i.Item} | number {i.Number} | {i.State} | version {i.Version}"
                + $" | {(job is { Orphan: true } ? "orphan " : "")}{job?.AssignedCountry} {job?.Hotline}".TrimEnd()
                + (job?.EscalatedTo is { } to ? $" | escalated to {to}" : "")
                + (i.Lease is { } lease ? $" | held by {lease.Agency} until {Time(lease.Until)}" : "")
                    + owed.GetValueOrDefault(i.Item);
        }

        if (a.History is null)
        {
            yield return "history: for keys that are also auditor (docs/access.md)";
        }

        foreach (var e in a.History ?? [])
        {
            yield return $"event {e.Sequence} | {Time(e.RecordedAt)} | {e.Event} | {e.Agency} | {e.KeyId}"
                + (e.Items is { Count: > 0 } items ? $" | items {string.Join(' ', items)}" : "");
        }
    }

    private static IEnumerable<string> Projections(ProjectionsAnswer a) =>
    [
        .. a.Sets.Select(s =>
            $"set {s.Set} | {s.State.ToString().ToLowerInvariant()} | version {s.Version} | position {s.Position}"
            + string.Create(CultureInfo.InvariantCulture, $" | behind: {s.LagEvents} events, {s.LagSeconds} s | since {Time(s.Since)}")
            + (s.ShowsNothing ? " | shows no report, and the journal has some: cport projections reconcile" : "")),
        .. a.Stuck.Select(s => $"stuck {s.PersistenceId} | at event {s.Sequence} | {s.Reason} | since {Time(s.Since)}"),
        $"This node writes version {a.CurrentVersion}; {a.Stuck.Count} reports left out",
    ];

    private static string Hashes(HashStatsAnswer h) =>
        $"{h.Kind} | buckets: {h.InUse} of {h.Buckets} | hashes: {h.Hashes}"
        + (h.Algorithms.Count > 1 ? $" ({string.Join(", ", h.Algorithms.Select(a => $"{a.Key}: {a.Value}"))})" : "")
        + $" | known: {h.Known} | sightings: {h.Sightings}"
        + string.Create(CultureInfo.InvariantCulture, $" | reports to tell: {h.ReportsToTell} | memory: {h.MemoryBytes / 1e6:0.0} MB")
        + (h.Unanswered > 0 ? $" | not answering: {h.Unanswered}" : "");

    private static IEnumerable<string> Quarantine(QuarantineListAnswer a) =>
    [
        .. a.Quarantined.Select(q => $"{q.Id} | {q.Reason} | since {Time(q.Since)} | by {q.By ?? "CPort"} | reports: {q.Reports}"
            + $" | near values: {q.NearValues} | items: {q.Items} | opinions: {q.Opinions}{(q.Confirmed ? " | confirmed" : "")}"),
        $"Count: {a.Quarantined.Count}{(a.NextCursor is null ? "" : " (there are more)")} in quarantine"
            + (a.Unanswered is { Count: > 0 } missing ? $"; {missing.Count} buckets did not answer" : ""),
    ];
}
