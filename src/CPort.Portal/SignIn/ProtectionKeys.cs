using System.Xml.Linq;
using CPort.Actors.Sessions;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CPort.Portal.SignIn;

/// <summary>
/// The framework's keys in the cluster's table. The framework's own way, each node making the first key for itself, gives a new cluster several, and sessions
/// that fail now and then (aspnetcore #3514): here no node makes one by itself, and of nodes that make the next one at the same time one does.
/// </summary>
internal sealed class ProtectionKeyRepository(ProtectionKeyStore store) : IXmlRepository
{
    [ThreadStatic]
    private static long _slot;

    public IReadOnlyCollection<XElement> GetAllElements() => [.. store.Read().Select(xml => XElement.Parse(xml))];

    public void StoreElement(XElement element, string friendlyName) =>
        store.TryAdd(friendlyName, element.ToString(SaveOptions.DisableFormatting), _slot > 0 ? _slot : store.Count() + 1);

    /// <summary>Has the framework make key number <paramref name="slot"/>; nothing comes of it when there is one.</summary>
    public static void Make(IKeyManager keys, long slot, DateTimeOffset from, DateTimeOffset to)
    {
        _slot = slot;
        try
        {
            keys.CreateNewKey(from, to);
        }
        finally
        {
            _slot = 0;
        }
    }
}

/// <summary>Sees to it that there is a key, before the node serves and from then on each day.</summary>
public sealed class ProtectionKeys(ProtectionKeyStore store, IKeyManager keys, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(90);

    /// <summary>The next one is there so long before the last one ends: every node has read it by then.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(3);

    public Task EnsureAsync(CancellationToken cancellation) => Task.Run(Ensure, cancellation);

    private void Ensure()
    {
        var (now, last) = (time.GetUtcNow(), store.Count());
        var end = keys.GetAllKeys().Where(k => !k.IsRevoked).Select(k => k.ExpirationDate).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        if (end <= now)
        {
            ProtectionKeyRepository.Make(keys, last + 1, now, now + Life);
        }
        else if (end - now < Ahead)
        {
            ProtectionKeyRepository.Make(keys, last + 1, end - TimeSpan.FromDays(1), end + Life);
        }
    }
}

/// <summary>Once an hour: the next key when it is time, and what is over of sessions and failures deleted.</summary>
internal sealed partial class SessionUpkeep(
    ProtectionKeys keys, SessionStore sessions, SignInFailures failures, TimeProvider time, ILogger<SessionUpkeep> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await keys.EnsureAsync(stoppingToken);
                await sessions.SweepAsync(stoppingToken);
                await failures.SweepAsync(stoppingToken);
            }
            catch (Exception e) when (Actors.Persistence.Faults.IsPassingFor(e, stoppingToken))
            {
                Later(log, e.GetType().Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sessions are looked after an hour later ({Why})")]
    private static partial void Later(ILogger logger, string why);
}

internal static class ProtectionSetup
{
    public static IServiceCollection AddProtectionKeys(this IServiceCollection services, SignInOptions options)
    {
        services.AddDataProtection().SetApplicationName($"cport/{options.Cluster}").DisableAutomaticKeyGeneration();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(p => new ConfigureOptions<KeyManagementOptions>(
            o => o.XmlRepository = new ProtectionKeyRepository(p.GetRequiredService<ProtectionKeyStore>())));

        // It warns that it seals nothing itself: the table does.
        services.AddLogging(l => l.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager", LogLevel.Error));
        return services.AddSingleton<ProtectionKeys>().AddHostedService<SessionUpkeep>();
    }
}
