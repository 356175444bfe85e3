using CPort.Actors.Projections;
using CPort.Api;
using CPort.Api.Queues;
using CPort.Domain.Queues;
using Microsoft.AspNetCore.WebUtilities;

namespace CPort.Portal.Queues;

/// <summary>
/// How a person goes through a queue: in which order, and which of it. It goes along with the items, so that the next one is of the same round. Written as the
/// end of its page's address.
/// </summary>
/// <param name="Queue">Which queue.</param>
/// <param name="Order">In which order.</param>
/// <param name="Filter">What of it.</param>
public sealed record Round(WorkQueue Queue, QueueOrder Order, ItemFilter Filter)
{
    private const string Priority = "priority";

    public string OrderName => Order == QueueOrder.Priority ? Priority : "oldest";

    public string Address => $"/app/queues/{this}";

    /// <summary>Round and filter, without the place in it.</summary>
    public string List => $"page {this}";

    /// <summary>Null: there is no such queue. Throws <see cref="ApiProblemException"/> where a value is none.</summary>
    public static Round? Of(string? name, string? order, string? classification, string? hostingCountry, string? siteType, string? urgent) =>
        WorkQueue.Find(name) is not { } queue ? null : new Round(
            queue, order == Priority ? QueueOrder.Priority : QueueOrder.OldestFirst, QueueFilters.Read(classification, hostingCountry, siteType, urgent));

    /// <summary>What <see cref="ToString"/> wrote; null: something else.</summary>
    public static Round? Parse(string? text)
    {
        if (text is not { Length: > 0 and <= 1_000 })
        {
            return null;
        }

        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(mark < 0 ? "" : text[mark..]);
        string? Value(string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;
        try
        {
            return Of(
                mark < 0 ? text : text[..mark], Value("order"), Value(QueueFilters.Classification), Value(QueueFilters.HostingCountry),
                Value(QueueFilters.SiteType), Value(QueueFilters.Urgent));
        }
        catch (ApiProblemException)
        {
            return null;
        }
    }

    /// <summary>The page's address with one more value.</summary>
    public string With(string name, string value) =>
        $"{Address}{(Address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{name}={Uri.EscapeDataString(value)}";

    /// <summary>An item's address that leads back here.</summary>
    public static string From(string address, Round? round) => round is null ? address : $"{address}?from={Uri.EscapeDataString(round.ToString())}";

    public override string ToString()
    {
        var query = string.Join('&', new[] { Order == QueueOrder.Priority ? $"order={Priority}" : "", QueueFilters.Write(Filter) }.Where(p => p.Length > 0));
        return query.Length == 0 ? Queue.Name : $"{Queue.Name}?{query}";
    }
}
