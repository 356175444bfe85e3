namespace CPort.Iccam.Security;

/// <summary>What an installation decides of the façade; what each hotline decides is a row of its agency (<see cref="IccamAccess"/>).</summary>
public sealed record IccamSettings
{
    /// <summary>
    /// The listener has checked client certificates against authorities of its own. Otherwise it takes any, and only who is known by its certificate comes in.
    /// </summary>
    public bool CertificatesAreChecked { get; init; }

    /// <summary>
    /// How long a request waits inside for what is not there yet (a report's routing, the read tables, a node that just died) before it answers 503; the client
    /// has no time-out of its own, and takes a 503 before an action for "no such content". Seconds to minutes.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long the same content under another reference is the same report.</summary>
    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long a token is said to last; for the client a token that runs out within a run loses its job for good.</summary>
    public TimeSpan TokenLife { get; init; } = TimeSpan.FromHours(4);
}
