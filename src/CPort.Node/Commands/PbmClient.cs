using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using CPort.Node.Client;
using CPort.Node.Operator;

namespace CPort.Node.Commands;

/// <summary>What <c>cport pbm</c> ends with, for scripts.</summary>
public static class PbmExitCodes
{
    public const int Ok = 0;

    /// <summary>The node was asked and could or would not.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong, or lacks <c>--yes</c>.</summary>
    public const int Usage = 2;

    /// <summary>No operator endpoint answers there.</summary>
    public const int NoConnection = 3;

    /// <summary>The key is missing, unknown, or not an operator's.</summary>
    public const int NotAllowed = 4;
}

/// <summary>Ends a pbm command with a line for people and an exit code.</summary>
public sealed class PbmException(int exitCode, string message, string? code = null) : Exception(message)
{
    public int ExitCode => exitCode;

    /// <summary>The node's word for what is wrong, or null.</summary>
    public string? Code => code;
}

/// <summary>Where the node is and how it is spoken to. <c>host:port</c> is HTTPS unless the host is loopback; a scheme given decides.</summary>
public sealed partial record PbmTarget(Uri Url)
{
    public const string Default = "127.0.0.1:9110";
    private const int DefaultPort = 9110;

    /// <summary>As the prompt shows it.</summary>
    public string Name => $"{Url.Host}:{Url.Port}";

    /// <summary>Null for what is no address.</summary>
    public static PbmTarget? Parse(string text)
    {
        var hasScheme = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!Uri.TryCreate(hasScheme ? text : $"http://{text}", UriKind.Absolute, out var url) || url.PathAndQuery != "/" || url.UserInfo.Length > 0)
        {
            return null;
        }

        // A word alone is more likely a misspelt command than a host.
        if (!hasScheme && !text.Contains(':', StringComparison.Ordinal) && !text.Contains('.', StringComparison.Ordinal) && text != "localhost")
        {
            return null;
        }

        var port = Port().IsMatch(text) ? url.Port : DefaultPort;
        return new PbmTarget(new UriBuilder(hasScheme ? url.Scheme : url.IsLoopback ? "http" : "https", url.Host, port).Uri);
    }

    [GeneratedRegex(@":[0-9]{1,5}/?\z")]
    private static partial Regex Port();
}

/// <summary>Speaks to a node's operator endpoint. Exceptions are <see cref="PbmException"/>s and never hold the key.</summary>
public sealed class PbmClient : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="target">The node.</param>
    /// <param name="key">An operator's key.</param>
    /// <param name="authorityFile">PEM of the authority that the node's certificate must come from; null: the system's.</param>
    /// <param name="certificateFile">PEM of an own certificate, with its key in it or in <paramref name="certificateKeyFile"/>.</param>
    /// <param name="certificateKeyFile">PEM of the certificate's key.</param>
    public PbmClient(PbmTarget target, string key, string? authorityFile = null, string? certificateFile = null, string? certificateKeyFile = null)
    {
        Target = target;
        var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) };
        if (certificateFile is not null)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificateFile, certificateKeyFile)];
        }

        if (authorityFile is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(authorityFile);
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        _http = new HttpClient(handler) { BaseAddress = new Uri(target.Url, "/operator/v1/"), Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public PbmTarget Target { get; }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, cancellation);

    public Task<JsonElement> PostAsync(string path, object body, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, body, cancellation);

    /// <summary>The lines of a stream as they come; ends when the node ends it.</summary>
    public async IAsyncEnumerable<string> LinesAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var answer = await TryAsync(() => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation), cancellation);
        await RequireSuccessAsync(answer, cancellation);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        using var reader = new StreamReader(stream);
        while (await TryAsync(async () => await reader.ReadLineAsync(cancellation), cancellation) is { } line)
        {
            yield return line;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : JsonContent.Create(body, options: OperatorJson.Options);
        using var answer = await TryAsync(() => _http.SendAsync(request, cancellation), cancellation);
        await RequireSuccessAsync(answer, cancellation);
        try
        {
            return JsonElement.Parse(await TryAsync(() => answer.Content.ReadAsByteArrayAsync(cancellation), cancellation));
        }
        catch (JsonException)
        {
            throw NoNode("it does not answer JSON");
        }
    }

    private static async Task RequireSuccessAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellation);
        var problem = ApiProblem.From(bytes, (int)answer.StatusCode);
        throw new PbmException(
            answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? PbmExitCodes.NotAllowed : PbmExitCodes.Failed,
            problem.Detail ?? problem.Title, CodeOf(bytes));
    }

    private static string? CodeOf(byte[] body)
    {
        try
        {
            return body.Length > 0 && JsonElement.Parse(body) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("code", out var code) ? code.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<T> TryAsync<T>(Func<Task<T>> ask, CancellationToken cancellation)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw NoNode(e.GetBaseException().Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NoNode("no answer within a minute");
        }
    }

    private PbmException NoNode(string why) => new(PbmExitCodes.NoConnection, $"No operator endpoint answers at {Target.Url}: {why}");
}
