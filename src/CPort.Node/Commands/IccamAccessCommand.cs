using System.CommandLine;
using CPort.Api.Agencies;
using CPort.Domain.Agencies;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>
/// <c>cport agencies iccam set | approve | stop | show</c>: how a hotline's own system, written for ICCAM's API v3, comes in (docs/iccam.md).
/// </summary>
internal static class IccamAccessCommand
{
    public static Command Create() => new("iccam", "How a hotline's own system, written for ICCAM's API v3, comes in and writes.")
    {
        CreateSet(), CreateApprove(), CreateStop(), CreateShow(),
    };

    private static Command CreateSet()
    {
        var id = Agency();
        var user = new Option<string>("--user") { Description = "The user name it signs in by.", Required = true };
        var withPassword = new Option<bool>("--password")
            { Description = $"Read its password ({IccamPassword.MinLength} characters at least) from standard input, one line; else the present one stays." };
        var certificate = new Option<string?>("--certificate") { Description = "SHA-256 of the one client certificate it may show." };
        var keyId = new Option<string>("--key-id") { Description = "The public id of the agency's key as which it speaks.", Required = true };
        var analyst = new Option<string>("--analyst") { Description = "The analyst whose name stands where it gives none.", Required = true };
        var spelling = new Option<string?>("--country-spelling") { Description = "How it writes its own country, for example UK." };
        var zone = new Option<string?>("--time-zone") { Description = "The zone of its clock, for example Europe/Amsterdam." };
        var refuse = new Option<bool>("--refuse-future-dates") { Description = "Refuse dates ahead of now; else they are the moment of receipt." };
        var command = new Command("set", "Say how it comes in and writes.") { id, user, withPassword, certificate, keyId, analyst, spelling, zone, refuse };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var agency = parsed.GetValue(id)!;
            var body = new IccamAccessBody
            {
                UserName = parsed.GetValue(user), Password = parsed.GetValue(withPassword) ? await Console.In.ReadLineAsync(cancellation) : null,
                Certificate = parsed.GetValue(certificate), KeyId = parsed.GetValue(keyId), AnalystName = parsed.GetValue(analyst),
                CountrySpelling = parsed.GetValue(spelling), TimeZone = parsed.GetValue(zone), ClampFutureDates = !parsed.GetValue(refuse),
            };
            var answer = (await client.SendAsync(HttpMethod.Put, $"v1/agencies/{Uri.EscapeDataString(agency)}/iccam", body, cancellation))
                .Deserialize<AgencyAnswer>(ApiJson.Options)!;
            NodeConnection.Say(answer.IccamWaiting is { } waits
                ? $"It works once the agency, or an operator of another hand, has agreed: cport agencies iccam approve {agency} {waits.Number}"
                : "It works from now on.");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateApprove()
    {
        var id = Agency();
        var number = new Argument<long>("number") { Description = "The number of what waits (see 'agencies iccam show')." };
        var command = new Command("approve", "Agree to how it comes in, which somebody else had set.") { id, number };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var path = string.Create(
                CultureInfo.InvariantCulture, $"v1/agencies/{Uri.EscapeDataString(parsed.GetValue(id)!)}/iccam/{parsed.GetValue(number)}:approve");
            await client.PostAsync(path, null, cancellation);
            NodeConnection.Say("It works from now on.");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateStop()
    {
        var id = Agency();
        var command = new Command("stop", "End its way in at once.") { id };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            await client.PostAsync($"v1/agencies/{Uri.EscapeDataString(parsed.GetValue(id)!)}/iccam:stop", null, cancellation);
            NodeConnection.Say("It is stopped; the key that it spoke by is not.");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateShow()
    {
        var id = Agency();
        var command = new Command("show", "Show what is set, and what waits for consent.") { id };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var agency = await client.GetAsync<AgencyAnswer>($"v1/agencies/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancellation);
            var table = new Table().Border(TableBorder.Rounded)
                .AddColumns("number", "state", "user", "password", "certificate", "key", "analyst", "country", "zone", "future dates");
            foreach (var (state, access) in new[] { ("works", agency.Iccam), ("waits", agency.IccamWaiting) })
            {
                if (access is not null)
                {
                    string[] cells =
                    [
                        access.Number.ToString(CultureInfo.InvariantCulture), state, access.UserName, access.HasPassword ? "yes" : "no",
                        access.Certificate ?? "", access.KeyId, access.AnalystName, access.CountrySpelling ?? "", access.TimeZone ?? "",
                        access.ClampFutureDates ? "now" : "refused",
                    ];
                    table.AddRow([.. cells.Select(c => c.EscapeMarkup())]);
                }
            }

            AnsiConsole.Write(table);
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Argument<string> Agency() => new("agency") { Description = "The hotline's id." };
}
