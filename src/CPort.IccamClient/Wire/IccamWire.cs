using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace CPort.IccamClient.Wire;

/// <summary>
/// ICCAM's API v3 as a hotline's system speaks it: HTTP/1.1, sign-in and renewal, one request at a time with a pause between two. Success is 200 and nothing
/// else. Not thread-safe.
/// </summary>
/// <param name="http">With the server's root as its base and the client certificate in its handler.</param>
/// <param name="settings">Who signs in, and how politely.</param>
/// <param name="time">The clock.</param>
public sealed class IccamWire(HttpClient http, WireSettings settings, TimeProvider time)
{
    /// <summary>A token is renewed so long before its end.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(30);

    private const double DefaultLife = 1_800;

    private TokenAnswer? _token;
    private DateTimeOffset _ends;
    private long? _last;

    /// <summary>
    /// <c>rest/Content/no-reference</c>: what is the hotline's and it has not named yet, oldest assignment first. A row that cannot be read is a refusal and
    /// leaves the others as they are.
    /// </summary>
    public async Task<IReadOnlyList<(QueueRow? Row, Refusal? Unreadable)>> NewAsync(DateTimeOffset from, int most, CancellationToken cancellation)
    {
        var rows = await GetAsync<IReadOnlyList<JsonElement>>(
            string.Create(CultureInfo.InvariantCulture,
                $"rest/Content/no-reference?maxResults={most}&countryAssignmentStartDate={from.UtcDateTime:yyyy-MM-dd+HH'%3A'mm'%3A00'}"), cancellation);
        return [.. rows.Select(Row)];

        static (QueueRow? Row, Refusal? Unreadable) Row(JsonElement json)
        {
            try
            {
                var row = json.Deserialize<QueueRow>(IccamJson.Options);
                return row is { ContentId: > 0, ReportId: > 0 } ? (row, null)
                    : (null, new Refusal("contentId", "missing", "A row of the queue has no number."));
            }
            catch (Exception e) when (IsUnreadable(e))
            {
                return (null, Unreadable(e));
            }
        }
    }

    public Task<ContentAnswer> ContentAsync(ContentNumber content, CancellationToken cancellation) =>
        GetAsync<ContentAnswer>($"rest/Content/{content}", cancellation);

    public Task<ReportAnswer> ReportAsync(ReportNumber report, CancellationToken cancellation) =>
        GetAsync<ReportAnswer>($"rest/Reports/{report}", cancellation);

    public Task AssessAsync(ContentNumber content, AssessmentRequest assessment, CancellationToken cancellation) =>
        DoAsync(HttpMethod.Put, $"rest/Content/{content}/assessment", assessment, cancellation);

    public Task ActAsync(ContentNumber content, ActionRequest action, CancellationToken cancellation) =>
        DoAsync(HttpMethod.Post, $"rest/Content/{content}/actions", action, cancellation);

    public Task HostAsync(ContentNumber content, string? ipAddress, string country, CancellationToken cancellation) => DoAsync(
        HttpMethod.Put, $"rest/Content/{content}/url/hosting?newIpAddress={Uri.EscapeDataString(ipAddress ?? "")}&newCountryCode={country}",
        null, cancellation);

    public Task MoveAsync(ContentNumber content, string country, CancellationToken cancellation) =>
        DoAsync(HttpMethod.Put, $"rest/Content/{content}/assigned-country?newCountryCode={country}", null, cancellation);

    public Task NameAsync(ContentNumber content, string reference, CancellationToken cancellation) =>
        DoAsync(HttpMethod.Put, $"rest/Content/{content}/hotline-reference?reference={Uri.EscapeDataString(reference)}", null, cancellation);

    private async Task DoAsync(HttpMethod method, string path, object? body, CancellationToken cancellation) =>
        _ = await SignedInAsync(method, path, body, cancellation);

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellation) => Read<T>(await SignedInAsync(HttpMethod.Get, path, null, cancellation));

    private static T Read<T>(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(body, IccamJson.Options) ?? throw RefusedException.Of("", "unreadable", "The answer is empty.");
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw new RefusedException([Unreadable(e)]);
        }
    }

    private static bool IsUnreadable(Exception e) => e is JsonException or FormatException or InvalidOperationException;

    /// <summary>Its message quotes what stands there; the place is enough.</summary>
    private static Refusal Unreadable(Exception e) =>
        new((e as JsonException)?.Path?.TrimStart('$', '.') ?? "", "unreadable", "What stands there cannot be read.");

    /// <summary>A 401 has done nothing: signed in anew, the same is sent once more.</summary>
    private async Task<byte[]> SignedInAsync(HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        for (var again = false; ; again = true)
        {
            if (_token is null || time.GetUtcNow() >= _ends)
            {
                await SignInAsync(cancellation);
            }

            using var response = await SendAsync(method, path, body, cancellation);
            if (response.StatusCode == HttpStatusCode.Unauthorized && !again)
            {
                _token = null;
                continue;
            }

            return await BodyAsync(response, cancellation);
        }
    }

    private async Task SignInAsync(CancellationToken cancellation)
    {
        if (_token is { RefreshToken.Length: > 0 } old)
        {
            using var renewed = await SendAsync(
                HttpMethod.Post, "Authentication/refresh", new RefreshRequest { BearerToken = old.BearerToken, RefreshToken = old.RefreshToken }, cancellation);
            if (renewed.StatusCode == HttpStatusCode.OK && await TakeAsync(renewed, cancellation))
            {
                return;
            }
        }

        _token = null;
        using var response = await SendAsync(
            HttpMethod.Post, "Authentication", new LoginRequest { Username = settings.User, Password = settings.Password }, cancellation);
        if ((int)response.StatusCode is 400 or 401 or 403)
        {
            // No item's fault, and nothing to hammer at: somebody has to look at user name, password or certificate.
            throw new PassingFaultException("sign-in-refused", whole: true);
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new PassingFaultException(string.Create(CultureInfo.InvariantCulture, $"sign-in-{(int)response.StatusCode}"), whole: true, After(response));
        }

        if (!await TakeAsync(response, cancellation))
        {
            throw new PassingFaultException("sign-in-unreadable", whole: true);
        }

        await Task.Delay(settings.PauseAfterSignIn, time, cancellation);
    }

    private async Task<bool> TakeAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await BodyAsync(response, cancellation);
        try
        {
            _token = JsonSerializer.Deserialize<TokenAnswer>(body, IccamJson.Options) is { BearerToken.Length: > 0 } token ? token : null;
        }
        catch (JsonException)
        {
            _token = null;
        }

        var life = TimeSpan.FromSeconds(_token is { BearerTokenExpiresIn: > 0 } given ? given.BearerTokenExpiresIn : DefaultLife);
        _ends = time.GetUtcNow() + (life > Early + Early ? life - Early : life / 2);
        return _token is not null;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        if (_last is { } last && settings.Pause - time.GetElapsedTime(last) is { Ticks: > 0 } rest)
        {
            await Task.Delay(rest, time, cancellation);
        }

        using var request = new HttpRequestMessage(method, path) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_token?.BearerToken}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (method != HttpMethod.Get)
        {
            request.Content = new ByteArrayContent(body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), IccamJson.Options))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            };
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(settings.Patience);
        try
        {
            return await http.SendAsync(request, limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new PassingFaultException("no-connection", whole: true, cause: e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new PassingFaultException("no-answer", whole: true, cause: e);
        }
        finally
        {
            _last = time.GetTimestamp();
        }
    }

    /// <summary>The body of a success; everything else is thrown as what it means.</summary>
    private async Task<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        byte[] body;
        try
        {
            body = await response.Content.ReadAsByteArrayAsync(cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new PassingFaultException("no-connection", whole: true, cause: e);
        }

        if (status == 200)
        {
            return body;
        }

        // A server that refuses writes 4xx; what is thrown at it and it does not expect is 500 and may be gone the next time.
        throw status is < 400 or 401 or 408 or 425 or 429 or >= 500
            ? new PassingFaultException(status.ToString(CultureInfo.InvariantCulture), whole: status != 503 && status != 500, After(response))
            : new RefusedException(RefusalReader.Of(status, body));
    }

    private TimeSpan? After(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };
}
