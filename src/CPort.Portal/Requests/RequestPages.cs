using CPort.Actors.Intake;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Exchange;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Portal.Requests;

/// <summary>What one's agency asks and is asked.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="List">Open, answered or closed.</param>
public sealed record RequestsModel(QuestionListAnswer Answer, QuestionList List) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();
}

/// <summary>One question with all that was said.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="Own">The caller's agency asks.</param>
public sealed record RequestModel(QuestionDetailAnswer Answer, bool Own) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();

    public RequestAnswer Request => Answer.Request;

    public string Address => $"{RequestPages.Home}/{Request.RequestId}";

    public bool IsOpen => Request.State is QuestionState.Asked or QuestionState.AskedAgain or QuestionState.Overdue;
}

/// <summary>
/// <c>/app/requests</c>: what police asks hotlines for, with a form of exactly the fields that are asked for, and what who asked says to the answer.
/// </summary>
internal static class RequestPages
{
    public const string Home = "/app/requests";
    private const int Rows = 50;

    public static void MapRequests(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, ListAsync).Needs(Deed.SeeExchange);
        pages.MapGet(Home + "/{id}", PageAsync).Needs(Deed.SeeExchange);
        Command(pages, "answer", "answered", (http, f, of, request) => new AnswerQuestion
        {
            ReportId = of.Report, Context = f.Context(), Number = of.Number, Text = Secret(f.Text("text")), Answers = Given(http, f, request),
        });
        Command(pages, "impossible", "answered", (_, f, of, _) => new AnswerQuestion
        {
            ReportId = of.Report, Context = f.Context(), Number = of.Number, Impossible = true, Text = Secret(f.Text("text")),
        });
        Command(pages, "satisfied", "satisfied", (_, f, of, _) => new JudgeAnswer
        {
            ReportId = of.Report, Context = f.Context(), Number = of.Number, Satisfied = true,
        });
        Command(pages, "again", "askedAgain", (_, f, of, _) => new JudgeAnswer
        {
            ReportId = of.Report, Context = f.Context(), Number = of.Number, Text = Secret(f.Text("text")),
            Fields = [.. f.All("field").Select(v => Enum.TryParse<DataField>(v, out var field) ? field : default).Where(v => Enum.IsDefined(v))],
        });
    }

    private static SecretText? Secret(string? text) => text is null ? null : new SecretText { Text = text };

    private static async Task<IResult> ListAsync(HttpContext http, QuestionReader questions, string? state = null, string? after = null)
    {
        var list = state switch { "answered" => QuestionList.Answered, "closed" => QuestionList.Closed, _ => QuestionList.Open };
        var answer = await QuestionEndpoints.PageAsync(http.Features.Get<Caller>()!, list, Rows, after, questions, http.RequestAborted);
        return Pages.Of<RequestsView, RequestsModel>(
            http, new RequestsModel(answer, list), p => p with
            {
                Title = p.Words["requests.title"], Nav = p.Work,
                At = new ReadPosition(answer.At.Position, answer.At.LagEvents, TimeSpan.FromSeconds(answer.At.LagSeconds), answer.At.Rebuilding),
            });
    }

    private static async Task<IResult> PageAsync(HttpContext http, IReportGateway gateway, Drafts drafts, string id) =>
        await ReadAsync(http, gateway, id) is { } model ? Page(http, model, await drafts.FindAsync(http)) : Pages.Absent(http);

    private static async Task<RequestModel?> ReadAsync(HttpContext http, IReportGateway gateway, string id)
    {
        var caller = http.Features.Get<Caller>()!;
        return await QuestionEndpoints.FindAsync(caller, id, gateway, http.RequestAborted) is { } answer
            ? new RequestModel(answer, answer.Request.Agency == caller.Agency.Value) : null;
    }

    private static IResult Page(
        HttpContext http, RequestModel model, FilledForm? filled = null, int status = StatusCodes.Status200OK, params ImmutableArray<PageError> errors) =>
        Pages.Of<RequestView, RequestModel>(
            http, model, p => p with
            {
                Title = p.Words.Of("requests.one", ("agency", model.Request.Agency)), Nav = p.Work, Errors = errors, Filled = filled,
                Crumbs = [new Crumb(p.Words["requests.title"], Home)],
            }, status);

    private static void Command(
        IEndpointRouteBuilder pages, string verb, string done, Func<HttpContext, Form, QuestionRef, RequestAnswer, IReportCommand> make) =>
        pages.MapPost($"{Home}/{{id}}/{verb}", async (HttpContext http, IReportGateway gateway, string id) =>
        {
            var form = await Form.ReadAsync(http);
            if (!QuestionRef.TryParse(id, out var of) || await ReadAsync(http, gateway, id) is not { } model)
            {
                return Pages.Absent(http);
            }

            IReportCommand command;
            try
            {
                command = make(http, form, of, model.Request);
            }
            catch (ApiProblemException)
            {
                // A field that cannot be read: which, its name says.
                return Page(http, model, form.Filled(), StatusCodes.Status422UnprocessableEntity, new PageError(Pages.WordsOf(http)["requests.unreadable"]));
            }

            var reply = await gateway.SendAsync(command, http.RequestAborted);
            if (reply.Code == RejectionCode.None)
            {
                return Pages.After(model.Address, done);
            }

            var words = Pages.WordsOf(http);
            return reply.Code is RejectionCode.NotFound or RejectionCode.NoSuchQuestion ? Pages.Absent(http)
                : Page(http, model, form.Filled(), StatusCodes.Status422UnprocessableEntity,
                    new PageError(words.Has($"refusal.{reply.Code}") ? words[$"refusal.{reply.Code}"] : reply.Detail ?? words["error.refused"]));
        }).Needs(Deed.SeeExchange).Needs(Deed.WorkOnReports);

    /// <summary>The form's fields as the API reads an answer's, so that both take and refuse the same.</summary>
    private static ImmutableArray<AnswerInput> Given(HttpContext http, Form form, RequestAnswer request)
    {
        var services = http.RequestServices;
        var reader = new FieldReader(services.GetRequiredService<IntakeLimits>(), CodeGeneration.V3, services.GetRequiredService<TimeProvider>().GetUtcNow());
        var given = request.Fields.Select(f => QuestionEndpoints.Given(reader, $"{f}", new FieldGivenBody
        {
            Field = new CodeValue(null, $"{f}"), Value = form.Text($"how{f}") is null && form.Text($"value{f}") is { } text ? new CodeValue(null, text) : null,
            Password = form.Text($"password{f}"), None = form.Text($"how{f}") == "none", Impossible = form.Text($"how{f}") == "impossible",
        })).OfType<AnswerInput>().ToImmutableArray();
        reader.Check();
        return given;
    }
}
