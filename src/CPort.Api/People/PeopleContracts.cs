using System.ComponentModel.DataAnnotations;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;
using CPort.Domain.People;

namespace CPort.Api.People;

/// <summary>A new person.</summary>
public sealed record InvitePersonBody
{
    /// <summary>For people, 1 to 200 characters; kept sealed, and shown to other agencies only if the person says so. Required.</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary>2 to 40 of a-z, 0-9, '.', '-', '_', beginning with a letter; unique in the agency. Required.</summary>
    [Required]
    public string? SignInName { get; init; }

    /// <summary>Analyst, Officer, Manager, Administrator, Trainer, Auditor, Operator: one or more that the agency's kind has. Required.</summary>
    [Required]
    public List<string?>? Roles { get; init; }

    /// <summary>Whose; left out: the caller's own agency.</summary>
    public string? Agency { get; init; }

    /// <summary>An e-mail address; kept sealed.</summary>
    public string? Address { get; init; }

    /// <summary>Team or desk, 1 to 60 characters; other agencies see it.</summary>
    public string? Unit { get; init; }
}

/// <summary>Changes of a person; only fields that are given change.</summary>
public sealed record ChangePersonBody
{
    /// <summary>All roles from now on.</summary>
    public List<string?>? Roles { get; init; }
    public string? Unit { get; init; }
}

/// <summary>What a national bureau confirms.</summary>
public sealed record ConfirmPersonBody
{
    /// <summary>The roles that were read; others by now are not confirmed. Required.</summary>
    [Required]
    public List<string?>? Roles { get; init; }
}

/// <summary>By which name the agency's identity provider knows a person.</summary>
public sealed record LinkProviderBody
{
    /// <summary>The provider's issuer; left out with <c>subject</c>: the link is taken away.</summary>
    public string? Issuer { get; init; }
    public string? Subject { get; init; }
}

/// <summary>A person, as far as the caller is shown one: of other agencies' people roles and unit, and the name where they want that.</summary>
public sealed record PersonAnswer : IShowsData
{
    Shown IShowsData.What() => new(Objects([this]), [.. ShownFields.Of(this)], 1);

    /// <summary>Those whose id is told; the others are rows without one.</summary>
    internal static ImmutableArray<AuditObject> Objects(IEnumerable<PersonAnswer> people) =>
        [.. people.Select(p => p.Id).OfType<string>().Select(id => new AuditObject(AuditObjectKind.Person, id))];

    /// <summary>Absent from other agencies' people.</summary>
    public string? Id { get; init; }
    public required string Agency { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
    public string? Unit { get; init; }
    public string? Name { get; init; }
    public string? SignInName { get; init; }
    public string? Address { get; init; }
    public PersonState? State { get; init; }

    /// <summary>Why roles do not work now: PurposeNeeded never, AwaitsBureau, Lapsed, Over; absent: they do, or it is not shown.</summary>
    public Standing? Standing { get; init; }
    public DateTimeOffset? InvitedAt { get; init; }

    /// <summary>The id of the key or person that invited.</summary>
    public string? InvitedBy { get; init; }
    public DateTimeOffset? CameAt { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }
    public string? ConfirmedBy { get; init; }

    /// <summary>The last day on which the roles work without being certified anew.</summary>
    public DateOnly? CertifiedUntil { get; init; }
    public DateTimeOffset? StoppedAt { get; init; }
    public string? StoppedBy { get; init; }

    /// <summary>Linked to the agency's identity provider.</summary>
    public bool? HasProvider { get; init; }
}

/// <summary>A page of people.</summary>
/// <param name="NextCursor">The <c>cursor</c> of the next page; absent on the last.</param>
public sealed record PeopleAnswer(IReadOnlyList<PersonAnswer> People, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => new(PersonAnswer.Objects(People), [.. ShownFields.Of(People)], People.Count);
}

/// <summary>A person for whom a link was made.</summary>
/// <param name="Link">Where they make a way to sign in: works once, for 30 minutes, and is shown this once; absent when the command was a repeat.</param>
/// <param name="ExpiresAt">When it no longer works.</param>
public sealed record LinkAnswer(PersonAnswer Person, string? Link, DateTimeOffset ExpiresAt);
