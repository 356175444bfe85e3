using System.Globalization;
using CPort.Actors.Audit;
using CPort.Actors.Persistence;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Security;

/// <summary>
/// Writes down that keys, or people who would sign in, were refused: of each cause the first one at once, and those of the next ten seconds as a number with
/// the first after them, so that who tries keys fills no disk.
/// </summary>
public sealed class SignInRefusals(IServiceProvider services, TimeProvider time)
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Since, int Unsaid)> _said = [];

    /// <summary>Before the refusal is answered. It is answered also when it cannot be written down: it shows nothing.</summary>
    public Task NoteAsync(RefusalCause cause, CancellationToken cancellation) => NoteAsync("key", AuditEntry.Word(cause), cancellation);

    /// <summary>The same of people: <paramref name="cause"/> is one of few words of ours.</summary>
    public async Task NoteAsync(string way, string cause, CancellationToken cancellation)
    {
        int times;
        lock (_lock)
        {
            if (_said.TryGetValue(cause, out var last) && time.GetElapsedTime(last.Since) < Span)
            {
                _said[cause] = last with { Unsaid = last.Unsaid + 1 };
                return;
            }

            times = last.Unsaid + 1;
            _said[cause] = (time.GetTimestamp(), 0);
        }

        if (services.GetService<IAuditLog>() is not { } audit)
        {
            return;
        }

        try
        {
            await audit.RecordAsync(
                new AuditRecord
                {
                    Kind = AuditKind.SignIn, Caller = Caller.System, Action = way, Outcome = AuditOutcome.Refused,
                    Objects = [new AuditObject(AuditObjectKind.View, string.Create(CultureInfo.InvariantCulture, $"{cause} {times}"))],
                }, cancellation);
        }
        catch (Exception e) when (Faults.IsPassing(e))
        {
            // Nothing was shown.
        }
    }
}
