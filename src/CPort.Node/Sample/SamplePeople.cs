using CPort.Actors.People;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;

namespace CPort.Node.Sample;

/// <summary>A made-up person of the demo.</summary>
public sealed record SamplePerson(string Agency, string SignInName, string Name, Roles Roles);

/// <summary>The example people of the demo: one for each kind of work. They have no way to sign in but being chosen, on example data only.</summary>
public static class SamplePeople
{
    public static ImmutableArray<SamplePerson> All { get; } =
    [
        new("hotline-nl", "anna", "Anna Analyst (example)", Roles.Analyst), new("hotline-nl", "max", "Max Manager (example)", Roles.Analyst | Roles.Manager),
        new("hotline-nl", "ada", "Ada Administrator (example)", Roles.Administrator), new("hotline-nl", "aukje", "Aukje Auditor (example)", Roles.Auditor),
        new("hotline-de-a", "anton", "Anton Analyst (example)", Roles.Analyst), new("police-nl", "otto", "Otto Officer (example)", Roles.Officer),
        new("police-de", "olga", "Olga Officer (example)", Roles.Officer | Roles.Manager), new("interpol", "ines", "Ines Officer (example)", Roles.Officer),
        new("interpol", "ivo", "Ivo Manager (example)", Roles.Officer | Roles.Manager), new("operator", "oda", "Oda Operator (example)", Roles.Operator),
    ];

    /// <summary>Registers them; who is there is left as they are.</summary>
    public static async Task RegisterAsync(
        IPeopleGateway gateway, TimeProvider time, IEnumerable<SamplePerson> people, CancellationToken cancellation)
    {
        foreach (var person in people)
        {
            var shown = await gateway.SendAsync(
                new InvitePerson
                {
                    Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), Agency = AgencyId.Parse(person.Agency), Roles = person.Roles,
                    Secrets = new PersonSecrets { Name = person.Name, SignInName = person.SignInName },
                },
                cancellation);
            if (shown is LinkShown { Secret: { } secret } && EnrolmentLink.TryParse(secret, out var link))
            {
                await gateway.SendAsync(
                    new AcceptInvitation { Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), LinkHash = link.Hash }, cancellation);
            }
        }
    }
}
