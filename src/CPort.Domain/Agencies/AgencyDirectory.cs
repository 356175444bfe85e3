using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;

namespace CPort.Domain.Agencies;

/// <summary>Who a key speaks for, or that it speaks for nobody.</summary>
public abstract record Authentication
{
    private Authentication()
    {
    }

    public sealed record Accepted(Caller Caller) : Authentication;

    /// <summary>
    /// No. <see cref="Cause"/> is for the node's own log and audit; outside, every cause but those about purpose and network must look the same.
    /// </summary>
    public sealed record Refused(RefusalCause Cause) : Authentication
    {
        /// <summary>Whose key was named, right secret or wrong, for the audit log alone; null: nobody's.</summary>
        public Caller? Named { get; init; }

        /// <summary>The key is good and the caller may be told what is wrong with the purpose, or with where it comes from.</summary>
        public bool MayBeExplained => Cause is RefusalCause.PurposeMissing or RefusalCause.PurposeInvalid or RefusalCause.OutsideNetworks;
    }
}

/// <summary>Why a key was refused.</summary>
public enum RefusalCause
{
    /// <summary>Not of the form of a key.</summary>
    Malformed = 1,

    /// <summary>No such key id, or a wrong secret.</summary>
    Unknown = 2,
    Revoked = 3,
    Expired = 4,
    AgencyInactive = 5,

    /// <summary>Police must say why they look.</summary>
    PurposeMissing = 6,

    /// <summary>A purpose is at most <see cref="AgencyDirectory.MaxPurposeLength"/> characters without control characters.</summary>
    PurposeInvalid = 7,

    /// <summary>Nobody but who had it made has agreed to it yet.</summary>
    AwaitsConsent = 8,

    /// <summary>The person whose own it is was stopped, or has none of its roles now.</summary>
    OwnerStopped = 9,

    /// <summary>It comes from none of the networks that it may come from.</summary>
    OutsideNetworks = 10,
}

/// <summary>
/// All agencies and keys as of one journal position: immutable, in memory only, safe from any thread. <c>AgencyDirectoryFeed</c> makes a new one with every
/// event. Inactive agencies are found by id and nowhere else.
/// </summary>
public sealed class AgencyDirectory
{
    public const int MaxPurposeLength = 200;

    public static readonly AgencyDirectory Empty = new(AgencyRegistry.Empty);

    // A hash no secret has, so that an unknown key id costs the same comparison as a known one.
    private static readonly string NoHash = new('-', 64);

    private readonly AgencyRegistry _registry;

    // Made on first use: catching up applies thousands of events and only the last directory is ever asked.
    private readonly Lazy<Views> _views;

    private AgencyDirectory(AgencyRegistry registry) => (_registry, _views) = (registry, new Lazy<Views>(() => new Views(registry)));

    /// <summary>The sequence number of the last event in it; 0 when empty.</summary>
    public long Version => _registry.Version;

    /// <summary>Every agency, active or not, by id.</summary>
    public IEnumerable<Agency> Agencies => _registry.Agencies.Values.OrderBy(a => a.Id.Value, StringComparer.Ordinal);

    /// <summary>Active hotlines with the mandate to take orphans, by id.</summary>
    public ImmutableArray<AgencyId> MandatedHotlines => _views.Value.Mandated;

    /// <summary>INTERPOL's agency, when one is registered and active.</summary>
    public AgencyId? Interpol => _views.Value.Interpol;

    /// <summary>The training that goes on.</summary>
    public Tenant Training => _registry.Training;

    /// <summary>A directory of the registry's state.</summary>
    public static AgencyDirectory Of(AgencyRegistry registry) => new(registry);

    /// <summary>The directory after one more event: the fold that the feed runs.</summary>
    public AgencyDirectory With(IAgencyEvent happened) => new(AgencyRules.Apply(_registry, happened));

    /// <summary>The day on which validity is judged.</summary>
    public static DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(instant.UtcDateTime);

    /// <summary>1 to <see cref="MaxPurposeLength"/> characters without control characters.</summary>
    public static bool IsPurpose(string text) => text.Length is >= 1 and <= MaxPurposeLength && !text.Any(char.IsControl);

    /// <summary>What the rules would make of the command now; nothing comes of it. Pages offer what is possible, by the rules themselves.</summary>
    public AgencyDecision Try(IAgencyCommand command, DateTimeOffset now) =>
        AgencyRules.Decide(_registry, command, command.Context.ToMeta() with { RecordedAt = now }, new KeyCandidate("-", "-"));

    public Agency? Find(AgencyId id) => _registry.Agencies.GetValueOrDefault(id);

    /// <summary>Every key of an agency, also ended ones, oldest first.</summary>
    public ImmutableArray<ApiKeyRecord> KeysOf(AgencyId id) =>
        [.. _registry.Keys.Values.Where(k => k.Agency == id).OrderBy(k => k.CreatedAt).ThenBy(k => k.KeyId, StringComparer.Ordinal)];

    /// <summary>Whose hand holds a key (<see cref="AgencyRules.HandOf"/>).</summary>
    public string HandOf(string keyId) => AgencyRules.HandOf(_registry, keyId);

    /// <summary>Changes that wait for consent, and the last that were decided, newest first.</summary>
    public IEnumerable<ProposedChange> Changes => _registry.Changes.Values.Reverse();

    public ProposedChange? FindChange(long number) => _registry.Changes.GetValueOrDefault(number);

    /// <summary>The changes that an agency is shown: its own, and those that concern it.</summary>
    public IEnumerable<ProposedChange> ChangesFor(Agency agency, DateOnly day) => Changes.Where(c => c.Concern(agency, day));

    /// <summary>Other active agencies that see, or will see, items of a country that the agency serves, by id.</summary>
    public IEnumerable<Agency> BesideIn(Agency agency, DateOnly day) => Agencies.Where(other => other.Active && other.Id != agency.Id
        && Widening.SeesByCountry(other.Kind) && other.CountriesOn(day).Intersect(agency.CountriesOn(day)).Any());

    /// <summary>Active hotlines that work for the country on that day, by id.</summary>
    public ImmutableArray<AgencyId> HotlinesOf(Country country, DateOnly day) => _views.Value.Members(AgencyKind.Hotline, country, day);

    /// <summary>A caller of the agency on a day, with what others in the directory make of it.</summary>
    public Caller CallerOf(Agency agency, DateOnly day, Roles roles, string keyId)
    {
        var caller = agency.CallerOn(day, roles, keyId);
        return !agency.IsNationalBureau ? caller
            : caller with { LooksAfter = [.. caller.Countries.SelectMany(c => PoliceOf(c, day)).Where(a => a != agency.Id).Distinct()] };
    }

    /// <summary>Active police agencies that work for the country on that day, by id.</summary>
    public ImmutableArray<AgencyId> PoliceOf(Country country, DateOnly day) => _views.Value.Members(AgencyKind.Police, country, day);

    /// <summary>
    /// Who the key speaks for at <paramref name="now"/>. The secret's hash is compared in constant time, and only who has the right secret learns from the time
    /// taken or the cause whether a key is revoked, expired or without purpose.
    /// </summary>
    /// <param name="apiKey">As it was sent.</param>
    /// <param name="now">The time.</param>
    /// <param name="purpose">Why the caller looks.</param>
    /// <param name="rolesOf">The roles that a person of an agency has now: of a key that is a person's own. Without it such a key does not work.</param>
    /// <param name="from">Where the connection comes from; null: nobody knows, and a key with networks does not work.</param>
    public Authentication Authenticate(
        string? apiKey, DateTimeOffset now, string? purpose, Func<PersonId, AgencyId, Roles>? rolesOf = null, IPAddress? from = null)
    {
        if (!ApiKey.TryParse(apiKey, out var given))
        {
            return new Authentication.Refused(RefusalCause.Malformed);
        }

        var key = _registry.Keys.GetValueOrDefault(given.KeyId);
        var same = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(given.SecretHash), Encoding.ASCII.GetBytes(key?.SecretHash ?? NoHash));
        if (key is null || !_registry.Agencies.TryGetValue(key.Agency, out var agency))
        {
            return new Authentication.Refused(RefusalCause.Unknown);
        }

        return same ? Speaks(agency, key, now, purpose, rolesOf, from) : Refused(agency, key, RefusalCause.Unknown);
    }

    /// <summary>
    /// For whom a hotline's system speaks that has shown to be the one of this access: its agency, as its key, or, where that was replaced, as the key in its
    /// place. No secret is asked for here.
    /// </summary>
    public Authentication AuthenticateIccam(Agency agency, IccamAccess access, DateTimeOffset now, IPAddress? from = null)
    {
        var key = _registry.Keys.GetValueOrDefault(access.KeyId);

        // A key is younger than the one that it replaces: the line ends.
        while (key?.IsValidAt(now) == false && key.ReplacedBy is { } next)
        {
            key = _registry.Keys.GetValueOrDefault(next);
        }

        return key is null || key.Agency != agency.Id
            ? new Authentication.Refused(RefusalCause.Unknown) : Speaks(agency, key, now, purpose: null, rolesOf: null, from);
    }

    /// <summary>
    /// The active agency whose system signs in by this name at the ICCAM façade, whatever PHP made of the name (<see cref="IccamPassword.Plain"/>).
    /// </summary>
    public (Agency Agency, IccamAccess Access)? FindIccam(string userName) =>
        _views.Value.Iccam.TryGetValue(IccamPassword.Plain(userName), out var agency) ? (agency, agency.Iccam!) : null;

    private static Authentication.Refused Refused(Agency agency, ApiKeyRecord key, RefusalCause cause) => new(cause)
    {
        Named = new Caller { Agency = agency.Id, Kind = agency.Kind, Roles = Roles.None, KeyId = key.KeyId },
    };

    private Authentication Speaks(
        Agency agency, ApiKeyRecord key, DateTimeOffset now, string? purpose, Func<PersonId, AgencyId, Roles>? rolesOf, IPAddress? from)
    {
        Authentication.Refused Refuse(RefusalCause cause) => Refused(agency, key, cause);
        if (!key.IsValidAt(now))
        {
            return Refuse(key.RevokedAt is not null ? RefusalCause.Revoked : key.IsKeptAt(now) ? RefusalCause.AwaitsConsent : RefusalCause.Expired);
        }

        if (!agency.Active)
        {
            return Refuse(RefusalCause.AgencyInactive);
        }

        if (!KeyNetworks.Admit(key.Networks, from))
        {
            return Refuse(RefusalCause.OutsideNetworks);
        }

        var stated = string.IsNullOrWhiteSpace(purpose) ? null : purpose.Trim();
        if (stated is not null && !IsPurpose(stated))
        {
            return Refuse(RefusalCause.PurposeInvalid);
        }

        if (stated is null && agency.Kind == AgencyKind.Police)
        {
            return Refuse(RefusalCause.PurposeMissing);
        }

        // A person's own key has the roles that they have now, and what systems do.
        var roles = key.Owner is not { } owner ? key.Roles
            : rolesOf?.Invoke(owner, agency.Id) is { } theirs and not Roles.None ? key.Roles & (theirs | Roles.Machine) : Roles.None;
        if (roles == Roles.None)
        {
            return Refuse(RefusalCause.OwnerStopped);
        }

        return new Authentication.Accepted(CallerOf(agency, DayOf(now), roles, key.KeyId) with
        {
            Purpose = stated, Tenant = key.Tenant.IsTraining() ? Training : Tenant.Live, Owner = key.Owner,
        });
    }

    private sealed class Views
    {
        private readonly FrozenDictionary<(AgencyKind Kind, Country Country), ImmutableArray<(Membership Membership, AgencyId Agency)>> _members;

        public Views(AgencyRegistry registry)
        {
            var active = registry.Agencies.Values.Where(a => a.Active).OrderBy(a => a.Id.Value, StringComparer.Ordinal).ToList();
            _members = active.SelectMany(a => a.Memberships.Select(m => (Agency: a, Membership: m)))
                .GroupBy(p => (p.Agency.Kind, p.Membership.Country))
                .ToFrozenDictionary(g => g.Key, g => g.Select(p => (p.Membership, p.Agency.Id)).ToImmutableArray());
            Mandated = [.. active.Where(a => a.HoldsOrphanMandate).Select(a => a.Id)];
            Interpol = active.Where(a => a.Kind == AgencyKind.Interpol).Select(a => (AgencyId?)a.Id).FirstOrDefault();
            Iccam = active.Where(a => a.Iccam is not null).ToFrozenDictionary(a => a.Iccam!.UserName, StringComparer.Ordinal);
        }

        public ImmutableArray<AgencyId> Mandated { get; }

        public AgencyId? Interpol { get; }

        public FrozenDictionary<string, Agency> Iccam { get; }

        public ImmutableArray<AgencyId> Members(AgencyKind kind, Country country, DateOnly day) =>
            _members.TryGetValue((kind, country), out var members)
                ? [.. members.Where(m => m.Membership.HoldsOn(day)).Select(m => m.Agency)]
                : [];
    }
}
