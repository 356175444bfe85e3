using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using CPort.Actors.Exchange;
using CPort.Domain.Exchange;

namespace CPort.Node.Adapters;

/// <summary>How webhooks are sent.</summary>
internal sealed record WebhookOptions
{
    /// <summary>How long a receiver has to answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Networks that are not of the public internet and may be sent to all the same; there also without TLS.</summary>
    public ImmutableArray<IPNetwork> AllowedNetworks { get; init; } = [];
}

/// <summary>
/// Sends one event, or one batch, to one receiver, by HTTPS. For each connection the receiver's name is resolved, every address is looked at
/// (<see cref="OutsideAddresses"/>), and the connection is made to the address that was looked at. No proxy, no redirects; of the answer at most 4 kB are read
/// and none is shown.
/// </summary>
internal sealed class WebhookSender : IWebhookSender, IDisposable
{
    private const int MostOfAnswer = 4_096;

    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public WebhookSender(WebhookOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = options.Patience, ConnectCallback = ConnectAsync,
            AutomaticDecompression = DecompressionMethods.None, MaxResponseHeadersLength = 16, MaxConnectionsPerServer = 8,

            // Many news in a row go over one connection, whose address was looked at; a name that has moved on is soon followed.
            PooledConnectionLifetime = TimeSpan.FromSeconds(30), PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10), MaxResponseDrainSize = MostOfAnswer,
            SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = System.Security.Authentication.SslProtocols.None },
        })
        {
            Timeout = options.Patience, MaxResponseContentBufferSize = MostOfAnswer,
        };
    }

    public async Task<WebhookAnswer> SendAsync(Webhook hook, WebhookMessage message, long behind, CancellationToken cancellation)
    {
        var (id, mediaType, body) = message;
        var now = _time.GetUtcNow();
        var timestamp = now.ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        request.Headers.TryAddWithoutValidation("webhook-id", id);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(
            "webhook-signature", WebhookSignature.Of(id, timestamp, body, WebhookRules.SecretsOf(hook, now), hook.SigningSeed));
        request.Headers.TryAddWithoutValidation("cport-behind", behind.ToString(CultureInfo.InvariantCulture));
        request.Headers.UserAgent.ParseAdd("CPort");
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            var wait = response.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } => date - now,
                _ => (TimeSpan?)null,
            };
            return new WebhookAnswer((int)response.StatusCode, null, wait > TimeSpan.Zero ? wait : null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return new WebhookAnswer(null, WordsOf(e));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A kind of fault, never its text, which may quote addresses or what the receiver sent.</summary>
    private static string WordsOf(Exception e) => e.GetBaseException() switch
    {
        RefusedAddressException => "the address is not one that may be sent to",
        System.Security.Authentication.AuthenticationException => "the certificate is not accepted",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "the name is not known",
        SocketException => "no connection",
        OperationCanceledException or TimeoutException => "no answer in time",
        _ => "no answer",
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var end = context.DnsEndPoint;
        var addresses = IPAddress.TryParse(end.Host, out var literal)
            ? [literal] : await Dns.GetHostAddressesAsync(end.Host, cancellation).ConfigureAwait(false);

        // One bad address among good ones is one too many: which of them is used, chance would decide.
        var clear = context.InitialRequestMessage.RequestUri!.Scheme == "http";
        if (addresses.Length == 0 || addresses.Any(a => !(clear ? OutsideAddresses.IsAllowed(a, _options.AllowedNetworks)
            : OutsideAddresses.MayReach(a, _options.AllowedNetworks))))
        {
            throw new RefusedAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, end.Port, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class RefusedAddressException() : IOException("The address may not be sent to.");
}
