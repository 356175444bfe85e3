namespace CPort.Portal.Shell;

/// <summary>What every part of a page may need besides its model: cascades from <see cref="Document"/>.</summary>
public sealed record PageContext
{
    public required Words Words { get; init; }

    /// <summary>Who looks; null on pages that are for everybody.</summary>
    public PortalSession? Session { get; init; }

    /// <summary>The page's title, without the product's name.</summary>
    public required string Title { get; init; }

    /// <summary>The entry of the navigation that the page belongs to.</summary>
    public NavEntry? Nav { get; init; }

    /// <summary>The way to the page, without the page itself.</summary>
    public ImmutableArray<Crumb> Crumbs { get; init; } = [];

    /// <summary>Where the lists on the page come from, and how current they are.</summary>
    public Actors.Projections.ReadPosition? At { get; init; }

    /// <summary>The moment the page was made.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Name and value of the antiforgery token; null: the page has no forms that change something.</summary>
    public (string Field, string Value)? Token { get; init; }

    /// <summary>What has just been done, as a text's name; null: nothing.</summary>
    public string? Done { get; init; }

    /// <summary>What was wrong with what was sent; the summary at the page's top.</summary>
    public ImmutableArray<PageError> Errors { get; init; } = [];

    /// <summary>What was filled in before a sign-in, and stands here again; null: nothing.</summary>
    public FilledForm? Filled { get; init; }

    /// <summary>Whose page it is, as forms that are kept say it (<see cref="Drafts"/>).</summary>
    internal Lazy<string?> Who { get; init; } = new((string?)null);

    /// <summary>How much of what the person is told is new; null: nobody is signed in, or it is not known just now.</summary>
    public int? New { get; init; }

    /// <summary>The page's own address, to come back to.</summary>
    public required string Address { get; init; }

    public Caller Caller => Session!.Caller;

    /// <summary>Where work comes from: police's inbox, for others the queues.</summary>
    public NavEntry Work => Session is { } session && AccessTable.May(session.Caller, NavEntry.Inbox.Needs) ? NavEntry.Inbox : NavEntry.Queues;
}

/// <summary>A step of the way to a page.</summary>
public sealed record Crumb(string Text, string Address);

/// <summary>Something that is wrong; <paramref name="Field"/> is the id of the control that it is about.</summary>
public sealed record PageError(string Text, string? Field = null);

/// <summary>A page or part of one that is drawn from one model.</summary>
public abstract class View<TModel> : ComponentBase
{
    [Parameter, EditorRequired]
    public TModel Model { get; set; } = default!;

    [CascadingParameter]
    public PageContext Page { get; set; } = null!;

    protected Words T => Page.Words;
}

/// <summary>A part without a model of its own.</summary>
public abstract class Part : ComponentBase
{
    [CascadingParameter]
    public PageContext Page { get; set; } = null!;

    protected Words T => Page.Words;
}
