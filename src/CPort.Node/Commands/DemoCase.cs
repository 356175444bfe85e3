using System.Net;
using System.Text.RegularExpressions;
using CPort.Actors.People;
using CPort.Node.Sample;
using CPort.Node.Sample.Case;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>
/// <c>cport demo --case</c>: one case of four agencies on the example node, by their own keys; what each of them sees after each step, and what not.
/// </summary>
internal static class DemoCase
{
    public static async Task RunAsync(WebApplication app, NodeOptions options, string operatorKey, CancellationToken cancellation)
    {
        var stage = new Stage(app, operatorKey, await OtherOperatorKeyAsync(options, cancellation));
        var name = string.Create(CultureInfo.InvariantCulture, $"case-{stage.Now:yyMMdd-HHmm}");
        using var play = await CasePlay.BeginAsync(stage, name, cancellation);
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 160;
        }

        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLine("[bold]One case, four agencies[/]: a report of two countries, with a hold, a question, ICSE and INTERPOL's list.");
        var before = ImmutableArray<CaseSight>.Empty;
        foreach (var step in CaseSteps.All)
        {
            cancellation.ThrowIfCancellationRequested();
            play.Forget();
            await step.Act(play);
            await step.Holds(play);
            await CaseSecrets.CheckAsync(play, step);
            before = await ShowAsync(play, step, before);
        }

        AnsiConsole.MarkupLine("[bold]What none of them may see was looked for six times in all that they can ask for, and not found.[/]");
        AnsiConsole.WriteLine($"Look for yourself, at {new Uri(options.PortalUrl, "/app")}: sign in as");
        foreach (var (who, where) in new[]
        {
            ("Anna Analyst", $"app/reports/{play.Id}"), ("Otto Officer", $"app/referrals/{play.DutchReferral}"),
            ("Olga Officer", $"app/referrals/{play.GermanReferral}"), ("Ines Officer", $"app/reports/{play.Id}"),
        })
        {
            AnsiConsole.WriteLine($"  {who,-13} and open {new Uri(options.PortalUrl, where)}");
        }
    }

    private static async Task<ImmutableArray<CaseSight>> ShowAsync(CasePlay play, CaseStep step, ImmutableArray<CaseSight> before)
    {
        AnsiConsole.MarkupLine($"\n[bold]{step.Number,2}[/]  [bold]{step.Who.EscapeMarkup()}[/] {step.Does.EscapeMarkup()}");
        AnsiConsole.MarkupLine($"    [grey]then {step.Then.EscapeMarkup()}[/]");
        if (play.Note is { } note)
        {
            AnsiConsole.MarkupLine($"    [grey]{note.EscapeMarkup()}[/]");
        }

        var now = await CaseSight.AllAsync(play);
        var nothing = new List<string>();
        foreach (var sight in now)
        {
            if (sight.Since(before.FirstOrDefault(b => b.Agency == sight.Agency)) is { } news)
            {
                AnsiConsole.MarkupLine($"      {sight.Agency.Value,-11} {news.EscapeMarkup()}");
            }
            else
            {
                nothing.Add(sight.Agency.Value);
            }
        }

        if (nothing.Count > 0)
        {
            AnsiConsole.MarkupLine($"      [grey]nothing new to {string.Join(", ", nothing)}[/]");
        }

        return now;
    }

    /// <summary>It is made in the background when the node starts with two hands.</summary>
    private static async Task<string> OtherOperatorKeyAsync(NodeOptions options, CancellationToken cancellation)
    {
        var file = Path.Combine(options.Data, "operator-2.key");
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (File.Exists(file) && (await File.ReadAllTextAsync(file, cancellation)).Trim() is { Length: > 0 } key)
            {
                return key;
            }

            await Task.Delay(200, cancellation);
        }

        throw new TimeoutException($"The second operator's key did not appear in {file}.");
    }

    /// <summary>The demo's own node.</summary>
    private sealed class Stage(WebApplication app, string operatorKey, string secondKey) : ICaseStage
    {
        public Uri Url { get; } = new(app.Urls.First());

        public string OperatorKey => operatorKey;

        public string SecondOperatorKey => secondKey;

        public DateTimeOffset Now => app.Services.GetRequiredService<TimeProvider>().GetUtcNow();

        public TimeSpan Patience => TimeSpan.FromMinutes(1);

        public Task<bool> PassAsync(TimeSpan time) => Task.FromResult(false);

        public async Task WhileNodeDiesAsync(Func<Task> act)
        {
            await act();
            try
            {
                await act();
            }
            catch (CPortApiException e) when (e.Problem.Code == "referral-is-over")
            {
                // That it was received already is what a second one is told.
            }
        }

        public async Task<ICasePerson> SignInAsync(CasePlay play, string signInName, string name)
        {
            await SamplePeople.RegisterAsync(
                app.Services.GetRequiredService<IPeopleGateway>(), app.Services.GetRequiredService<TimeProvider>(),
                [new SamplePerson(CaseKeys.PoliceNl.Value, signInName, name, Roles.Officer)], CancellationToken.None);
            return await ExamplePerson.SignInAsync(Url, name, Patience);
        }
    }
}

/// <summary>An example person, signed in over HTTP by the page's own forms.</summary>
internal sealed partial class ExamplePerson : ICasePerson
{
    private readonly HttpClient _http;

    private ExamplePerson(Uri url)
    {
        var handler = NodeHttp.Handler(url);
        handler.CookieContainer = new CookieContainer();
        _http = NodeHttp.Client(url, handler);
    }

    /// <summary>Chooses the person at the sign-in page once it is offered, and says why.</summary>
    public static async Task<ExamplePerson> SignInAsync(Uri url, string name, TimeSpan patience)
    {
        var person = new ExamplePerson(url);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var page = await person._http.GetStringAsync("signin");
            var form = Forms().Matches(page).FirstOrDefault(f => f.Value.Contains("/signin/as", StringComparison.Ordinal)
                && WebUtility.HtmlDecode(f.Value).Contains(name, StringComparison.Ordinal));
            if (form is not null)
            {
                await person.PostAsync("signin/as", form.Value);
                var why = await person._http.GetStringAsync("signin/purpose");
                await person.PostAsync("signin/purpose", Forms().Matches(why).First(f => f.Value.Contains("/signin/purpose", StringComparison.Ordinal)).Value,
                    KeyValuePair.Create("purpose", CasePlay.Purpose));
                return person;
            }

            CasePlay.Must(clock.Elapsed < patience, $"{name} is not offered at the sign-in page.");
            await Task.Delay(200);
        }
    }

    public async Task<bool> OpensAsync(string path)
    {
        using var answer = await _http.GetAsync(path);
        return answer.StatusCode == HttpStatusCode.OK;
    }

    public void Dispose() => _http.Dispose();

    private async Task PostAsync(string path, string form, params KeyValuePair<string, string>[] more)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(
                [.. Fields().Matches(form).Select(m => KeyValuePair.Create(m.Groups[1].Value, WebUtility.HtmlDecode(m.Groups[2].Value))), .. more]),
        };
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        using var answer = await _http.SendAsync(request);
        CasePlay.Must((int)answer.StatusCode is >= 200 and < 400, $"{path}: {(int)answer.StatusCode}");
    }

    [GeneratedRegex("<form[^>]*>.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")]
    private static partial Regex Fields();
}
