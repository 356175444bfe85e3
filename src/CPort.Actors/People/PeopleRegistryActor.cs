using Akka.Event;
using Akka.Cluster.Sharding;
using Akka.Persistence;
using CPort.Actors.Agencies;
using CPort.Actors.Cluster;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;

namespace CPort.Actors.People;

/// <summary>What follows from an event of a person outside the registry. Each may be done again.</summary>
public interface IPersonEffects
{
    /// <summary>Ends what the person has open and gives back what they hold.</summary>
    Task StoppedAsync(Person person);

    /// <summary>Every session and way to sign in of an earlier generation ends.</summary>
    Task ResetAsync(Person person);

    /// <summary>The agency came in by a person.</summary>
    Task ArrivedAsync(AgencyId agency);
}

/// <summary>What the registry of people needs.</summary>
/// <param name="Shell">Of the entities.</param>
/// <param name="Seam">Seals who a person is.</param>
/// <param name="Agencies">The agencies as this node knows them.</param>
/// <param name="Effects">What follows.</param>
public sealed record PeopleRegistryServices(EntityShell Shell, ConfidentialSeam Seam, IAgencyDirectorySource Agencies, IPersonEffects Effects);

/// <summary>
/// Owns the journal of people: one entity for the whole cluster, because it changes seldom and names, links and last administrators span people. Seals who a
/// person is, makes the secrets of links, decides by <see cref="PeopleRules"/>, answers after the event is durable. It answers no queries: every node reads its
/// own <see cref="PeopleDirectory"/>.
/// </summary>
public sealed class PeopleRegistryActor : PersistentEntity
{
    /// <summary>Claims end by themselves within this; what followed from an older stop is done.</summary>
    private static readonly TimeSpan StillOwed = TimeSpan.FromMinutes(CPort.Domain.Reports.ReportLimits.MaxClaimMinutes);

    private readonly PeopleRegistryServices _services;
    private PeopleRegistry _state = PeopleRegistry.Empty;

    public PeopleRegistryActor(PeopleRegistryServices services)
        : base(EntityName.People, services.Shell)
    {
        _services = services;
        Recover<IPersonEvent>(e => _state = PeopleRules.Apply(_state, e));
        Recover<RecoveryCompleted>(_ => FollowUp());
        Command<IPersonCommand>(Handle);
    }

    public static Props PropsFor(PeopleRegistryServices services) => Props.Create(() => new PeopleRegistryActor(services));

    private void Handle(IPersonCommand command)
    {
        var meta = Stamp(command.Context.ToMeta(), Time.GetUtcNow()) with { RequestDigest = command.Context.Digest };
        var link = command.MakesLink ? EnrolmentLink.Generate() : null;
        var environment = new PeopleEnvironment(_services.Agencies.Current, link is null ? null : Candidate(command, link));
        switch (PeopleRules.Decide(_state, command, meta, environment))
        {
            case PersonDecision.Accepted accepted:
                Persist(accepted.Event, e =>
                {
                    _state = PeopleRules.Apply(_state, e);
                    var person = _state.People[e.Person];

                    // Who gives whom which rights is to be seen in any log that is kept; a person's id names nobody.
                    Log.Warning("Person {Person} of {Agency}: {Event} by {Caller}/{KeyId}", e.Person, person.Agency, e.GetType().Name, e.Meta.Agency,
                        e.Meta.KeyId);
                    Sender.Tell(link is null
                        ? new PersonChanged { Person = e.Person, SequenceNr = LastSequenceNr, Changed = true }
                        : new LinkShown { Person = e.Person, Secret = link.Text, ExpiresAt = person.Link!.ExpiresAt, SequenceNr = LastSequenceNr });
                    Follow(e, person);
                });
                break;
            case PersonDecision.Replayed { Earlier: var earlier } when link is not null:
                Sender.Tell(new LinkShown
                {
                    Person = earlier.Person, ExpiresAt = _state.People[earlier.Person].Link?.ExpiresAt ?? meta.RecordedAt, SequenceNr = earlier.Version,
                });
                break;
            case PersonDecision.Replayed { Earlier: var earlier }:
                Sender.Tell(new PersonChanged { Person = earlier.Person, SequenceNr = earlier.Version });
                break;
            case PersonDecision.Unchanged:
                Sender.Tell(new PersonChanged { Person = command.About!.Value, SequenceNr = LastSequenceNr });
                break;
            case PersonDecision.Rejected rejected:
                Sender.Tell(new PersonCommandRejected { Reason = rejected.Reason, Text = rejected.Text });
                break;
        }
    }

    private PersonCandidate Candidate(IPersonCommand command, EnrolmentLink link)
    {
        var id = PersonId.New();
        return command is InvitePerson invite
            ? new PersonCandidate(id, link.Hash, _services.Seam.Seal(PersonMarks.Place(id), invite.Secrets),
                PersonMarks.OfName(_services.Seam, invite.Agency, invite.Secrets.SignInName))
            : new PersonCandidate(id, link.Hash);
    }

    private void Follow(IPersonEvent happened, Person person)
    {
        _ = happened switch
        {
            PersonStopped => _services.Effects.StoppedAsync(person),
            PersonReset => _services.Effects.ResetAsync(person),
            InvitationAccepted => _services.Effects.ArrivedAsync(person.Agency),
            _ => Task.CompletedTask,
        };
    }

    /// <summary>The node that did it may have died before it had done what follows.</summary>
    private void FollowUp()
    {
        var since = Time.GetUtcNow() - StillOwed;
        foreach (var person in _state.People.Values.Where(p => p.StoppedAt > since))
        {
            _ = _services.Effects.StoppedAsync(person);
        }

        foreach (var agency in _state.People.Values.Where(p => p.CameAt is not null).Select(p => p.Agency).Distinct())
        {
            _ = _services.Effects.ArrivedAsync(agency);
        }
    }
}

/// <summary>Names the shard region of people in the actor registry: <c>IRequiredActor&lt;PeopleRegion&gt;</c>.</summary>
public sealed class PeopleRegion;

public static class PeopleHosting
{
    /// <summary>Every command goes to the one entity.</summary>
    internal static EntityExtractor<IPersonCommand> Extractor => new(_ => EntityName.People.Id);

    /// <summary>Starts the region of people (a proxy on nodes without the role <c>report</c>) and lets this node's directory follow the journal.</summary>
    public static AkkaConfigurationBuilder AddPeople(
        this AkkaConfigurationBuilder builder, PeopleDirectoryFeed directory, Func<PeopleRegistryServices> services, StuckEntities stuck) =>
        builder
            .AddEntities<PeopleRegion>(EntityKind.Person, (_, _) => _ => PeopleRegistryActor.PropsFor(services()), Extractor, ClusterRoles.Report)
            .AddStartup((system, _) => directory.Start(system, stuck));
}
