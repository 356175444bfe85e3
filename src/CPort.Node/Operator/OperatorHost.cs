using CPort.Actors.Agencies;
using CPort.Api.Security;
using CPort.Domain.Agencies;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CPort.Node.Operator;

public static class OperatorSetup
{
    /// <summary>
    /// The operator endpoint and the log's memory. To be registered before the actor system, so that it starts before and stops after it: an operator sees a
    /// node come and go.
    /// </summary>
    public static WebApplicationBuilder AddOperator(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<LogRing>();
        builder.Services.AddSingleton<ILoggerProvider>(p => new BoundedLog(p.GetRequiredService<LogRing>(), TimeProvider.System));
        builder.Services.AddSingleton<OperatorHost>();
        builder.Services.AddHostedService(p => p.GetRequiredService<OperatorHost>());
        return builder;
    }
}

/// <summary>
/// Serves <c>/operator/v1</c> on a port of its own, by a web server of its own: nothing of it can be reached through the API's port, nor the API through it.
/// Lets in operators only (an operator's key with the role operator).
/// </summary>
public sealed partial class OperatorHost(
    NodeOptions options, NodeState state, AgencyDirectoryFeed directory, IServiceProvider services, TimeProvider time,
        ILoggerFactory loggers) : IHostedService, IDisposable
{
    private readonly ILogger _log = loggers.CreateLogger<OperatorHost>();
    private readonly CancellationTokenSource _stopping = new();
    private WebApplication? _app;

    /// <summary>Where it listens, for example <c>http://127.0.0.1:9110</c>; null when it does not.</summary>
    public string? Url { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Operator.Enabled)
        {
            return;
        }

        var builder = SideServer.NewBuilder("cport-operator", loggers);
        builder.Services.AddRouting();
        builder.Services.AddSingleton(time);
        builder.Services.AddCPortAnswers();
        builder.WebHost.UseShutdownTimeout(TimeSpan.FromSeconds(3)).UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(options.Operator.Address!, options.Operator.Port, listen =>
            {
                if (options.Operator.UsesTls)
                {
                    listen.UseHttps(Tls());
                }
            });
        });
        var app = builder.Build();
        app.UseAnswerHeaders();
        app.UseExceptionHandler();
        app.UseHead();
        app.Use(AuthenticateAsync);
        app.UseRouting();
        app.UseGuard();
        OperatorEndpoints.Map(app, new OperatorNode(services, state, loggers.CreateLogger<OperatorNode>(), _stopping.Token));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            // As with pbm's own host: several nodes on one machine must each be able to run.
            Taken(_log, options.Operator.Port);
            await app.DisposeAsync();
            return;
        }

        _app = app;
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Listens(_log, Url);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        if (_app is not null)
        {
            await _app.StopAsync(cancellationToken);
            await _app.DisposeAsync();
        }
    }

    public void Dispose() => _stopping.Dispose();

    private HttpsConnectionAdapterOptions Tls()
    {
        var tls = Certificates.Https(options.Http);
        if (options.Operator.ClientCaPath is { } file)
        {
            tls.RequireClientsOf(file, "CPORT__Operator__ClientCaPath");
        }

        return tls;
    }

    /// <summary>Nobody without a key; who may do what is asked of the guard.</summary>
    private async Task AuthenticateAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.Headers.CacheControl = "no-store";
        var header = http.Request.Headers.Authorization.ToString();
        var key = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : null;
        if (!directory.Ready)
        {
            var why = state.WaitingFor ?? "the directory of agencies is being read";
            await ApiProblem.Of(ProblemCodes.Unavailable, $"The node cannot tell operators from others yet: {why}.").WriteAsync(http);
            return;
        }

        var found = directory.Authenticate(key, time.GetUtcNow(), null, http.Connection.RemoteIpAddress);
        if (found is not Authentication.Accepted { Caller: var caller })
        {
            if (key is not null && found is Authentication.Refused refused)
            {
                services.GetRequiredService<SignInRefusals>().Note(refused);
            }

            if (found is Authentication.Refused { Cause: RefusalCause.OutsideNetworks })
            {
                await ApiProblem.Of(ProblemCodes.NetworkNotAllowed, KeyNetworks.Refusal).WriteAsync(http);
                return;
            }

            http.Response.Headers.WWWAuthenticate = "Bearer realm=\"cport-operator\"";
            await ApiProblem.Of(ProblemCodes.NotAuthenticated, "An operator's key is needed.").WriteAsync(http);
            return;
        }

        http.Features.Set(caller);
        services.GetRequiredService<KeyUses>().Note(caller.KeyId);
        await next(http);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Operators are served on {Url}")]
    private static partial void Listens(ILogger logger, string url);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The operator endpoint's port {Port} is taken (CPORT__Operator__Port): this node runs without one")]
    private static partial void Taken(ILogger logger, int port);
}
