using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;

namespace CPort.Actors.Tests.Agencies;

/// <summary>Made-up agencies and short ways to write commands.</summary>
internal static class AgencyExamples
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 3, 12, 0, 0, TimeSpan.Zero);
    public static readonly Country NL = Country.Parse("NL");
    public static readonly Country DE = Country.Parse("DE");
    public static readonly Country FR = Country.Parse("FR");
    public static readonly AgencyId HotlineNl = AgencyId.Parse("hotline-nl");
    public static readonly AgencyId HotlineDe = AgencyId.Parse("hotline-de");

    public static readonly Caller Operator = new()
    {
        Agency = AgencyId.Parse("operator"), Kind = AgencyKind.Operator, Roles = Roles.Operator, KeyId = "0123456789ab",
    };

    public static CommandContext By(Caller? caller = null, string? commandId = null) => new()
    {
        CommandId = commandId is null ? CommandId.New() : CommandId.Parse(commandId), Caller = caller ?? Operator, OccurredAt = Noon,
    };

    public static Membership In(Country country, string from = "2020-01-01", string? to = null) =>
        new() { Country = country, From = DateOnly.Parse(from), To = to is null ? null : DateOnly.Parse(to) };

    public static RegisterAgency Register(string id, AgencyKind kind = AgencyKind.Hotline, params Membership[] memberships) => new()
    {
        Context = By(), Agency = AgencyId.Parse(id), Name = $"Example {id}", Kind = kind, Memberships = [.. memberships],
    };

    public static AgencyDecision Decide(AgencyRegistry state, IAgencyCommand command, DateTimeOffset? now = null, KeyCandidate? key = null) =>
        AgencyRules.Decide(state, command, command.Context.ToMeta() with { RecordedAt = now ?? Noon }, key);

    /// <summary>The state after the commands, all of which must be accepted.</summary>
    public static AgencyRegistry After(AgencyRegistry state, params IAgencyCommand[] commands) =>
        commands.Aggregate(state, (s, c) => AgencyRules.Apply(s, Assert.IsType<AgencyDecision.Accepted>(Decide(s, c)).Event));

    public static AgencyRegistry After(AgencyRegistry state, IAgencyCommand command, ApiKey key, DateTimeOffset? now = null) =>
        AgencyRules.Apply(state, Assert.IsType<AgencyDecision.Accepted>(Decide(state, command, now, key.Candidate)).Event);

    public static IssueKey Issue(AgencyId agency, Roles roles = Roles.Analyst, DateTimeOffset? expires = null, Tenant tenant = Tenant.Live) =>
        new() { Context = By(), Agency = agency, Roles = roles, ExpiresAt = expires, Tenant = tenant };

    /// <summary>After a second operator has agreed to the key.</summary>
    public static AgencyRegistry Approved(AgencyRegistry state, ApiKey key) => After(state, new ApproveKey
        { Context = By(Operator with { KeyId = "second-opera" }), Agency = HotlineNl, KeyId = key.KeyId });

    public static AgencyRejection ReasonOf(AgencyDecision decision) => Assert.IsType<AgencyDecision.Rejected>(decision).Reason;

    /// <summary>A registry as text: collections compare by content, which records of immutable collections do not.</summary>
    public static string Picture(AgencyRegistry state) => string.Join('\n',
        state.Agencies.Values.OrderBy(a => a.Id.Value).Select(a =>
            $"{a.Id}|{a.Name}|{a.Kind}|{string.Join(',', a.Memberships)}|{a.HoldsOrphanMandate}|{a.Trust}|{a.IccamHotlineNumber}|{a.Active}|{a.RegisteredAt:O}|{a.PrimaryCountry}")
        .Concat(state.Keys.Values.OrderBy(k => k.KeyId).Select(k =>
            $"{k.KeyId}|{k.Agency}|{k.SecretHash}|{k.Roles}|{k.Tenant}|{k.CreatedAt:O}|{k.ExpiresAt:O}|{k.RevokedAt:O}|{k.ReplacedBy}|{k.IssuedBy}|{k.AwaitsConsent}|{k.ApprovedBy}|{k.Grace}"))
        .Concat(state.Changes.Values.Select(c =>
            $"{c.Number}|{c.Agency}|{c.Change}|{c.Concerns.Everybody}|{string.Join(',', c.Concerns.Countries)}|{c.ProposedBy}|{c.ProposedAt:O}"
            + $"|{string.Join(',', c.AgreedFor)}|{string.Join(',', c.AgreedBy)}|{c.RefusedBy}|{c.DecidedAt:O}"))
        .Concat(state.Served.Select(s => s.ToString()).Order())
        .Concat(state.Recent.Kept.Select(r => r.Value).OrderBy(r => r.Id.Value).Select(r => r.ToString()))
        .Append($"{state.Version} {string.Join(',', state.Recent.Kept.Select(r => r.Key))}"));
}
