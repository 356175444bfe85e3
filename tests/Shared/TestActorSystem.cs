using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CPort.Tests.Shared;

/// <summary>An actor system configured by the same <c>AddXyz</c> extensions as a node, without a host. Disposing runs its coordinated shutdown.</summary>
public sealed class TestActorSystem : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private TestActorSystem(ServiceProvider services) => _services = services;

    public ActorSystem System => _services.GetRequiredService<ActorSystem>();

    public IServiceProvider Services => _services;

    /// <summary>Starts the system; <paramref name="services"/> adds what actors get injected.</summary>
    public static async Task<TestActorSystem> StartAsync(Action<AkkaConfigurationBuilder> configure, Action<IServiceCollection>? services = null)
    {
        var collection = new ServiceCollection();
        collection.AddLogging(l => l.SetMinimumLevel(LogLevel.Warning));
        collection.AddSingleton(TimeProvider.System);
        collection.AddSingleton<IHostApplicationLifetime, NoLifetime>();
        services?.Invoke(collection);
        collection.AddAkka("test", (akka, _) =>
        {
            akka.ConfigureLoggers(l =>
            {
                l.ClearLoggers();
                l.LogLevel = Akka.Event.LogLevel.WarningLevel;
                l.AddLoggerFactory();
            });
            configure(akka);
        });
        var provider = collection.BuildServiceProvider();
        foreach (var service in provider.GetServices<IHostedService>())
        {
            await service.StartAsync(default);
        }

        return new TestActorSystem(provider);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(default);
        }

        await _services.DisposeAsync();
    }

    /// <summary>There is no application to end.</summary>
    private sealed class NoLifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
