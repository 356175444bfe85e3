using System.CommandLine;
using CPort.Api.Agencies;
using CPort.Domain.CodeLists;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary><c>cport agencies add | list | rotate-key</c>, with the operator's key.</summary>
internal static class AgenciesCommand
{
    public static Command Create() => new("agencies", "Register agencies and give them keys (operator).") { CreateAdd(), CreateList(), CreateRotate() };

    /// <summary>Registers an agency and makes its first key. Returns the key's text and id. Used by <c>agencies add</c> and by the demo.</summary>
    public static async Task<(string Key, string KeyId)> AddAsync(
        CPortClient client, AgencyId id, string name, AgencyKind kind, IEnumerable<Country> countries, bool orphanMandate,
            TrustLevel trust, Roles roles,
        int? iccamHotlineNumber = null, CancellationToken cancellation = default)
    {
        await client.PostAsync("v1/agencies", new RegisterAgencyBody
        {
            Id = id.Value, Name = name, Kind = kind.ToString(), Countries = [.. countries.Select(c => c.Code)],
            HoldsOrphanMandate = orphanMandate, Trust = trust.ToString(), IccamHotlineNumber = iccamHotlineNumber,
        }, cancellation);
        return await IssueKeyAsync(client, id, roles, cancellation);
    }

    /// <summary>A further key for an agency that is registered.</summary>
    public static async Task<(string Key, string KeyId)> IssueKeyAsync(
        CPortClient client, AgencyId id, Roles roles, CancellationToken cancellation) =>
        Key(await client.PostAsync<NewKeyAnswer>($"v1/agencies/{id}/keys", new IssueKeyBody { Roles = [.. Names(roles)] }, cancellation));

    /// <summary>The roles that an agency's first key gets when none are named.</summary>
    public static Roles DefaultRoles(AgencyKind kind) => kind switch
    {
        AgencyKind.Hotline => Roles.Analyst | Roles.Machine,
        AgencyKind.Police => Roles.Officer,
        AgencyKind.Interpol => Roles.Officer | Roles.Machine,
        AgencyKind.Operator => Roles.Operator,
        AgencyKind.SupervisoryAuthority => Roles.Auditor,
        _ => Roles.Machine,
    };

    private static Command CreateAdd()
    {
        var id = new Argument<string>("id") { Description = "Short name: 2 to 40 of a-z, 0-9 and '-'." };
        var name = new Option<string?>("--name") { Description = "Name for people (default: the id)." };
        var kind = new Option<AgencyKind>("--kind")
            { Description = "What the agency is.", DefaultValueFactory = _ => AgencyKind.Hotline };
        var countries = new Option<string[]>("--country")
            { Description = "A country it works for; may be repeated. The first is its primary one.", AllowMultipleArgumentsPerToken = true };
        var orphans = new Option<bool>("--orphan-mandate") { Description = "The hotline may take orphaned items." };
        var trust = new Option<TrustLevel>("--trust")
            { Description = "How far its opinions are believed by others.", DefaultValueFactory = _ => TrustLevel.Standard };
        var roles = new Option<Roles[]>("--role")
            { Description = "Roles of the key (default: by kind); may be repeated.", AllowMultipleArgumentsPerToken = true };
        var number = new Option<int?>("--iccam-number") { Description = "The number ICCAM knows the hotline by." };
        var command = new Command("add", "Register an agency and show its first API key, once.")
            { id, name, kind, countries, orphans, trust, roles, number };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            if (!AgencyId.TryParse(parsed.GetValue(id), out var agency))
            {
                return NodeConnection.Fail("The id must be 2 to 40 characters of a-z, 0-9 and '-', starting with a letter.");
            }

            var places = new List<Country>();
            foreach (var text in parsed.GetValue(countries) ?? [])
            {
                if (!Country.TryParse(text, out var country))
                {
                    return NodeConnection.Fail("--country must be an ISO 3166-1 code of two letters.");
                }

                places.Add(country);
            }

            var what = parsed.GetValue(kind);
            var chosen = (parsed.GetValue(roles) ?? []).Aggregate(Roles.None, (all, role) => all | role);
            var (key, keyId) = await AddAsync(
                client, agency, parsed.GetValue(name) ?? agency.Value, what, places, parsed.GetValue(orphans), parsed.GetValue(trust),
                chosen == Roles.None ? DefaultRoles(what) : chosen, parsed.GetValue(number), cancellation);
            return ShowKey(key, keyId);
        }));
        return command;
    }

    private static Command CreateList()
    {
        var asJson = new Option<bool>("--json") { Description = "Print the node's answer as it is." };
        var command = new Command("list", "List the agencies.") { asJson };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var answer = await client.GetAsync("v1/agencies", cancellation);
            if (parsed.GetValue(asJson))
            {
                Console.WriteLine(answer.GetRawText());
                return ExitCodes.Ok;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("id", "name", "kind", "countries", "orphans", "trust", "keys");
            foreach (var a in answer.Deserialize<AgenciesAnswer>(ApiJson.Options)!.Agencies)
            {
                string[] cells =
                [
                    a.Id, a.Name, a.Kind.ToString(), string.Join(' ', a.Countries), a.HoldsOrphanMandate.ToString(),
                        a.Trust.ToString(),
                    string.Join(' ', a.Keys.Select(k => k.KeyId)),
                ];
                table.AddRow([.. cells.Select(c => c.EscapeMarkup())]);
            }

            AnsiConsole.Write(table);
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateRotate()
    {
        var id = new Argument<string>("agency") { Description = "The agency's id." };
        var keyId = new Argument<string>("key-id") { Description = "The public id of the key to replace (see 'agencies list')." };
        var grace = new Option<int>("--grace") { Description = "Minutes for which the old key still works.", DefaultValueFactory = _ => 0 };
        IntakeCommand.Bounded(grace, 0, 60 * 24 * 31);
        var command = new Command("rotate-key", "Replace an API key by a new one and show that, once.") { id, keyId, grace };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var (agency, old) = (Uri.EscapeDataString(parsed.GetValue(id)!), Uri.EscapeDataString(parsed.GetValue(keyId)!));
            var path = $"v1/agencies/{agency}/keys/{old}:rotate";
            var body = new RotateKeyBody { GraceSeconds = 60L * parsed.GetValue(grace) };
            var answer = await client.PostAsync<NewKeyAnswer>(path, body, cancellation);
            var (key, newId) = Key(answer);
            if (answer.AwaitsConsent == true)
            {
                NodeConnection.Errors.MarkupLineInterpolated(
                    $"It works once the agency, or another operator, has agreed: POST /v1/agencies/{agency}/keys/{newId}:approve");
            }

            return ShowKey(key, newId);
        }));
        return command;
    }

    private static int ShowKey(string key, string keyId)
    {
        // The key alone on stdout, so that a script can take it.
        NodeConnection.Errors.MarkupLineInterpolated($"Key [bold]{keyId}[/]; it is shown this once:");
        Console.WriteLine(key);
        return ExitCodes.Ok;
    }

    private static (string Key, string KeyId) Key(NewKeyAnswer answer) => answer.ApiKey is { } key
        ? (key, answer.KeyId)
        : throw new InvalidDataException("The node made a key but did not show it; make another.");

    private static string[] Names(Roles roles) => [.. Enum.GetValues<Roles>().Where(r => r != Roles.None && roles.HasFlag(r)).Select(r => r.ToString())];
}
