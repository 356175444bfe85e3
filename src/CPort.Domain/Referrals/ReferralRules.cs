using System.Reflection;

namespace CPort.Domain.Referrals;

/// <summary>What holds for every verb about referrals; each verb has a file in <c>Verbs</c>. Pure.</summary>
public static class ReferralRules
{
    /// <summary>
    /// The key of an agency's referrals about one thing. Keyed, so that who sees an id guesses neither what it is about nor whose it is; live and training have
    /// keys of their own.
    /// </summary>
    public static ReferralKey KeyOf(ConfidentialSeam seam, Tenant tenant, AgencyId agency, ReferralWhy why, string about) => new(
        BinaryPrimitives.ReadUInt128BigEndian(seam.Keyed("referral-1", Encoding.UTF8.GetBytes($"{(int)tenant}\0{agency}\0{(int)why}\0{about}"))));

    public static SealedPlace PlaceOf(ReferralKey key, int number) => new(new ReportId(key.Value), SealedField.ReferralText, number);

    /// <summary>Decides a command whose confidential parts are sealed already.</summary>
    public static ReferralDecision Decide(ReferralBook book, IReferralCommand command, ReferralEnvironment environment)
    {
        var caller = command.Context.Caller;
        if (caller.Kind != AgencyKind.System && !IsSeenBy(book, caller))
        {
            return Absent(command.Key);
        }

        return book.Receipts.Of((caller.Agency, command.Context.CommandId)) is not { } receipt ? command.Decide(book, environment)
            : receipt.Command == NameOf(command) && command.Context.IsSameRequest(receipt.Digest) ? new([], receipt with { Replayed = true })
            : Rejected(book, command, ReferralRejection.CommandIdInUse, "This command id was used for another command, or with other content.");
    }

    /// <summary>
    /// Referrals are seen by people of the agency that they were given to, police with a purpose; what is said of an item the item tells its hotlines.
    /// </summary>
    public static bool IsSeenBy(ReferralBook book, Caller caller) =>
        book.Exists && caller.Tenant == book.Tenant && caller.Agency == book.Agency && AccessTable.AsksForItself(caller);

    public static ReferralBook Apply(ReferralBook book, IReferralEvent e)
    {
        var next = e.Apply(book);
        return next with
        {
            Version = book.Version + 1,
            Receipts = e.Receipt is { } receipt
                ? next.Receipts.With((e.Meta.Agency, e.Meta.CommandId), receipt, ReferralBook.RememberedCommands) : next.Receipts,
        };
    }

    public static ReferralPage Page(ReferralBook book, GetReferral query, ConfidentialSeam seam)
    {
        if (!IsSeenBy(book, query.Caller) || book.Of(query.Number) is not { } referral)
        {
            return new ReferralPage { Key = query.Key };
        }

        var skip = Math.Max(0, query.Skip);
        var lines = query.BeforeLine is { } before ? [.. referral.Lines.Where(l => l.Line < before)] : referral.Lines;
        var room = new TextRoom();
        var texts = room.Newest(lines, l => l.Text, l => TextOf(book.Key, referral.Number, l, seam) ?? "");
        return new ReferralPage
        {
            Key = book.Key, Found = true, Number = referral.Number, State = referral.State, Why = book.Why, OpenedBy = referral.OpenedBy, Agency = book.Agency,
            UrgentSince = referral.UrgentSince, AcknowledgedAt = referral.AcknowledgedAt, AlertDue = referral.AlertDue, EscalatedAt = referral.EscalatedAt,
            OpenedAt = referral.OpenedAt, Urgent = referral.Urgent, ItemCount = referral.Items.Count,
            Items = [.. referral.Items.Skip(skip).Take(ReferralLimits.PageItems)], Lines = [.. lines.Select(l => l with { Text = null })],
            Texts = texts, Earlier = room.LeftOut == 0 ? null : lines.Where((l, at) => texts[at].Length > 0).Min(l => l.Line),
            Others =
            [
                .. book.Referrals.Where(r => r.Number != referral.Number).TakeLast(20)
                    .Select(r => new OtherReferral { Number = r.Number, State = r.State, OpenedAt = r.OpenedAt, Items = r.Items.Count }),
            ],
            Next = skip + ReferralLimits.PageItems < referral.Items.Count ? skip + ReferralLimits.PageItems : null,
        };
    }

    /// <summary>What a line says in words, opened; null: nothing.</summary>
    public static string? TextOf(ReferralKey key, int number, FeedbackLine line, ConfidentialSeam seam) =>
        line.Text is { } text ? seam.Open<SecretText>(PlaceOf(key, number), text).Text : null;

    internal static ReferralDecision Absent(ReferralKey key) =>
        new([], new ReferralReply { Key = key, Code = ReferralRejection.NotFound, Detail = "There is no such referral." });

    internal static ReferralDecision Rejected(ReferralBook book, IReferralCommand command, ReferralRejection code, string detail, Referral? referral = null) =>
        new([], new ReferralReply
        {
            Key = command.Key, Code = code, Detail = detail, Number = referral?.Number ?? 0, State = referral?.State ?? ReferralState.Open,
        });

    /// <summary>Durable events with the answer, which is remembered for who gives command ids.</summary>
    internal static ReferralDecision Accepted(ReferralBook book, IReferralCommand command, int number, params IReferralEvent[] events)
    {
        var after = events.Aggregate(book, Apply);
        var reply = new ReferralReply
        {
            Key = command.Key, Number = number, State = after.Of(number)?.State ?? ReferralState.Open, Command = NameOf(command),
            Digest = command.Context.Digest,
        };
        if (events.Length > 0 && command.Context.Caller.Kind != AgencyKind.System)
        {
            events[^1] = events[^1].Stamped(events[^1].Meta, reply);
        }

        return new ReferralDecision([.. events], reply);
    }

    private static string? NameOf(IReferralCommand command) => command.GetType().GetCustomAttribute<ManifestAttribute>()?.Manifest;
}
