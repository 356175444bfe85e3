using CPort.Actors.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Security;

/// <summary>Who asks, as a parameter of endpoints: the caller of the request's key, and the makings of a command's context.</summary>
public sealed class ApiCaller
{
    public const string CommandIdHeader = "Command-Id";
    public const string IdempotencyHeader = "Idempotency-Key";

    private readonly CommandId? _given;
    private readonly TimeProvider _time;
    private readonly HttpContext _http;

    private ApiCaller(Caller caller, CommandId? given, TimeProvider time, HttpContext http) => (Caller, _given, _time, _http) = (caller, given, time, http);

    public Caller Caller { get; }

    /// <summary>Binds a parameter of an endpoint; throws <see cref="ApiProblemException"/> on a malformed command id.</summary>
    public static ValueTask<ApiCaller?> BindAsync(HttpContext http)
    {
        var caller = http.Features.Get<Caller>() ?? throw ApiProblemException.Of(ProblemCodes.NotAuthenticated);
        CommandId? given = null;
        var text = http.Request.Headers[CommandIdHeader].ToString() is { Length: > 0 } named ? named : http.Request.Headers[IdempotencyHeader].ToString();
        if (text.Length > 0)
        {
            given = CommandId.TryParse(text.Trim('"'), out var id)
                ? id
                : throw ApiProblemException.Of(ProblemCodes.BadRequest, $"{CommandIdHeader} is 1 to 64 printable ASCII characters without spaces.");
        }

        return ValueTask.FromResult<ApiCaller?>(new ApiCaller(caller, given, http.RequestServices.GetRequiredService<TimeProvider>(), http));
    }

    /// <summary>
    /// The context of the request's command. When one request makes several commands, <paramref name="part"/> (from 0) keeps their ids apart and the same at
    /// each repeat.
    /// </summary>
    public CommandContext Context(int part = 0) => new()
    {
        CommandId = _given is not { } given ? CommandId.New()
            : part == 0 ? given
            : CommandId.TryParse($"{given}.{part}", out var numbered) ? numbered
            : throw ApiProblemException.Of(ProblemCodes.BadRequest, $"{CommandIdHeader} is too long for a request of several commands; at most 58 characters."),
        Caller = Caller, OccurredAt = _time.GetUtcNow(), TraceParent = CPortTracing.Current,

        // A command without an id of its own is never repeated by id.
        Digest = _given is null ? 0 : RequestDigest.Of(_http),
    };
}
