using CPort.Domain.CodeLists;
using CPort.Domain.Reports;

namespace CPort.Api.Reports;

/// <summary>An item and ICSE.</summary>
/// <param name="ProposedBy">Who proposes it.</param>
/// <param name="State">Of its package: Released, Answered or Recalled; left out: it went in none.</param>
/// <param name="Known">ICSE had it before.</param>
/// <param name="VictimIdentified">By ICSE's word.</param>
/// <param name="OffenderIdentified">Likewise.</param>
/// <param name="Series">Its name.</param>
/// <param name="Recalled">Why it was called back.</param>
/// <param name="At">When its report heard of the last.</param>
public sealed record ItemIcseAnswer(
    IReadOnlyList<string>? ProposedBy, PackageState? State, bool? Known, bool? VictimIdentified, bool? OffenderIdentified, string? Series,
    RecallReason? Recalled, DateTimeOffset? At)
{
    public static ItemIcseAnswer? Of(ItemView view)
    {
        var (proposals, icse) = (view.Item.IcseProposals, view.Item.Icse);
        return proposals.IsEmpty && icse is null ? null : new ItemIcseAnswer(
            proposals.IsEmpty ? null : [.. proposals.Select(p => p.By.Value)], icse?.State, icse?.Finding?.Known, icse?.Finding?.VictimIdentified,
            icse?.Finding?.OffenderIdentified, view.IcseSeries.Length > 0 ? view.IcseSeries : null, icse?.Recalled, icse?.At);
    }
}
