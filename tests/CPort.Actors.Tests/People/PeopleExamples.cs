using System.Collections.Immutable;
using CPort.Actors.Confidential;
using CPort.Actors.Tests.Agencies;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.People;

/// <summary>Made-up people and short ways to write commands about them.</summary>
internal static class PeopleExamples
{
    public static readonly AgencyId PoliceNl = AgencyId.Parse("police-nl");
    public static readonly AgencyId BureauNl = AgencyId.Parse("bureau-nl");
    public static readonly AgencyId PoliceDe = AgencyId.Parse("police-de");
    public static readonly ConfidentialSeam Seam = new KeyRingSeam(KeyRing.New());

    /// <summary>A hotline and police in NL, police in DE, the Dutch bureau, INTERPOL, an auditor's authority, and the operators.</summary>
    public static readonly AgencyDirectory Registered = AgencyDirectory.Of(After(AgencyRegistry.Empty,
        Register("operator", AgencyKind.Operator), Register("hotline-nl", AgencyKind.Hotline, In(NL)), Register("hotline-de", AgencyKind.Hotline, In(DE)),
        Register("police-nl", AgencyKind.Police, In(NL)), Register("bureau-nl", AgencyKind.Police, In(NL)), Register("police-de", AgencyKind.Police, In(DE)),
        Register("interpol", AgencyKind.Interpol), Register("supervisor-nl", AgencyKind.SupervisoryAuthority, In(NL)), Register("provider-nl",
            AgencyKind.Provider),
        new SetNationalBureau { Context = By(), Agency = BureauNl, IsNationalBureau = true }));

    public static readonly Caller Itself = Caller.System;

    public static Caller Key(AgencyId agency, Roles roles, Tenant tenant = Tenant.Live)
    {
        var a = Registered.Find(agency)!;
        return new Caller
        {
            Agency = agency, Kind = a.Kind, Roles = roles, KeyId = $"key-of-{agency}", Countries = a.CountriesOn(AgencyDirectory.DayOf(Noon)),
            IsNationalBureau = a.IsNationalBureau, Tenant = tenant, Purpose = "Op. Heron",
        };
    }

    /// <summary>The session of a person who has come.</summary>
    public static Caller Session(PeopleRegistry state, PersonId person, Tenant tenant = Tenant.Live) => PeopleAccess.CallerOf(
        state.People[person], new SessionRights(tenant, (Roles)~0, "Op. Heron", Noon), Registered, Noon).Caller!;

    public static InvitePerson Invite(AgencyId agency, Roles roles, string name = "anna", Caller? by = null) => new()
    {
        Context = By(by ?? Itself), Agency = agency, Roles = roles,
        Secrets = new PersonSecrets { Name = $"Example {name}", SignInName = name, Address = $"{name}@agency.example" }, Unit = "Desk 1",
    };

    public static PersonCandidate Candidate(IPersonCommand command, string? link = null)
    {
        var (id, hash) = (PersonId.New(), link ?? EnrolmentLink.Generate().Hash);
        return command is InvitePerson invite
            ? new PersonCandidate(id, hash, Seam.Seal(PersonMarks.Place(id), invite.Secrets), PersonMarks.OfName(Seam, invite.Agency,
                invite.Secrets.SignInName))
            : new PersonCandidate(id, hash);
    }

    public static PersonDecision Decide(PeopleRegistry state, IPersonCommand command, DateTimeOffset? now = null, PersonCandidate? candidate = null,
        AgencyDirectory? agencies = null) =>
        PeopleRules.Decide(state, command, command.Context.ToMeta() with { RecordedAt = now ?? Noon },
            new PeopleEnvironment(agencies ?? Registered, candidate ?? (command.MakesLink ? Candidate(command) : null)));

    /// <summary>The state after the command, which must be accepted.</summary>
    public static PeopleRegistry Do(PeopleRegistry state, IPersonCommand command, DateTimeOffset? now = null, PersonCandidate? candidate = null) =>
        Decide(state, command, now, candidate) switch
        {
            PersonDecision.Accepted accepted => PeopleRules.Apply(state, accepted.Event),
            PersonDecision.Rejected rejected => throw new InvalidOperationException($"{rejected.Reason}: {rejected.Text}"),
            var other => throw new InvalidOperationException(other.ToString()),
        };

    /// <summary>A person who has come in.</summary>
    public static (PeopleRegistry State, PersonId Person) WhoCame(PeopleRegistry state, AgencyId agency, Roles roles, string name = "anna",
        DateTimeOffset? now = null)
    {
        var invite = Invite(agency, roles, name);
        var candidate = Candidate(invite);
        state = Do(state, invite, now, candidate);
        return (Do(state, new AcceptInvitation { Context = By(Itself), LinkHash = candidate.LinkHash }, now), candidate.Person);
    }

    public static PersonRejection ReasonOf(PersonDecision decision) => Assert.IsType<PersonDecision.Rejected>(decision).Reason;
}
