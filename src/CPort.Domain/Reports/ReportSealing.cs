using CPort.Domain.Reports.Verbs;

namespace CPort.Domain.Reports;

/// <summary>
/// Turns the confidential parts of a command from clear text to sealed form, before the rules see it; each verb knows its own parts. Together with <see
/// cref="ReportViews"/>, which opens them for answers, it is the report's only use of the seam.
/// </summary>
internal static class ReportSealing
{
    public static IReportVerb Seal(ConfidentialSeam seam, Report report, IReportVerb verb) =>
        verb is SubmitReport || report.Exists ? verb.Seal(seam, report) : verb;
}
