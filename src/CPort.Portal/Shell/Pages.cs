using CPort.Api.Exchange;
using CPort.Domain.Audit;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;

namespace CPort.Portal.Shell;

/// <summary>How endpoints answer with pages.</summary>
public static class Pages
{
    /// <summary>The form field in which every form names its command: repeating the form repeats no deed.</summary>
    public const string CommandField = "command";

    /// <summary>The query's field that says what was done before this page: a text's name.</summary>
    public const string DoneField = "done";

    /// <summary>A page in the shell, drawn from its model.</summary>
    /// <param name="http">The request.</param>
    /// <param name="model">What <typeparamref name="TView"/> draws.</param>
    /// <param name="context">Fills in what the page knows of itself; words, session, time and token are there.</param>
    /// <param name="status">Of the answer.</param>
    public static IResult Of<TView, TModel>(
        HttpContext http, TModel model, Func<PageContext, PageContext> context, int status = StatusCodes.Status200OK)
        where TView : View<TModel>
    {
        var page = context(Context(http));
        RenderFragment body = builder =>
        {
            builder.OpenComponent<TView>(0);
            builder.AddComponentParameter(1, nameof(View<TModel>.Model), model);
            builder.CloseComponent();
        };
        var document = new Drawn(page, body, status);
        return model is IShowsData data ? new Recorded(document, data.What()) : document;
    }

    /// <summary>The document around a page.</summary>
    private sealed record Drawn(PageContext Page, RenderFragment Body, int Status) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            // A page of what is absent is the same for everybody (rule R13), also in how much is new meanwhile.
            var page = Status == StatusCodes.Status200OK && Page.Session is { } session
                ? Page with { New = await NewAsync(httpContext, session.Caller) } : Page;
            var document = new RazorComponentResult<Document>(
                new Dictionary<string, object?> { [nameof(Document.Page)] = page, [nameof(Document.Body)] = Body })
            {
                StatusCode = Status, PreventStreamingRendering = true,
            };
            await document.ExecuteAsync(httpContext);
        }
    }

    /// <summary>No page waits long for it.</summary>
    private static readonly TimeSpan PatienceForNew = TimeSpan.FromMilliseconds(300);

    private static async Task<int?> NewAsync(HttpContext http, Caller caller) =>
        AccessTable.May(caller, Deed.SeeNotifications) && http.RequestServices.GetService<Notifications>() is { } notifications
            && await Panels.WithinAsync(http, async stop => (int?)await notifications.CountAsync(caller, stop), null, PatienceForNew)
                is { IsThere: true, Value: var count } ? count : null;

    /// <summary>A page that shows data: who looked is in the audit log before the first byte of it goes out, or nothing goes out.</summary>
    private sealed record Recorded(IResult Page, Shown Shown) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await ReadHook.PageAsync(httpContext, Shown);
            await Page.ExecuteAsync(httpContext);
        }
    }

    /// <summary>The words in which this person is spoken to.</summary>
    public static Words WordsOf(HttpContext http) => Words.Of(http.Features.Get<PortalSession>()?.Language, http.Request.Headers.AcceptLanguage);

    /// <summary>What every page knows: words, who looks, when, and the token of its forms.</summary>
    public static PageContext Context(HttpContext http)
    {
        var session = http.Features.Get<PortalSession>();
        var token = session is null ? null : http.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(http);
        var words = WordsOf(http);
        return new PageContext
        {
            Words = words, Session = session, Title = "", Now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(),
            Token = token is { RequestToken: { } value } ? (token.FormFieldName, value) : null,
            Address = http.Request.Path + http.Request.QueryString,
            Who = new Lazy<string?>(() => session is null ? null : http.RequestServices.GetRequiredService<Drafts>().MarkOf(session.Caller)),

            // A name that is no text is nobody's.
            Done = http.Request.Query[DoneField].ToString() is { Length: > 0 } done && words.Has($"done.{done}") ? done : null,
        };
    }

    /// <summary>After something was done: the page that shows it, by GET (303).</summary>
    public static IResult After(string address, string? done = null)
    {
        var join = address.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        return new SeeOther(done is null ? address : $"{address}{join}{DoneField}={done}");
    }

    /// <summary>The same for what is absent and for what is not for this person (rule R13): byte for byte.</summary>
    public static IResult Absent(HttpContext http)
    {
        var page = Of<MessageView, Message>(
            http, new Message("absent"), p => p with { Title = p.Words["absent.title"], Address = "/app", Done = null }, StatusCodes.Status404NotFound);
        return http.Features.Get<PortalSession>() is null ? page : new NotThere(page);
    }

    /// <summary>That somebody asked for what is not theirs to see is in the audit log, as it is for the API.</summary>
    private sealed record NotThere(IResult Page) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await ReadHook.AbsentAsync(httpContext);
            await Page.ExecuteAsync(httpContext);
        }
    }

    /// <summary>Something was done, and this is where it shows.</summary>
    internal sealed record SeeOther(string Address) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = Address;
            return Task.CompletedTask;
        }
    }
}

/// <summary>A page that only says something: <c>{Key}.title</c> and <c>{Key}.text</c>.</summary>
/// <param name="Key">Of its texts.</param>
/// <param name="Details">More lines.</param>
public sealed record Message(string Key, params ImmutableArray<string> Details);
