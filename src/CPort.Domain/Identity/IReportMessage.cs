namespace CPort.Domain.Identity;

/// <summary>A message for one report's actor; the shard extractor routes by <see cref="ReportId"/>.</summary>
public interface IReportMessage : IWireMessage
{
    ReportId ReportId { get; }
}
