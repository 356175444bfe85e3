using System.Globalization;
using CPort.Actors.Audit;
using CPort.Actors.Telemetry;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CPort.Api.Security;

/// <summary>
/// Writes down that keys, or people who would sign in, were refused: of each cause, and whom it named, the first one at once, and those of the next ten seconds
/// as a number when these are over, so that who tries keys fills no disk and nothing is left untold. Beside the request: that one takes as long whether whom it
/// named is there or not.
/// </summary>
public sealed class SignInRefusals(IServiceProvider services, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Refusal, Told> _told = [];
    private readonly SemaphoreSlim _first = new(0);

    /// <summary>A key was refused.</summary>
    public void Note(Authentication.Refused refused) => Note("key", AuditEntry.Word(refused.Cause), refused.Named);

    /// <summary>The same of people and links.</summary>
    /// <param name="way">What was tried, one of few words of ours.</param>
    /// <param name="cause">Why not, one of few words of ours.</param>
    /// <param name="named">
    /// Whom the attempt named, so that their agency finds it; not who made it, which nobody knows. Null: nobody who is known here.
    /// </param>
    public void Note(string way, string cause, Caller? named = null)
    {
        CPortMetrics.SignInRefused(way, cause);
        var refusal = new Refusal(way, cause, named?.Agency, named?.KeyId);
        lock (_lock)
        {
            if (_told.TryGetValue(refusal, out var told))
            {
                told.Unsaid++;
                return;
            }

            _told[refusal] = new Told { Named = named, Unsaid = 1 };
        }

        _first.Release();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(all: true, cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await Task.WhenAny(_first.WaitAsync(wait.Token), Task.Delay(Look, time, wait.Token));
            await wait.CancelAsync();
            await WriteAsync(all: false, stoppingToken);
        }
    }

    /// <summary>Writes what is due; what cannot be written stays, and is told with what comes later.</summary>
    private async Task WriteAsync(bool all, CancellationToken cancellation)
    {
        List<(Refusal Refusal, Told Told, int Times)> due = [];
        lock (_lock)
        {
            foreach (var (refusal, told) in _told.ToList())
            {
                if (!all && told.Since is { } since && time.GetElapsedTime(since) < Span)
                {
                    continue;
                }

                if (told.Unsaid == 0)
                {
                    _told.Remove(refusal);
                    continue;
                }

                due.Add((refusal, told, told.Unsaid));
                (told.Unsaid, told.Since) = (0, time.GetTimestamp());
            }
        }

        foreach (var (refusal, told, times) in due)
        {
            if (!await TryWriteAsync(refusal, told.Named, times, cancellation))
            {
                lock (_lock)
                {
                    told.Unsaid += times;
                }
            }
        }
    }

    private async Task<bool> TryWriteAsync(Refusal refusal, Caller? named, int times, CancellationToken cancellation)
    {
        if (services.GetService<IAuditLog>() is not { } audit)
        {
            return true;
        }

        try
        {
            var about = new AuditObject(AuditObjectKind.View, string.Create(CultureInfo.InvariantCulture, $"{refusal.Cause} {times}"));
            await audit.RecordAsync(
                new AuditRecord
                {
                    Kind = AuditKind.SignIn, Caller = named ?? Caller.System, Action = refusal.Way, Outcome = AuditOutcome.Refused,
                    Objects = named is null ? [about]
                        : [about, new AuditObject(named.Person is null ? AuditObjectKind.Key : AuditObjectKind.Person, named.KeyId)],
                }, cancellation);
            return true;
        }
        catch (Exception)
        {
            // Nothing was shown, and whatever it is must not end the node: it is tried again.
            return false;
        }
    }

    private sealed record Refusal(string Way, string Cause, AgencyId? Agency, string? Named);

    private sealed class Told
    {
        public Caller? Named { get; init; }

        /// <summary>When the last entry of it was written; null: none yet.</summary>
        public long? Since { get; set; }

        public int Unsaid { get; set; }
    }
}
