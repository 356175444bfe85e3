namespace CPort.Node.Operator;

/// <summary>
/// What the operators' endpoints need of the node they are on. Everything that concerns the cluster has the same answer on every node; what changes something
/// is logged with who did it. <paramref name="stopping"/> ends the streams.
/// </summary>
internal sealed partial class OperatorNode(IServiceProvider services, NodeState state, ILogger log, CancellationToken stopping)
{
    /// <summary>How long another node or a region may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public NodeState State => state;

    public ActorSystem System => state.System ?? throw ApiProblemException.Of(ProblemCodes.Unavailable, $"The node has no actor system: {state.WaitingFor}.");

    public Akka.Cluster.Cluster Cluster => Akka.Cluster.Cluster.Get(System);

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    public void Did(Caller caller, string command, string what) => Did(log, caller.Agency.Value, caller.KeyId, command, what);

    /// <summary>One JSON object a line, each sent at once, until the reader goes or the node ends.</summary>
    public async Task StreamAsync<T>(HttpContext http, Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        http.Response.ContentType = "application/x-ndjson";
        await http.Response.StartAsync(end.Token);
        try
        {
            await foreach (var line in source(end.Token))
            {
                byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, ApiJson.Options), (byte)'\n'];
                await http.Response.Body.WriteAsync(bytes, end.Token);
                await http.Response.Body.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader went, or the node ends.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Operator {Agency} (key {KeyId}): {Command} {What}")]
    private static partial void Did(ILogger log, string agency, string keyId, string command, string what);
}
