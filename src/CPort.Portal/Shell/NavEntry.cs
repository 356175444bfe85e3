namespace CPort.Portal.Shell;

/// <summary>
/// An entry of the navigation, at most seven of which anybody sees (portal.md 3.2); pages that a person may not open are not named.
/// </summary>
/// <param name="Key">Of its text: <c>nav.queues</c>.</param>
/// <param name="Address">Where it leads.</param>
/// <param name="Letter">After <c>g</c>, on the keyboard.</param>
/// <param name="Needs">What the page behind it needs.</param>
public sealed record NavEntry(string Key, string Address, char Letter, Deed Needs)
{
    public static readonly NavEntry Home = new("home", "/app", 'h', Deed.CountItems);
    public static readonly NavEntry Queues = new("queues", "/app/queues", 'q', Deed.ListItems);
    public static readonly NavEntry Search = new("search", "/app/search", 's', Deed.ListItems);
    public static readonly NavEntry Statistics = new("statistics", "/app/statistics", 'f', Deed.CountItems);
    public static readonly NavEntry Audit = new("audit", "/app/audit", 'a', Deed.SearchAudit);

    /// <summary>In the order they are shown.</summary>
    public static ImmutableArray<NavEntry> All { get; } = [Home, Queues, Search, Statistics, Audit];

    public static IEnumerable<NavEntry> For(Caller caller) => All.Where(e => AccessTable.May(caller, e.Needs));
}
