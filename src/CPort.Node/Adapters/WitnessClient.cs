using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using CPort.Actors.Audit;
using CPort.Domain.Audit;

namespace CPort.Node.Adapters;

/// <summary>Asks witnesses that the operator has named (C2SP tlog-witness) by HTTP: no proxy, no redirects, little is read of the answer.</summary>
internal sealed class WitnessClient : IWitnessClient, IDisposable
{
    private readonly HttpClient _http;

    public WitnessClient(TimeSpan patience) => _http = new HttpClient(new SocketsHttpHandler
    {
        UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = patience, AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16, PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    })
    {
        Timeout = patience, MaxResponseContentBufferSize = AddCheckpoint.MaxLength,
    };

    public async Task<WitnessReply> AddCheckpointAsync(Uri url, string body, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("text/plain") { CharSet = "utf-8" };
        try
        {
            using var response = await _http.PostAsync(new Uri(url, "add-checkpoint"), content, cancellation).ConfigureAwait(false);
            var bytes = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            return new WitnessReply((int)response.StatusCode, Encoding.UTF8.GetString(bytes));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException
            || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return new WitnessReply(null, "");
        }
    }

    public void Dispose() => _http.Dispose();
}
