using System.Text.Json;
using CPort.Actors.Personal;

namespace CPort.Portal.Queues;

/// <summary>
/// What a person has passed over in a round: for an hour the round does not lead there again, while colleagues find it as before. Sealed and the person's
/// alone, on every node.
/// </summary>
internal sealed class PassedItems(PersonalStore store, TimeProvider time)
{
    /// <summary>Then the round leads there again.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromHours(1);

    /// <summary>Of more the oldest are forgotten.</summary>
    private const int Most = 200;

    public async Task<ImmutableHashSet<ItemRef>> OfAsync(Caller caller, CancellationToken cancellation) =>
        [.. (await ReadAsync(caller, cancellation)).Select(p => ItemRef.TryParse(p.Item, out var item) ? item : (ItemRef?)null).OfType<ItemRef>()];

    public async Task AddAsync(Caller caller, ItemRef item, CancellationToken cancellation)
    {
        var passed = (await ReadAsync(caller, cancellation)).Where(p => p.Item != item.ToString())
            .Append(new Passed(item.ToString(), time.GetUtcNow() + Lasts));
        await store.PutOnlyAsync(caller, PersonalKind.Passed, JsonSerializer.Serialize(passed.TakeLast(Most)), cancellation);
    }

    private async Task<IEnumerable<Passed>> ReadAsync(Caller caller, CancellationToken cancellation) =>
        await store.OnlyAsync(caller, PersonalKind.Passed, cancellation) is { } kept && JsonSerializer.Deserialize<Passed[]>(kept.Body) is { } all
            ? all.Where(p => p.Until > time.GetUtcNow()) : [];

    private sealed record Passed(string Item, DateTimeOffset Until);
}
