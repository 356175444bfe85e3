using CPort.Api.Agencies;
using CPort.Domain.Audit;

namespace CPort.Portal.Admin;

/// <summary>How a key stands.</summary>
public enum KeyState
{
    Works = 1,

    /// <summary>For somebody else's consent.</summary>
    Waits,

    /// <summary>Another one has taken its place; it works until it expires.</summary>
    Replaced,
    Expired,
    Revoked,
}

/// <summary>A key's row.</summary>
/// <param name="Key">As the API answers.</param>
/// <param name="State">How it stands now.</param>
/// <param name="UsedAt">Its last use, within minutes; null: none that is known.</param>
public sealed record KeyRow(KeyAnswer Key, KeyState State, DateTimeOffset? UsedAt)
{
    public bool IsKept => State is KeyState.Works or KeyState.Waits or KeyState.Replaced;

    public static KeyState StateOf(KeyAnswer key, DateTimeOffset now) =>
        key.RevokedAt is not null ? KeyState.Revoked
        : key.ExpiresAt <= now ? KeyState.Expired
        : key.AwaitsConsent ? KeyState.Waits
        : key.ReplacedBy is not null ? KeyState.Replaced : KeyState.Works;
}

/// <summary>All agencies.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="Now">When.</param>
public sealed record AgenciesModel(AgenciesAnswer Answer, DateTimeOffset Now) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();
}

/// <summary>A change, and what this person may say to it.</summary>
public sealed record ChangeRow(ChangeAnswer Change, bool MayAgree, bool MayRefuse);

/// <summary>An agency's page.</summary>
/// <param name="Agency">As the API answers: to the agency itself also who works beside it.</param>
/// <param name="Changes">Those that wait, and the last that were decided.</param>
/// <param name="Proved">A proof is young enough to change something.</param>
public sealed record AgencyModel(AgencyAnswer Agency, ImmutableArray<ChangeRow> Changes, bool Proved) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Agency).What();

    public string Address => $"/app/admin/agencies/{Agency.Id}";
}

/// <summary>What was filled in for a new key, to come back with an error.</summary>
public sealed record KeyForm(Roles Roles = Roles.None, bool Training = false, string? Expires = null, string? Networks = null);

/// <summary>An agency's keys; maybe one of them with what can be done about it.</summary>
public sealed record KeysModel : IShowsData
{
    Shown IShowsData.What() => new(
        [new AuditObject(AuditObjectKind.Agency, Agency.Id), .. Keys.Select(k => new AuditObject(AuditObjectKind.Key, k.Key.KeyId))], ["keys", "lastUsed"],
        Keys.Length);

    public required AgencyAnswer Agency { get; init; }

    /// <summary>Those that are kept, newest first, then the last that ended.</summary>
    public required ImmutableArray<KeyRow> Keys { get; init; }

    /// <summary>The one that was chosen.</summary>
    public KeyRow? Chosen { get; init; }
    public bool MayRotate { get; init; }
    public bool MayRevoke { get; init; }
    public bool MayApprove { get; init; }

    /// <summary>This person may set the chosen key's networks.</summary>
    public bool MaySetNetworks { get; init; }

    /// <summary>And agree to those that wait.</summary>
    public bool MayApproveNetworks { get; init; }

    /// <summary>The roles that a new key can have; none: this person makes no keys here.</summary>
    public required Roles Issues { get; init; }
    public KeyForm Form { get; init; } = new();

    /// <summary>Who had it made, agreed: colleagues by name, others by id.</summary>
    public required Func<string?, string> Who { get; init; }
    public required bool Proved { get; init; }

    public string Address => $"/app/admin/agencies/{Agency.Id}/keys";
}

/// <summary>A key that was just made: this page is the only one that ever shows it.</summary>
/// <param name="Answer">As the API answers; without the key when the form was sent again.</param>
public sealed record NewKeyModel(NewKeyAnswer Answer) : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.Key, Answer.KeyId)], []);

    public string Address => $"/app/admin/agencies/{Answer.Agency}/keys";
}
