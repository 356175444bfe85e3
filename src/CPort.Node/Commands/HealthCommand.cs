using System.CommandLine;
using System.Net.Sockets;

namespace CPort.Node.Commands;

/// <summary><c>cport health</c>: asks a node's own health page and ends with 0 or 1, for supervisors whose image has neither shell nor curl.</summary>
internal static class HealthCommand
{
    public static Command Create()
    {
        var url = new Option<string>("--url")
        {
            Description = $"The node's address (default: environment CPORT_URL, else {NodeConnection.DefaultUrl}).",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CPORT_URL") is { Length: > 0 } given ? given : NodeConnection.DefaultUrl,
        };
        var ready = new Option<bool>("--ready")
            { Description = "Ask whether it is ready for requests, not only whether it lives." };
        var seconds = new Option<int>("--timeout")
            { Description = "Seconds to wait for the answer.", DefaultValueFactory = _ => 3 };
        var command = new Command("health", "Whether the node at the address lives (or, with --ready, serves); exit code 0 or 1.")
            { url, ready, seconds };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                var address = new Uri(parsed.GetValue(url)!);
                var handler = NodeHttp.Handler(address);

                // A supervisor on the node's own machine asks by an address that no certificate names; nothing but "well or not" is taken from the answer.
                handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
                using var client = NodeHttp.Client(address, handler);
                client.Timeout = TimeSpan.FromSeconds(Math.Max(1, parsed.GetValue(seconds)));
                using var answer = await client.GetAsync(parsed.GetValue(ready) ? "health/ready" : "health/live", cancellation);
                var said = await answer.Content.ReadAsStringAsync(cancellation);
                if (!IsNodes(said))
                {
                    Console.Error.WriteLine($"At {address} answers no CPort node: HTTP {(int)answer.StatusCode} of a proxy or another server.");
                    return ExitCodes.Failed;
                }

                Console.WriteLine(said);
                return answer.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.Failed;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException or UriFormatException)
            {
                Console.Error.WriteLine($"No answer: {e.Message}");
                return ExitCodes.Failed;
            }
        });
        return command;
    }

    private static bool IsNodes(string answer)
    {
        try
        {
            return JsonElement.Parse(answer) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("status", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
