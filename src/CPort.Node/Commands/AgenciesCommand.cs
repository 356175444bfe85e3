using System.CommandLine;
using CPort.Api.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Node.Sample;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>
/// <c>cport agencies add | issue-key | rotate-key | list | iccam | changes | approve | refuse</c>, with the operator's key; the last three also with an
/// agency's.
/// </summary>
internal static class AgenciesCommand
{
    public static Command Create() => new("agencies", "Register agencies, give them keys, and agree to what others want for them.")
    {
        CreateAdd(), CreateIssue(), CreateRotate(), CreateList(), CreateChanges(),
        CreateDecision("approve", "Agree to a change that somebody else wants, or to a key that somebody else had made."),
        CreateDecision("refuse", "Say no to a change, or take it back."), IccamAccessCommand.Create(), KeyNetworksCommand.Create(),
    };

    /// <summary>
    /// Registers example agencies on a fresh installation, all before the first key is made: as long as nobody has come in there is nobody whose consent
    /// anything would need.
    /// </summary>
    public static Task RegisterAllAsync(
        CPortClient client, IEnumerable<SampleAgency> agencies, Func<SampleAgency, TrustLevel> trust, CancellationToken cancellation) =>
        Parallel.ForEachAsync(agencies, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation }, async (agency, token) =>
        {
            if (await AgencyRequests.RegisterAsync(
                client, agency.Id, agency.Name, agency.Kind, agency.Countries, agency.OrphanMandate, trust(agency), cancellation: token) is { } waits)
            {
                throw new InvalidDataException($"Agency {agency.Id} waits for consent (change {waits.Number}): the installation is not a fresh one.");
            }
        });

    /// <summary>A further key for an agency that is registered.</summary>
    public static async Task<(string Key, string KeyId)> IssueKeyAsync(
        CPortClient client, AgencyId id, Roles roles, CancellationToken cancellation) =>
        Key(await client.PostAsync<NewKeyAnswer>($"v1/agencies/{id}/keys", new IssueKeyBody { Roles = [.. AgencyRequests.Names(roles)] }, cancellation));

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
            if (await AgencyRequests.RegisterAsync(
                client, agency, parsed.GetValue(name) ?? agency.Value, what, places, parsed.GetValue(orphans), parsed.GetValue(trust),
                parsed.GetValue(number), cancellation) is { } change)
            {
                NodeConnection.Errors.MarkupLineInterpolated($"It waits as change [bold]{change.Number}[/] for the consent of {Whom(change)}.");
                NodeConnection.Say($"They run: cport agencies approve {agency} --change {change.Number}");
                NodeConnection.Say($"Then make its key: cport agencies issue-key {agency}");
                return ExitCodes.Ok;
            }

            var (key, keyId) = await IssueKeyAsync(client, agency, chosen == Roles.None ? DefaultRoles(what) : chosen, cancellation);
            return ShowKey(key, keyId);
        }));
        return command;
    }

    private static Command CreateIssue()
    {
        var id = new Argument<string>("agency") { Description = "The agency's id." };
        var roles = new Option<Roles[]>("--role")
            { Description = "Roles of the key (default: by kind); may be repeated.", AllowMultipleArgumentsPerToken = true };
        var owner = new Option<string?>("--owner") { Description = "The id of the person of the agency whose own key it is: it ends with them." };
        var networks = KeyNetworksCommand.Networks();
        var command = new Command("issue-key", "Make an API key of an agency that is registered and show it, once.") { id, roles, owner, networks };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var agency = Uri.EscapeDataString(parsed.GetValue(id)!);
            var chosen = (parsed.GetValue(roles) ?? []).Aggregate(Roles.None, (all, role) => all | role);
            if (chosen == Roles.None)
            {
                chosen = DefaultRoles((await client.GetAsync<AgencyAnswer>($"v1/agencies/{agency}", cancellation)).Kind);
            }

            var body = new IssueKeyBody
            {
                Roles = [.. AgencyRequests.Names(chosen)], Owner = parsed.GetValue(owner),
                Networks = parsed.GetValue(networks) is { Length: > 0 } given ? [.. given] : null,
            };
            return ShowKey(agency, await client.PostAsync<NewKeyAnswer>($"v1/agencies/{agency}/keys", body, cancellation));
        }));
        return command;
    }

    private static Command CreateChanges()
    {
        var asJson = new Option<bool>("--json") { Description = "Print them as the node answers." };
        var command = new Command("changes", "List changes that wait for consent, or did; an agency's key lists those that concern the agency.") { asJson };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            JsonElement answer;
            try
            {
                answer = await client.GetAsync("v1/agencies", cancellation);
            }
            catch (CPortApiException e) when (e.Problem.Status == StatusCodes.Status403Forbidden)
            {
                answer = await client.GetAsync("v1/agency", cancellation);
            }

            var changes = answer.GetProperty("changes");
            if (parsed.GetValue(asJson))
            {
                Console.WriteLine(changes.GetRawText());
                return ExitCodes.Ok;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("change", "agency", "of", "wanted", "by key", "state", "consent of");
            foreach (var c in changes.Deserialize<ChangeAnswer[]>(ApiJson.Options)!)
            {
                string[] cells =
                [
                    c.Number.ToString(CultureInfo.InvariantCulture), c.Agency, c.Of.ToString(), Wanted(c), c.ProposedBy, c.State.ToString(), Whom(c),
                ];
                table.AddRow([.. cells.Select(cell => cell.EscapeMarkup())]);
            }

            AnsiConsole.Write(table);
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateDecision(string verb, string description)
    {
        var id = new Argument<string>("agency") { Description = "The id of the agency that it is about." };
        var number = new Option<long?>("--change") { Description = "The change's number (see 'agencies changes')." };
        var keyId = new Option<string?>("--key-id") { Description = "The public id of a key that waits for consent." };
        var command = new Command(verb, description) { id, number };
        if (verb == "approve")
        {
            command.Options.Add(keyId);
        }

        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var (agency, key) = (Uri.EscapeDataString(parsed.GetValue(id)!), verb == "approve" ? parsed.GetValue(keyId) : null);
            if (parsed.GetValue(number) is { } change && key is null)
            {
                var answer = await client.PostAsync<ChangeAnswer>(
                    string.Create(CultureInfo.InvariantCulture, $"v1/agencies/{agency}/changes/{change}:{verb}"), null, cancellation);
                NodeConnection.Errors.MarkupLineInterpolated($"Change {answer.Number} of {answer.Agency}: [bold]{answer.State}[/].");
                return ExitCodes.Ok;
            }

            if (key is null || parsed.GetValue(number) is not null)
            {
                return NodeConnection.Fail(verb == "approve" ? "Either --change or --key-id." : "--change says which.");
            }

            await client.PostAsync($"v1/agencies/{agency}/keys/{Uri.EscapeDataString(key)}:approve", null, cancellation);
            NodeConnection.Say("The key works from now on.");
            return ExitCodes.Ok;
        }));
        return command;
    }

    /// <summary>Who is still to agree.</summary>
    private static string Whom(ChangeAnswer change)
    {
        const string Operator = "an operator of another hand";
        var left = change.ConcernsEverybody ? [] : change.Concerns.Except(change.AgreedFor).ToArray();
        return left.Length == 0 ? Operator : $"an agency of {string.Join(" and one of ", left)}, or {Operator}";
    }

    private static string Wanted(ChangeAnswer c) => string.Join(", ", new[]
    {
        c.Name, c.Kind?.ToString(), c.Memberships is { } m ? string.Join(' ', m.Select(x => x.Country)) : null, c.Trust?.ToString(),
        c.HoldsOrphanMandate is { } mandate && (c.Of == ChangeOf.Mandate || mandate) ? $"orphan mandate {mandate}" : null,
    }.Where(part => !string.IsNullOrEmpty(part)));

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
        var grace = new Option<int>("--grace") 
        {
            Description = "Minutes for which the old key still works beside the new one.",
            DefaultValueFactory = _ => (int)AgencyRules.DefaultGrace.TotalMinutes,
        };
        IntakeCommand.Bounded(grace, (int)AgencyRules.LeastGrace.TotalMinutes, (int)AgencyRules.MaxGrace.TotalMinutes);
        var command = new Command("rotate-key", "Replace an API key by a new one and show that, once.") { id, keyId, grace };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var (agency, old) = (Uri.EscapeDataString(parsed.GetValue(id)!), Uri.EscapeDataString(parsed.GetValue(keyId)!));
            var path = $"v1/agencies/{agency}/keys/{old}:rotate";
            var body = new RotateKeyBody { GraceSeconds = 60L * parsed.GetValue(grace) };
            return ShowKey(agency, await client.PostAsync<NewKeyAnswer>(path, body, cancellation));
        }));
        return command;
    }

    private static int ShowKey(string agency, NewKeyAnswer answer)
    {
        var (key, keyId) = Key(answer);
        if (answer.AwaitsConsent == true)
        {
            NodeConnection.Say($"It works once the agency, or an operator of another hand, has agreed: cport agencies approve {agency} --key-id {keyId}");
        }

        return ShowKey(key, keyId);
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

}
