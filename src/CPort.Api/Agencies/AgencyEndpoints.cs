using System.Collections.Immutable;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Agencies;
using CPort.Actors.Intake;
using CPort.Actors.Reports;
using CPort.Api.Reading;
using CPort.Api.Security;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CPort.Api.Agencies;

/// <summary>Brings commands to the registry of agencies; what the API needs of it, so that tests can stand in.</summary>
public interface IAgencyGateway
{
    /// <summary>
    /// Sends and waits for the durable answer (<see cref="AgencyChanged"/>, <see cref="ApiKeyShown"/> or <see cref="AgencyCommandRejected"/>), and until
    /// this node's directory knows of it. Throws <see cref="ReportsUnavailableException"/> when no answer comes.
    /// </summary>
    Task<object> SendAsync(IAgencyCommand command, CancellationToken cancellation);
}

/// <summary>Over the shard region of agencies.</summary>
public sealed class AgencyGateway(IReadOnlyActorRegistry actors, AgencyDirectoryFeed directory, CPortApiOptions options) : IAgencyGateway
{
    public async Task<object> SendAsync(IAgencyCommand command, CancellationToken cancellation)
    {
        // Twice: a message to a shard that is moving, or to a node that died a moment ago, is lost; the command id makes the second harmless.
        object? answer = null;
        for (var attempt = 1; answer is null; attempt++)
        {
            try
            {
                answer = await actors.Get<AgencyRegion>().Ask<object>(command, options.AgencyTimeout / 2, cancellation);
            }
            catch (AskTimeoutException e) when (attempt == 2)
            {
                throw new ReportsUnavailableException("The registry of agencies did not answer in time.", e);
            }
            catch (AskTimeoutException)
            {
                // Again.
            }
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
    public static RouteGroupBuilder MapAgencies(this RouteGroupBuilder v1)
    {
        var agencies = v1.MapGroup("/agencies").WithTags("Agencies");
        agencies.MapGet("", (ApiCaller me, AgencyDirectoryFeed directory, TimeProvider time) =>
            {
                me.Require(Roles.Operator);
                var (now, current) = (time.GetUtcNow(), directory.Current);
                return Results.Json(new AgenciesAnswer([.. current.Agencies.Select(a => AgencyAnswer.Of(a, current.KeysOf(a.Id), now))]), ApiJson.Options);
            })
            .WithName("ListAgencies").WithSummary("List agencies and their keys").Produces<AgenciesAnswer>().Problems(403);
        agencies.MapGet("/{agency}", (ApiCaller me, AgencyDirectoryFeed directory, TimeProvider time, string agency) =>
            {
                me.Require(Roles.Operator);
                return Show(directory, time, Id(agency));
            })
            .WithName("GetAgency").WithSummary("Read an agency").Produces<AgencyAnswer>().Problems(403, 404);
        agencies.MapPost("", RegisterAsync).WithName("RegisterAgency").WithSummary("Register an agency")
            .WithDescription("Its id is never changed or reused.").Produces<AgencyAnswer>(StatusCodes.Status201Created).Problems(400, 403, 409, 422, 503);
        agencies.MapPatch("/{agency}", ChangeAsync).WithName("ChangeAgency").WithSummary("Change memberships, trust or mandate, or close an agency")
            .WithDescription("Each given field is a change of its own, made in this order: memberships, trust, mandate, closing; at the first that is refused the rest is left.")
            .Produces<AgencyAnswer>().Problems(400, 403, 404, 409, 422, 503);
        agencies.MapPost("/{agency}/keys", IssueAsync).WithName("IssueKey").WithSummary("Make an API key")
            .WithDescription("The answer is the only place where the key is ever shown.").Produces<NewKeyAnswer>(StatusCodes.Status201Created).Problems(400, 403, 404, 409, 422, 503);
        agencies.MapPost("/{agency}/keys/{keyId}:rotate", RotateAsync).WithName("RotateKey").WithSummary("Replace an API key by a new one")
            .WithDescription("The old key works on for `graceSeconds`.").Produces<NewKeyAnswer>(StatusCodes.Status201Created).Problems(400, 403, 404, 409, 422, 503);
        agencies.MapPost("/{agency}/keys/{keyId}:revoke", RevokeAsync).WithName("RevokeKey").WithSummary("End an API key at once")
            .Produces<AgencyAnswer>().Problems(403, 404, 409, 503);
        return v1;
    }

    private static async Task<IResult> RegisterAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, JsonBody<RegisterAgencyBody> body)
    {
        me.Require(Roles.Operator);
        var (b, f) = (body.Value, body.Fields);
        if (!AgencyId.TryParse(b.Id, out var id))
        {
            f.Add("id", IntakeCodes.MalformedReference, "An id is 2 to 40 characters of a-z, 0-9 and '-', starting with a letter.");
        }

        var name = f.Name("name", b.Name);
        if (name is null && f.Problem is null)
        {
            f.Missing("name");
        }

        var kind = Parse<AgencyKind>(f, "kind", b.Kind, required: true);
        var trust = Parse<TrustLevel>(f, "trust", b.Trust);
        var memberships = Memberships(f, b.Countries, b.Memberships) ?? [];
        body.Check();
        var answer = await gateway.SendAsync(
            new RegisterAgency
            {
                Context = me.Context(), Agency = id, Name = name!, Kind = kind!.Value, Memberships = memberships,
                HoldsOrphanMandate = b.HoldsOrphanMandate == true, Trust = trust ?? TrustLevel.Standard, IccamHotlineNumber = b.IccamHotlineNumber,
            },
            http.RequestAborted);
        http.Response.Headers.Location = $"/v1/agencies/{id}";
        return Refused(answer) ?? Show(directory, time, id, StatusCodes.Status201Created);
    }

    private static async Task<IResult> ChangeAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, JsonBody<ChangeAgencyBody> body)
    {
        me.Require(Roles.Operator);
        var (b, f, id) = (body.Value, body.Fields, Id(agency));
        var memberships = Memberships(f, b.Countries, b.Memberships);
        var trust = Parse<TrustLevel>(f, "trust", b.Trust);
        if (b.Active == true)
        {
            f.Add("active", IntakeCodes.Inconsistent, "A closed agency stays closed; register a new one.");
        }

        body.Check();
        var commands = new List<Func<CommandContext, IAgencyCommand>>();
        if (memberships is { } m)
        {
            commands.Add(c => new ChangeMemberships { Context = c, Agency = id, Memberships = m });
        }

        if (trust is { } t)
        {
            commands.Add(c => new SetTrust { Context = c, Agency = id, Trust = t });
        }

        if (b.HoldsOrphanMandate is { } mandate)
        {
            commands.Add(c => new SetMandate { Context = c, Agency = id, HoldsOrphanMandate = mandate });
        }

        if (b.Active == false)
        {
            commands.Add(c => new DeactivateAgency { Context = c, Agency = id });
        }

        for (var i = 0; i < commands.Count; i++)
        {
            if (Refused(await gateway.SendAsync(commands[i](me.Context(i)), http.RequestAborted)) is { } refused)
            {
                return refused;
            }
        }

        return Show(directory, time, id);
    }

    private static async Task<IResult> IssueAsync(HttpContext http, ApiCaller me, IAgencyGateway gateway, string agency, JsonBody<IssueKeyBody> body)
    {
        me.Require(Roles.Operator);
        var f = body.Fields;
        var roles = Roles.None;
        for (var i = 0; i < body.Value.Roles?.Count; i++)
        {
            roles |= Parse<Roles>(f, $"roles[{i}]", body.Value.Roles[i], required: true) ?? Roles.None;
        }

        if (body.Value.Roles is not { Count: > 0 })
        {
            f.Missing("roles");
        }

        var tenant = Parse<Tenant>(f, "tenant", body.Value.Tenant);
        var expires = Date(f, "expiresAt", body.Value.ExpiresAt);
        body.Check();
        return Shown(http, await gateway.SendAsync(
            new IssueKey { Context = me.Context(), Agency = Id(agency), Roles = roles, Tenant = tenant ?? Tenant.Live, ExpiresAt = expires }, http.RequestAborted));
    }

    private static async Task<IResult> RotateAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, string agency, string keyId, JsonBody<RotateKeyBody> body)
    {
        me.Require(Roles.Operator);
        if (body.Value.GraceSeconds is < 0 || body.Value.GraceSeconds > AgencyRules.MaxGrace.TotalSeconds)
        {
            body.Fields.Add("graceSeconds", IntakeCodes.OutOfRange, $"0 to {AgencyRules.MaxGrace.TotalSeconds} seconds.");
        }

        var expires = Date(body.Fields, "expiresAt", body.Value.ExpiresAt);
        body.Check();
        return Shown(http, await gateway.SendAsync(
            new RotateKey
            {
                Context = me.Context(), Agency = Id(agency), KeyId = keyId, Grace = TimeSpan.FromSeconds(body.Value.GraceSeconds ?? 0), ExpiresAt = expires,
            },
            http.RequestAborted));
    }

    private static async Task<IResult> RevokeAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency, string keyId)
    {
        me.Require(Roles.Operator);
        var id = Id(agency);
        return Refused(await gateway.SendAsync(new RevokeKey { Context = me.Context(), Agency = id, KeyId = keyId }, http.RequestAborted))
            ?? Show(directory, time, id);
    }

    private static AgencyId Id(string text) =>
        AgencyId.TryParse(text, out var id) ? id : throw ApiProblemException.Of(ProblemCatalogue.NotFound, "There is no such agency.");

    private static IResult Show(AgencyDirectoryFeed directory, TimeProvider time, AgencyId id, int status = StatusCodes.Status200OK)
    {
        var current = directory.Current;
        return current.Find(id) is { } agency
            ? Results.Json(AgencyAnswer.Of(agency, current.KeysOf(id), time.GetUtcNow()), ApiJson.Options, statusCode: status)
            : ApiProblem.Of(ProblemCatalogue.NotFound, "There is no such agency.").ToResult();
    }

    private static IResult Shown(HttpContext http, object answer)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Refused(answer) ?? (answer is ApiKeyShown key
            ? Results.Json(new NewKeyAnswer(key.Agency.Value, key.KeyId, key.ApiKey), ApiJson.Options, statusCode: StatusCodes.Status201Created)
            : ApiProblem.Of(IntakeCodes.Unavailable).ToResult());
    }

    private static ApiProblemResult? Refused(object answer) => answer is not AgencyCommandRejected rejected ? null : ApiProblem.Of(
        rejected.Reason switch
        {
            AgencyRejection.NotAuthorised => ProblemCatalogue.NotAuthorised,
            AgencyRejection.UnknownAgency or AgencyRejection.UnknownKey => ProblemCatalogue.NotFound,
            AgencyRejection.AgencyExists => "agency-exists",
            AgencyRejection.AgencyInactive => "agency-inactive",
            AgencyRejection.HotlineNumberTaken => "hotline-number-taken",
            AgencyRejection.InterpolExists => "interpol-exists",
            AgencyRejection.OwnAgency => "own-agency",
            AgencyRejection.KeyRevoked => "key-revoked",
            AgencyRejection.KeyReplaced => "key-replaced",
            AgencyRejection.TooManyKeys => "too-many-keys",
            AgencyRejection.CommandIdInUse => "command-id-in-use",
            AgencyRejection.KeyIdTaken => "key-id-taken",
            _ => IntakeCodes.OutOfRange,
        },
        rejected.Text).ToResult();

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

        fields.Add(field, IntakeCodes.UnknownCode, $"One of {string.Join(", ", Enum.GetNames<T>())}.");
        return null;
    }

    private static DateTimeOffset? Date(FieldReader fields, string field, DateValue? value)
    {
        if (value is not { } given)
        {
            return null;
        }

        if (FieldReader.TryDate(given.Text, out var date))
        {
            return date;
        }

        fields.Add(field, IntakeCodes.MalformedDate, "A date is ISO 8601 with Z or an offset.");
        return null;
    }

    private static ImmutableArray<Membership>? Memberships(FieldReader fields, List<string?>? countries, List<MembershipBody?>? memberships)
    {
        if (countries is not null && memberships is not null)
        {
            fields.Add("countries", IntakeCodes.Inconsistent, "Give countries or memberships, not both.");
        }

        var today = AgencyDirectory.DayOf(fields.Now);
        if (countries is not null)
        {
            return
            [
                .. countries.Select((c, i) => fields.Country($"countries[{i}]", c, required: true)).OfType<Country>().Distinct()
                    .Select(c => new Membership { Country = c, From = today }),
            ];
        }

        return memberships is null ? null :
        [
            .. memberships.Select((m, i) => (Body: m, Country: fields.Country($"memberships[{i}].country", m?.Country, required: true)))
                .Where(p => p.Country is not null).Select(p => new Membership { Country = p.Country!.Value, From = p.Body!.From ?? today, To = p.Body.To }),
        ];
    }
}
