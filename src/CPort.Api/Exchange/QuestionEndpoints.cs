using System.ComponentModel.DataAnnotations;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Queues;
using CPort.Domain.Audit;

namespace CPort.Api.Exchange;

/// <summary>Police asks for data of items that it has in a referral.</summary>
public sealed record AskBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? ReportId { get; init; }
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary><c>Source</c>, or <c>Assigned</c>: who has the items. Left out: the source.</summary>
    public CodeValue? To { get; init; }

    /// <summary>Some of the data fields listed above, but for ExactHash. Required.</summary>
    [Required]
    public List<CodeValue?>? Fields { get; init; }

    /// <summary>Left out: 24 hours from now when it is urgent, else five days.</summary>
    public DateValue? Due { get; init; }
    public string? Text { get; init; }
}

/// <summary>What is answered for one field.</summary>
public sealed record FieldGivenBody
{
    /// <summary>One that was asked for. Required.</summary>
    [Required]
    public CodeValue? Field { get; init; }

    /// <summary>The value. Of UploadTime a date with its time zone, of SiteType one of the site types, of Access the user name.</summary>
    public CodeValue? Value { get; init; }

    /// <summary>Of Access.</summary>
    public string? Password { get; init; }

    /// <summary>There is none: no user name is needed, no page leads there.</summary>
    public bool? None { get; init; }

    /// <summary>It cannot be found out.</summary>
    public bool? Impossible { get; init; }
}

/// <summary>A hotline's answer: something for each field that was asked for.</summary>
public sealed record AnswerBody
{
    [Required]
    public List<FieldGivenBody?>? Answers { get; init; }
    public string? Text { get; init; }
}

/// <summary>Why none of it can be found out.</summary>
public sealed record ImpossibleBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? Text { get; init; }
}

/// <summary>Police asks again.</summary>
public sealed record AskAgainBody
{
    /// <summary>Left out: for the same.</summary>
    public List<CodeValue?>? Fields { get; init; }
    public DateValue? Due { get; init; }
    public string? Text { get; init; }
}

/// <summary>A question of a list. What it says in words comes with itself.</summary>
public sealed record ListedQuestionAnswer
{
    public required string RequestId { get; init; }
    public required string ReportId { get; init; }

    /// <summary>Who asks.</summary>
    public required string Agency { get; init; }

    /// <summary>The caller's own agency asks.</summary>
    public required bool Own { get; init; }

    /// <summary>It is for the caller's agency to answer.</summary>
    public required bool ToAnswer { get; init; }
    public required QuestionTo To { get; init; }
    public required QuestionState State { get; init; }
    public required bool Urgent { get; init; }
    public required IReadOnlyList<DataField> Fields { get; init; }
    public required DateTimeOffset AskedAt { get; init; }
    public required DateTimeOffset Due { get; init; }

    /// <summary>Ordinals of its items that the caller sees.</summary>
    public required IReadOnlyList<int> Items { get; init; }

    public static ListedQuestionAnswer Of(ListedQuestion question) => new()
    {
        RequestId = $"{question.Row.ReportId}-q{question.Row.Number}", ReportId = question.Row.ReportId, Agency = question.Row.Agency, Own = question.IsOwn,
        ToAnswer = question.ToAnswer, To = question.Row.To, State = question.State, Urgent = question.Row.Urgent,
        Fields = Completeness.OfBits(question.Row.Fields), AskedAt = ReadRows.Time(question.Row.AskedAt), Due = ReadRows.Time(question.Row.DueAt),
        Items = question.Items,
    };
}

/// <summary>A page of questions.</summary>
public sealed record QuestionListAnswer(IReadOnlyList<ListedQuestionAnswer> Requests, string? NextCursor, PositionAnswer At) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Requests.SelectMany(q => q.Items.Select(i => new AuditObject(AuditObjectKind.Item, $"{q.ReportId}-{i}"))).Distinct()],
        [.. ShownFields.Of(Requests)], Requests.Count);
}

/// <summary>One question with all that was said.</summary>
public sealed record QuestionDetailAnswer(string ReportId, RequestAnswer Request) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Request.Items.Select(i => new AuditObject(AuditObjectKind.Item, $"{ReportId}-{i}"))], [.. ShownFields.Of(Request)]);
}

/// <summary>Questions: police asks hotlines for data by code, and the answer fills the record.</summary>
public static class QuestionEndpoints
{
    public static void MapQuestions(this IEndpointRouteBuilder v1)
    {
        Command(v1.MapPost("/requests", AskAsync), "AskForData", "Ask the source of items, or who has them, for data",
            "By police or INTERPOL that has the items in a referral. Due in 24 hours when they are urgent, else in five days.");
        Command(v1.MapPost("/requests/{id}:answer", AnswerAsync), "AnswerRequest", "Answer what police asks",
            "By whom it asks, with something for each field. Referrer, access and site type fill the report's own fields, unless another has filled them; the "
            + "rest is kept with the question.");
        Command(v1.MapPost("/requests/{id}:impossible", ImpossibleAsync), "RequestIsImpossible", "Say that none of it can be found out", "By whom it asks.");
        Command(v1.MapPost("/requests/{id}:satisfied", SatisfiedAsync), "RequestIsSatisfied", "Say that one has what one asked for", "By who asked.");
        Command(v1.MapPost("/requests/{id}:again", AgainAsync), "AskAgain", "Ask again, for the same or for some of it", "By who asked.");
        v1.MapGet("/requests", ListAsync).Needs(Deed.SeeExchange).WithName("ListRequests").WithTags("Police and hotlines")
            .WithSummary("What one's agency asks and is asked: open, answered or closed")
            .WithDescription("`state` is `open` (default; the first to be due first, overdue ones among them), `answered` (the asker has to say something) or "
                + "`closed`.").Problems(400, 403, 422, 503);
        v1.MapGet("/requests/{id}", GetAsync).Needs(Deed.SeeExchange).WithName("GetRequest").WithTags("Police and hotlines")
            .WithSummary("A question with all that was said").Problems(400, 403, 404, 503);
    }

    private static void Command(RouteHandlerBuilder route, string name, string summary, string description) => route
        .Needs(Deed.WorkOnReports).WithName(name).WithTags("Police and hotlines").WithSummary(summary).WithDescription(description)
        .WithMetadata(new EntityTags.TakesIfMatch())
        .Problems(400, 403, 404, 409, 412, 413, 422, 503);

    private static Task<CommandAnswer> AskAsync(HttpContext http, ApiCaller me, IReportGateway gateway, JsonBody<AskBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var items = ReportCommandEndpoints.Targets(http, f, b.Items);
        var to = f.Code("to", CodeLists.QuestionsTo, b.To) ?? QuestionTo.Source;
        var fields = Fields(f, b.Fields);
        if (fields.IsEmpty && f.Problem is null)
        {
            f.Missing("fields");
        }

        var (due, text) = (f.Date("due", b.Due), f.Text("text", b.Text));
        body.Check();
        return ReportCommandEndpoints.SendAsync(http, gateway, new AskQuestion
        {
            ReportId = ReportEndpoints.Id(b.ReportId ?? ""), Context = me.Context(), Items = items, To = to, Fields = fields, Due = due,
            Text = FieldReader.Secret(text),
        });
    }

    private static Task<CommandAnswer> AnswerAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<AnswerBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        if (b.Answers is not { Count: > 0 and <= 20 })
        {
            f.Missing("answers");
        }

        var answers = (b.Answers ?? []).Take(20).Select((a, i) => Given(f, $"answers[{i}]", a)).ToArray();
        var text = f.Text("text", b.Text);
        body.Check();
        var of = Question(id);
        return ReportCommandEndpoints.SendAsync(http, gateway, new AnswerQuestion
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Answers = [.. answers.OfType<AnswerInput>()],
            Text = FieldReader.Secret(text),
        });
    }

    /// <summary>What is answered for a field; what of it fits which field is said here, whether it was asked for by the rule.</summary>
    public static AnswerInput? Given(FieldReader f, string path, FieldGivenBody? given)
    {
        if (given is null || f.Code($"{path}.field", CodeLists.DataFields, given.Field, required: true) is not { } field)
        {
            return null;
        }

        if (given.Value is null)
        {
            if (given.None is not true && given.Impossible is not true)
            {
                f.Missing($"{path}.value");
            }

            return new AnswerInput { Field = field, None = given.None is true, Impossible = given.Impossible is true };
        }

        var input = new AnswerInput { Field = field, None = given.None is true, Impossible = given.Impossible is true };
        if (field == DataField.SiteType)
        {
            return input with { SiteType = f.Code($"{path}.value", CodeLists.SiteTypes, given.Value) };
        }

        var words = given.Value.Value.Text;
        var text = field switch
        {
            DataField.Referrer => f.Text($"{path}.value", words, f.Limits.UrlLength),
            DataField.Access or DataField.UploaderName => f.Name($"{path}.value", words),
            _ => f.Text($"{path}.value", words),
        };
        if (text is null)
        {
            f.Missing($"{path}.value");
        }

        // As it was given: the zone is what is asked for.
        if (field == DataField.UploadTime && text is not null && !FieldReader.TryDate(text, out _))
        {
            f.Add($"{path}.value", ProblemCodes.MalformedDate, FieldReader.DateForm);
        }

        return input with { Text = FieldReader.Secret(text), Password = FieldReader.Secret(f.Name($"{path}.password", given.Password)) };
    }

    private static Task<CommandAnswer> ImpossibleAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<ImpossibleBody> body)
    {
        var text = body.Fields.Text("text", body.Value.Text);
        if (text is null && body.Fields.Problem is null)
        {
            body.Fields.Missing("text");
        }

        body.Check();
        var of = Question(id);
        return ReportCommandEndpoints.SendAsync(http, gateway, new AnswerQuestion
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Impossible = true, Text = FieldReader.Secret(text),
        });
    }

    private static Task<CommandAnswer> SatisfiedAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<ReferralTextBody> body)
    {
        var text = body.Fields.Text("text", body.Value.Text);
        body.Check();
        var of = Question(id);
        return ReportCommandEndpoints.SendAsync(http, gateway, new JudgeAnswer
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Satisfied = true, Text = FieldReader.Secret(text),
        });
    }

    private static Task<CommandAnswer> AgainAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<AskAgainBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var (fields, due, text) = (Fields(f, b.Fields), f.Date("due", b.Due), f.Text("text", b.Text));
        body.Check();
        var of = Question(id);
        return ReportCommandEndpoints.SendAsync(http, gateway, new JudgeAnswer
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Fields = fields, Due = due,
            Text = FieldReader.Secret(text),
        });
    }

    private static ImmutableArray<DataField> Fields(FieldReader f, List<CodeValue?>? fields)
    {
        if (fields is { Count: > 20 })
        {
            f.Add("fields", ProblemCodes.TooMany, "At most 20 fields.");
            return [];
        }

        return [.. (fields ?? []).Select((v, i) => f.Code($"fields[{i}]", CodeLists.DataFields, v, required: true)).OfType<DataField>()];
    }

    /// <summary>What is no question's id names none.</summary>
    private static QuestionRef Question(string text) => QuestionRef.TryParse(text, out var question) ? question : throw ReportEndpoints.Absent();

    private static async Task<QuestionListAnswer> ListAsync(
        ApiCaller caller, QuestionReader questions, CancellationToken cancellation, string? state = null, string? maxResults = null, string? cursor = null)
    {
        var which = state switch
        {
            null or "" or "open" => QuestionList.Open,
            "answered" => QuestionList.Answered,
            "closed" => QuestionList.Closed,
            _ => throw ApiProblemException.OfField("state", ProblemCodes.UnknownCode, "state is open, answered or closed."),
        };
        return await PageAsync(caller.Caller, which, QueryValues.MaxResults(maxResults), cursor, questions, cancellation);
    }

    /// <summary>A page of them, as the portal shows it too.</summary>
    public static async Task<QuestionListAnswer> PageAsync(
        Caller caller, QuestionList which, int maxResults, string? cursor, QuestionReader questions, CancellationToken cancellation)
    {
        var list = $"requests {which}";
        var page = await questions.PageAsync(
            caller, new QuestionQuery { List = which, MaxResults = maxResults, After = Cursor.Read<QuestionPlace>(list, cursor) }, cancellation);
        return new QuestionListAnswer(
            [.. page.Questions.Select(ListedQuestionAnswer.Of)], page.Next is { } next ? Cursor.Write(list, next) : null, PositionAnswer.Of(page.At));
    }

    private static async Task<QuestionDetailAnswer> GetAsync(string id, ApiCaller me, IReportGateway gateway, CancellationToken cancellation) =>
        await FindAsync(me.Caller, id, gateway, cancellation) ?? throw ReportEndpoints.Absent();

    /// <summary>One of them as the caller sees it; null: none.</summary>
    public static async Task<QuestionDetailAnswer?> FindAsync(Caller caller, string id, IReportGateway gateway, CancellationToken cancellation)
    {
        if (!QuestionRef.TryParse(id, out var of))
        {
            return null;
        }

        var page = await gateway.GetAsync(new GetReport { ReportId = of.Report, Caller = caller, OfQuestion = of.Number, MaxItems = 1 }, cancellation);
        return page.Items.SelectMany(i => i.Questions).FirstOrDefault(q => q.Question.Number == of.Number) is { } view
            ? new QuestionDetailAnswer(of.Report.ToString(), RequestAnswer.Of(of.Report, view)) : null;
    }
}
