using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Projections;

/// <summary>One report while events are folded in.</summary>
internal sealed class Folding(string id, Report known)
{
    public string Id => id;

    /// <summary>The state that the tables show.</summary>
    public Report Before { get; set; } = known;

    public Report Now { get; private set; } = known;

    /// <summary>Every item is to be written, whatever the tables show.</summary>
    public bool Whole { get; init; }

    /// <summary>What the folded events say of look-alikes, in their order.</summary>
    public List<LookAlikeSighting> Alike { get; } = [];

    public string? Fault { get; private set; }

    public long FaultAt { get; private set; }

    /// <summary>Its rows cannot be written.</summary>
    public void Refuse(string reason) => (Fault, FaultAt) = (reason, Now.Version);

    public void Fold(IEnumerable<JournalEvent> events)
    {
        foreach (var e in events)
        {
            if (Fault is not null || e.Sequence <= Now.Version)
            {
                continue;
            }

            if (e.Event is null || e.Sequence != Now.Version + 1)
            {
                (Fault, FaultAt) = (e.Fault ?? (e.Event is null ? "NotAnEventOfAReport" : "MissingEvent"), e.Sequence);
                continue;
            }

            try
            {
                Now = e.Applied.To(Now, e.Event);
                if (e.Event is AutomaticWorkDone done)
                {
                    Alike.AddRange(
                        from s in done.Steps
                        where s.Match is { LookAlikes.IsEmpty: false }
                        from hash in Now.Items[s.Ordinal - 1].Hashes
                        where hash.Algorithm == HashAlgorithm.Pdq
                        select new LookAlikeSighting(Now.Tenant, e.Ordering, hash, s.Match!.LookAlikes));
                }
            }
            catch (Exception fault)
            {
                // An event that reads but does not fit its report: damaged all the same, and this report's affair alone.
                (Fault, FaultAt) = (fault.GetType().Name, e.Sequence);
            }
        }
    }

    /// <summary>Adds the rows that the folded events have changed; <paramref name="newItems"/>: those whose hashes are not in the tables yet.</summary>
    public void RowsInto(ItemKeys keys, List<ReportRow> reports, List<ItemRow> items, List<(Tenant Tenant, ContentItem Item)> newItems)
    {
        var (rows, fresh) = (new List<ItemRow>(), new List<(Tenant Tenant, ContentItem Item)>());
        var sameHead = !Whole && ReadRows.SharesHead(Before, Now);
        for (var i = 0; i < Now.Items.Count; i++)
        {
            var item = Now.Items[i];
            var isNew = Whole || i >= Before.Items.Count;
            if (sameHead && !isNew && ReferenceEquals(item, Before.Items[i]))
            {
                continue;
            }

            try
            {
                rows.Add(keys.RowOf(Now, item));
            }
            catch (System.Security.Cryptography.CryptographicException fault)
            {
                // A URL that does not open any more has no keys by the list of today.
                (Fault, FaultAt) = (fault.GetType().Name, Now.Version);
                return;
            }

            if (isNew)
            {
                fresh.Add((Now.Tenant, item));
            }
        }

        reports.Add(ReadRows.Of(Now));
        items.AddRange(rows);
        newItems.AddRange(fresh);
    }
}
