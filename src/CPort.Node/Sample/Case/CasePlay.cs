using System.Diagnostics;
using System.Net;
using System.Text;

namespace CPort.Node.Sample.Case;

/// <summary>One case as it is played: who acts, what has come of it so far, and how one asks. Steps are in <see cref="CaseSteps"/>.</summary>
public sealed class CasePlay : IDisposable
{
    /// <summary>Why police and INTERPOL look.</summary>
    public const string Purpose = "NL-2026-0144";

    private readonly Dictionary<string, CPortClient> _clients;
    private readonly Dictionary<string, HttpClient> _http;

    private CasePlay(ICaseStage stage, CaseReport report, Dictionary<string, string> keys)
    {
        (Stage, Report, Keys) = (stage, report, keys);
        _clients = keys.ToDictionary(k => k.Key, k => new CPortClient(stage.Url, k.Value, Handler(k.Key)));
        _http = keys.ToDictionary(k => k.Key, k => NodeHttp.Client(stage.Url, Handler(k.Key)));
        foreach (var (name, http) in _http)
        {
            http.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", keys[name]);
        }

        CaseHandler Handler(string actor) => new(stage.Url, actor == "analyst-nl" ? null : Purpose, stage.Patience);
    }

    public ICaseStage Stage { get; }

    public CaseReport Report { get; }

    /// <summary>By the actor's name.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; }

    /// <summary>The report, once it is in.</summary>
    public string Id { get; internal set; } = "";

    /// <summary>That of the Dutch media at police-nl, and of the German ones at police-de.</summary>
    public string DutchReferral { get; internal set; } = "";
    public string GermanReferral { get; internal set; } = "";
    public string Hold { get; internal set; } = "";
    public string Question { get; internal set; } = "";
    public string Group { get; internal set; } = "";
    public string Candidate { get; internal set; } = "";
    public string Package { get; internal set; } = "";

    /// <summary>What a step has to say of itself beside what everybody sees.</summary>
    public string? Note { get; internal set; }

    /// <summary>Before a step: what the one before had to say.</summary>
    public void Forget() => Note = null;

    public static async Task<CasePlay> BeginAsync(ICaseStage stage, string name, CancellationToken cancellation = default)
    {
        var play = new CasePlay(stage, new CaseReport(name), await CaseKeys.MakeAsync(stage, cancellation));
        await play.Of("officer-ip").StreamLinesAsync(
            $"v1/hashes:import?list={name}", Chunk(play.Report.KnownLine()), new LineStreamOptions(), cancellation: cancellation);
        return play;
    }

    /// <summary>The API with that actor's key.</summary>
    public CPortClient Of(string actor) => _clients[actor];

    public string ItemId(int item) => $"{Id}-{item}";

    public Task<JsonElement> ItemAsync(string actor, int item) => Of(actor).GetAsync($"v1/reports/{Id}/items/{item}");

    public Task<JsonElement> PostAsync(string actor, string path, object? body) => Of(actor).PostAsync(path, body);

    /// <summary>What comes back, whatever it is, to the byte.</summary>
    public async Task<(int Status, string Text)> RawAsync(string actor, string path)
    {
        using var answer = await _http[actor].GetAsync(path);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A file that is sent.</summary>
    public async Task SendTextAsync(string actor, string path, string text, string type)
    {
        using var content = new StringContent(text, Encoding.UTF8, type);
        using var answer = await _http[actor].PostAsync(path, content);
        Must(answer.IsSuccessStatusCode, $"{actor} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>The code by which that is refused.</summary>
    public async Task<ApiProblem> RefusedAsync(string actor, string path, object? body, string code)
    {
        try
        {
            await PostAsync(actor, path, body);
        }
        catch (CPortApiException e) when (e.Problem.Code == code)
        {
            return e.Problem;
        }
        catch (CPortApiException e)
        {
            throw new CaseException($"{actor} {path}: {code} was expected, {e.Problem.Code} came: {e.Message}");
        }

        throw new CaseException($"{actor} {path}: {code} was expected, and it was done.");
    }

    /// <summary>Waits for what somebody else does; absent counts as not yet.</summary>
    public async Task<JsonElement> UntilAsync(string what, Func<Task<JsonElement>> ask, Func<JsonElement, bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            JsonElement last = default;
            try
            {
                last = await ask();
                if (holds(last))
                {
                    return last;
                }
            }
            catch (CPortApiException e) when (e.Problem.Status == 404)
            {
                // Not there yet.
            }

            Must(clock.Elapsed < Stage.Patience,
                $"{what}: did not come about; last: {(last.ValueKind == JsonValueKind.Undefined ? "absent" : last.GetRawText())}");
            await Task.Delay(50);
        }
    }

    public static void Must(bool holds, string what)
    {
        if (!holds)
        {
            throw new CaseException(what);
        }
    }

    public static object Items(params IEnumerable<int> items) => items.Select(i => new { item = i }).ToArray();

    public void Dispose()
    {
        foreach (var client in _clients.Values.Concat<IDisposable>(_http.Values))
        {
            client.Dispose();
        }
    }

    internal static async IAsyncEnumerable<LineChunk> Chunk(byte[] line)
    {
        await Task.CompletedTask;
        yield return new LineChunk(line, [1], line.Length, 1);
    }

    /// <summary>
    /// Says why, gives each command an id, and sends again under the same id what got no answer, as every client should: a node may die.
    /// </summary>
    private sealed class CaseHandler(Uri node, string? purpose, TimeSpan patience) : DelegatingHandler(NodeHttp.Handler(node))
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (purpose is not null)
            {
                request.Headers.Add("X-Purpose", purpose);
            }

            if (request.Method != HttpMethod.Get)
            {
                request.Headers.Add("Command-Id", Guid.NewGuid().ToString("N"));
            }

            var clock = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    var answer = await base.SendAsync(request, cancellationToken);
                    if (answer.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
                        || clock.Elapsed > patience)
                    {
                        return answer;
                    }

                    answer.Dispose();
                }
                catch (HttpRequestException) when (clock.Elapsed < patience)
                {
                    // Nobody answers; another node will.
                }

                await Task.Delay(250, cancellationToken);
            }
        }
    }
}

/// <summary>Reading answers.</summary>
internal static class CaseJson
{
    public static string Text(this JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.ToString() : "";

    public static IEnumerable<JsonElement> All(this JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    public static string NameOf(this JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.Text("name") : "";
}
