using System.Buffers.Binary;
using System.Security.Cryptography;
using CPort.Actors.Exchange;
using CPort.Domain.Exchange;

namespace CPort.Api.Exchange;

/// <summary>A webhook as it is asked for, checked.</summary>
public sealed record NewWebhook(string Url, string Name, ImmutableArray<string> Types, bool Asymmetric, int Batch = 1);

/// <summary>What is done with webhooks, by the API and from pages.</summary>
public static class WebhookChanges
{
    /// <summary>Keeps a new one, which begins at the feed's head. Throws when the agency has as many as it may.</summary>
    public static async Task<Webhook> AddAsync(
        WebhookStore store, Caller caller, NewWebhook asked, long head, DateTimeOffset now, CancellationToken cancellation)
    {
        if ((await store.OfAsync(caller.Agency, caller.Tenant, cancellation)).Length >= WebhookRules.PerAgency)
        {
            throw ApiProblemException.Of(ProblemCodes.TooManyOfThem, $"An agency has at most {WebhookRules.PerAgency} webhooks.");
        }

        var after = FeedPlace.EndOf(head);
        var hook = new Webhook
        {
            Id = new ReportId(BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16))), Agency = caller.Agency, Tenant = caller.Tenant,
            Purpose = caller.Purpose, Url = asked.Url, Name = asked.Name, Types = asked.Types, Batch = asked.Batch,
            Secret = RandomNumberGenerator.GetBytes(WebhookRules.SecretLength), SigningSeed = asked.Asymmetric ? RandomNumberGenerator.GetBytes(32) : null,
            CreatedAt = now, AfterOrdering = after.Ordering, AfterPart = after.Part,
        };
        await store.AddAsync(hook, cancellation);
        return hook;
    }

    public static Webhook Paused(Webhook hook) => hook with { State = WebhookState.Paused };

    /// <summary>It goes on where it was.</summary>
    public static Webhook Resumed(Webhook hook) => hook with
    {
        State = hook.LastTakenAt is null ? WebhookState.Pending : WebhookState.Active, Why = null, Tries = 0, NextAt = default, FailingSince = null,
    };

    /// <summary>One new secret, however often the change is tried.</summary>
    public static Func<Webhook, Webhook> Rotated(DateTimeOffset now)
    {
        var secret = RandomNumberGenerator.GetBytes(WebhookRules.SecretLength);
        return hook => hook with { Secret = secret, FormerSecret = hook.Secret, FormerUntil = now + WebhookRules.Rotation };
    }

    /// <summary>All after a place once more.</summary>
    public static Webhook Replayed(Webhook hook, FeedPlace from) =>
        (from < hook.After ? WebhookRules.At(hook, from) : hook) with { Tries = 0, NextAt = default };

    /// <summary>Single events once more.</summary>
    public static Webhook Replayed(Webhook hook, IEnumerable<string> ids) => hook with
    {
        Again = [.. hook.Again.Concat(ids).Distinct().Take(WebhookRules.MostAgain)], Tries = 0, NextAt = default,
    };
}
