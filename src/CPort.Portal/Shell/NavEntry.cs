namespace CPort.Portal.Shell;

/// <summary>
/// An entry of the navigation, at most seven of which anybody sees (portal.md 3.2); pages that a person may not open are not named. An agency's own page and
/// keys are tabs of its people's; holds and queues are tabs of police's inbox, and hotlines come to holds from their queues.
/// </summary>
/// <param name="Key">Of its text: <c>nav.queues</c>.</param>
/// <param name="Address">Where it leads.</param>
/// <param name="Letter">After <c>g</c>, on the keyboard.</param>
/// <param name="Needs">What the page behind it needs.</param>
public sealed record NavEntry(string Key, string Address, char Letter, Deed Needs)
{
    public static readonly NavEntry Home = new("home", "/app", 'h', Deed.CountItems);
    public static readonly NavEntry Inbox = new("inbox", "/app/inbox", 'i', Deed.AnswerReferrals);
    public static readonly NavEntry Queues = new("queues", "/app/queues", 'q', Deed.ListItems);
    public static readonly NavEntry Groups = new("groups", "/app/groups", 'l', Deed.ListItems);
    public static readonly NavEntry Search = new("search", "/app/search", 's', Deed.ListItems);
    public static readonly NavEntry Statistics = new("statistics", "/app/statistics", 'f', Deed.CountItems);
    public static readonly NavEntry People = new("people", "/app/admin/people", 'p', Deed.ChangePeople);
    public static readonly NavEntry Agencies = new("agencies", "/app/admin/agencies", 'n', Deed.ListAgencies);
    public static readonly NavEntry Operations = new("operations", "/app/operations", 'o', Deed.WatchNodes);
    public static readonly NavEntry Audit = new("audit", "/app/audit", 'a', Deed.SearchAudit);

    /// <summary>In the order they are shown.</summary>
    public static ImmutableArray<NavEntry> All { get; } = [Home, Inbox, Queues, Groups, Search, Statistics, People, Agencies, Operations, Audit];

    public static IEnumerable<NavEntry> For(Caller caller) => All.Where(
        e => AccessTable.May(caller, e.Needs) && !(e == Queues && AccessTable.May(caller, Inbox.Needs)));
}
