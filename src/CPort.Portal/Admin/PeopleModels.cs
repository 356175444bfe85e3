using CPort.Actors.Sessions;
using CPort.Api.People;
using CPort.Domain.Audit;

namespace CPort.Portal.Admin;

/// <summary>What was filled in to invite somebody, to come back with an error.</summary>
public sealed record InviteForm(string? Name = null, string? SignInName = null, string? Address = null, string? Unit = null, Roles Roles = Roles.None);

/// <summary>An agency that can be chosen on a page.</summary>
public sealed record AgencyChoice(string Id, string Name);

/// <summary>A page of an agency's people.</summary>
public sealed record PeopleModel : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What() is var shown ? shown with { Fields = [.. shown.Fields, "lastSeen"] } : shown;

    /// <summary>As the API answers.</summary>
    public required PeopleAnswer Answer { get; init; }

    /// <summary>Whose.</summary>
    public required AgencyChoice Of { get; init; }

    /// <summary>Whose people this person looks after: several for operators and national bureaus.</summary>
    public required ImmutableArray<AgencyChoice> Agencies { get; init; }

    /// <summary>Also who was stopped.</summary>
    public bool Stopped { get; init; }

    /// <summary>The last request of who is signed in now.</summary>
    public required IReadOnlyDictionary<PersonId, DateTimeOffset> LastSeen { get; init; }

    /// <summary>What somebody can be invited as here; none: this person invites nobody here.</summary>
    public required Roles Invites { get; init; }
    public InviteForm Form { get; init; } = new();

    /// <summary>A proof is young enough to change something (<see cref="SignIn.StepUp"/>).</summary>
    public required bool Proved { get; init; }

    public string Query(string? cursor = null) => $"/app/admin/people?agency={Of.Id}{(Stopped ? "&stopped=true" : "")}"
        + (cursor is null ? "" : $"&after={cursor}");
}

/// <summary>A person's page.</summary>
public sealed record PersonModel : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Person).What() is var shown ? shown with { Fields = [.. shown.Fields, "ways", "sessions"] } : shown;

    /// <summary>As the API answers.</summary>
    public required PersonAnswer Person { get; init; }
    public required string AgencyName { get; init; }

    /// <summary>Ways to sign in that work, without their secrets.</summary>
    public required ImmutableArray<Credential> Ways { get; init; }

    /// <summary>Open ones, newest first.</summary>
    public required ImmutableArray<Session> Sessions { get; init; }

    /// <summary>What this person may do about them now, by the rules.</summary>
    public required ImmutableHashSet<PersonWrite> Possible { get; init; }

    /// <summary>Roles that people of the agency may have.</summary>
    public required Roles Allowed { get; init; }

    /// <summary>Who invited, confirmed, stopped: colleagues by name, others by id.</summary>
    public required Func<string?, string> Who { get; init; }
    public required bool Proved { get; init; }

    public string Address => $"/app/admin/people/{Person.Id}";
}

/// <summary>A link that was just made: this page is the only one that ever shows it.</summary>
/// <param name="Answer">As the API answers; without the link when the form was sent again.</param>
public sealed record LinkModel(LinkAnswer Answer) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer.Person).What();
}
