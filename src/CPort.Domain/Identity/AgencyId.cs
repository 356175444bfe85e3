using System.Text.RegularExpressions;

namespace CPort.Domain.Identity;

/// <summary>An agency's short name, for example <c>hotline-nl</c>: 2 to 40 characters of a–z, 0–9 and hyphen. Chosen at registration, never changed.</summary>
public readonly partial record struct AgencyId
{
    private readonly string? _value;

    private AgencyId(string value) => _value = value;

    public string Value => _value ?? "";

    public static bool TryParse(string? text, out AgencyId id)
    {
        id = default;
        if (text is null || !Pattern().IsMatch(text))
        {
            return false;
        }

        id = new AgencyId(text);
        return true;
    }

    public static AgencyId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("An agency id is 2 to 40 characters of a-z, 0-9 and '-', starting with a letter.");

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{1,39}\z")]
    private static partial Regex Pattern();
}

/// <summary>What an agency is; decides which rows of the access table apply to it.</summary>
public enum AgencyKind
{
    Hotline = 1,
    Police = 2,
    Interpol = 3,
    Provider = 4,
    Operator = 5,
    SupervisoryAuthority = 6,

    /// <summary>CPort itself: tracing, matching, routing and the sweeper.</summary>
    System = 7,
}

/// <summary>What a key or person may do inside its agency's rights: one or more of these.</summary>
[Flags]
public enum Roles
{
    None = 0,

    /// <summary>Looks, claims, assesses and acts.</summary>
    Analyst = 1,

    /// <summary>A police officer: looks and answers back.</summary>
    Officer = 2,

    /// <summary>Runs nodes and registers agencies; sees neither URL, memo nor hash.</summary>
    Operator = 4,

    /// <summary>Reads who did what, changes nothing.</summary>
    Auditor = 8,

    /// <summary>A machine that submits reports and hash lists.</summary>
    Machine = 16,

    /// <summary>Answers for others' work; only beside analyst or officer.</summary>
    Manager = 32,

    /// <summary>Looks after the agency's people; sees no report by it.</summary>
    Administrator = 64,

    /// <summary>Prepares exercises; sees nothing live by it.</summary>
    Trainer = 128,
}

/// <summary>
/// Live work or training with synthetic data; the two never mix. Emptied, training begins again as another tenant, the next number: nothing of the old one is
/// ever seen in the new one, for the same reasons that nothing passes between live and training.
/// </summary>
public enum Tenant
{
    Live = 0,

    /// <summary>The first training.</summary>
    Training = 1,
}

/// <summary>Training tenants: the first one, and those that began when it was emptied.</summary>
public static class Tenants
{
    /// <summary>Read rows keep tenant and number in 63 bits.</summary>
    public const int MostTrainings = 1_000;

    public static bool IsTraining(this Tenant tenant) => tenant != Tenant.Live;

    /// <summary>What people call it: <c>Live</c> or <c>Training</c>, whichever it is.</summary>
    public static string Name(this Tenant tenant) => (tenant.IsTraining() ? Tenant.Training : Tenant.Live).ToString();

    /// <summary>The training that begins when this one is emptied.</summary>
    public static Tenant Next(this Tenant training) => training + 1;
}

/// <summary>How far a source's opinions are believed by others without a human of their own (design.md, "Who is believed").</summary>
public enum TrustLevel
{
    /// <summary>Two independent standard sources must agree before other countries inherit.</summary>
    Standard = 1,

    /// <summary>One opinion is enough for others to inherit.</summary>
    Trusted = 2,

    /// <summary>Opinions are recorded and shown, and decide nothing for others.</summary>
    Untrusted = 3,
}
