namespace CPort.Domain.Agencies;

/// <summary>What the rules make of a command.</summary>
public abstract record AgencyDecision
{
    private AgencyDecision()
    {
    }

    /// <summary>Persist this event.</summary>
    public sealed record Accepted(IAgencyEvent Event) : AgencyDecision;

    /// <summary>All is already as the command wants it.</summary>
    public sealed record Unchanged : AgencyDecision;

    /// <summary>The command took effect earlier.</summary>
    public sealed record Replayed(RecentCommand Earlier) : AgencyDecision;

    public sealed record Rejected(AgencyRejection Reason, string Text) : AgencyDecision;
}

/// <summary>The rules of the registry: pure, without clock, randomness or Akka. Every accepted command gives exactly one event.</summary>
public static class AgencyRules
{
    public const int MaxNameLength = 200;
    public const int MaxMemberships = 300;

    /// <summary>Keys of one agency that are neither revoked nor expired.</summary>
    public const int MaxValidKeys = 100;

    /// <summary>How long an old key may work beside its successor at most.</summary>
    public static readonly TimeSpan MaxGrace = TimeSpan.FromDays(30);

    /// <summary>The roles a key of an agency of this kind may hold; <see cref="Roles.None"/> when such agencies hold no keys.</summary>
    public static Roles RolesAllowed(AgencyKind kind) => kind switch
    {
        AgencyKind.Hotline => Roles.Analyst | Roles.Auditor | Roles.Machine,
        AgencyKind.Police => Roles.Officer | Roles.Auditor | Roles.Machine,
        AgencyKind.Interpol => Roles.Analyst | Roles.Officer | Roles.Auditor | Roles.Machine,
        AgencyKind.Provider => Roles.Machine,
        AgencyKind.Operator => Roles.Operator | Roles.Auditor,
        AgencyKind.SupervisoryAuthority => Roles.Auditor,
        _ => Roles.None,
    };

    /// <summary>
    /// Decides one command. <paramref name="meta"/> is the metadata for the event, stamped by the shell; its recording time is "now".
    /// <paramref name="candidate"/> is the key the shell has made for <see cref="IssueKey"/> and <see cref="RotateKey"/>, unused otherwise.
    /// </summary>
    public static AgencyDecision Decide(AgencyRegistry state, IAgencyCommand command, EventMeta meta, KeyCandidate? candidate = null)
    {
        var deed = DeedOf(command);
        if (!AccessTable.May(command.Context.Caller, deed))
        {
            return Reject(AgencyRejection.NotAuthorised, AccessTable.WhoMay(deed));
        }

        if (state.Recent.Of(command.Context.CommandId) is { } earlier)
        {
            return earlier.What == WhatOf(command) && earlier.Agency == command.Agency
                ? new AgencyDecision.Replayed(earlier)
                : Reject(AgencyRejection.CommandIdInUse, "This command id was used for another command.");
        }

        if (command is RegisterAgency register)
        {
            return Register(state, register, meta);
        }

        if (!state.Agencies.TryGetValue(command.Agency, out var agency))
        {
            return Reject(AgencyRejection.UnknownAgency, $"There is no agency '{command.Agency}'.");
        }

        // Ending things must stay possible after an agency is closed; nothing else makes sense then.
        if (!agency.Active && command is not (DeactivateAgency or RevokeKey))
        {
            return Reject(AgencyRejection.AgencyInactive, $"Agency '{agency.Id}' is not active.");
        }

        return command switch
        {
            ChangeMemberships c => Change(agency, c, meta),
            SetTrust c when !Enum.IsDefined(c.Trust) => Reject(AgencyRejection.InvalidTrust, "trust is standard, trusted or untrusted."),
            SetTrust c => c.Trust == agency.Trust
                ? new AgencyDecision.Unchanged()
                : Accept(new TrustChanged { Meta = meta, Agency = agency.Id, Trust = c.Trust }),
            SetMandate { HoldsOrphanMandate: true } when agency.Kind != AgencyKind.Hotline =>
                Reject(AgencyRejection.MandateNeedsHotline, "Only a hotline can hold the mandate to take orphans."),
            SetMandate c => c.HoldsOrphanMandate == agency.HoldsOrphanMandate
                ? new AgencyDecision.Unchanged()
                : Accept(new MandateChanged { Meta = meta, Agency = agency.Id, HoldsOrphanMandate = c.HoldsOrphanMandate }),
            DeactivateAgency when agency.Id == command.Context.Caller.Agency =>
                Reject(AgencyRejection.OwnAgency, "An operator cannot deactivate its own agency."),
            DeactivateAgency => agency.Active
                ? Accept(new AgencyDeactivated { Meta = meta, Agency = agency.Id })
                : new AgencyDecision.Unchanged(),
            IssueKey c => Issue(state, agency, c, meta, candidate),
            RotateKey c => Rotate(state, agency, c, meta, candidate),
            RevokeKey c => Revoke(state, agency, c, meta),
            _ => throw new ArgumentException($"Unknown command {command.GetType().Name}.", nameof(command)),
        };
    }

    /// <summary>The next state. Never fails on an event that <see cref="Decide"/> made, reads neither clock nor randomness.</summary>
    public static AgencyRegistry Apply(AgencyRegistry state, IAgencyEvent happened)
    {
        var (agencies, keys) = (state.Agencies, state.Keys);
        string? keyId = null;
        switch (happened)
        {
            case AgencyRegistered e:
                agencies = agencies.SetItem(e.Agency, new Agency
                {
                    Id = e.Agency, Name = e.Name, Kind = e.Kind, Memberships = e.Memberships, HoldsOrphanMandate = e.HoldsOrphanMandate,
                    Trust = e.Trust, IccamHotlineNumber = e.IccamHotlineNumber, RegisteredAt = e.Meta.RecordedAt,
                });
                break;
            case MembershipsChanged e:
                agencies = agencies.SetItem(e.Agency, agencies[e.Agency] with { Memberships = e.Memberships });
                break;
            case TrustChanged e:
                agencies = agencies.SetItem(e.Agency, agencies[e.Agency] with { Trust = e.Trust });
                break;
            case MandateChanged e:
                agencies = agencies.SetItem(e.Agency, agencies[e.Agency] with { HoldsOrphanMandate = e.HoldsOrphanMandate });
                break;
            case AgencyDeactivated e:
                agencies = agencies.SetItem(e.Agency, agencies[e.Agency] with { Active = false });
                break;
            case ApiKeyIssued e:
                keyId = e.KeyId;
                keys = keys.SetItem(e.KeyId, new ApiKeyRecord
                {
                    KeyId = e.KeyId, Agency = e.Agency, SecretHash = e.SecretHash, Roles = e.Roles, Tenant = e.Tenant,
                    CreatedAt = e.Meta.RecordedAt, ExpiresAt = e.ExpiresAt,
                });
                break;
            case ApiKeyRotated e:
                keyId = e.KeyId;
                var old = keys[e.OldKeyId];
                keys = keys.SetItem(e.OldKeyId, old with { ExpiresAt = e.OldExpiresAt, ReplacedBy = e.KeyId })
                    .SetItem(e.KeyId, new ApiKeyRecord
                    {
                        KeyId = e.KeyId, Agency = e.Agency, SecretHash = e.SecretHash, Roles = old.Roles, Tenant = old.Tenant,
                        CreatedAt = e.Meta.RecordedAt, ExpiresAt = e.ExpiresAt,
                    });
                break;
            case ApiKeyRevoked e:
                keyId = e.KeyId;
                keys = keys.SetItem(e.KeyId, keys[e.KeyId] with { RevokedAt = e.Meta.RecordedAt });
                break;
            default:
                throw new ArgumentException($"Unknown event {happened.GetType().Name}.", nameof(happened));
        }

        var did = new RecentCommand(happened.Meta.CommandId, WhatOf(happened), happened.Agency, keyId, state.Version + 1);
        return state with
        {
            Agencies = agencies, Keys = keys, Version = state.Version + 1,
            Recent = state.Recent.With(did.Id, did, AgencyRegistry.RememberedCommands),
        };
    }

    private static Deed DeedOf(IAgencyCommand command) => command switch
    {
        RegisterAgency => Deed.RegisterAgencies,
        IssueKey => Deed.IssueKeys,
        RotateKey => Deed.RotateKeys,
        RevokeKey => Deed.RevokeKeys,
        _ => Deed.ChangeAgencies,
    };

    private static AgencyDecision Register(AgencyRegistry state, RegisterAgency c, EventMeta meta)
    {
        if (c.Agency == default || c.Agency == Caller.System.Agency)
        {
            return Reject(AgencyRejection.ReservedId, $"The id '{c.Agency}' cannot be given to an agency.");
        }

        if (state.Agencies.ContainsKey(c.Agency))
        {
            return Reject(AgencyRejection.AgencyExists, $"Agency '{c.Agency}' exists already.");
        }

        if (c.Name is not { Length: >= 1 and <= MaxNameLength } || string.IsNullOrWhiteSpace(c.Name) || c.Name.Any(char.IsControl))
        {
            return Reject(AgencyRejection.InvalidName, $"name is 1 to {MaxNameLength} characters without control characters.");
        }

        if (!Enum.IsDefined(c.Kind) || c.Kind == AgencyKind.System)
        {
            return Reject(AgencyRejection.InvalidKind, "kind is hotline, police, interpol, provider, operator or supervisoryAuthority.");
        }

        if (MembershipFault(c.Memberships) is { } fault)
        {
            return Reject(AgencyRejection.InvalidMemberships, fault);
        }

        if (c.HoldsOrphanMandate && c.Kind != AgencyKind.Hotline)
        {
            return Reject(AgencyRejection.MandateNeedsHotline, "Only a hotline can hold the mandate to take orphans.");
        }

        if (!Enum.IsDefined(c.Trust))
        {
            return Reject(AgencyRejection.InvalidTrust, "trust is standard, trusted or untrusted.");
        }

        if (c.IccamHotlineNumber is { } number && (number < 1 || c.Kind != AgencyKind.Hotline))
        {
            return Reject(AgencyRejection.InvalidHotlineNumber, "iccamHotlineNumber is positive and for hotlines only.");
        }

        if (c.IccamHotlineNumber is not null && state.Agencies.Values.Any(a => a.Active && a.IccamHotlineNumber == c.IccamHotlineNumber))
        {
            return Reject(AgencyRejection.HotlineNumberTaken, $"Another active hotline has the ICCAM number {c.IccamHotlineNumber}.");
        }

        if (c.Kind == AgencyKind.Interpol && state.Agencies.Values.Any(a => a.Active && a.Kind == AgencyKind.Interpol))
        {
            return Reject(AgencyRejection.InterpolExists, "There is one INTERPOL, and it is registered.");
        }

        return Accept(new AgencyRegistered
        {
            Meta = meta, Agency = c.Agency, Name = c.Name, Kind = c.Kind, Memberships = Ordered(c.Memberships), HoldsOrphanMandate = c.HoldsOrphanMandate,
            Trust = c.Trust, IccamHotlineNumber = c.IccamHotlineNumber,
        });
    }

    private static AgencyDecision Change(Agency agency, ChangeMemberships c, EventMeta meta)
    {
        if (MembershipFault(c.Memberships) is { } fault)
        {
            return Reject(AgencyRejection.InvalidMemberships, fault);
        }

        var ordered = Ordered(c.Memberships);
        return ordered.SequenceEqual(agency.Memberships)
            ? new AgencyDecision.Unchanged()
            : Accept(new MembershipsChanged { Meta = meta, Agency = agency.Id, Memberships = ordered });
    }

    private static AgencyDecision Issue(AgencyRegistry state, Agency agency, IssueKey c, EventMeta meta, KeyCandidate? candidate)
    {
        var allowed = RolesAllowed(agency.Kind);
        if (c.Roles == Roles.None || (c.Roles & ~allowed) != 0)
        {
            return Reject(AgencyRejection.InvalidRoles, $"A key of kind {agency.Kind} holds one or more of: {allowed}.");
        }

        if (!Enum.IsDefined(c.Tenant) || (c.ExpiresAt is { } expires && expires <= meta.RecordedAt))
        {
            return Reject(AgencyRejection.InvalidExpiry, "expiresAt lies in the future; tenant is live or training.");
        }

        if (state.Keys.Values.Count(k => k.Agency == agency.Id && k.IsValidAt(meta.RecordedAt)) >= MaxValidKeys)
        {
            return Reject(AgencyRejection.TooManyKeys, $"An agency holds at most {MaxValidKeys} valid keys; revoke some.");
        }

        ArgumentNullException.ThrowIfNull(candidate);
        return state.Keys.ContainsKey(candidate.KeyId)
            ? Reject(AgencyRejection.KeyIdTaken, "The made key id exists already; send the command again.")
            : Accept(new ApiKeyIssued
            {
                Meta = meta, Agency = agency.Id, KeyId = candidate.KeyId, SecretHash = candidate.SecretHash, Roles = c.Roles, Tenant = c.Tenant,
                ExpiresAt = c.ExpiresAt,
            });
    }

    private static AgencyDecision Rotate(AgencyRegistry state, Agency agency, RotateKey c, EventMeta meta, KeyCandidate? candidate)
    {
        if (!state.Keys.TryGetValue(c.KeyId, out var old) || old.Agency != agency.Id)
        {
            return Reject(AgencyRejection.UnknownKey, $"Agency '{agency.Id}' has no such key.");
        }

        if (old.RevokedAt is not null)
        {
            return Reject(AgencyRejection.KeyRevoked, "A revoked key is not rotated; issue a new one.");
        }

        if (old.ReplacedBy is { } successor)
        {
            return Reject(AgencyRejection.KeyReplaced, $"The key was rotated before; its successor is {successor}.");
        }

        if (c.Grace < TimeSpan.Zero || c.Grace > MaxGrace)
        {
            return Reject(AgencyRejection.InvalidGrace, $"grace is 0 to {MaxGrace.TotalDays} days.");
        }

        var now = meta.RecordedAt;
        if (c.ExpiresAt <= now)
        {
            return Reject(AgencyRejection.InvalidExpiry, "expiresAt lies in the future.");
        }

        ArgumentNullException.ThrowIfNull(candidate);
        if (state.Keys.ContainsKey(candidate.KeyId))
        {
            return Reject(AgencyRejection.KeyIdTaken, "The made key id exists already; send the command again.");
        }

        var oldEnds = now + c.Grace;
        return Accept(new ApiKeyRotated
        {
            Meta = meta, Agency = agency.Id, OldKeyId = old.KeyId, OldExpiresAt = old.ExpiresAt < oldEnds ? old.ExpiresAt.Value : oldEnds,
            KeyId = candidate.KeyId, SecretHash = candidate.SecretHash,
            ExpiresAt = c.ExpiresAt ?? (old.ExpiresAt is { } end ? now + (end - old.CreatedAt) : null),
        });
    }

    private static AgencyDecision Revoke(AgencyRegistry state, Agency agency, RevokeKey c, EventMeta meta) =>
        !state.Keys.TryGetValue(c.KeyId, out var key) || key.Agency != agency.Id
            ? Reject(AgencyRejection.UnknownKey, $"Agency '{agency.Id}' has no such key.")
            : key.RevokedAt is not null
                ? new AgencyDecision.Unchanged()
                : Accept(new ApiKeyRevoked { Meta = meta, Agency = agency.Id, KeyId = key.KeyId });

    private static string? MembershipFault(ImmutableArray<Membership> memberships)
    {
        if (memberships.Length > MaxMemberships)
        {
            return $"An agency has at most {MaxMemberships} memberships.";
        }

        if (memberships.Any(m => m.Country == default || m.To < m.From))
        {
            return "Each membership has a country, a first day and, when it ends, a last day that is not before the first.";
        }

        var ordered = Ordered(memberships);
        return ordered.Skip(1).Where((next, i) => ordered[i].Country == next.Country && (ordered[i].To is null || ordered[i].To >= next.From)).Any()
            ? "Memberships of one country do not overlap."
            : null;
    }

    private static ImmutableArray<Membership> Ordered(ImmutableArray<Membership> memberships) =>
        [.. memberships.OrderBy(m => m.Country).ThenBy(m => m.From)];

    private static string WhatOf(IAgencyCommand command) => command switch
    {
        RegisterAgency => "registered",
        ChangeMemberships => "memberships",
        SetTrust => "trust",
        SetMandate => "mandate",
        DeactivateAgency => "deactivated",
        IssueKey => "key-issued",
        RotateKey => "key-rotated",
        RevokeKey => "key-revoked",
        _ => throw new ArgumentException($"Unknown command {command.GetType().Name}.", nameof(command)),
    };

    private static string WhatOf(IAgencyEvent happened) => happened switch
    {
        AgencyRegistered => "registered",
        MembershipsChanged => "memberships",
        TrustChanged => "trust",
        MandateChanged => "mandate",
        AgencyDeactivated => "deactivated",
        ApiKeyIssued => "key-issued",
        ApiKeyRotated => "key-rotated",
        ApiKeyRevoked => "key-revoked",
        _ => throw new ArgumentException($"Unknown event {happened.GetType().Name}.", nameof(happened)),
    };

    private static AgencyDecision.Accepted Accept(IAgencyEvent happened) => new(happened);

    private static AgencyDecision.Rejected Reject(AgencyRejection reason, string text) => new(reason, text);
}
