using CPort.Actors.Telemetry;
using CPort.Iccam.Reading;

namespace CPort.Iccam.Security;

/// <summary>Which hotline's system asks, and how it writes. A feature of the request, beside its <see cref="Domain.Access.Caller"/>.</summary>
internal sealed record IccamCaller(Agency Agency, IccamAccess Access, Caller Caller)
{
    public HotlineStyle Style { get; } = new(Access, Caller.PrimaryCountry);

    public static IccamCaller Of(HttpContext http) => http.Features.Get<IccamCaller>() ?? throw ApiProblemException.Of(ProblemCodes.NotAuthenticated);

    /// <summary>Of a command of this request.</summary>
    public CommandContext Context(TimeProvider time) => new()
    {
        CommandId = CommandId.New(), Caller = Caller, OccurredAt = time.GetUtcNow(), TraceParent = CPortTracing.Current,
    };
}
