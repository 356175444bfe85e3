using CPort.Domain.Audit;

namespace CPort.Api.Security;

/// <summary>Bytes that say what they show.</summary>
internal sealed class FileAnswer(byte[] bytes, string type, Shown shown) : IResult, IShowsData
{
    public Shown What() => shown;

    public Task ExecuteAsync(HttpContext httpContext) => TypedResults.Bytes(bytes, type).ExecuteAsync(httpContext);
}
