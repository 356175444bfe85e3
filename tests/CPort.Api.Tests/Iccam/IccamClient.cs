using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace CPort.Api.Tests.Iccam;

/// <summary>What came back, as the client sees it.</summary>
internal sealed record IccamReply(int Status, string Head, string Body)
{
    /// <summary>Success is 200 and nothing else; else it is a failure that shows the answer.</summary>
    public JsonElement Ok
    {
        get
        {
            Assert.True(Status == 200, $"200 was expected, {Status} came: {Body}");

            // Empty, or parsed; a byte order mark would break it.
            return Body.Length == 0 ? default : JsonElement.Parse(Body);
        }
    }

    /// <summary>The body of a success.</summary>
    public string OkBody
    {
        get
        {
            _ = Ok;
            return Body;
        }
    }

    /// <summary>The texts of an error, which ends the client's job and is shown to staff, by field.</summary>
    public Dictionary<string, string[]> Errors(int status = 400)
    {
        Assert.True(Status == status, $"{status} was expected, {Status} came: {Body}");
        return JsonElement.Parse(Body).GetProperty("errors").EnumerateObject()
            .ToDictionary(e => e.Name, e => e.Value.EnumerateArray().Select(t => t.GetString()!).ToArray());
    }
}

/// <summary>
/// A client of ICCAM's API v3 that keeps to the contract byte by byte (iccam-v3.md 1): HTTP/1.1 over mutual TLS, its five headers on every call,
/// <c>Content-Length</c> also on GET and on PUTs that have their data in the query, an empty bearer before it has signed in, no time-out for the answer.
/// </summary>
internal sealed class IccamClient(Uri url, X509Certificate2Collection authority, X509Certificate2? certificate)
{
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;
    private string _token = "";

    /// <summary>The token, as the client keeps it for the whole process.</summary>
    public string Token => _token;

    /// <summary>The same system on another connection to another node, with the token it has.</summary>
    public IccamClient At(Uri other) => new(other, authority, certificate) { _token = _token };

    /// <summary>With a token that is no more, or none.</summary>
    public IccamClient With(string token) => new(url, authority, certificate) { _token = token };

    public async Task<IccamReply> SignInAsync(string user, string password)
    {
        var reply = await SendAsync("POST", "Authentication", PhpJson.Of(new (string, object?)[] { ("username", user), ("password", password) }));
        if (reply.Status == 200)
        {
            _token = reply.Ok.GetProperty("bearerToken").GetString()!;
        }

        return reply;
    }

    public Task<IccamReply> GetAsync(string path) => SendAsync("GET", path, "");

    public Task<IccamReply> PutAsync(string path, string body = "") => SendAsync("PUT", path, body);

    public Task<IccamReply> PostAsync(string path, object? body) => SendAsync("POST", path, PhpJson.Of(body));

    /// <summary>The report's number: an answer that is anything but a number is lost.</summary>
    public async Task<long> ReportAsync(object body)
    {
        var answer = (await PostAsync("rest/reports", body)).Ok;
        Assert.Equal(JsonValueKind.Number, answer.ValueKind);
        return answer.GetInt32();
    }

    public async Task<JsonElement> GetReportAsync(long report) => (await GetAsync(string.Create(Plain, $"rest/Reports/{report}"))).Ok;

    /// <summary>The ids of a report's contents by their URLs, which have to be the same letter by letter.</summary>
    public async Task<Dictionary<string, long>> ContentsAsync(long report) => (await GetReportAsync(report)).GetProperty("reportContents").EnumerateArray()
        .ToDictionary(c => c.GetProperty("urlString").GetString()!, c => (long)c.GetProperty("contentId").GetInt32());

    public async Task<JsonElement> ContentAsync(long content) => (await GetAsync(string.Create(Plain, $"rest/Content/{content}"))).Ok;

    public async Task<JsonElement[]> NewAsync() =>
        [.. (await GetAsync("rest/Content/no-reference?maxResults=500&countryAssignmentStartDate=2026-03-02+08%3A30%3A00")).Ok.EnumerateArray()];

    /// <summary>Sends a request and cuts the connection before it reads anything.</summary>
    public async Task SendAndCutAsync(string method, string path, string body)
    {
        var (tcp, tls) = await ConnectAsync();
        using (tcp)
        await using (tls)
        {
            await tls.WriteAsync(Request(method, path, body));
            await tls.FlushAsync();
        }
    }

    public async Task<IccamReply> SendAsync(string method, string path, string body)
    {
        var (tcp, tls) = await ConnectAsync();
        using (tcp)
        await using (tls)
        {
            await tls.WriteAsync(Request(method, path, body));
            await tls.FlushAsync();
            return await ReadAsync(tls);
        }
    }

    private byte[] Request(string method, string path, string body)
    {
        var bytes = Encoding.ASCII.GetBytes(body);
        return
        [
            .. Encoding.ASCII.GetBytes(string.Create(Plain, $"""
                {method} /{path} HTTP/1.1
                Host: {url.Authority}
                Authorization: Bearer {_token}
                Content-Type: application/json
                accept: application/json
                Content-Length: {bytes.Length}


                """).ReplaceLineEndings("\r\n")), .. bytes,
        ];
    }

    private async Task<(TcpClient Tcp, SslStream Tls)> ConnectAsync()
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(url.Host, url.Port);
        var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http11],
            ClientCertificates = certificate is null ? null : [certificate],
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { authority[0] },
            },
        });
        return (tcp, tls);
    }

    private static async Task<IccamReply> ReadAsync(Stream from)
    {
        var all = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var text = Encoding.Latin1.GetString(all.GetBuffer(), 0, (int)all.Length);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && BodyOf(text[..end], text[(end + 4)..]) is { } body)
            {
                Assert.StartsWith("HTTP/1.1 ", text, StringComparison.Ordinal);
                return new IccamReply(int.Parse(text.AsSpan(9, 3), Plain), text[..end], Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body)));
            }

            var read = await from.ReadAsync(buffer);
            if (read == 0)
            {
                throw new IOException("The connection ended before the answer.");
            }

            all.Write(buffer, 0, read);
        }
    }

    /// <summary>Null: it is not all there yet.</summary>
    private static string? BodyOf(string head, string rest)
    {
        var headers = head.Split("\r\n").Skip(1).Select(h => h.Split(':', 2)).ToDictionary(h => h[0].ToLowerInvariant(), h => h[1].Trim());
        if (headers.TryGetValue("content-length", out var length))
        {
            return rest.Length >= int.Parse(length, Plain) ? rest[..int.Parse(length, Plain)] : null;
        }

        if (!headers.TryGetValue("transfer-encoding", out var coding) || coding != "chunked")
        {
            return "";
        }

        for (var (at, body) = (0, new StringBuilder()); ;)
        {
            var line = rest.IndexOf("\r\n", at, StringComparison.Ordinal);
            if (line < 0)
            {
                return null;
            }

            var size = int.Parse(rest.AsSpan(at, line - at), NumberStyles.HexNumber, Plain);
            if (rest.Length < line + 2 + size + 2)
            {
                return null;
            }

            if (size == 0)
            {
                return body.ToString();
            }

            body.Append(rest, line + 2, size);
            at = line + 2 + size + 2;
        }
    }
}
