using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>
/// Takes a link up: who has its secret has shown a way to sign in, and the link is used. By CPort itself, since nobody is signed in yet. Also after a reset.
/// </summary>
[ProtoContract, Manifest("psc2")]
public sealed record AcceptInvitation : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }

    /// <summary>See <see cref="EnrolmentLink.Hash"/>.</summary>
    [ProtoMember(2)] public required string LinkHash { get; init; }

    Type IPersonCommand.Makes => typeof(InvitationAccepted);
    PersonWrite IPersonCommand.Write => PersonWrite.Enrol;
    PersonId? IPersonCommand.About => null;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        !state.Links.TryGetValue(LinkHash, out var id) || state.People[id] is not { Link: { } link } invited || meta.RecordedAt >= link.ExpiresAt
            ? Reject(PersonRejection.LinkInvalid, "The link does not work: ask for a new one.")
        : Facts(invited, with.Agencies, meta.RecordedAt) is not { } facts || !AccessTable.MayOnPerson(Context.Caller, facts, PersonWrite.Enrol)
            ? Reject(PersonRejection.NotAuthorised, AccessTable.WhoMayOnPerson(PersonWrite.Enrol))
        : with.Agencies.Find(invited.Agency) is not { Active: true }
            ? Reject(PersonRejection.LinkInvalid, "The link does not work: ask for a new one.")
        : Accept(new InvitationAccepted
        {
            Meta = meta, Person = id,
            CertifiedUntil = invited.CertifiedUntil ?? AgencyDirectory.DayOf(meta.RecordedAt).AddDays(CertifiedDays),
        });
}

/// <summary>The person came, or came back after a reset.</summary>
[ProtoContract, Manifest("pse2")]
public sealed record InvitationAccepted : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    /// <summary>Counted from the first coming; after a reset what it was.</summary>
    [ProtoMember(3)] public required DateOnly CertifiedUntil { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => p with
    {
        State = PersonState.Active, Link = null, CameAt = p.CameAt ?? Meta.RecordedAt, CertifiedUntil = CertifiedUntil,
    });
}
