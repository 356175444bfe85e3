using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using CPort.Tests.Shared;

namespace CPort.Cluster.Harness;

/// <summary>
/// An analyst as the pages' own script works for one: signs in by a passkey, takes the first of a queue, answers the questions, saves and goes on, by the
/// forms as they stand on the pages. Only what got no answer (or a proxy's) is sent again, with the same body.
/// </summary>
public sealed partial class Robot(Uri url, string name) : IDisposable
{
    private const int Attempts = 8;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer(), UseProxy = false })
    {
        BaseAddress = url, Timeout = TimeSpan.FromSeconds(30),
    };

    private readonly SoftAuthenticator _device = new();

    public string Name => name;

    /// <summary>Items whose assessment was answered as done.</summary>
    public List<string> Done { get; } = [];

    /// <summary>Forms that had to be sent again, as the pages' script does by itself, each named once.</summary>
    public List<string> Repeated { get; } = [];

    /// <summary>Pages that had to be loaded again, and forms that no script sends: a person would have seen that.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>What a person would not have understood.</summary>
    public List<string> Wrong { get; } = [];

    /// <param name="purpose">Why it looks: police is let in nowhere before it has said so.</param>
    public async Task EnrolAsync(string link, string? purpose = null)
    {
        // Every node learns of a person a moment later than the one that was told; nobody is as fast as a robot.
        await KnownAsync(link);
        var origin = url.OriginalString.TrimEnd('/');
        var options = await PostAsync($"{link}/passkey/options", [], asScript: true);
        var made = await PostAsync($"{link}/passkey", [new("credential", _device.Create(options.Text, origin))], asScript: true);
        Assert.True(made.Status == HttpStatusCode.OK, $"{made.Status} {made.Text}");
        // One passkey is one way, and opens no page.
        await KnownAsync("/signin/second");
        var second = FormOf((await GetAsync("/signin/second")).Text, "/codes") ?? throw new InvalidOperationException("No codes are offered.");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(second.Action, second.Fields)).Status);
        if (purpose is not null)
        {
            await KnownAsync("/signin/purpose");
            await PressAsync("/signin/purpose", "/signin/purpose", new KeyValuePair<string, string>("purpose", purpose));
        }

        await KnownAsync("/app");
        Repeated.Clear();
        Seen.Clear();
    }

    /// <summary>Waits until the page is there whichever node is asked: they are asked in turn.</summary>
    private async Task KnownAsync(string path)
    {
        var (inTurn, last) = (0, "");
        await Wait.UntilAsync(async () =>
        {
            var answer = await GetAsync(path);
            last = $"{Short(answer)} {answer.Location}";
            return (inTurn = answer.Status == HttpStatusCode.OK ? inTurn + 1 : 0) >= 6;
        }, TimeSpan.FromSeconds(60), () => $"{path} was not there on every node: {last} {string.Join("; ", Wrong)}");
    }

    /// <summary>Whether the page is there, and not that to sign in at.</summary>
    public async Task<bool> OpensAsync(string path) => (await GetAsync(path)).Status == HttpStatusCode.OK;

    /// <summary>Loads a page and sends the form of it whose address ends so; where that leads.</summary>
    public Task<string?> PressAsync(string page, string form, params KeyValuePair<string, string>[] more) => PressAsync(page, form, 1, more);

    /// <summary>The same, sent so many times at once: a load balancer that goes round gives each node one.</summary>
    public async Task<string?> PressAsync(string page, string form, int times, params KeyValuePair<string, string>[] more)
    {
        var loaded = await GetAsync(page);
        if (FormOf(loaded.Text, form) is not { } found)
        {
            Wrong.Add($"{page}: no form {form}, {Short(loaded)}");
            return null;
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, times).Select(_ => PostAsync(found.Action, [.. found.Fields, .. more])));
        Wrong.AddRange(answers.Where(a => a.Status != HttpStatusCode.SeeOther).Select(a => $"{found.Action}: {Short(a)}"));
        return answers[0].Location;
    }

    /// <summary>Works until nothing waits any more.</summary>
    public async Task WorkAsync(Action<Robot> done)
    {
        // While lists catch up (a node is gone) the page says so, and a person starts again.
        string? led;
        do
        {
            led = await WorkOnceAsync(done);
            if (led?.Contains("done=behind", StringComparison.Ordinal) == true)
            {
                await Task.Delay(1_000);
            }
        }
        while (led?.Contains("done=behind", StringComparison.Ordinal) == true);
    }

    /// <summary>From the queue to where the last form led.</summary>
    private async Task<string?> WorkOnceAsync(Action<Robot> done)
    {
        var queue = await GetAsync("/app/queues/unassessed");
        if (FormOf(queue.Text, "/start") is not { } start)
        {
            if (queue.Status != HttpStatusCode.OK)
            {
                Wrong.Add($"no queue: {Short(queue)}");
            }

            return null;
        }

        var next = await PostAsync(start.Action, start.Fields);
        while (next.Status == HttpStatusCode.SeeOther && next.Location is { } address && address.StartsWith("/app/reports/", StringComparison.Ordinal))
        {
            var page = await GetAsync(address);
            if (FormOf(page.Text, "/assess") is not { } form)
            {
                Wrong.Add($"{address}: no form, {Short(page)}");
                return null;
            }

            next = await PostAsync(form.Action, [.. form.Fields, new("class", "2"), new("age", "3"), new("gender", "2"), new("then", "next")]);
            if (next.Status != HttpStatusCode.SeeOther)
            {
                Wrong.Add($"{form.Action}: {Short(next)}");
                return null;
            }

            if (next.Location?.StartsWith("/signin", StringComparison.Ordinal) == true)
            {
                break;
            }

            Done.Add(form.Action[..^"/assess".Length]);
            done(this);
        }

        if (next.Location?.StartsWith("/app/queues/unassessed", StringComparison.Ordinal) != true)
        {
            Wrong.Add($"led to {next.Location ?? Short(next)}");
        }

        return next.Location;
    }

    public void Dispose()
    {
        _http.Dispose();
        _device.Dispose();
    }

    private Task<Answer> GetAsync(string path) => SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path));

    private Task<Answer> PostAsync(string path, KeyValuePair<string, string>[] fields, bool asScript = false) => SendAsync(() =>
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields) };
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(asScript ? "application/json" : "text/html"));
        return request;
    });

    private async Task<Answer> SendAsync(Func<HttpRequestMessage> make)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = make();
            var why = "";
            try
            {
                using var answer = await _http.SendAsync(request);
                if (answer.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
                    || attempt == Attempts)
                {
                    return new Answer(answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.OriginalString);
                }

                why = $"{(int)answer.StatusCode} {Headings().Match(await answer.Content.ReadAsStringAsync()).Groups[1].Value}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && attempt < Attempts)
            {
                why = e.GetType().Name;
            }

            if (attempt == 1)
            {
                var byScript = request.RequestUri!.AbsolutePath.EndsWith("/assess", StringComparison.Ordinal);
                (byScript ? Repeated : Seen).Add($"{request.Method} {request.RequestUri.PathAndQuery} ({why})");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250 * Math.Pow(2, Math.Min(attempt, 4))));
        }
    }

    /// <summary>The form whose address ends so, with its hidden fields as they stand on the page.</summary>
    private static (string Action, KeyValuePair<string, string>[] Fields)? FormOf(string html, string end)
    {
        var form = Forms().Matches(html).FirstOrDefault(m => m.Groups[1].Value.EndsWith(end, StringComparison.Ordinal));
        return form is null ? null : (WebUtility.HtmlDecode(form.Groups[1].Value),
        [
            .. Hidden().Matches(form.Groups[2].Value)
                .Select(m => KeyValuePair.Create(WebUtility.HtmlDecode(m.Groups[1].Value), WebUtility.HtmlDecode(m.Groups[2].Value))),
        ]);
    }

    private static string Short(Answer answer) => $"{answer.Status} {Headings().Match(answer.Text).Groups[1].Value}";

    [GeneratedRegex("<form[^>]* action=\"([^\"]*)\"[^>]*>(.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")]
    private static partial Regex Hidden();

    [GeneratedRegex("<h1[^>]*>(.*?)</h1>")]
    private static partial Regex Headings();

    private sealed record Answer(HttpStatusCode Status, string Text, string? Location);
}
