namespace CPort.Api.Tests.Iccam;

/// <summary>The client was ended here.</summary>
internal sealed class KilledException : Exception;

/// <summary>Ends the client at random at every step it takes, before it or after it, as long as it is on.</summary>
internal sealed class Killing(int seed, double chance)
{
    private readonly Random _random = new(seed);

    public bool IsOn { get; set; } = true;

    public int Kills { get; private set; }

    public void Step()
    {
        lock (_random)
        {
            if (IsOn && _random.NextDouble() < chance)
            {
                Kills++;
                throw new KilledException();
            }
        }
    }

    /// <summary>A request ends it before it is sent, or once it was done and before its answer is read.</summary>
    public sealed class Handler(Killing killing, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            killing.Step();
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            killing.Step();
            return response;
        }

        /// <summary>The node's outlives the client that it is given to.</summary>
        protected override void Dispose(bool disposing)
        {
        }
    }
}
