using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Exchange;
using CPort.Domain.People;

namespace CPort.Actors.Exchange;

/// <summary>Something of an agency's own house that runs out or does not go: no report's.</summary>
/// <param name="Kind">Webhooks or keys.</param>
/// <param name="What"><c>webhook-fails</c>, <c>webhook-stopped</c>, <c>webhook-gave-up</c> or <c>key-ends</c>.</param>
/// <param name="At">From when on it is told.</param>
/// <param name="Until">When it ends; null: it does not end.</param>
/// <param name="Id">The webhook's or the key's.</param>
public sealed record HouseClock(NotificationKind Kind, string What, DateTimeOffset At, DateTimeOffset? Until, string Id);

/// <summary>Reads them from where they stand; pages, the API and mails tell the same.</summary>
public sealed class HouseClocks(WebhookStore webhooks, IAgencyDirectorySource agencies)
{
    /// <summary>A key that ends is told of so long before.</summary>
    public static readonly TimeSpan SoonEnds = TimeSpan.FromDays(14);

    /// <summary>And once more.</summary>
    public static readonly TimeSpan VerySoon = TimeSpan.FromDays(2);

    /// <summary>That news were given up is told for so long.</summary>
    public static readonly TimeSpan GivenUpTold = TimeSpan.FromDays(14);

    public async Task<ImmutableArray<HouseClock>> OfAsync(
        AgencyId agency, Tenant tenant, NotificationKind kinds, DateTimeOffset now, CancellationToken cancellation)
    {
        var hooks = (kinds & NotificationKind.Webhooks) == 0 ? [] : await webhooks.OfAsync(agency, tenant, cancellation).ConfigureAwait(false);
        var keys = (kinds & NotificationKind.Keys) == 0 ? [] : agencies.Current.KeysOf(agency);
        return [.. hooks.SelectMany(h => Of(h, now)), .. keys.Select(k => Of(k, now)).OfType<HouseClock>()];
    }

    private static IEnumerable<HouseClock> Of(Webhook hook, DateTimeOffset now)
    {
        if (hook.State == WebhookState.Stopped || hook is { State: WebhookState.Active, FailingSince: not null })
        {
            yield return new HouseClock(
                NotificationKind.Webhooks, hook.State == WebhookState.Stopped ? "webhook-stopped" : "webhook-fails",
                hook.FailingSince ?? hook.LastTakenAt ?? hook.CreatedAt, null, hook.Id.ToString());
        }

        if (hook.GivenUpAt is { } gave && now - gave < GivenUpTold)
        {
            yield return new HouseClock(NotificationKind.Webhooks, "webhook-gave-up", gave, null, hook.Id.ToString());
        }
    }

    private static HouseClock? Of(ApiKeyRecord key, DateTimeOffset now)
    {
        if (!key.IsValidAt(now) || key is not { ReplacedBy: null, ExpiresAt: { } ends } || ends - now >= SoonEnds)
        {
            return null;
        }

        var from = ends - (ends - now < VerySoon ? VerySoon : SoonEnds);
        return new HouseClock(NotificationKind.Keys, "key-ends", from > key.CreatedAt ? from : key.CreatedAt, ends, key.KeyId);
    }
}
