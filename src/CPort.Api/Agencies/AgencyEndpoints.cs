using System.Globalization;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Agencies;
using CPort.Actors.Entities;
using CPort.Actors.People;
using CPort.Actors.Reports;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.People;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CPort.Api.Agencies;

/// <summary>Brings commands to the registry of agencies; what the API needs of it, so that tests can stand in.</summary>
public interface IAgencyGateway
{
    /// <summary>
    /// Sends and waits for the durable answer (<see cref="AgencyChanged"/>, <see cref="ApiKeyShown"/> or <see cref="AgencyCommandRejected"/>), and until this
    /// node's directory knows of it. Throws <see cref="ReportsUnavailableException"/> when no answer comes.
    /// </summary>
    Task<object> SendAsync(IAgencyCommand command, CancellationToken cancellation);
}

/// <summary>Over the shard region of agencies.</summary>
public sealed class AgencyGateway(IReadOnlyActorRegistry actors, AgencyDirectoryFeed directory, CPortApiOptions options, TimeProvider time) : IAgencyGateway
{
    public async Task<object> SendAsync(IAgencyCommand command, CancellationToken cancellation)
    {
        object answer;
        try
        {
            // Twice: the command id makes the second harmless.
            var half = options.AgencyTimeout / 2;
            answer = await actors.Get<AgencyRegion>().AskUntilAnsweredAsync<object>(command, new AskTimes(half, half, half / 2), time, cancellation);
        }
        catch (AskTimeoutException e)
        {
            throw new ReportsUnavailableException("The registry of agencies did not answer in time.", e);
        }

        var written = answer switch { AgencyChanged c => c.SequenceNr, ApiKeyShown k => k.SequenceNr, _ => 0 };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.AgencyTimeout);
        try
        {
            await directory.WaitForAsync(written, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is durable; this node's directory only lags behind.
        }

        return answer;
    }
}

/// <summary>Agencies and their keys, for operators: <c>/v1/agencies</c>.</summary>
public static class AgencyEndpoints
{
    public static void MapAgencies(this IEndpointRouteBuilder v1)
    {
        var agencies = v1.MapGroup("/agencies").WithTags("Agencies");
        agencies.MapGet("", (AgencyDirectoryFeed directory, TimeProvider time) => AgenciesAnswer.Of(directory.Current, time.GetUtcNow()))
            .Needs(Deed.ListAgencies).WithName("ListAgencies").WithSummary("List agencies and their keys").Problems(403);
        agencies.MapGet("/{agency}", (AgencyDirectoryFeed directory, TimeProvider time, string agency) => Show(directory, time, Id(agency)))
            .Needs(Deed.ListAgencies).WithName("GetAgency").WithSummary("Read an agency").Problems(403, 404);
        agencies.MapPost("", RegisterAsync).Needs(Deed.RegisterAgencies).WithName("RegisterAgency").WithSummary("Register an agency")
            .WithDescription(
                "Its id is never changed or reused. One for a country that others serve, for all countries (INTERPOL, the orphan mandate), or believed further "
                + "than standard, is registered once somebody else has agreed: 202, and its `number`.").Problems(400, 403, 409, 422, 503);
        agencies.MapPatch("/{agency}", ChangeAsync).Needs(Deed.ChangeAgencies).WithName("ChangeAgency")
            .WithSummary("Change memberships, trust or mandate, or close an agency")
            .WithDescription(
                "Each given field is a change of its own, made in this order: memberships, primary country, trust, mandate, national bureau, closing; at the "
                + "first that is refused the rest is left. What widens what the agency sees or how far it is believed waits for somebody else's consent: 202, and it stands "
                + "in `changes`. Such are a country that others serve, the mandate, and more trust.")
            .Problems(400, 403, 404, 409, 422, 503);
        agencies.MapPost("/{agency}/keys", IssueAsync).Needs(Deed.IssueKeys).WithName("IssueKey").WithSummary("Make an API key")
            .WithDescription(
                "The answer is the only place where the key is ever shown. A further live key of another agency works only once that agency, or a second "
                + "operator, has agreed to it.").Problems(400, 403, 404, 409, 422, 503);
        agencies.MapPost("/{agency}/keys/{keyId}:rotate", RotateAsync).Needs(Deed.RotateKeys).WithName("RotateKey")
            .WithSummary("Replace an API key by a new one")
            .WithDescription("The old key works on for `graceSeconds` from when the new one works: at once, or once it was agreed to.")
            .Problems(400, 403, 404, 409, 422, 503);
        agencies.MapPost("/{agency}/keys/{keyId}:revoke", RevokeAsync).Needs(Deed.RevokeKeys).WithName("RevokeKey").WithSummary("End an API key at once")
            .Problems(403, 404, 409, 503);
        agencies.MapPost("/{agency}/keys/{keyId}:approve", ApproveAsync).Needs(Deed.ApproveKeys).WithName("ApproveKey")
            .WithSummary("Agree to an API key that somebody else had made")
            .WithDescription("By the agency whose key it is, or by another operator than who had it made; from then on it works.")
            .Problems(403, 404, 409, 503);
        agencies.MapPost("/{agency}/changes/{number}:approve", (HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory,
                TimeProvider time, string agency, string number) =>
                DecideAsync(http, gateway, directory, time, new ApproveChange { Context = me.Context(), Agency = Id(agency), Number = Number(number) }))
            .Needs(Deed.ApproveChanges).WithName("ApproveChange").WithSummary("Agree to a change that somebody else wants")
            .WithDescription(
                "By an operator whose key came from another hand than the one that wants it, for all; by an agency for the countries that it serves. Once "
                + "nothing is left to agree to, the change is made.").Problems(403, 404, 409, 503);
        agencies.MapPost("/{agency}/changes/{number}:refuse", (HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory,
                TimeProvider time, string agency, string number) =>
                DecideAsync(http, gateway, directory, time, new RefuseChange { Context = me.Context(), Agency = Id(agency), Number = Number(number) }))
            .Needs(Deed.ApproveChanges).WithName("RefuseChange").WithSummary("Say no to a change, or take it back")
            .WithDescription("By any operator, the agency that it is about, or one that may agree for a country of it.").Problems(403, 404, 409, 503);
        agencies.MapIccamAccess();
        agencies.MapKeyNetworks();
        v1.MapGet("/agency", (ApiCaller me, AgencyDirectoryFeed directory, TimeProvider time) => Show(directory, time, me.Caller.Agency, toItself: true))
            .Needs(Deed.SeeOwnAgency).WithTags("Agencies").WithName("GetOwnAgency").WithSummary("Read one's own agency and its keys").Problems(404);
    }

    private static async Task<AgencyAnswer> ApproveAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, string keyId)
    {
        var id = Id(agency);
        await TakenAsync(gateway, new ApproveKey { Context = me.Context(), Agency = id, KeyId = keyId }, http.RequestAborted);
        return Show(directory, time, id);
    }

    private static async Task<ChangeAnswer> DecideAsync(
        HttpContext http, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, IAgencyCommand command)
    {
        await TakenAsync(gateway, command, http.RequestAborted);
        var number = command switch { ApproveChange a => a.Number, RefuseChange r => r.Number, _ => 0 };
        return Change(directory, time, number);
    }

    private static async Task<Results<Created<AgencyAnswer>, Accepted<ChangeAnswer>>> RegisterAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, JsonBody<RegisterAgencyBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var id = f.Agency("id", b.Id);
        var name = f.Name("name", b.Name);
        if (name is null && f.Problem is null)
        {
            f.Missing("name");
        }

        var kind = Parse<AgencyKind>(f, "kind", b.Kind, required: true);
        var trust = Parse<TrustLevel>(f, "trust", b.Trust);
        var memberships = Memberships(f, b.Countries, b.Memberships) ?? [];
        var primary = f.Country("primaryCountry", b.PrimaryCountry);
        body.Check();
        var taken = await TakenAsync(
            gateway,
            new RegisterAgency
            {
                Context = me.Context(), Agency = id!.Value, Name = name!, Kind = kind!.Value, Memberships = memberships,
                HoldsOrphanMandate = b.HoldsOrphanMandate == true, Trust = trust ?? TrustLevel.Standard, IccamHotlineNumber = b.IccamHotlineNumber,
                PrimaryCountry = primary,
            },
            http.RequestAborted);
        return taken is AgencyChanged { Change: { } number } && directory.Current.Find(id.Value) is null
            ? TypedResults.Accepted((string?)null, Change(directory, time, number))
            : TypedResults.Created($"/v1/agencies/{id}", Show(directory, time, id.Value));
    }

    private static async Task<Results<Ok<AgencyAnswer>, Accepted<AgencyAnswer>>> ChangeAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency,
            JsonBody<ChangeAgencyBody> body)
    {
        var (b, f, id) = (body.Value, body.Fields, Id(agency));
        var memberships = Memberships(f, b.Countries, b.Memberships);
        var primary = f.Country("primaryCountry", b.PrimaryCountry);
        var trust = Parse<TrustLevel>(f, "trust", b.Trust);
        if (b.Active == true)
        {
            f.Add("active", ProblemCodes.Inconsistent, "A closed agency stays closed; register a new one.");
        }

        body.Check();
        var commands = new List<Func<CommandContext, IAgencyCommand>>();
        if (memberships is { } m)
        {
            commands.Add(c => new ChangeMemberships { Context = c, Agency = id, Memberships = m });
        }

        if (primary is { } country)
        {
            commands.Add(c => new SetPrimaryCountry { Context = c, Agency = id, Country = country });
        }

        if (trust is { } t)
        {
            commands.Add(c => new SetTrust { Context = c, Agency = id, Trust = t });
        }

        if (b.HoldsOrphanMandate is { } mandate)
        {
            commands.Add(c => new SetMandate { Context = c, Agency = id, HoldsOrphanMandate = mandate });
        }

        if (b.IsNationalBureau is { } bureau)
        {
            commands.Add(c => new SetNationalBureau { Context = c, Agency = id, IsNationalBureau = bureau });
        }

        if (b.Active == false)
        {
            commands.Add(c => new DeactivateAgency { Context = c, Agency = id });
        }

        var waits = false;
        for (var i = 0; i < commands.Count; i++)
        {
            waits |= await TakenAsync(gateway, commands[i](me.Context(i)), http.RequestAborted) is AgencyChanged { Change: { } number }
                && directory.Current.FindChange(number) is { DecidedAt: null };
        }

        var answer = Show(directory, time, id);
        return waits ? TypedResults.Accepted((string?)null, answer) : TypedResults.Ok(answer);
    }

    private static async Task<Created<NewKeyAnswer>> IssueAsync(HttpContext http, ApiCaller me, IAgencyGateway gateway, PeopleDirectoryFeed people,
        string agency, JsonBody<IssueKeyBody> body)
    {
        var f = body.Fields;
        PersonId? owner = null;
        if (body.Value.Owner is { } named)
        {
            if (PersonId.TryParse(named, out var id) && people.Current.Find(id) is { State: not PersonState.Stopped } person && person.Agency.Value == agency)
            {
                owner = id;
            }
            else
            {
                f.Add("owner", ProblemCodes.UnknownCode, "The id of one of the agency's people.");
            }
        }

        var roles = Roles.None;
        for (var i = 0; i < body.Value.Roles?.Count; i++)
        {
            roles |= Parse<Roles>(f, $"roles[{i}]", body.Value.Roles[i], required: true) ?? Roles.None;
        }

        if (body.Value.Roles is not { Count: > 0 })
        {
            f.Missing("roles");
        }

        var networks = KeyNetworksEndpoints.Read(f, "networks", body.Value.Networks);
        var tenant = Parse<Tenant>(f, "tenant", body.Value.Tenant);
        var expires = f.Date("expiresAt", body.Value.ExpiresAt);
        body.Check();
        return Shown(http, await TakenAsync(
            gateway,
            new IssueKey
            {
                Context = me.Context(), Agency = Id(agency), Roles = roles, Tenant = tenant ?? Tenant.Live, ExpiresAt = expires, Owner = owner,
                Networks = networks,
            }, http.RequestAborted));
    }

    private static async Task<Created<NewKeyAnswer>> RotateAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, string agency, string keyId, JsonBody<RotateKeyBody> body)
    {
        if (body.Value.GraceSeconds < AgencyRules.LeastGrace.TotalSeconds || body.Value.GraceSeconds > AgencyRules.MaxGrace.TotalSeconds)
        {
            body.Fields.Add("graceSeconds", ProblemCodes.OutOfRange,
                $"{AgencyRules.LeastGrace.TotalSeconds} to {AgencyRules.MaxGrace.TotalSeconds} seconds; a key that must end at once is revoked.");
        }

        var expires = body.Fields.Date("expiresAt", body.Value.ExpiresAt);
        body.Check();
        return Shown(http, await TakenAsync(
            gateway,
            new RotateKey
            {
                Context = me.Context(), Agency = Id(agency), KeyId = keyId, ExpiresAt = expires,
                Grace = body.Value.GraceSeconds is { } grace ? TimeSpan.FromSeconds(grace) : AgencyRules.DefaultGrace,
            },
            http.RequestAborted));
    }

    private static async Task<AgencyAnswer> RevokeAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, string keyId)
    {
        var id = Id(agency);
        await TakenAsync(gateway, new RevokeKey { Context = me.Context(), Agency = id, KeyId = keyId }, http.RequestAborted);
        return Show(directory, time, id);
    }

    internal static AgencyId Id(string text) => AgencyId.TryParse(text, out var id) ? id : throw NoSuchAgency();

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw ApiProblemException.Of(ProblemCodes.NotFound, "There is no such change.");

    internal static AgencyAnswer Show(AgencyDirectoryFeed directory, TimeProvider time, AgencyId id, bool toItself = false)
    {
        var current = directory.Current;
        return current.Find(id) is { } agency ? AgencyAnswer.Of(current, agency, time.GetUtcNow(), toItself) : throw NoSuchAgency();
    }

    /// <summary>A change that was just made or decided: a directory that lags too far behind to know of it says so.</summary>
    private static ChangeAnswer Change(AgencyDirectoryFeed directory, TimeProvider time, long number) =>
        directory.Current.FindChange(number) is { } change ? ChangeAnswer.From(change, time.GetUtcNow())
            : throw ApiProblemException.Of(ProblemCodes.Unavailable);

    private static Created<NewKeyAnswer> Shown(HttpContext http, object answer)
    {
        http.Response.Headers.CacheControl = "no-store";
        return answer is ApiKeyShown key
            ? TypedResults.Created((string?)null, new NewKeyAnswer(key.Agency.Value, key.KeyId, key.ApiKey, key.AwaitsConsent ? true : null))
            : throw ApiProblemException.Of(ProblemCodes.Unavailable);
    }

    /// <summary>The answer to a command that took effect.</summary>
    internal static async Task<object> TakenAsync(IAgencyGateway gateway, IAgencyCommand command, CancellationToken cancellation) =>
        await gateway.SendAsync(command, cancellation) is var answer && answer is AgencyCommandRejected rejected
            ? throw ApiProblemException.Of(ProblemCodes.Of(rejected.Reason), rejected.Text)
            : answer;

    private static ApiProblemException NoSuchAgency() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such agency.");

    private static T? Parse<T>(FieldReader fields, string field, string? text, bool required = false)
        where T : struct, Enum
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            if (required)
            {
                fields.Missing(field);
            }

            return null;
        }

        if (char.IsAsciiLetter(text[0]) && !text.Contains(',', StringComparison.Ordinal) && Enum.TryParse<T>(text, ignoreCase: true, out var value))
        {
            return value;
        }

        fields.Add(field, ProblemCodes.UnknownCode, $"One of {string.Join(", ", Enum.GetNames<T>())}.");
        return null;
    }

    private static ImmutableArray<Membership>? Memberships(FieldReader fields, List<string?>? countries, List<MembershipBody?>? memberships)
    {
        if (countries is not null && memberships is not null)
        {
            fields.Add("countries", ProblemCodes.Inconsistent, "Give countries or memberships, not both.");
        }

        var today = AgencyDirectory.DayOf(fields.Now);
        if (countries is not null)
        {
            Country?[] named = [.. countries.Select((c, i) => fields.Country($"countries[{i}]", c, required: true))];
            for (var i = 1; i < named.Length; i++)
            {
                if (named[i] is not null && named.AsSpan(0, i).Contains(named[i]))
                {
                    fields.Add($"countries[{i}]", ProblemCodes.Inconsistent, "The country is named twice.");
                }
            }

            return [.. named.OfType<Country>().Select(c => new Membership { Country = c, From = today })];
        }

        return memberships is null ? null :
        [
            .. memberships.Select((m, i) => (Body: m, Country: fields.Country($"memberships[{i}].country", m?.Country, required: true)))
                .Where(p => p.Country is not null).Select(p => new Membership { Country = p.Country!.Value, From = p.Body!.From ?? today, To = p.Body.To }),
        ];
    }
}
