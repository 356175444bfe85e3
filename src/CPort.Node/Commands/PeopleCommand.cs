using System.CommandLine;
using CPort.Api.People;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>
/// <c>cport people invite | list | confirm | recertify | reset | stop | unlock</c>, with an administrator's key of the agency, a national bureau's, or the
/// operator's.
/// </summary>
internal static class PeopleCommand
{
    public static Command Create() => new("people", "Invite an agency's people, see and stop them.")
    {
        CreateInvite(), CreateList(), CreateConfirm(), CreateReset(),
        CreateVerb("recertify", "Say that a person still needs the roles, for another year.", "Certified until [bold]{0}[/]."),
        CreateVerb("stop", "Stop a person now and for good: sessions end, what they hold goes back.", "Stopped."),
        CreateVerb("unlock", "Open the way by code again, after too many wrong ones.", "The way by code is open."),
    };

    private static Command CreateInvite()
    {
        var signInName = new Argument<string>("sign-in-name") { Description = "2 to 40 of a-z, 0-9, '.', '-', '_'; unique in the agency." };
        var name = new Option<string>("--name") { Description = "The person's name.", Required = true };
        var agency = new Option<string?>("--agency") { Description = "Whose (default: the key's agency)." };
        var roles = RolesOption();
        var unit = new Option<string?>("--unit") { Description = "Team or desk; other agencies see it." };
        var address = new Option<string?>("--address") { Description = "An e-mail address." };
        var command = new Command("invite", "Invite a person and show the link by which they come in, once.") { signInName, name, agency, roles, unit,
            address };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client => ShowLink(await client.PostAsync<LinkAnswer>(
            "v1/people",
            new InvitePersonBody
            {
                SignInName = parsed.GetValue(signInName), Name = parsed.GetValue(name), Agency = parsed.GetValue(agency), Unit = parsed.GetValue(unit),
                Address = parsed.GetValue(address), Roles = [.. (parsed.GetValue(roles) ?? []).Select(r => r.ToString())],
            },
            cancellation))));
        return command;
    }

    private static Command CreateList()
    {
        var agency = new Option<string?>("--agency") { Description = "Whose (default: the key's agency)." };
        var stopped = new Option<bool>("--stopped") { Description = "Also who was stopped." };
        var asJson = new Option<bool>("--json") { Description = "Print the node's answers as they are, one a line." };
        var command = new Command("list", "List an agency's people.") { agency, stopped, asJson };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumns("id", "name", "unit", "roles", "state", "certified until", "waits for");
            string? cursor = null;
            do
            {
                var query = string.Join('&', new[]
                {
                    parsed.GetValue(agency) is { } of ? $"agency={Uri.EscapeDataString(of)}" : null, parsed.GetValue(stopped) ? "stopped=true" : null,
                    cursor is null ? null : $"cursor={cursor}",
                }.OfType<string>());
                var answer = await client.GetAsync($"v1/people{(query.Length > 0 ? "?" : "")}{query}", cancellation);
                if (parsed.GetValue(asJson))
                {
                    Console.WriteLine(answer.GetRawText());
                }

                var page = answer.Deserialize<PeopleAnswer>(ApiJson.Options)!;
                foreach (var p in page.People)
                {
                    string[] cells =
                    [
                        p.Id ?? "–", p.Name ?? "–", p.Unit ?? "–", string.Join(' ', p.Roles), p.State?.ToString() ?? "–",
                        p.CertifiedUntil?.ToString("O", CultureInfo.InvariantCulture) ?? "–", p.Standing?.ToString() ?? "–",
                    ];
                    table.AddRow([.. cells.Select(c => c.EscapeMarkup())]);
                }

                cursor = page.NextCursor;
            }
            while (cursor is not null);

            if (!parsed.GetValue(asJson))
            {
                AnsiConsole.Write(table);
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateConfirm()
    {
        var id = PersonArgument();
        var roles = RolesOption();
        var command = new Command("confirm", "Confirm, as national bureau, that a person of its country's police has these roles.") { id, roles };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var body = new ConfirmPersonBody { Roles = [.. (parsed.GetValue(roles) ?? []).Select(r => r.ToString())] };
            await client.PostAsync<PersonAnswer>($"v1/people/{Uri.EscapeDataString(parsed.GetValue(id)!)}:confirm", body, cancellation);
            NodeConnection.Say("Confirmed.");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateReset()
    {
        var id = PersonArgument();
        var command = new Command("reset", "Take a person's ways to sign in away and show a link for new ones, once.") { id };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
            ShowLink(await client.PostAsync<LinkAnswer>($"v1/people/{Uri.EscapeDataString(parsed.GetValue(id)!)}:reset", null, cancellation))));
        return command;
    }

    private static Command CreateVerb(string verb, string description, string said)
    {
        var id = PersonArgument();
        var command = new Command(verb, description) { id };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var person = await client.PostAsync<PersonAnswer>($"v1/people/{Uri.EscapeDataString(parsed.GetValue(id)!)}:{verb}", null, cancellation);
            NodeConnection.Errors.MarkupLine(string.Format(CultureInfo.InvariantCulture, said, person.CertifiedUntil?.ToString("O",
                CultureInfo.InvariantCulture)));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Argument<string> PersonArgument() => new("person") { Description = "The person's id (see 'people list')." };

    private static Option<Roles[]> RolesOption() => new("--role")
    {
        Description = "Analyst, Officer, Manager, Administrator, Trainer, Auditor, Operator; may be repeated.", AllowMultipleArgumentsPerToken = true,
        Required = true,
    };

    private static int ShowLink(LinkAnswer answer)
    {
        if (answer.Link is not { } link)
        {
            return NodeConnection.Fail("The link was shown before and cannot be shown again: reset the person to make another.", ExitCodes.Failed);
        }

        // The link alone on stdout, so that a script can take it.
        NodeConnection.Errors.MarkupLineInterpolated(
            $"Person [bold]{answer.Person.Id}[/]; the link works once, until {answer.ExpiresAt:u}, and is shown this once:");
        Console.WriteLine(link);
        return ExitCodes.Ok;
    }
}
