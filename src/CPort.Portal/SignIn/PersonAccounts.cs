using CPort.Actors.People;
using CPort.Actors.Sessions;
using CPort.Domain.Confidential;
using CPort.Domain.People;
using Microsoft.AspNetCore.Identity;

namespace CPort.Portal.SignIn;

/// <summary>A person as the framework's passkeys know one.</summary>
public sealed class PersonAccount
{
    public required Person Person { get; init; }
}

/// <summary>
/// The framework's store over the directory of people and the table of ways to sign in. It makes, changes and deletes nobody: people are registered by
/// agencies,
/// and by nothing else.
/// </summary>
public sealed class PersonAccounts(PeopleDirectoryFeed people, CredentialStore credentials, ConfidentialSeam seam)
    : IUserPasskeyStore<PersonAccount>, IUserSecurityStampStore<PersonAccount>
{
    /// <summary>Whose link is being taken up is no account yet, and may make a passkey.</summary>
    public static PersonAccount Of(Person person) => new() { Person = person };

    public Task<PersonAccount?> FindByIdAsync(string userId, CancellationToken cancellationToken) => Task.FromResult(
        PersonId.TryParse(userId, out var id) && people.Current.Find(id) is { MayComeIn: true } person ? Of(person) : null);

    public Task<PersonAccount?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => Task.FromResult(
        SignInName.TryParse(normalizedUserName, out var name, out var agency)
        && people.Current.FindByName(PersonMarks.OfName(seam, agency, name)) is { MayComeIn: true } person ? Of(person) : null);

    public Task<string> GetUserIdAsync(PersonAccount user, CancellationToken cancellationToken) => Task.FromResult(user.Person.Id.Value);

    public Task<string?> GetUserNameAsync(PersonAccount user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Person.Id.Value);

    public Task<string?> GetNormalizedUserNameAsync(PersonAccount user, CancellationToken cancellationToken) => GetUserNameAsync(user, cancellationToken);

    public Task<string?> GetSecurityStampAsync(PersonAccount user, CancellationToken cancellationToken) =>
        Task.FromResult<string?>($"{user.Person.Id}.{user.Person.Generation}");

    public Task AddOrUpdatePasskeyAsync(PersonAccount user, UserPasskeyInfo passkey, CancellationToken cancellationToken) =>
        credentials.PutAsync(user.Person, Of(passkey), cancellationToken);

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(PersonAccount user, CancellationToken cancellationToken) =>
        [.. (await credentials.PasskeysAsync(user.Person, cancellationToken)).Select(Of)];

    public async Task<PersonAccount?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        await credentials.OwnerAsync(credentialId, cancellationToken) is { } owner && people.Current.Find(owner.Person) is { MayComeIn: true } person
        && person.Generation == owner.Generation ? Of(person) : null;

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(PersonAccount user, byte[] credentialId, CancellationToken cancellationToken) =>
        (await credentials.PasskeysAsync(user.Person, cancellationToken)).FirstOrDefault(p => p.CredentialId.AsSpan().SequenceEqual(credentialId)) is { } found
            ? Of(found) : null;

    public async Task RemovePasskeyAsync(PersonAccount user, byte[] credentialId, CancellationToken cancellationToken) =>
        await credentials.RemoveAsync(user.Person.Id, CredentialKind.Passkey, CredentialStore.IdOf(credentialId), cancellationToken);

    public Task SetUserNameAsync(PersonAccount user, string? userName, CancellationToken cancellationToken) => throw Registered();

    public Task SetNormalizedUserNameAsync(PersonAccount user, string? normalizedName, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SetSecurityStampAsync(PersonAccount user, string stamp, CancellationToken cancellationToken) => throw Registered();

    public Task<IdentityResult> CreateAsync(PersonAccount user, CancellationToken cancellationToken) => throw Registered();

    // The framework saves the user with each passkey; there is nothing of it to save.
    public Task<IdentityResult> UpdateAsync(PersonAccount user, CancellationToken cancellationToken) => Task.FromResult(IdentityResult.Success);

    public Task<IdentityResult> DeleteAsync(PersonAccount user, CancellationToken cancellationToken) => throw Registered();

    public void Dispose()
    {
        // Holds nothing of its own.
    }

    internal static StoredPasskey Of(UserPasskeyInfo p) => new()
    {
        CredentialId = p.CredentialId, PublicKey = p.PublicKey, SignCount = p.SignCount, Transports = [.. p.Transports ?? []],
            IsUserVerified = p.IsUserVerified,
        IsBackupEligible = p.IsBackupEligible, IsBackedUp = p.IsBackedUp, AttestationObject = p.AttestationObject, ClientDataJson = p.ClientDataJson,
        MadeAt = p.CreatedAt, Name = p.Name,
    };

    private static UserPasskeyInfo Of(StoredPasskey p) => new(
        p.CredentialId, p.PublicKey, p.MadeAt, p.SignCount, [.. p.Transports], p.IsUserVerified, p.IsBackupEligible, p.IsBackedUp, p.AttestationObject,
        p.ClientDataJson)
    {
        Name = p.Name,
    };

    private static NotSupportedException Registered() => new("People are registered by agencies (/v1/people).");
}
