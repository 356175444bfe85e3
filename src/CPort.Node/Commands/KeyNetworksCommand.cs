using System.CommandLine;
using CPort.Api.Agencies;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary><c>cport agencies networks set | approve | show</c>: which networks a key may come from.</summary>
internal static class KeyNetworksCommand
{
    public static Command Create() => new("networks", "Which networks a key may come from.") { CreateSet(), CreateApprove(), CreateShow() };

    /// <summary>Which networks, one each.</summary>
    public static Option<string[]> Networks() => new("--network")
    {
        Description = "A network that the key may come from, for example 192.0.2.0/24 or 2001:db8::/32; may be repeated.",
        AllowMultipleArgumentsPerToken = true,
    };

    private static Command CreateSet()
    {
        var (id, key, networks) = (Agency(), Key(), Networks());
        var anywhere = new Option<bool>("--anywhere") { Description = "The key may come from anywhere." };
        var command = new Command("set", "Say all networks that it may come from. Fewer count at once; more need the consent that a further key needs.")
            { id, key, networks, anywhere };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var (agency, keyId, all) = (parsed.GetValue(id)!, parsed.GetValue(key)!, parsed.GetValue(networks) ?? []);
            if (all.Length == 0 != parsed.GetValue(anywhere))
            {
                return NodeConnection.Fail("Either --network, once or more, or --anywhere.");
            }

            var answer = (await client.SendAsync(HttpMethod.Put, Path(agency, keyId), new KeyNetworksBody { Networks = [.. all] }, cancellation))
                .Deserialize<AgencyAnswer>(ApiJson.Options)!;
            NodeConnection.Say(answer.Keys.First(k => k.KeyId == keyId).NetworksWaiting is { } waits
                ? $"It counts once the agency, or an operator of another hand, has agreed: cport agencies networks approve {agency} {keyId} {waits.Number}"
                : "It counts from now on.");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateApprove()
    {
        var (id, key) = (Agency(), Key());
        var number = new Argument<long>("number") { Description = "The number of what waits (see 'agencies networks show')." };
        var command = new Command("approve", "Agree to the networks of a key that somebody else had set.") { id, key, number };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{Path(parsed.GetValue(id)!, parsed.GetValue(key)!)}/{parsed.GetValue(number)}:approve");
            await client.PostAsync(path, null, cancellation);
            NodeConnection.Say("It counts from now on.");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateShow()
    {
        var id = Agency();
        var command = new Command("show", "Show which networks each key that works may come from, and what waits for consent.") { id };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var agency = await client.GetAsync<AgencyAnswer>($"v1/agencies/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancellation);
            var table = new Table().Border(TableBorder.Rounded).AddColumns("key", "networks", "waits", "number");
            foreach (var key in agency.Keys.Where(k => k.Valid || k.NetworksWaiting is not null))
            {
                string[] cells =
                [
                    key.KeyId, Words(key.Networks), key.NetworksWaiting is { } w ? Words(w.Networks) : "",
                    key.NetworksWaiting?.Number.ToString(CultureInfo.InvariantCulture) ?? "",
                ];
                table.AddRow([.. cells.Select(c => c.EscapeMarkup())]);
            }

            AnsiConsole.Write(table);
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static string Words(IReadOnlyList<string> networks) => networks.Count == 0 ? "anywhere" : string.Join(' ', networks);

    private static string Path(string agency, string key) => $"v1/agencies/{Uri.EscapeDataString(agency)}/keys/{Uri.EscapeDataString(key)}/networks";

    private static Argument<string> Agency() => new("agency") { Description = "The agency's id." };

    private static Argument<string> Key() => new("key-id") { Description = "The public id of the key (see 'agencies list')." };
}
