using System.Text.Json;
using CPort.Api;

namespace CPort.Portal.Selections;

/// <summary>What is to be done with all items of a selection.</summary>
public enum SelectionDeed
{
    Assess = 1,
    Act,
}

/// <summary>An item of a selection, as it was when it was chosen.</summary>
/// <param name="Item">The item's id.</param>
/// <param name="Version">The version that was shown.</param>
public sealed record SelectedItem(string Item, int Version)
{
    /// <summary>What became of it: <c>accepted</c>, <c>rejected</c>, or <c>unavailable</c>; null: nothing was done yet.</summary>
    public string? Outcome { get; init; }

    /// <summary>Why not.</summary>
    public string? Detail { get; init; }
}

/// <summary>
/// Items that were chosen: which, and in which version, is fixed when they are (rule R2), so that "all" means exactly what was shown, however long somebody
/// takes to confirm, and whatever arrives meanwhile.
/// </summary>
public sealed record Selection
{
    /// <summary>Items at most: so many are asked one by one each time the page is drawn.</summary>
    public const int Most = 2_000;

    /// <summary>Rows of its page.</summary>
    public const int Rows = 100;

    public required ImmutableArray<SelectedItem> Items { get; init; }

    /// <summary>The group of look-alikes that they were chosen from: only what looks like it then is assessed; null: none.</summary>
    public string? Group { get; init; }

    /// <summary>From where they were chosen, to go back to.</summary>
    public required string From { get; init; }
    public required DateTimeOffset At { get; init; }
    public SelectionDeed? Deed { get; init; }
    public Reports.AssessmentForm? Assessment { get; init; }
    public ActionType? Action { get; init; }
    public ActionReason? Reason { get; init; }

    /// <summary>Made when it was decided what is to be done: doing it again with this id does nothing twice.</summary>
    public string? CommandId { get; init; }

    public bool Done => Items.Any(i => i.Outcome is not null);

    /// <summary>What can be tried again: nobody knows what became of it.</summary>
    public bool CanBeRepeated => Items.Any(i => i.Outcome == "unavailable");

    /// <summary>Enough items, or an end: the number has to be typed.</summary>
    public bool NeedsNumber => Items.Length > 100 || (Action is { } action && action.IsFinal()) || Assessment?.Class == Classification.NotIllegal;

    /// <summary>
    /// The same without some, before anything was done. What had been decided stands, as a deed of its own: nothing of the former one, confirmed in another
    /// window, is taken for it.
    /// </summary>
    public Selection Without(IReadOnlySet<string> items) => Done ? this : this with
    {
        Items = [.. Items.Where(i => !items.Contains(i.Item))], CommandId = Deed is null ? null : Domain.Access.CommandId.New().Value,
    };

    public string Write() => JsonSerializer.Serialize(this, ApiJson.Options);

    public static Selection Read(string body) => JsonSerializer.Deserialize<Selection>(body, ApiJson.Options)!;
}
