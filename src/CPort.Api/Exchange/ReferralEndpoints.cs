using System.ComponentModel.DataAnnotations;
using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Actors.Reports;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;

namespace CPort.Api.Exchange;

/// <summary>Items of a report are given to police by hand.</summary>
public sealed record ReferBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? ReportId { get; init; }
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>A police agency, or INTERPOL; police names itself. Required.</summary>
    [Required]
    public string? Agency { get; init; }

    /// <summary>What holds them together: one of the referral keys listed above. Left out: their host.</summary>
    public CodeValue? Because { get; init; }

    /// <summary>Of a series: its name. Only a keyed hash of it is kept.</summary>
    public string? Series { get; init; }

    /// <summary>Of look-alikes: the group's id.</summary>
    public string? Group { get; init; }
}

/// <summary>An answer of police.</summary>
public sealed record ReferralTextBody
{
    public string? Text { get; init; }
}

public sealed record DeclineBody
{
    /// <summary>One of the decline reasons listed above. Required.</summary>
    [Required]
    public CodeValue? Reason { get; init; }
    public string? Text { get; init; }
}

public sealed record KnownBody
{
    /// <summary><c>Identified</c> or <c>Series</c>. Required.</summary>
    [Required]
    public CodeValue? As { get; init; }
    public string? Text { get; init; }
}

public sealed record CloseBody
{
    /// <summary>One of the referral outcomes listed above. Required.</summary>
    [Required]
    public CodeValue? Outcome { get; init; }
    public string? Text { get; init; }
}

public sealed record ForwardBody
{
    /// <summary>Other police of the same country, or INTERPOL. Required.</summary>
    [Required]
    public string? To { get; init; }
    public string? Text { get; init; }
}

/// <summary>What became of an answer.</summary>
public sealed record ReferralCommandAnswer(string Outcome, string ReferralId, ReferralState State, bool? Replayed);

/// <summary>How pressing a referral is, by its agency's rules.</summary>
/// <param name="Score">0 to 100.</param>
/// <param name="InWords">How it came about.</param>
/// <param name="RulesVersion">By which version of the rules; 0: CPort's own.</param>
/// <param name="Terms">The signals that hold, with what each is worth.</param>
public sealed record PriorityAnswer(int Score, string InWords, int RulesVersion, IReadOnlyList<PriorityTermAnswer> Terms)
{
    public static PriorityAnswer? Of(ReferralRow? row)
    {
        if (row is null)
        {
            return null;
        }

        var score = new PriorityScore(row.Score, PriorityRules.TermsOf(row.ScoreTerms));
        return new PriorityAnswer(row.Score, score.InWords(), row.ScoreVersion, [.. score.Terms.Select(t => new PriorityTermAnswer(t.Signal, t.Weight))]);
    }
}

/// <summary>What one signal adds to a score.</summary>
public sealed record PriorityTermAnswer(PrioritySignal Signal, int Weight);

/// <summary>How much of what police needs there is: of seven fields, of one of its items or another.</summary>
public sealed record CompletenessAnswer(int Have, int Of, IReadOnlyList<DataField> Missing)
{
    public static CompletenessAnswer? From(ReferralRow? row)
    {
        if (row is null)
        {
            return null;
        }

        DataField[] missing = [.. Completeness.Fields.Except(Completeness.OfBits(row.CompleteWith))];
        return new CompletenessAnswer(Completeness.Fields.Length - missing.Length, Completeness.Fields.Length, missing);
    }
}

/// <summary>Something urgent, which a person of the agency acknowledges.</summary>
/// <param name="Since">Since when.</param>
/// <param name="Due">Until when; absent once it was acknowledged, or went further.</param>
/// <param name="AcknowledgedAt">When a person said that it was seen.</param>
/// <param name="EscalatedAt">When it went to the national bureau, or INTERPOL, as well.</param>
public sealed record AlertAnswer(DateTimeOffset Since, DateTimeOffset? Due, DateTimeOffset? AcknowledgedAt, DateTimeOffset? EscalatedAt);

/// <summary>Another police agency works on the same. On which item, and where, is not said.</summary>
/// <param name="Because">By what they meet.</param>
/// <param name="Agency">Who; absent: the two have no item in common.</param>
/// <param name="Ask">Whom to talk to: that agency, else INTERPOL.</param>
public sealed record DeconflictionAnswer(DeconflictionKind Because, string? Agency, string Ask);

/// <summary>A referral of the inbox.</summary>
/// <param name="ReferralId">Of the referral.</param>
/// <param name="State">By the last answer.</param>
/// <param name="Because">What holds its items together.</param>
/// <param name="Urgent">One of its items is.</param>
/// <param name="OpenedAt">When the first item came.</param>
/// <param name="ChangedAt">When something last happened to it.</param>
/// <param name="Items">How many it has.</param>
/// <param name="FirstItemId">Its first item.</param>
/// <param name="CountryCode">The country by which its items concern the agency; absent when they were referred by hand.</param>
/// <param name="AnsweredBy">Key or person of the agency that answered last.</param>
public sealed record ListedReferralAnswer(
    string ReferralId, ReferralState State, ReferralWhy Because, bool Urgent, DateTimeOffset OpenedAt, DateTimeOffset ChangedAt, int Items,
    string FirstItemId, string? CountryCode, string? AnsweredBy, PriorityAnswer? Priority, CompletenessAnswer? Completeness, DateTimeOffset? AlertDue)
{
    public static ListedReferralAnswer Of(ReferralRow row) => new(
        row.ReferralId, row.State, row.Why, row.Urgent == 1, ReadRows.Time(row.OpenedAt), ReadRows.Time(row.ChangedAt), row.Items, row.FirstItem,
        row.Country, row.AnsweredBy, PriorityAnswer.Of(row), CompletenessAnswer.From(row), row.AlertDue > 0 ? ReadRows.Time(row.AlertDue) : null);
}

/// <summary>A page of referrals.</summary>
public sealed record ReferralListAnswer(IReadOnlyList<ListedReferralAnswer> Referrals, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Referrals.Select(r => new AuditObject(AuditObjectKind.Referral, r.ReferralId))], [.. ShownFields.Of(Referrals)], Referrals.Count);
}

/// <summary>An item of a referral; what there is to see of it comes from the item itself.</summary>
/// <param name="Icse">The most that ICSE says of it.</param>
public sealed record ReferredItemAnswer(
    string ItemId, string ReportId, int Item, long Number, DateTimeOffset JoinedAt, bool Urgent, string? CountryCode, IcseWord? Icse);

/// <summary>Another referral of the same key.</summary>
public sealed record OtherReferralAnswer(string ReferralId, ReferralState State, DateTimeOffset OpenedAt, int Items);

/// <summary>A referral, as the agency that it was given to sees it.</summary>
public sealed record ReferralAnswer : IShowsData
{
    Shown IShowsData.What() => new(
        [new AuditObject(AuditObjectKind.Referral, ReferralId), .. Items.Select(i => new AuditObject(AuditObjectKind.Item, i.ItemId))],
        [.. ShownFields.Of(this)]);

    public required string ReferralId { get; init; }
    public required ReferralState State { get; init; }
    public required ReferralWhy Because { get; init; }

    /// <summary>CPort by its rule, or who referred by hand.</summary>
    public required string OpenedBy { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }
    public required bool Urgent { get; init; }
    public required int ItemCount { get; init; }
    public required IReadOnlyList<ReferredItemAnswer> Items { get; init; }

    /// <summary>What police said, oldest first.</summary>
    public required IReadOnlyList<PoliceWordAnswer> Feedback { get; init; }

    /// <summary>Of what is urgent, or was.</summary>
    public AlertAnswer? Alert { get; init; }

    /// <summary>Absent in the first second.</summary>
    public PriorityAnswer? Priority { get; init; }
    public CompletenessAnswer? Completeness { get; init; }

    /// <summary>Other police that works on the same.</summary>
    public IReadOnlyList<DeconflictionAnswer>? Deconfliction { get; init; }

    /// <summary>Others about the same.</summary>
    public required IReadOnlyList<OtherReferralAnswer> Others { get; init; }
    public string? NextCursor { get; init; }

    /// <summary>Texts of the oldest feedback had no room: <c>before</c> of the question that brings them.</summary>
    public string? Earlier { get; init; }

    /// <summary>The list of what was said that <see cref="Earlier"/> is a place in.</summary>
    public static string Said(ReferralRef referral) => $"said {referral}";

    public static ReferralAnswer Of(ReferralPage page, string? nextCursor)
    {
        string Id(int number) => new ReferralRef(page.Key, number).ToString();
        return new ReferralAnswer
        {
            ReferralId = Id(page.Number), State = page.State, Because = page.Why, OpenedBy = page.OpenedBy.Value, OpenedAt = page.OpenedAt,
            Alert = page.UrgentSince is { } since ? new AlertAnswer(since, page.AlertDue, page.AcknowledgedAt, page.EscalatedAt) : null,
            Urgent = page.Urgent, ItemCount = page.ItemCount,
            Items =
            [
                .. page.Items.Select(i => new ReferredItemAnswer(
                    i.Item.ToString(), i.Item.Report.ToString(), i.Item.Ordinal, i.Number, i.JoinedAt, i.Urgent, i.Country?.Code,
                    i.Icse)),
            ],
            Feedback =
            [
                .. page.Lines.Select((l, i) => new PoliceWordAnswer(
                    l.State, l.At, CodeAnswer.Of(l.Reason), CodeAnswer.Of(l.Outcome), CodeAnswer.Of(l.KnownAs), l.To?.Value,
                    page.Texts.ElementAtOrDefault(i) is { Length: > 0 } text ? text : null, l.Escalated ? true : null)),
            ],
            Others = [.. page.Others.Select(o => new OtherReferralAnswer(Id(o.Number), o.State, o.OpenedAt, o.Items))], NextCursor = nextCursor,
            Earlier = page.Earlier is { } line ? Cursor.Write<int?>(Said(new ReferralRef(page.Key, page.Number)), line) : null,
        };
    }

    /// <summary>With what is not the referral's own: its score, what it lacks, and who else works on the same.</summary>
    public async Task<ReferralAnswer> WithSignsAsync(
        Caller caller, ReferralRef referral, ReferralReader reader, DeconflictionReader deconfliction, CancellationToken cancellation)
    {
        var row = await reader.RowAsync(caller, referral, cancellation);
        var hints = await deconfliction.OfAsync(caller, referral, cancellation);
        return this with
        {
            Priority = PriorityAnswer.Of(row), Completeness = CompletenessAnswer.From(row),
            Deconfliction = hints.IsEmpty ? null : [.. hints.Select(h => new DeconflictionAnswer(h.Kind, h.Agency?.Value, h.Agency?.Value ?? "INTERPOL"))],
        };
    }
}

/// <summary>Referrals: what hotlines find, for the police that it concerns, and what police says of it.</summary>
public static class ReferralEndpoints
{
    public static void MapReferrals(this IEndpointRouteBuilder v1)
    {
        Tagged(v1.MapPost("/referrals", ReferAsync).Needs(Deed.WorkOnReports), "ReferItems", "Refer items of a report to police by hand",
            "By the reporting hotline and who has the items, to any police agency or INTERPOL; police to itself. The agency sees the items from then on. It "
            + "opens a referral, or joins one, within a second or so.").Problems(400, 403, 404, 409, 413, 422, 503);
        Tagged(v1.MapGet("/referrals", ListAsync).Needs(Deed.SeeExchange), "ListReferrals",
            "The referrals of one's agency, urgent ones first, then by priority, then the oldest",
            $"`state`: one or more of {string.Join(", ", Enum.GetNames<ReferralState>())}, with commas.").Problems(400, 403, 422, 503);
        Tagged(v1.MapGet("/referrals/{id}", GetAsync).Needs(Deed.SeeExchange), "GetReferral", "A referral with its items, 50 a page, and its feedback", "")
            .Problems(400, 403, 404, 503);
        Tagged(v1.MapPost("/referrals/{id}:acknowledge", AcknowledgeAsync).Needs(Deed.AnswerReferrals), "AcknowledgeReferral",
            "Say that a person has seen what is urgent",
            "Within 15 minutes; any other answer by a person says it too. After that it goes to the national bureau as well, else to INTERPOL, once.")
            .Problems(400, 403, 404, 409, 503);
        Answer(v1, "receive", ReceiveAsync, "ReceiveReferral", "Say that a referral was received");
        Answer(v1, "use", UseAsync, "UseReferral", "Say that a referral is in use");
        Answer(v1, "decline", DeclineAsync, "DeclineReferral", "Decline a referral, with a reason");
        Answer(v1, "known", KnownAsync, "KnownReferral", "Say that the material is known already");
        Answer(v1, "close", CloseAsync, "CloseReferral", "Close a referral, with its outcome");
        Answer(v1, "forward", ForwardAsync, "ForwardReferral", "Hand a referral on to other police of the country, or to INTERPOL");
    }

    private static void Answer(IEndpointRouteBuilder v1, string verb, Delegate handler, string name, string summary) => Tagged(
        v1.MapPost($"/referrals/{{id}}:{verb}", handler).Needs(Deed.AnswerReferrals), name, summary,
        "The answer stays, and goes to the items' source and to who has them.").Problems(400, 403, 404, 409, 413, 422, 503);

    private static RouteHandlerBuilder Tagged(RouteHandlerBuilder route, string name, string summary, string description) =>
        route.WithName(name).WithTags("Police and hotlines").WithSummary(summary).WithDescription(description);

    private static Task<CommandAnswer> ReferAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, ConfidentialSeam seam, JsonBody<ReferBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var items = ReportCommandEndpoints.Targets(http, f, b.Items);
        if (!AgencyId.TryParse(b.Agency, out var agency))
        {
            f.Add("agency", ProblemCodes.Missing, "The id of a police agency, or of INTERPOL, is required.");
        }

        var why = f.Code("because", CodeLists.ReferralKeys, b.Because) ?? ReferralWhy.Host;
        var series = f.Name("series", b.Series);
        if ((why == ReferralWhy.Series) == (series is null))
        {
            f.Add("series", ProblemCodes.Inconsistent, "The name of a series goes with because Series, and only with that.");
        }

        if ((why == ReferralWhy.Group) != GroupRows.IsId(b.Group))
        {
            f.Add("group", ProblemCodes.Inconsistent, "The id of a group goes with because Group, and only with that.");
        }

        body.Check();
        var about = why switch
        {
            ReferralWhy.Series => ReadRows.ReferenceKey(seam, me.Caller.Tenant, $"series\0{series!.Trim().ToUpperInvariant()}"),
            ReferralWhy.Group => b.Group,
            _ => null,
        };
        return ReportCommandEndpoints.SendAsync(http, gateway, new RequestReferral
        {
            ReportId = ReportEndpoints.Id(b.ReportId ?? ""), Context = me.Context(), Items = items, Agency = agency, Why = why, About = about,
        });
    }

    private static async Task<ReferralListAnswer> ListAsync(
        ApiCaller me, ReferralReader reader, CancellationToken cancellation, string? state = null, string? maxResults = null, string? cursor = null)
    {
        var states = ImmutableArray.CreateBuilder<ReferralState>();
        foreach (var word in (state ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            states.Add(Enum.TryParse<ReferralState>(word, ignoreCase: true, out var one) && Enum.IsDefined(one) && !char.IsAsciiDigit(word[0]) ? one
                : throw ApiProblemException.OfField("state", ProblemCodes.UnknownCode, $"States: {string.Join(", ", Enum.GetNames<ReferralState>())}."));
        }

        var list = $"referrals {string.Join(',', states.Order())}";
        var (rows, next) = await reader.PageAsync(
            me.Caller,
            new ReferralQuery
            {
                States = states.ToImmutable(), MaxResults = QueryValues.MaxResults(maxResults), After = Cursor.Read<ReferralPlace>(list, cursor),
            },
            cancellation);
        return new ReferralListAnswer([.. rows.Select(ListedReferralAnswer.Of)], next is null ? null : Cursor.Write(list, next));
    }

    private static async Task<ReferralAnswer> GetAsync(
        string id, ApiCaller me, IReferralGateway gateway, ReferralReader reader, DeconflictionReader deconfliction, CancellationToken cancellation,
        string? cursor = null, string? before = null)
    {
        var referral = Id(id);
        var list = $"referral {referral}";
        var page = await gateway.GetAsync(
            new GetReferral
            {
                Key = referral.Key, Number = referral.Number, Caller = me.Caller, Skip = Cursor.Read<int?>(list, cursor) ?? 0,
                BeforeLine = Cursor.Read<int?>(ReferralAnswer.Said(referral), before),
            }, cancellation);
        if (!page.Found)
        {
            throw Absent();
        }

        return await ReferralAnswer.Of(page, page.Next is { } next ? Cursor.Write<int?>(list, next) : null)
            .WithSignsAsync(me.Caller, referral, reader, deconfliction, cancellation);
    }

    private static async Task<ReferralCommandAnswer> AcknowledgeAsync(HttpContext http, ApiCaller me, IReferralGateway gateway, string id)
    {
        var referral = Id(id);
        return Answered(referral, await gateway.SendAsync(
            new AcknowledgeAlert { Key = referral.Key, Context = me.Context(), Number = referral.Number }, http.RequestAborted));
    }

    private static Task<ReferralCommandAnswer> ReceiveAsync(
        HttpContext http, ApiCaller me, IReferralGateway gateway, string id, JsonBody<ReferralTextBody> body) =>
        AnswerAsync(http, me, gateway, id, body, body.Value.Text, c => c with { State = ReferralState.Received });

    private static Task<ReferralCommandAnswer> UseAsync(
        HttpContext http, ApiCaller me, IReferralGateway gateway, string id, JsonBody<ReferralTextBody> body) =>
        AnswerAsync(http, me, gateway, id, body, body.Value.Text, c => c with { State = ReferralState.InUse });

    private static Task<ReferralCommandAnswer> DeclineAsync(HttpContext http, ApiCaller me, IReferralGateway gateway, string id, JsonBody<DeclineBody> body)
    {
        var reason = body.Fields.Code("reason", CodeLists.DeclineReasons, body.Value.Reason, required: true);
        return AnswerAsync(http, me, gateway, id, body, body.Value.Text, c => c with { State = ReferralState.Declined, Reason = reason });
    }

    private static Task<ReferralCommandAnswer> KnownAsync(HttpContext http, ApiCaller me, IReferralGateway gateway, string id, JsonBody<KnownBody> body)
    {
        var known = body.Fields.Code("as", CodeLists.KnownAs, body.Value.As, required: true);
        return AnswerAsync(http, me, gateway, id, body, body.Value.Text, c => c with { State = ReferralState.Known, KnownAs = known });
    }

    private static Task<ReferralCommandAnswer> CloseAsync(HttpContext http, ApiCaller me, IReferralGateway gateway, string id, JsonBody<CloseBody> body)
    {
        var outcome = body.Fields.Code("outcome", CodeLists.ReferralOutcomes, body.Value.Outcome, required: true);
        return AnswerAsync(http, me, gateway, id, body, body.Value.Text, c => c with { State = ReferralState.Closed, Outcome = outcome });
    }

    private static Task<ReferralCommandAnswer> ForwardAsync(HttpContext http, ApiCaller me, IReferralGateway gateway, string id, JsonBody<ForwardBody> body)
    {
        if (!AgencyId.TryParse(body.Value.To, out var to))
        {
            body.Fields.Add("to", ProblemCodes.Missing, "An agency's id is required.");
        }

        return AnswerAsync(http, me, gateway, id, body, body.Value.Text, c => c with { State = ReferralState.Forwarded, To = to });
    }

    private static async Task<ReferralCommandAnswer> AnswerAsync<T>(
        HttpContext http, ApiCaller me, IReferralGateway gateway, string id, JsonBody<T> body, string? given, Func<AnswerReferral, AnswerReferral> answer)
        where T : class
    {
        var text = body.Fields.Text("text", given);
        body.Check();
        var referral = Id(id);
        var reply = await gateway.SendAsync(
            answer(new AnswerReferral
            {
                Key = referral.Key, Context = me.Context(), Number = referral.Number, State = ReferralState.Open, Text = FieldReader.Secret(text),
            }),
            http.RequestAborted);
        return Answered(referral, reply);
    }

    private static ReferralCommandAnswer Answered(ReferralRef referral, ReferralReply reply) => reply.Code switch
    {
        ReferralRejection.None => new ReferralCommandAnswer("accepted", referral.ToString(), reply.State, reply.Replayed ? true : null),
        ReferralRejection.NotFound => throw Absent(),
        _ => throw ApiProblemException.Of(ProblemCodes.Of(reply.Code), reply.Detail),
    };

    private static ReferralRef Id(string text) => ReferralRef.TryParse(text, out var referral) ? referral : throw Absent();

    private static ApiProblemException Absent() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such referral, or it is not for you to see.");
}
