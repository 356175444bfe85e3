using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Api.Agencies;
using CPort.Api.Exchange;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using CPort.Portal.SignIn;

namespace CPort.Portal.Told;

/// <summary>What a person is told, and how they want to be told.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="Only">Only of this kind; null: of all.</param>
/// <param name="Rules">The person's; null: nobody is signed in by name, and there is nothing to set.</param>
/// <param name="MayBeTold">The kinds that there are for this person, muted ones among them.</param>
/// <param name="SendsMail">This installation has a mail server.</param>
/// <param name="Mails">What the person has asked for by mail.</param>
public sealed record ToldModel(
    NotificationsAnswer Answer, NotificationKind? Only, NotificationRules? Rules, ImmutableArray<NotificationKind> MayBeTold, bool SendsMail, MailWish Mails,
    EscalationAnswer? Escalation)
    : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();
}

/// <summary><c>/app/notifications</c>: what one is told, marked as read, muted by kind, and by mail with quiet hours.</summary>
internal static class ToldPages
{
    public const string Home = "/app/notifications";

    public static void MapTold(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, async (HttpContext http, Drafts drafts, string? kind = null) => await PageAsync(http, kind, await drafts.FindAsync(http)))
            .Needs(Deed.SeeNotifications);
        pages.MapPost(Home + "/read", ReadAsync).Needs(Deed.SeeNotifications);
        pages.MapPost(Home + "/mute", MuteAsync).Needs(Deed.ChangeOwnSettings);
        pages.MapPost(Home + "/rules", RulesAsync).Needs(Deed.ChangeOwnSettings);
        pages.MapPost(Home + "/escalation", EscalationAsync).Needs(Deed.SetEscalation);
    }

    /// <summary>The name of a field of the form of rules.</summary>
    public static string Field(string what, NotificationKind kind) => $"{what}-{kind}";

    /// <summary>As browsers write a time of day; ours are UTC.</summary>
    public static string? Moment(int? minute) => minute is { } m ? string.Create(CultureInfo.InvariantCulture, $"{m / 60:00}:{m % 60:00}") : null;

    private static async Task<IResult> PageAsync(HttpContext http, string? kind, FilledForm? filled = null, params ImmutableArray<PageError> errors)
    {
        var (caller, notifications) = (http.Features.Get<Caller>()!, http.RequestServices.GetRequiredService<Notifications>());
        var only = Enum.TryParse<NotificationKind>(kind, out var found) && NotificationKinds.All.Any(k => k.Kind == found) ? found : (NotificationKind?)null;
        var me = http.Features.Get<SignedIn>()?.Person;
        var rules = me is null ? null : filled?.Form(http, "rules") is { } form ? Read(form, NotificationKinds.For(caller), notifications.RulesOf(caller)).Rules
            : me.Settings.Notifications ?? NotificationRules.Default;
        var model = new ToldModel(
            await notifications.OfAsync(caller, only, http.RequestAborted), only, rules, [.. NotificationKinds.For(caller).Each()],
            http.RequestServices.GetService<SignInServices>()?.Options.SendsMail == true, me?.Settings.Mails ?? MailWish.None,
            AccessTable.May(caller, Deed.SetEscalation)
                ? EscalationEndpoints.Escalation(http.RequestServices.GetRequiredService<AgencyDirectoryFeed>(), caller) : null);
        return Pages.Of<ToldView, ToldModel>(
            http, model, p => p with { Title = p.Words["told.title"], Errors = errors, Filled = filled },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> ReadAsync(HttpContext http, Notifications notifications)
    {
        var form = await Form.ReadAsync(http);
        await notifications.ReadAsync(form.Caller, form.Text("upTo"), http.RequestAborted);
        await ReadHook.DoneAsync(http, Shown.View("notifications"));
        return Pages.After(Home, "read");
    }

    private static async Task<IResult> MuteAsync(HttpContext http, Notifications notifications)
    {
        var form = await Form.ReadAsync(http);
        var now = notifications.RulesOf(form.Caller);
        return !Enum.TryParse<NotificationKind>(form.Text("kind"), out var kind) || NotificationKinds.All.All(k => k.Kind != kind) ? Pages.Absent(http)
            : await ChangeAsync(http, form, now with { Muted = now.Muted | kind }, "muted");
    }

    private static async Task<IResult> RulesAsync(HttpContext http, Notifications notifications)
    {
        var form = await Form.ReadAsync(http);
        var (rules, readable) = Read(form, NotificationKinds.For(form.Caller), notifications.RulesOf(form.Caller));
        return readable ? await ChangeAsync(http, form, rules, "told")
            : await PageAsync(http, null, form.Filled(), new PageError(Pages.WordsOf(http)["error.quiet"], "quietFrom"));
    }

    private static async Task<IResult> EscalationAsync(HttpContext http, IAgencyGateway gateway)
    {
        var form = await Form.ReadAsync(http);
        return form.Number("managersAfter") is not { } minutes || minutes > EscalationLimits.MostManagersAfter
            ? await PageAsync(http, null, form.Filled(), new PageError(
                Pages.WordsOf(http).Of("error.escalation", ("most", EscalationLimits.MostManagersAfter)), "managersAfter"))
            : await gateway.SendAsync(
                new SetEscalation { Context = form.Context(), Agency = form.Caller.Agency, ManagersAfter = minutes }, http.RequestAborted)
                is AgencyCommandRejected refused
                    ? throw ApiProblemException.Of(ProblemCodes.Of(refused.Reason), refused.Text) : Pages.After(Home, "escalated");
    }

    private static async Task<IResult> ChangeAsync(HttpContext http, Form form, NotificationRules rules, string done)
    {
        var me = http.Features.Get<SignedIn>()!.Person;
        var answer = await http.RequestServices.GetRequiredService<IPeopleGateway>().SendAsync(
            new ChangeSettings { Context = form.Context(), Person = me.Id, Settings = me.Settings with { Notifications = rules } }, http.RequestAborted);
        http.RequestServices.GetRequiredService<Notifications>().Forget(form.Caller);
        return answer is PersonCommandRejected refused
            ? throw ApiProblemException.Of(ProblemCodes.Of(refused.Reason), refused.Text) : Pages.After(Home, done);
    }

    /// <summary>What the form says of kinds that it offers; of others it stays. Not readable: one end of the quiet hours alone, or no time of day.</summary>
    private static (NotificationRules Rules, bool Readable) Read(Form form, NotificationKind offered, NotificationRules before)
    {
        NotificationKind Chosen(string what) => offered.Each().Where(k => form.Is(Field(what, k))).Aggregate(NotificationKind.None, (all, k) => all | k);
        static int? Minute(string? text) => TimeOnly.TryParseExact(text, "HH:mm", out var time) ? (int)time.ToTimeSpan().TotalMinutes : null;
        var (from, to) = (form.Text("quietFrom"), form.Text("quietTo"));
        var rules = new NotificationRules
        {
            Muted = (before.Muted & ~offered) | (offered & ~Chosen("show")), ByMail = (before.ByMail & ~offered) | (Chosen("mail") & NotificationRules.InMails),
            QuietFrom = Minute(from), QuietTo = Minute(to),
        };
        return (rules, (from is null) == (rules.QuietFrom is null) && (to is null) == (rules.QuietTo is null)
            && (from is null) == (to is null) && (from is null || from != to));
    }
}
