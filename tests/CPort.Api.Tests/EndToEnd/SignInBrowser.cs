using System.Net;
using System.Text.RegularExpressions;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>As much of a browser as signing in needs: cookies, forms with their tokens, where requests come from; no redirect is followed by itself.</summary>
internal sealed partial class SignInBrowser : IDisposable
{
    private readonly HttpClient _http;

    /// <summary>At a node's own address; cookies of one browser are sent to another node's too when <paramref name="with"/> is given.</summary>
    public SignInBrowser(Uri node, CookieContainer? with = null)
    {
        Origin = $"http://localhost:{node.Port}";
        Cookies = with ?? new CookieContainer();
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true, CookieContainer = Cookies })
        {
            BaseAddress = new Uri(Origin), Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public string Origin { get; }

    public CookieContainer Cookies { get; }

    public async Task<(HttpStatusCode Status, string Text, string? Location)> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request);
    }

    /// <summary>Posts a form as the page's own (or <paramref name="site"/>'s) script or button does.</summary>
    public async Task<(HttpStatusCode Status, string Text, string? Location)> PostAsync(
        string path, Dictionary<string, string>? fields = null, bool asScript = false, string site = "same-origin", string? token = null)
    {
        fields = fields is null ? [] : new Dictionary<string, string>(fields);
        if (token is not null)
        {
            fields["token"] = token;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields) };
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        if (asScript)
        {
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
        }

        return await SendAsync(request);
    }

    /// <summary>The token of the forms on a page.</summary>
    public async Task<string> TokenAsync(string page) => TokenOn((await GetAsync(page)).Text);

    public static string TokenOn(string html) =>
        Token().Match(html) is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value)
            : throw new InvalidOperationException("The page has no token: " + html);

    public static string Field(string html, string name) =>
        Regex.Match(html, $"name=\"{name}\" value=\"([^\"]*)\"") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value)
            : throw new InvalidOperationException($"The page has no field {name}.");

    /// <summary>Takes an invitation's link up with a passkey, and recovery codes as the second way that everybody needs.</summary>
    public async Task EnrolAsync(string link, SoftAuthenticator device)
    {
        await EnrolOneWayAsync(link, device);
        if ((await GetAsync("/signin/second")) is { Status: HttpStatusCode.OK } second)
        {
            Assert.Equal(HttpStatusCode.OK, (await PostAsync("/signin/second/codes", token: TokenOn(second.Text))).Status);
        }
    }

    /// <summary>Takes an invitation's link up with a passkey, and nothing else yet.</summary>
    public async Task EnrolOneWayAsync(string link, SoftAuthenticator device)
    {
        var path = new Uri(link).AbsolutePath;
        var options = await PostAsync($"{path}/passkey/options", asScript: true);
        Assert.Equal(HttpStatusCode.OK, options.Status);
        var made = await PostAsync($"{path}/passkey", new() { ["credential"] = device.Create(options.Text, Origin) }, asScript: true);
        Assert.True(made.Status == HttpStatusCode.OK, made.Text);
        Assert.Contains("\"next\":\"/app\"", made.Text, StringComparison.Ordinal);
    }

    /// <summary>Signs in with a passkey.</summary>
    public async Task<(HttpStatusCode Status, string Text, string? Location)> SignInAsync(SoftAuthenticator device, string? origin = null)
    {
        var options = await PostAsync("/signin/passkey/options", asScript: true);
        Assert.Equal(HttpStatusCode.OK, options.Status);
        return await PostAsync("/signin/passkey", new() { ["credential"] = device.Get(options.Text, origin ?? Origin) }, asScript: true);
    }

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, string Text, string? Location)> SendAsync(HttpRequestMessage request)
    {
        using var response = await _http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.Location?.ToString());
    }

    [GeneratedRegex("name=\"token\" value=\"([^\"]*)\"")]
    private static partial Regex Token();
}
