namespace CPort.Portal.SignIn;

/// <summary>What <c>/signin</c> offers.</summary>
/// <param name="Return">Where to go then.</param>
/// <param name="Name">What was typed, to be typed no second time; null: nothing.</param>
/// <param name="Wrong">It did not work; why, nobody is told.</param>
/// <param name="Providers">Agencies with an identity provider of their own.</param>
/// <param name="Examples">Example people to choose from, on example data only.</param>
public sealed record SignInModel(
    string Return, string? Name, bool Wrong, ImmutableArray<ProviderChoice> Providers, ImmutableArray<ExamplePerson> Examples);

/// <summary>An agency whose provider can be used.</summary>
public sealed record ProviderChoice(string Agency, string Name);

/// <summary>A person of the example set.</summary>
public sealed record ExamplePerson(string Id, string Name, string AgencyName, IReadOnlyList<string> Roles);

/// <summary>What an invited person sees.</summary>
/// <param name="Link">The link's secret, for the page's own forms.</param>
/// <param name="Name">Who is invited.</param>
/// <param name="SignInName"><c>name@agency</c>.</param>
/// <param name="AgencyName">By whom.</param>
/// <param name="Roles">As what.</param>
/// <param name="ExpiresAt">Until when the link works.</param>
/// <param name="App">The way by code; null: the agency does not have it.</param>
/// <param name="Wrong">The code did not fit.</param>
public sealed record EnrolModel(
    string Link, string Name, string SignInName, string AgencyName, IReadOnlyList<string> Roles, DateTimeOffset ExpiresAt, AppSecret? App, bool Wrong);

/// <summary>An authenticator app's secret before it is kept.</summary>
/// <param name="Base32">To be typed.</param>
/// <param name="Uri">To be read from a picture.</param>
/// <param name="State">The same, protected: comes back with the form.</param>
public sealed record AppSecret(string Base32, string Uri, string State);

/// <summary>What is shown once.</summary>
/// <param name="SignInName"><c>name@agency</c>.</param>
/// <param name="Secret">To be kept, asked beside each code.</param>
/// <param name="RecoveryCodes">Each stands once for a code.</param>
public sealed record KeptCodesModel(string SignInName, string Secret, ImmutableArray<string> RecoveryCodes);

/// <summary>Why do you look?</summary>
/// <param name="Return">Where to go then.</param>
/// <param name="Current">The purpose now; null: none, or it is too old.</param>
/// <param name="Recent">The last ones, newest first.</param>
/// <param name="Fault">What was typed cannot be used.</param>
public sealed record PurposeModel(string Return, string? Current, ImmutableArray<string> Recent, bool Fault);

/// <summary>Show again who you are.</summary>
/// <param name="Return">Where to go then.</param>
/// <param name="HasPasskey">By a passkey.</param>
/// <param name="HasCodes">By secret and code.</param>
/// <param name="Wrong">It did not work.</param>
public sealed record AgainModel(string Return, bool HasPasskey, bool HasCodes, bool Wrong);
