using System.CommandLine;
using System.Globalization;
using CPort.Actors.Projections;
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
            pbm.Get<ReportAnswer>("show", "A report's state and history, without anything confidential.", "reports/{id}", Report, report),
            pbm.Get<StuckAnswer[]>("stuck", "What cannot be read from the journal.", "stuck",
                a => [.. a.Select(s => $"{s.Id} | after event {s.AfterSequence} | {s.Reason} | since {Time(s.Since)} | attempts: {s.Attempts}"),
                    $"Count: {a.Length} stuck"]),
            pbm.Change<RetriedAnswer>("retry", "Has a stuck report or bucket read again.", "stuck/{id}/retry",
                a => [$"{a.Id} | answers again"], entity),
        };
        yield return pbm.Get<QueueLengthsAnswer>("queues", "The work queues' lengths.", "queues", a =>
        [
            .. a.Queues.Select(q => $"{q.Name} | count: {q.Count} | urgent: {q.Urgent} | oldest: {Time(q.OldestFrom)}".TrimEnd()),
            string.Create(CultureInfo.InvariantCulture, $"Behind the journal: {a.LagEvents} events, {a.LagSeconds} s"),
        ]);
        yield return pbm.Get<ProjectionStatus>("projections", "Where the read model stands.", "projections", Projections);
        yield return new Command("hashes", "Known hashes.")
        {
            pbm.Get<HashStatsAnswer[]>("stats", "What the hash buckets hold, by algorithm.", "hashes", a => a.Select(Hashes)),
        };
        yield return pbm.Get<QuarantinedAnswers>(
            "quarantine", "Hashes that match too much to mean anything, without their values.", "quarantine", Quarantine);
        yield return pbm.Get<DeliveryAnswer[]>("deliveries", "What is on its way to somebody.", "deliveries",
            a => a.Select(d => $"{d.Kind} | pending: {d.Pending}" + (d.OldestSince is null ? "" : $" | oldest since {Time(d.OldestSince)}")
                + (d.Note is { } note ? $" | {note}" : "")));
    }

    private static IEnumerable<string> Report(ReportAnswer r)
    {
        yield return $"{r.Id} | number {r.Number} | {r.State} | version {r.Version} | {r.Hotline}{(r.Urgent ? " | urgent" : "")}"
            + $" | submitted {Time(r.SubmittedAt)} | changed {Time(r.LastChangedAt)} | shard {r.Shard} on {r.Node ?? "no node"}";
        foreach (var i in r.Items)
        {
            var held = i.HeldBy is { } by ? $" | held by {by} until {Time(i.HeldUntil)}" : "";
            var owed = string.Join(", ", new[] { i.Traced ? null : "not traced", i.Matched ? null : "not matched" }.OfType<string>());
            yield return $"item {i.Item} | number {i.Number} | {i.State} | version {i.Version}"
                + $" | {(i.Orphan ? "orphan " : "")}{i.Country} {i.Hotline}".TrimEnd() + (i.EscalatedTo is { } to ? $" | escalated to {to}" : "")
                + held + (owed.Length > 0 ? $" | {owed}" : "");
        }

        if (r.History is null)
        {
            yield return "history: for keys that are also auditor (docs/access.md)";
        }

        foreach (var e in r.History ?? [])
        {
            yield return $"event {e.Sequence} | {Time(e.RecordedAt)} | {e.Event} | {e.Agency} | {e.KeyId}"
                + (e.Items.Count > 0 ? $" | items {string.Join(' ', e.Items)}" : "");
        }
    }

    private static IEnumerable<string> Projections(ProjectionStatus a) =>
    [
        .. a.Sets.Select(s => $"set {s.Set} | {s.State.ToString().ToLowerInvariant()} | version {s.Version} | position {s.Position}"
            + $" | behind: {s.LagEvents} events, {s.Lag} | since {Time(s.Since)}"),
        .. a.Stuck.Select(s => $"stuck {s.PersistenceId} | at event {s.Sequence} | {s.Reason} | since {Time(s.Since)}"),
        $"This node writes version {a.CurrentVersion}; {a.Stuck.Length} reports left out",
    ];

    private static string Hashes(HashStatsAnswer h) =>
        $"{h.Algorithm} | buckets: {h.InUse} of {h.Buckets} | hashes: {h.Hashes} | known: {h.Known} | sightings: {h.Sightings}"
        + string.Create(CultureInfo.InvariantCulture, $" | reports to tell: {h.ReportsToTell} | memory: {h.MemoryBytes / 1e6:0.0} MB")
        + (h.Unanswered > 0 ? $" | not answering: {h.Unanswered}" : "");

    private static IEnumerable<string> Quarantine(QuarantinedAnswers a) =>
    [
        .. a.Quarantined.Select(q => $"{q.Id} | {q.Reason} | since {Time(q.Since)} | by {q.By ?? "CPort"} | reports: {q.Reports}"
            + $" | near values: {q.NearValues} | items: {q.Items} | opinions: {q.Opinions}{(q.Confirmed ? " | confirmed" : "")}"),
        $"Count: {a.Quarantined.Count}{(a.More ? " (there are more)" : "")} in quarantine"
            + (a.Unanswered > 0 ? $"; {a.Unanswered} buckets did not answer" : ""),
    ];
}
