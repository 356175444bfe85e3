namespace CPort.Node.Readiness;

/// <summary>
/// What this node found changed in the database and does not obey: said, and no reason to take the node away, because it goes on rightly.
/// </summary>
internal sealed class DoubtReadiness(DatabaseDoubts doubts) : IReadinessCheck
{
    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation) => Task.FromResult(Of(doubts.List()));

    internal static ReadinessReason Of(ImmutableArray<Doubt> doubts) => new("database content", true, doubts.IsEmpty
        ? "nothing was found changed"
        : string.Create(CultureInfo.InvariantCulture, $"{doubts.Length} rows were found changed and are not obeyed (")
            + string.Join(", ", doubts.GroupBy(d => (d.Place, d.Reason)).Select(g =>
                string.Create(CultureInfo.InvariantCulture, $"{g.Key.Place} {g.Key.Reason}: {g.Count()}")))
            + "): cport pbm reports stuck");
}
