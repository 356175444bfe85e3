namespace CPort.Domain.Access;

/// <summary>
/// What an entity answered to its last commands, oldest first: one that is sent again gets the same answer, an older one is decided anew. Part of the state,
/// built from events alone.
/// </summary>
public sealed record ReplayMemory<TKey, TAnswer>
    where TKey : struct
    where TAnswer : class
{
    public static readonly ReplayMemory<TKey, TAnswer> Empty = new();

    public ImmutableList<KeyValuePair<TKey, TAnswer>> Kept { get; private init; } = [];

    /// <summary>The answer to this command; null where none is remembered.</summary>
    public TAnswer? Of(TKey command) => Kept.FindLast(kept => EqualityComparer<TKey>.Default.Equals(kept.Key, command)).Value;

    /// <summary>With one answer more; of more than <paramref name="most"/> the oldest is forgotten.</summary>
    public ReplayMemory<TKey, TAnswer> With(TKey command, TAnswer answer, int most) =>
        new() { Kept = (Kept.Count >= most ? Kept.RemoveAt(0) : Kept).Add(new(command, answer)) };
}
