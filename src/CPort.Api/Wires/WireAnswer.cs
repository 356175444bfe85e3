using System.Text.Encodings.Web;
using System.Text.Json;
using CPort.Domain.Audit;

namespace CPort.Api.Wires;

/// <summary>An answer in the form of another system's wire, which says what it shows.</summary>
internal sealed class WireAnswer(object? body, Shown shown, int status = StatusCodes.Status200OK) : IResult, IShowsData
{
    /// <summary>As others write JSON: names as they stand, nothing escaped that need not be.</summary>
    public static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Shown What() => shown;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        return httpContext.Response.WriteAsJsonAsync(body, Json, "application/json", httpContext.RequestAborted);
    }
}
