using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>
/// Registers a person with an agency and makes the link by which they come in. The actor seals who it is and makes the link's secret; neither the event nor the
/// state holds either.
/// </summary>
[ProtoContract, Manifest("psc1")]
public sealed record InvitePerson : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>See <see cref="PeopleRules.RolesAllowed"/>; a manager is also an analyst or officer.</summary>
    [ProtoMember(3)] public required Roles Roles { get; init; }
    [ProtoMember(4)] public required PersonSecrets Secrets { get; init; }

    /// <summary>1 to <see cref="PeopleRules.MaxUnitLength"/> characters; null: none.</summary>
    [ProtoMember(5)] public string? Unit { get; init; }

    Type IPersonCommand.Makes => typeof(PersonInvited);
    PersonWrite IPersonCommand.Write => PersonWrite.Invite;
    PersonId? IPersonCommand.About => null;
    bool IPersonCommand.MakesLink => true;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with)
    {
        var candidate = with.Candidate ?? throw new InvalidOperationException("An invitation needs a candidate.");
        var caller = Context.Caller;
        if (with.Agencies.Find(Agency) is not { } agency)
        {
            return Reject(PersonRejection.UnknownAgency, "There is no such agency.");
        }

        var facts = new PersonFacts(null, agency.Id, agency.Kind, agency.CountriesOn(AgencyDirectory.DayOf(meta.RecordedAt)));
        if (!AccessTable.MayOnPerson(caller, facts, PersonWrite.Invite))
        {
            return Reject(PersonRejection.NotAuthorised, AccessTable.WhoMayOnPerson(PersonWrite.Invite));
        }

        if (!agency.Active)
        {
            return Reject(PersonRejection.AgencyInactive, "The agency is not active.");
        }

        if (Fault(agency.Kind, Roles) is { } fault)
        {
            return fault;
        }

        // As with keys (AgencyRules.NeedsConsent): the first comes in by an operator, and from then on the agency says itself who does.
        if (caller.Kind == AgencyKind.Operator && caller.Agency != Agency
            && (Roles != Roles.Administrator || agency.CameIn || state.People.Values.Any(p => p.Agency == Agency && p.CameAt is not null)))
        {
            return Reject(PersonRejection.AgencyInvites,
                "An operator invites the first administrator of an agency that has not come in yet; everybody else is invited by the agency.");
        }

        if (!IsText(Secrets.Name, MaxNameLength) || (Unit is not null && !IsText(Unit, MaxUnitLength)) || !SignInName.IsGood(Secrets.SignInName)
            || (Secrets.Address is { } address && (!IsText(address, MaxAddressLength) || !address.Contains('@', StringComparison.Ordinal))))
        {
            return Reject(PersonRejection.InvalidName,
                $"name is 1 to {MaxNameLength} characters, unit 1 to {MaxUnitLength}, address an e-mail address; "
                + "signInName is 2 to 40 of a-z, 0-9, '.', '-', '_'.");
        }

        return state.Names.ContainsKey(candidate.SignInMark!) ? Reject(PersonRejection.NameTaken, "signInName: somebody of the agency has it.")
            : state.People.ContainsKey(candidate.Person) ? Reject(PersonRejection.PersonIdTaken, "The made id exists already; send the command again.")
            : state.People.Values.Count(p => p.Agency == Agency && p.State != PersonState.Stopped) >= MaxPeople
                ? Reject(PersonRejection.TooManyPeople, $"An agency has at most {MaxPeople} people; stop some.")
            : Accept(new PersonInvited
            {
                Meta = meta, Person = candidate.Person, Agency = Agency, Roles = Roles, Secrets = candidate.Secrets!, SignInMark = candidate.SignInMark!,
                Unit = Unit, LinkHash = candidate.LinkHash, LinkExpiresAt = meta.RecordedAt + LinkLife,
            });
    }

    public override string ToString() => $"InvitePerson({Agency}, {Roles})";
}

[ProtoContract, Manifest("pse1")]
public sealed record PersonInvited : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public required Roles Roles { get; init; }
    [ProtoMember(5)] public required Sealed Secrets { get; init; }
    [ProtoMember(6)] public required string SignInMark { get; init; }
    [ProtoMember(7)] public string? Unit { get; init; }
    [ProtoMember(8)] public required string LinkHash { get; init; }
    [ProtoMember(9)] public required DateTimeOffset LinkExpiresAt { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(new Person
    {
        Id = Person, Agency = Agency, State = PersonState.Invited, Roles = Roles, Secrets = Secrets, SignInMark = SignInMark, Unit = Unit,
        Link = new OpenLink(LinkHash, LinkExpiresAt), InvitedBy = Meta.KeyId, InvitedAt = Meta.RecordedAt,
    });
}
