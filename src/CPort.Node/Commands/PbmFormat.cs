using System.Globalization;
using System.Text.Json;

namespace CPort.Node.Commands;

/// <summary>The node's JSON answers as lines for people; those that <c>pbm</c> knows look as <c>pbm</c> writes them, columns parted by <c> | </c>.</summary>
internal static class PbmFormat
{
    public static IEnumerable<string> Members(JsonElement answer)
    {
        var members = answer.GetProperty("members").EnumerateArray().ToArray();
        return [.. members.Select(Member), $"Count: {members.Length} nodes"];
    }

    public static IEnumerable<string> Status(JsonElement member) => [Member(member)];

    public static IEnumerable<string> Leader(JsonElement answer) => [Text(answer, "leader") ?? "none"];

    public static IEnumerable<string> Done(JsonElement answer)
    {
        var addresses = Strings(answer, "addresses");
        return addresses.Length == 0 ? ["Nothing to do."] : addresses.Select(a => $"{a} | {Text(answer, "done")}");
    }

    public static string Event(JsonElement e) =>
        $"{Time(e, "at")} | {Text(e, "event")} | {(e.TryGetProperty("member", out var member) ? Member(member) : Text(e, "address"))}";

    public static IEnumerable<string> Regions(JsonElement answer) =>
    [
        .. answer.GetProperty("regions").EnumerateArray().Select(r =>
            $"{Text(r, "type")} | nodes: {Text(r, "nodes")} | shards: {Text(r, "shards")} | entities: {Text(r, "entities")} | coordinator: {Text(r, "coordinator") ?? "unknown"}"
            + (Text(r, "failedShards") is not "0" and { } failed ? $" | failed: {failed}" : "")),
        .. Strings(answer, "noAnswer").Select(n => $"(not counted) {n}"),
    ];

    public static IEnumerable<string> RegionStats(JsonElement answer) => answer.EnumerateArray().Select(r =>
    {
        var region = $"{Member(r.GetProperty("node"))} {(Flag(r, "coordinator") ? "[coordinator]" : "")}({Text(r, "type") ?? "all"})";
        return Text(r, "failure") is { } failure ? $"{region} | {failure}"
            : $"{region} | shards: {Text(r, "shards")} | entities: {Text(r, "entities")}"
                + (Strings(r, "failedShards") is { Length: > 0 } failed ? $" | failed: {string.Join(' ', failed)}" : "");
    });

    public static IEnumerable<string> Distribution(JsonElement answer)
    {
        var shards = answer.EnumerateArray().ToArray();
        return
        [
            .. shards.Select(s => $"{Text(s, "type")} | {Text(s, "shard")} | {Text(s, "address")} | entities: {Text(s, "entities")}"),
            .. shards.GroupBy(s => (Type: Text(s, "type"), Address: Text(s, "address")))
                .OrderBy(g => g.Key.Type, StringComparer.Ordinal).ThenBy(g => g.Key.Address, StringComparer.Ordinal)
                .Select(g => $"{g.Key.Type} | {g.Key.Address} | shards: {g.Count()} | entities: {g.Sum(s => s.GetProperty("entities").GetInt32())}"),
        ];
    }

    public static IEnumerable<string> Actors(JsonElement answer) =>
        [.. Strings(answer, "paths"), .. Flag(answer, "truncated") ? ["… (there are more; give -s or a smaller -d)"] : Array.Empty<string>()];

    public static IEnumerable<string> SystemName(JsonElement answer) => [Text(answer, "system") ?? ""];

    public static IEnumerable<string> Uptime(JsonElement answer)
    {
        var up = TimeSpan.FromSeconds(answer.GetProperty("uptimeSeconds").GetDouble());
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"up {(int)up.TotalDays} d {up:hh\\:mm\\:ss} since {Time(answer, "startedAt")}")
                + $" | {Text(answer, "address") ?? "no actor system"} | {Text(answer, "version")} | {Text(answer, "runtime")} | pid {Text(answer, "processId")}"
                + string.Create(CultureInfo.InvariantCulture, $" | {answer.GetProperty("memoryBytes").GetInt64() / 1024 / 1024} MB")
                + (Text(answer, "waitsFor") is { } waits ? $" | waits: {waits}" : ""),
        ];
    }

    public static IEnumerable<string> Log(JsonElement answer) => answer.EnumerateArray().Select(LogLine);

    public static string LogLine(JsonElement line) => $"{Time(line, "at")} {Text(line, "level")} {Text(line, "category")} {Text(line, "text")}";

    public static IEnumerable<string> Report(JsonElement r)
    {
        yield return $"{Text(r, "id")} | number {Text(r, "number")} | {Text(r, "state")} | version {Text(r, "version")} | {Text(r, "hotline")}{(Flag(r, "urgent") ? " | urgent" : "")}"
            + $" | submitted {Time(r, "submittedAt")} | changed {Time(r, "lastChangedAt")} | shard {Text(r, "shard")} on {Text(r, "node") ?? "no node"}";
        foreach (var i in r.GetProperty("items").EnumerateArray())
        {
            var held = Text(i, "heldBy") is { } by ? $" | held by {by} until {Time(i, "heldUntil")}" : "";
            var owed = string.Join(", ", ((string[])["traced", "matched"]).Where(w => !Flag(i, w)).Select(w => $"not {w}"));
            yield return $"item {Text(i, "item")} | number {Text(i, "number")} | {Text(i, "state")} | version {Text(i, "version")}"
                + $" | {(Flag(i, "orphan") ? "orphan " : "")}{Text(i, "country")} {Text(i, "hotline")}".TrimEnd() + (Text(i, "escalatedTo") is { } to ? $" | escalated to {to}" : "")
                + held + (owed.Length > 0 ? $" | {owed}" : "");
        }

        if (!r.TryGetProperty("history", out var history))
        {
            yield return "history: for keys that are also auditor (docs/access.md)";
            yield break;
        }

        foreach (var e in history.EnumerateArray())
        {
            var items = e.GetProperty("items").EnumerateArray().Select(i => i.ToString()).ToArray();
            yield return $"event {Text(e, "sequence")} | {Time(e, "recordedAt")} | {Text(e, "event")} | {Text(e, "agency")} | {Text(e, "keyId")}"
                + (items.Length > 0 ? $" | items {string.Join(' ', items)}" : "");
        }
    }

    public static IEnumerable<string> Stuck(JsonElement answer)
    {
        var rows = answer.EnumerateArray().ToArray();
        return
        [
            .. rows.Select(s => $"{Text(s, "id")} | after event {Text(s, "afterSequence")} | {Text(s, "reason")} | since {Time(s, "since")} | attempts: {Text(s, "attempts")}"),
            $"Count: {rows.Length} stuck",
        ];
    }

    public static IEnumerable<string> Retried(JsonElement answer) => [$"{Text(answer, "id")} | answers again"];

    public static IEnumerable<string> Queues(JsonElement answer) =>
    [
        .. answer.GetProperty("queues").EnumerateArray().Select(q =>
            $"{Text(q, "name")} | count: {Text(q, "count")} | urgent: {Text(q, "urgent")} | oldest: {(Text(q, "oldestFrom") is null ? "" : Time(q, "oldestFrom"))}".TrimEnd()),
        $"Behind the journal: {Text(answer, "lagEvents")} events, {Text(answer, "lagSeconds")} s",
    ];

    public static IEnumerable<string> Projections(JsonElement answer)
    {
        var stuck = answer.GetProperty("stuck").EnumerateArray().ToArray();
        return
        [
            .. answer.GetProperty("sets").EnumerateArray().Select(s =>
                $"set {Text(s, "set")} | {Text(s, "state")?.ToLowerInvariant()} | version {Text(s, "version")} | position {Text(s, "position")}"
                + $" | behind: {Text(s, "lagEvents")} events, {Text(s, "lag")} | since {Time(s, "since")}"),
            .. stuck.Select(s => $"stuck {Text(s, "persistenceId")} | at event {Text(s, "sequence")} | {Text(s, "reason")} | since {Time(s, "since")}"),
            $"This node writes version {Text(answer, "currentVersion")}; {stuck.Length} reports left out",
        ];
    }

    public static IEnumerable<string> Hashes(JsonElement answer) => answer.EnumerateArray().Select(h =>
        $"{Text(h, "algorithm")} | buckets: {Text(h, "inUse")} of {Text(h, "buckets")} | hashes: {Text(h, "hashes")} | known: {Text(h, "known")} | sightings: {Text(h, "sightings")}"
        + $" | reports to tell: {Text(h, "reportsToTell")}"
        + (h.TryGetProperty("memoryBytes", out var bytes) ? string.Create(CultureInfo.InvariantCulture, $" | memory: {bytes.GetInt64() / 1e6:0.0} MB") : "") + (Text(h, "unanswered") is not "0" and { } missing ? $" | not answering: {missing}" : ""));

    public static IEnumerable<string> Quarantine(JsonElement answer)
    {
        var rows = answer.GetProperty("quarantined").EnumerateArray().ToArray();
        return
        [
            .. rows.Select(q => $"{Text(q, "id")} | {Text(q, "reason")} | since {Time(q, "since")} | by {Text(q, "by") ?? "CPort"} | reports: {Text(q, "reports")}"
                + $" | near values: {Text(q, "nearValues")} | items: {Text(q, "items")} | opinions: {Text(q, "opinions")}{(Flag(q, "confirmed") ? " | confirmed" : "")}"),
            $"Count: {rows.Length}{(Flag(answer, "more") ? " (there are more)" : "")} in quarantine"
                + (Text(answer, "unanswered") is not "0" and { } missing ? $"; {missing} buckets did not answer" : ""),
        ];
    }

    public static IEnumerable<string> Deliveries(JsonElement answer) => answer.EnumerateArray().Select(d =>
        $"{Text(d, "kind")} | pending: {Text(d, "pending")}" + (Text(d, "oldestSince") is null ? "" : $" | oldest since {Time(d, "oldestSince")}")
        + (Text(d, "note") is { } note ? $" | {note}" : ""));

    /// <summary><c>address | [roles] | status | unreachable | version</c>, as pbm since its fifth column.</summary>
    private static string Member(JsonElement m) =>
        $"{Text(m, "address")} | [{string.Join(',', Strings(m, "roles"))}] | {Text(m, "status")} | {(Flag(m, "reachable") ? "" : "unreachable")} | {Text(m, "appVersion")}";

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    private static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string[] Strings(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? [.. value.EnumerateArray().Select(v => v.ToString())] : [];

    private static string Time(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.TryGetDateTimeOffset(out var at)
            ? at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            : "";
}
