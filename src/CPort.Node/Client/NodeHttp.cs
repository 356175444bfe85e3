namespace CPort.Node.Client;

/// <summary>
/// Where every HTTP client of the program comes from, so that the environment does not decide where keys and reports go. A proxy (<c>https_proxy</c>,
/// <c>no_proxy</c>) is asked for nothing but a tunnel: over plain http it would read everything, and none stands between a machine and itself.
/// </summary>
internal static class NodeHttp
{
    public static SocketsHttpHandler Handler(Uri address) => new()
    {
        UseProxy = address is { Scheme: "https", IsLoopback: false },

        // A node sends nobody elsewhere.
        AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    /// <summary>The handler is disposed with the client; null: <see cref="Handler"/>'s.</summary>
    public static HttpClient Client(Uri address, HttpMessageHandler? handler = null) => new(handler ?? Handler(address))
    {
        BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/"), Timeout = Timeout.InfiniteTimeSpan,
    };
}
