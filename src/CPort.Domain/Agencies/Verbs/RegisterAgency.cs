using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Enters a new agency; its id is never changed or reused.</summary>
[ProtoContract, Manifest("ac1")]
public sealed record RegisterAgency : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string Name { get; init; }
    [ProtoMember(4)] public required AgencyKind Kind { get; init; }
    [ProtoMember(5)] public ImmutableArray<Membership> Memberships { get; init; } = [];
    [ProtoMember(6)] public bool HoldsOrphanMandate { get; init; }
    [ProtoMember(7)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;
    [ProtoMember(8)] public int? IccamHotlineNumber { get; init; }

    /// <summary>One of the memberships' countries; null: the first of them.</summary>
    [ProtoMember(9)] public Country? PrimaryCountry { get; init; }

    Type IAgencyCommand.Makes => typeof(AgencyRegistered);
    Deed IAgencyCommand.Deed => Deed.RegisterAgencies;
    bool IAgencyCommand.AlsoWhenUnknown => true;
    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        if (Agency == default || Agency == Caller.System.Agency)
        {
            return Reject(AgencyRejection.ReservedId, $"The id '{Agency}' cannot be given to an agency.");
        }

        if (state.Agencies.ContainsKey(Agency))
        {
            return Reject(AgencyRejection.AgencyExists, $"Agency '{Agency}' exists already.");
        }

        if (Name is not { Length: >= 1 and <= MaxNameLength } || string.IsNullOrWhiteSpace(Name) || Name.Any(char.IsControl))
        {
            return Reject(AgencyRejection.InvalidName, $"name is 1 to {MaxNameLength} characters without control characters.");
        }

        if (!Enum.IsDefined(Kind) || Kind == AgencyKind.System)
        {
            return Reject(AgencyRejection.InvalidKind, "kind is hotline, police, interpol, provider, operator or supervisoryAuthority.");
        }

        if (ChangeMemberships.Fault(Memberships) is { } fault)
        {
            return Reject(AgencyRejection.InvalidMemberships, fault);
        }

        if ((SetPrimaryCountry.Fault(PrimaryCountry, Memberships) ?? SetMandate.Fault(Kind, HoldsOrphanMandate) ?? SetTrust.Fault(Trust)) is { } refused)
        {
            return refused;
        }

        if (IccamHotlineNumber is { } number && (number < 1 || Kind != AgencyKind.Hotline))
        {
            return Reject(AgencyRejection.InvalidHotlineNumber, "iccamHotlineNumber is positive and for hotlines only.");
        }

        if (IccamHotlineNumber is not null && state.Agencies.Values.Any(a => a.Active && a.IccamHotlineNumber == IccamHotlineNumber))
        {
            return Reject(AgencyRejection.HotlineNumberTaken, $"Another active hotline has the ICCAM number {IccamHotlineNumber}.");
        }

        return Kind == AgencyKind.Interpol && state.Agencies.Values.Any(a => a.Active && a.Kind == AgencyKind.Interpol)
            ? Reject(AgencyRejection.InterpolExists, "There is one INTERPOL, and it is registered.")
            : Accept(new AgencyRegistered
            {
                Meta = meta, Agency = Agency, Name = Name, Kind = Kind, Memberships = ChangeMemberships.Ordered(Memberships),
                HoldsOrphanMandate = HoldsOrphanMandate, Trust = Trust, IccamHotlineNumber = IccamHotlineNumber,
                PrimaryCountry = SetPrimaryCountry.After(PrimaryCountry, Memberships),
            });
    }
}

[ProtoContract, Manifest("ae1")]
public sealed record AgencyRegistered : IWideningEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string Name { get; init; }
    [ProtoMember(4)] public required AgencyKind Kind { get; init; }
    [ProtoMember(5)] public ImmutableArray<Membership> Memberships { get; init; } = [];
    [ProtoMember(6)] public bool HoldsOrphanMandate { get; init; }
    [ProtoMember(7)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;
    [ProtoMember(8)] public int? IccamHotlineNumber { get; init; }
    [ProtoMember(9)] public Country? PrimaryCountry { get; init; }

    public IAgencyCommand Again(CommandContext context) => new RegisterAgency
    {
        Context = context, Agency = Agency, Name = Name, Kind = Kind, Memberships = Memberships, HoldsOrphanMandate = HoldsOrphanMandate, Trust = Trust,
        IccamHotlineNumber = IccamHotlineNumber, PrimaryCountry = PrimaryCountry,
    };

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(new Agency
    {
        Id = Agency, Name = Name, Kind = Kind, Memberships = Memberships, HoldsOrphanMandate = HoldsOrphanMandate, Trust = Trust,
        IccamHotlineNumber = IccamHotlineNumber, RegisteredAt = Meta.RecordedAt, PrimaryCountry = PrimaryCountry,
    });
}
