using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Domain.Identity;
using CPort.Iccam.Contracts;
using CPort.IccamClient.Our;
using CPort.IccamClient.Wire;

namespace CPort.Api.Tests.Iccam;

/// <summary>A clock that nobody waits for: who does, finds the time gone by.</summary>
internal sealed class HurriedTime : TimeProvider
{
    private long _ticks = new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public void Pass(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime > TimeSpan.Zero)
        {
            Pass(dueTime);
        }

        return System.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : TimeSpan.Zero, period);
    }
}

/// <summary>
/// An ICCAM in memory, by the contract (iccam-v3.md), that notes all that was done to it. At random it is busy, asks for patience, breaks connections off
/// before or after it has done what was asked, and lets tokens run out.
/// </summary>
internal sealed class FakeIccam(Random random, double trouble, Action step) : HttpMessageHandler
{
    private readonly HashSet<string> _tokens = [];

    public sealed class Content(long number, long report, string? url)
    {
        public long Number => number;
        public long Report => report;
        public string? Url => url;
        public string? Reference { get; set; }
        public string Country { get; set; } = "NL";
        public DateTimeOffset Assigned { get; init; }
        public List<AssessmentRequest> Assessments { get; } = [];
        public List<ActionRequest> Actions { get; } = [];

        /// <summary>All that was done, in order.</summary>
        public List<string> Done { get; } = [];

        /// <summary>Actions of this type are refused, as often as this says.</summary>
        public Dictionary<int, int> Refuses { get; } = [];
    }

    public SortedDictionary<long, Content> Contents { get; } = [];

    /// <summary>Rows that no client can read.</summary>
    public List<JsonNode> BadRows { get; } = [];

    public bool IsCalm { get; set; }

    public int SignIns { get; private set; }

    public List<HttpMethod> Seen { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        step();
        Assert.Equal(HttpVersion.Version11, request.Version);
        Seen.Add(request.Method);
        if (Chance(trouble))
        {
            switch (random.Next(4))
            {
                case 0:
                    throw new HttpRequestException("It broke off.");
                case 1:
                    return Answer(503, null);
                case 2:
                    var busy = Answer(429, null);
                    busy.Headers.Add("Retry-After", "7");
                    return busy;
                default:
                    _tokens.Clear();
                    break;
            }
        }

        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var response = Do(request, body);
        if (Chance(trouble))
        {
            throw new HttpRequestException("It broke off before the answer.");
        }

        step();
        return response;
    }

    private HttpResponseMessage Do(HttpRequestMessage request, string body)
    {
        var path = request.RequestUri!.AbsolutePath.Trim('/').Split('/');
        if (path[0] == "Authentication")
        {
            var login = JsonNode.Parse(body)!;
            if (path is ["Authentication", "refresh"] || login["password"]?.GetValue<string>() != "secret")
            {
                return Answer(401, """{"errors":{"username":["No."]}}""");
            }

            SignIns++;
            var token = $"token-{SignIns}";
            _tokens.Add(token);
            return Answer(200, $$"""{"bearerToken":"{{token}}","refreshToken":"r","bearerTokenExpiresIn":600}""");
        }

        if (!_tokens.Contains(request.Headers.GetValues("Authorization").Single()["Bearer ".Length..]))
        {
            return Answer(401, """{"errors":{"token":["It has ended."]}}""");
        }

        var query = request.RequestUri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
            .ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1].Replace('+', ' ')));
        if (path is ["rest", "Content", "no-reference"])
        {
            var from = DateTimeOffset.Parse(query["countryAssignmentStartDate"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            var most = Math.Min(200, int.Parse(query["maxResults"], CultureInfo.InvariantCulture));
            var rows = Contents.Values.Where(c => c.Reference is null && c.Country == "NL" && c.Assigned >= from).OrderBy(c => c.Assigned).ThenBy(c => c.Number)
                .Select(c => (JsonNode)new JsonObject
                {
                    ["reportId"] = c.Report, ["contentId"] = c.Number, ["countryAssignmentDate"] = c.Assigned.ToString("O", CultureInfo.InvariantCulture),
                });
            return Answer(200, new JsonArray([.. BadRows.Select(b => b.DeepClone()).Concat(rows).Take(most)]).ToJsonString());
        }

        var number = long.Parse(path[2], CultureInfo.InvariantCulture);
        if (path is ["rest", "Reports", _])
        {
            var of = Contents.Values.Where(c => c.Report == number).ToArray();
            return Answer(200, Json(new ReportAnswer
            {
                ReportId = number, ReportContents = [.. of.Select(c => new ReportContent(c.Number, c.Url, false))], ReportingHotlineId = 7, Memo = "seen",
                HotlineReceivedDate = of[0].Assigned,
            }));
        }

        var content = Contents[number];
        return (request.Method.Method, path.Length > 3 ? string.Join('/', path[3..]) : "") switch
        {
            ("GET", "") => Answer(200, Json(Of(content))),
            ("PUT", "hotline-reference") => Done(content, "reference", () => content.Reference = query["reference"]),
            ("PUT", "assessment") => Assess(content, JsonSerializer.Deserialize<AssessmentRequest>(body, IccamJson.Options)!),
            ("POST", "actions") => Act(content, JsonSerializer.Deserialize<ActionRequest>(body, IccamJson.Options)!),
            ("PUT", "url/hosting") => Answer(200, null),
            ("PUT", "assigned-country") => Done(content, $"move {query["newCountryCode"]}", () => content.Country = query["newCountryCode"]),
            _ => throw new InvalidOperationException(request.RequestUri.AbsolutePath),
        };
    }

    private static HttpResponseMessage Assess(Content content, AssessmentRequest said) =>
        Done(content, $"assessment {said.Classification}/{said.AgeCategorization}", () => content.Assessments.Add(said));

    private static HttpResponseMessage Act(Content content, ActionRequest done)
    {
        var type = done.ActionType!.Value;
        if (content.Refuses.GetValueOrDefault(type) is > 0 and var left)
        {
            content.Refuses[type] = left - 1;
            return Answer(400, """{"title":"No.","status":400,"errors":{"actionType":["Not yet, of https://quoted.example/secret.jpg (rule 9)."]}}""");
        }

        return Done(content, $"action {type}", () => content.Actions.Add(done));
    }

    private static HttpResponseMessage Done(Content content, string what, Action done)
    {
        done();
        content.Done.Add(what);
        return Answer(200, null);
    }

    private static ContentAnswer Of(Content c) => new()
    {
        ContentId = c.Number, ReportId = c.Report, AssignedCountryCode = c.Country, CountryAssignmentDate = c.Assigned, HotlineReference = c.Reference,
        Url = new ContentUrl(c.Url, false, "NL", "192.0.2.1", "Example"),
        Assessments = [.. c.Assessments.Select(a => new ContentAssessment
        {
            Classification = a.Classification!.Value, AgeCategorization = a.AgeCategorization!.Value, GenderCategorization = a.GenderCategorization!.Value,
        })],
        Actions = [.. c.Actions.Select(a => new ContentAction(
            a.ActionType!.Value, "x", DateTimeOffset.Parse(a.ActionDate!, CultureInfo.InvariantCulture), null, null))],
    };

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, IccamJson.Options);

    private bool Chance(double of) => !IsCalm && random.NextDouble() < of;

    private static HttpResponseMessage Answer(int status, string? json) =>
        new((HttpStatusCode)status) { Content = new StringContent(json ?? "", Encoding.UTF8, "application/json") };

    protected override void Dispose(bool disposing)
    {
    }
}

/// <summary>A node of ours in memory. At random it does not answer, before or after it has done what was asked.</summary>
internal sealed class FakeOurs(Random random, double trouble, Action step) : IOurNode
{
    private const string Nothing = "begin";

    private static readonly DateTimeOffset Begin = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, (ReportId Id, string Content)> _byReference = [];
    private readonly List<OurNews> _news = [];

    public Dictionary<ItemRef, (string Url, OurItem Item)> Items { get; } = [];

    public bool IsCalm { get; set; }

    /// <summary>News before this are gone.</summary>
    public int KeptFrom { get; set; }

    public static OurAgency Us { get; } = new("hotline-nl", ["NL"]);

    public int NewsCount => _news.Count;

    public void Say(ItemRef item, Func<OurItem, OurItem> change, bool move = false)
    {
        var (url, now) = Items[item];
        Items[item] = (url, change(now));
        _news.Add(new OurNews(string.Create(CultureInfo.InvariantCulture, $"{_news.Count:D13}-00001"), item, move));
    }

    public static DateTimeOffset At(OurItem item) => Begin.AddSeconds((item.Assessments.Length + item.Actions.Length) * 10);

    public static OurItem Assess(OurItem item, int classification, string agency = "hotline-nl", int episode = 1, bool counts = true) => item with
    {
        Assessments = item.Assessments.Add(new OurAssessment(
            item.Assessments.Length + 1, agency, episode, counts, At(item), classification, (item.Assessments.Length % 4) + 1, 1, false, false, false,
            "A. N.")),
    };

    public static OurItem Act(OurItem item, int type, string agency = "hotline-nl", int episode = 1) => item with
    {
        Actions = item.Actions.Add(new OurAction(item.Actions.Length, agency, episode, At(item), type, At(item), null, null, null)),
    };

    public Task<OurAgency> AgencyAsync(CancellationToken cancellation) => AskAsync(() => Us);

    public Task<Submitted> SubmitAsync(IntakeReport report, CancellationToken cancellation) => AskAsync(() =>
    {
        var wrong = report.Urls.Select((u, i) => (u, i)).Where(p => !p.u.Url.StartsWith("https://", StringComparison.Ordinal))
            .Select(p => new Refusal($"urls[{p.i}].urlString", "malformed-url", "It is none.")).ToImmutableArray();
        if (!wrong.IsEmpty)
        {
            throw new RefusedException(wrong);
        }

        var content = string.Join('\n', report.Urls.Select(u => u.Url));
        if (_byReference.TryGetValue(report.Reference, out var known))
        {
            return new Submitted(known.Id, known.Content == content);
        }

        var id = new ReportId((UInt128)(ulong)_byReference.Count + 1);
        _byReference[report.Reference] = (id, content);
        foreach (var (url, i) in report.Urls.Select((u, i) => (u, i)))
        {
            Items[new ItemRef(id, i + 1)] = (url.Url, new OurItem { Number = Items.Count + 1, AssignedCountry = url.Country, Assessments = [], Actions = [] });
            Say(new ItemRef(id, i + 1), item => item);
        }

        return new Submitted(id, true);
    });

    public Task<ImmutableArray<(string Url, int Ordinal)>> UrlsAsync(ReportId report, CancellationToken cancellation) => AskAsync(() =>
        Items.Where(i => i.Key.Report == report).Select(i => (i.Value.Url, i.Key.Ordinal)).ToImmutableArray());

    public Task<OurItem?> ItemAsync(ItemRef item, CancellationToken cancellation) => AskAsync(() => Items.TryGetValue(item, out var found) ? found.Item : null);

    public Task<NewsPage> NewsAsync(string? after, CancellationToken cancellation) => AskAsync(() =>
    {
        var from = after is null or Nothing ? 0 : int.Parse(after.Split('-')[0], CultureInfo.InvariantCulture) + 1;
        var page = _news.Skip(from).Take(7).ToImmutableArray();
        return from < KeptFrom ? new NewsPage([], after, true) : new NewsPage(page, page is [.., var last] ? last.Id : after, false);
    });

    public Task<string> NewsEndAsync(CancellationToken cancellation) => AskAsync(() => _news.Count == 0 ? Nothing : $"{_news.Count - 1:D13}-00001");

    private Task<T> AskAsync<T>(Func<T> answer)
    {
        step();
        if (!IsCalm && random.NextDouble() < trouble)
        {
            throw new PassingFaultException("node-503", whole: random.Next(2) == 0);
        }

        var result = answer();
        if (!IsCalm && random.NextDouble() < trouble)
        {
            throw new PassingFaultException("node-unreachable", whole: true);
        }

        step();
        return Task.FromResult(result);
    }
}
