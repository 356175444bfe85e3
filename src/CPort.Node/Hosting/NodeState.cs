namespace CPort.Node.Hosting;

/// <summary>How far the node has come. Thread-safe.</summary>
public sealed class NodeState
{
    /// <summary>
    /// The actor system's name, part of every node's address. The same whatever the cluster's name, so that two clusters can tell each other apart.
    /// </summary>
    public const string SystemName = "cport";

    private volatile string? _waitingFor = "the node is starting";
    private volatile bool _leaves;
    private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ActorSystem? _system;
    private int _exitCode;

    /// <summary>Completes when the node serves for the first time.</summary>
    public Task Running => _running.Task;

    /// <summary>Waits until the node serves; false: it stops before that.</summary>
    public async Task<bool> RunsAsync(CancellationToken stopping)
    {
        await Running.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Running.IsCompletedSuccessfully;
    }

    /// <summary>The actor system runs and its regions are open.</summary>
    public bool IsRunning => _waitingFor is null;

    /// <summary>Why the node does not serve, or null.</summary>
    public string? WaitingFor => _waitingFor;

    /// <summary>It is going to stop: not ready, so that load balancers send to others, but whatever still comes is served.</summary>
    public bool IsLeaving => _leaves;

    public ActorSystem? System => _system;

    /// <summary>What the process is to end with when the node stopped by itself; 0 while all is well.</summary>
    public int ExitCode => _exitCode;

    /// <summary>The first reason to end is the one that counts.</summary>
    internal void Ends(int exitCode) => Interlocked.CompareExchange(ref _exitCode, exitCode, ExitCodes.Ok);

    internal void Waits(string reason) => _waitingFor = reason;

    internal void Leaves() => _leaves = true;

    internal void Runs(ActorSystem system)
    {
        _system = system;
        _waitingFor = null;
        _running.TrySetResult();
    }
}
