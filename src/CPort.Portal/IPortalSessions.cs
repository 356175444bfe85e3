namespace CPort.Portal;

/// <summary>Whose session a request belongs to.</summary>
public interface IPortalSessions
{
    /// <summary>The session that the request's cookie names; null when there is none, it has ended, or its person may not come in any more.</summary>
    ValueTask<PortalSession?> OfAsync(HttpContext http);
}

/// <summary>
/// Of an endpoint that pages ask by themselves while they are open: no sign that somebody is there, so a session ends by idleness nevertheless.
/// </summary>
public sealed record AskedByItself;

/// <summary>Nobody can come in: there is no way to sign in yet.</summary>
internal sealed class NoSessions : IPortalSessions
{
    public ValueTask<PortalSession?> OfAsync(HttpContext http) => ValueTask.FromResult<PortalSession?>(null);
}
