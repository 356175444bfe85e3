using CPort.Domain.Agencies;
using CPort.Actors.Reports;

namespace CPort.Api.Reading;

/// <summary>What the API may be told besides intake's own limits.</summary>
public sealed record CPortApiOptions
{
    public IntakeLimits Intake { get; init; } = new();
    public ReportGatewayOptions Gateway { get; init; } = new();

    /// <summary>Items in one batch over many reports.</summary>
    public int ItemsPerBatch { get; init; } = 1_000;

    /// <summary>What others reach the API by, as its description says it; without a slash at its end.</summary>
    public string PublicUrl { get; init; } = "http://127.0.0.1:5080";

    /// <summary>What people reach the pages by, without a slash at its end; null: as <see cref="PublicUrl"/>.</summary>
    public string? PortalUrl { get; init; }

    /// <summary>What everybody has looked at twice.</summary>
    public SecondLookPolicy NetworkLooks { get; init; } = SecondLookPolicy.Off;

    /// <summary>How long a change of agencies is waited for.</summary>
    public TimeSpan AgencyTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
