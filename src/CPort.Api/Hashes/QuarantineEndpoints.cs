using System.Globalization;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Agencies;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Persistence;
using CPort.Domain.Audit;
using CPort.Domain.Hashes.Verbs;

namespace CPort.Api.Hashes;

/// <summary>A hash that matches too much to mean anything.</summary>
/// <param name="Id">Names it without saying its value; for <c>:release</c>.</param>
/// <param name="Value">Hexadecimal; absent for operators, who see no hash.</param>
/// <param name="Reason"><c>manyReports</c>, <c>manyNearValues</c> or <c>operator</c>.</param>
/// <param name="By">The agency that put it in; absent when CPort found it.</param>
/// <param name="Reports">Different reports that had it when it went in; this and the next two only for who has everything counted.</param>
/// <param name="NearValues">Different PDQ values searched near it when it went in (estimated).</param>
/// <param name="Items">Items that carry it now.</param>
/// <param name="Opinions">Opinions that count now.</param>
/// <param name="Confirmed">Its exact opinions apply all the same: a human of a trusted agency confirmed it, or two trusted agencies agree.</param>
public sealed record QuarantinedHashAnswer(
    string Id, HashAlgorithm Algorithm, string? Value, QuarantineReason Reason, DateTimeOffset Since, string? By, int? Reports, int? NearValues, int? Items,
    int Opinions, bool Confirmed);

/// <summary>A page of the quarantine.</summary>
/// <param name="NextCursor">The <c>cursor</c> of the next page; absent on the last.</param>
/// <param name="Unanswered">Hash buckets that did not answer: theirs are missing from this page.</param>
public sealed record QuarantineListAnswer(IReadOnlyList<QuarantinedHashAnswer> Quarantined, string? NextCursor, IReadOnlyList<string>? Unanswered) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Quarantined.Select(q => new AuditObject(AuditObjectKind.Hash, q.Id))], [.. ShownFields.Of(Quarantined)], Quarantined.Count);
}

/// <summary>Hashes to put into quarantine or to release; 1 to 200 in all.</summary>
public sealed record ChangeQuarantineBody : ILongBody
{
    /// <summary>As the list names them.</summary>
    public List<string?>? Ids { get; init; }

    /// <summary>By value.</summary>
    public List<HashBody?>? Hashes { get; init; }

    /// <summary>Of <see cref="Hashes"/>: <c>live</c> or <c>training</c>, for operators; absent, and for all others, what the key is for.</summary>
    public string? Tenant { get; init; }
}

/// <summary>How many went in or came out; the others were so already.</summary>
public sealed record ChangeQuarantineAnswer(int Changed) : IShowsData
{
    Shown IShowsData.What() => Shown.View("quarantine changed", Changed);
}

/// <summary>The quarantine of over-matching hashes; for operators and trusted agencies.</summary>
public static class QuarantineEndpoints
{
    private const string List = "quarantine";
    private const int Most = HashBucketLimits.Part;
    private const int BucketsAtOnce = 32;
    private const string NoTenant = "live or training; other than the key's own for operators only.";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    public static void MapQuarantine(this IEndpointRouteBuilder v1)
    {
        var quarantine = v1.MapGroup("").WithTags("Hashes");
        quarantine.MapGet("/hashes/quarantine", ListAsync).Needs(Deed.KeepQuarantine).WithName("ListQuarantine")
            .WithSummary("Hashes in quarantine: over-matching values that match nothing near and apply only when confirmed")
            .WithDescription("Operators get no values.")
            .Problems(400, 403, 422, 503);
        quarantine.MapPost("/hashes/quarantine:release",
            (JsonBody<ChangeQuarantineBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, AgencyDirectoryFeed directory,
                CancellationToken cancellation) =>
                ChangeAsync(body, caller, actors, directory.Current.Training, release: true, cancellation))
            .Needs(Deed.KeepQuarantine).WithName("ReleaseQuarantine")
            .WithSummary("Release hashes from quarantine; they never go back by themselves")
            .Problems(400, 403, 422, 503);
        quarantine.MapPost("/hashes/quarantine:add",
            (JsonBody<ChangeQuarantineBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, AgencyDirectoryFeed directory,
                CancellationToken cancellation) =>
                ChangeAsync(body, caller, actors, directory.Current.Training, release: false, cancellation))
            .Needs(Deed.KeepQuarantine).WithName("AddQuarantine")
            .WithSummary("Put hashes into quarantine; reports that inherited from unconfirmed ones learn of it")
            .Problems(400, 403, 422, 503);
    }

    /// <summary>A page of the quarantine; also for the operators' port.</summary>
    public static async Task<QuarantineListAnswer> ListAsync(
        ApiCaller caller, IReadOnlyActorRegistry actors, Database database, StuckEntities stuck, AgencyDirectoryFeed directory,
        CancellationToken cancellation, string? cursor = null, string? maxResults = null, string? tenant = null)
    {
        var training = directory.Current.Training;
        var of = TenantOf(caller.Caller, tenant, training)
            ?? throw ApiProblemException.OfField("tenant", ProblemCodes.OutOfRange, NoTenant);
        var max = QueryValues.MaxResults(maxResults);
        var (values, counts) = (AccessTable.May(caller.Caller, Deed.LookUpHashes), AccessTable.May(caller.Caller, Deed.CountEverything));
        var from = Cursor.Read<Position>(List, cursor) ?? new Position(0, 0);
        var withEvents = (await HashBucketJournal.WithEventsAsync(database, training, cancellation)).ToHashSet();
        var buckets = HashBucketId.AllOf(of).Select((id, number) => (Id: id, Number: number)).Where(b => b.Number >= from.Bucket && withEvents.Contains(b.Id))
            .ToList();
        var region = actors.Get<HashBucketRegion>();
        var rows = new List<QuarantinedHashAnswer>();
        var unanswered = new List<string>();
        foreach (var part in buckets.Chunk(BucketsAtOnce))
        {
            var answers = await Task.WhenAll(part.Select(async bucket =>
                (bucket, Answer: await AskAsync(bucket.Id, bucket.Number == from.Bucket ? from.Row : 0))));
            foreach (var (bucket, answer) in answers)
            {
                if (answer is null)
                {
                    unanswered.Add(bucket.Id.ToString());
                    continue;
                }

                foreach (var row in answer.Rows)
                {
                    if (rows.Count == max)
                    {
                        return Page(new Position(bucket.Number, row.Row));
                    }

                    rows.Add(ToAnswer(bucket.Id, row, values, counts));
                }

                if (answer.More)
                {
                    return Page(new Position(bucket.Number, answer.Rows[^1].Row + 1));
                }
            }
        }

        return Page(null);

        QuarantineListAnswer Page(Position? next) => new(rows, next is null ? null : Cursor.Write(List, next), unanswered.Count > 0 ? unanswered : null);

        async Task<QuarantineReply?> AskAsync(HashBucketId bucket, int row)
        {
            if (stuck.IsStuck(EntityName.Of(bucket)))
            {
                return null;
            }

            try
            {
                return await region.Ask<QuarantineReply>(new GetQuarantine { Bucket = bucket, FromRow = row, Limit = max }, Patience, cancellation);
            }
            catch (AskTimeoutException)
            {
                return null;
            }
        }
    }

    private static async Task<ChangeQuarantineAnswer> ChangeAsync(
        JsonBody<ChangeQuarantineBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, Tenant training, bool release,
        CancellationToken cancellation)
    {
        var (value, fields) = (body.Value, body.Fields);
        var hashes = value.Hashes is null ? [] : HashEndpoints.ReadHashes(fields, value.Hashes);
        var rows = new List<(HashBucketId Bucket, int Row)>();
        for (var i = 0; i < (value.Ids?.Count ?? 0) && !fields.IsFull; i++)
        {
            if (TryId(value.Ids![i], out var id) && IsFor(caller.Caller, id.Bucket.Tenant, training))
            {
                rows.Add(id);
            }
            else
            {
                fields.Add($"ids[{i}]", ProblemCodes.OutOfRange, "An id is one that the list of the quarantine gave.");
            }
        }

        if (value.Ids is null && value.Hashes is null)
        {
            fields.Missing("hashes");
        }
        else if (hashes.Length + rows.Count > Most)
        {
            fields.Add("hashes", ProblemCodes.TooMany, $"At most {Most} hashes and ids together.");
        }

        var tenant = TenantOf(caller.Caller, value.Tenant, training);
        if (tenant is null)
        {
            fields.Add("tenant", ProblemCodes.OutOfRange, NoTenant);
        }

        body.Check();
        var region = actors.Get<HashBucketRegion>();
        var at = caller.Context().OccurredAt;
        var buckets = hashes.Select(BucketOf).Concat(rows.Select(r => r.Bucket)).Distinct().ToList();
        var changed = await Task.WhenAll(buckets.Select(bucket => region.Ask<QuarantineChanged>(
            new ChangeQuarantine
            {
                Bucket = bucket, RequestId = 0, Release = release, By = caller.Caller.Agency, At = at,
                Hashes = [.. hashes.Where(hash => BucketOf(hash) == bucket)], Rows = [.. rows.Where(r => r.Bucket == bucket).Select(r => r.Row)],
            },
            Patience, cancellation)));
        return new ChangeQuarantineAnswer(changed.Sum(c => c.Changed));

        HashBucketId BucketOf(ContentHash hash) => HashBucketId.For(tenant!.Value, hash);
    }

    /// <summary>A live operator's choice, live when there is none; of everybody else their key's. Null: no tenant, or not theirs.</summary>
    private static Tenant? TenantOf(Caller caller, string? text, Tenant training)
    {
        Tenant? named = text is null ? caller.Tenant
            : text.Equals(nameof(Tenant.Live), StringComparison.OrdinalIgnoreCase) ? Tenant.Live
            : text.Equals(nameof(Tenant.Training), StringComparison.OrdinalIgnoreCase) ? training
            : null;
        return named is { } tenant && IsFor(caller, tenant, training) ? named : null;
    }

    private static bool IsFor(Caller caller, Tenant tenant, Tenant training) =>
        tenant == caller.Tenant || (caller.Tenant == Tenant.Live && caller.Is(Roles.Operator) && tenant == training);

    private static QuarantinedHashAnswer ToAnswer(HashBucketId bucket, QuarantineRow row, bool values, bool counts) => new(
        string.Create(CultureInfo.InvariantCulture, $"{bucket}.{row.Row}"), row.Hash.Algorithm, values ? row.Hash.ToHex() : null, row.State.Reason,
        row.State.Since, row.State.By?.Value, counts ? row.State.Reports : null, counts ? row.State.NearValues : null, counts ? row.Items : null,
        row.Opinions, row.Confirmed);

    private static bool TryId(string? text, out (HashBucketId Bucket, int Row) id)
    {
        id = default;
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot < 0 || !HashBucketId.TryParse(text![..dot], out var bucket)
            || !int.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var row))
        {
            return false;
        }

        id = (bucket, row);
        return true;
    }

    private sealed record Position(int Bucket, int Row);
}
