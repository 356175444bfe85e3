using System.CommandLine;
using CPort.Api.Audit;
using CPort.Domain.Audit;

namespace CPort.Node.Commands.Audit;

/// <summary><c>cport audit verify|key|search|proof|erase|witness</c>: the audit log, through a running node's API.</summary>
internal static class AuditCommand
{
    private const string Entries = "v1/audit/entries";

    public static Command Create() => new("audit", "The audit log: who looked at what, when and why.")
    {
        CreateVerify(), CreateKey(), CreateSearch(), CreateProof(), CreateErase(), WitnessCommand.Create(),
    };

    private static Command CreateVerify()
    {
        var key = new Option<string?>("--vkey")
        {
            Description = "The log's public key as it was noted down earlier (cport audit key); left out: the one that the node says now.",
        };
        var byNode = new Option<bool>("--by-node")
        {
            Description = "Have the node read its own log, and believe it: for keys that may not read entries. Without it everything is fetched and checked here.",
        };
        var witnesses = new Option<string[]>("--witness")
        {
            Description = "The public key of a witness, as it was noted down; may be repeated. Each must have cosigned, and the log must go on where it did.",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command(
            "verify", "Read the whole log again and say the first entry that was changed, is missing, or was moved; the exit code says whether there is one.")
            { key, byNode, witnesses };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var others = (parsed.GetValue(witnesses) ?? []).Select(w => CosignatureVerifier.TryParse(w, out var other) ? other
                : throw new CommandException(ExitCodes.Usage, "--witness is no public key of a witness (name+hash+key).")).ToArray();
            if (parsed.GetValue(byNode))
            {
                if (others.Length > 0)
                {
                    throw new CommandException(ExitCodes.Usage, "--witness is for a log that is checked here, not for --by-node.");
                }

                return Tell(await client.PostAsync<AuditVerdictAnswer>("v1/audit/log:verify", new { }, cancellation));
            }

            var text = parsed.GetValue(key) ?? await KeyAsync(client, cancellation);
            if (!NoteVerifier.TryParse(text, out var verifier))
            {
                throw new CommandException(ExitCodes.Usage, "--vkey is no public key of a log (name+hash+key).");
            }

            var witnessed = others.Length == 0 ? null
                : (await client.GetAsync<WitnessedLogAnswer>("v1/audit/checkpoint", cancellation)).Note
                    ?? throw new CommandException(ExitCodes.Failed, "No witness has cosigned a checkpoint of this log.");
            var verdict = await new LogCheck(new HttpLog(client, witnessed), verifier).RunAsync(cancellation);
            var code = Tell(AuditVerdictAnswer.Of(verdict));
            return code == ExitCodes.Ok && witnessed is not null ? TellWitnesses(witnessed, verdict, others) : code;
        }));
        return command;
    }

    private static Command CreateKey()
    {
        var command = new Command("key", "The log's public key, by which others check it: note it down.");
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            Console.WriteLine(await KeyAsync(client, cancellation));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateSearch()
    {
        var person = new Option<string?>("--person") { Description = "The public part of a key, or a person's id." };
        var agency = new Option<string?>("--agency") { Description = "Who acted." };
        var record = new Option<string?>("--record") { Description = "A report's id, or kind:id." };
        var kinds = new Option<string[]>("--kind") { Description = "consultation, combination, export, …; may be given several times." };
        var from = new Option<string?>("--from") { Description = "From this time on (ISO 8601)." };
        var to = new Option<string?>("--to") { Description = "Before this time." };
        var command = new Command("search", "Entries that fit all that is given, one JSON object a line, newest first.")
            { person, agency, record, kinds, from, to };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            string? cursor = null;
            do
            {
                var page = await client.PostAsync($"{Entries}:search", new
                {
                    person = parsed.GetValue(person), agency = parsed.GetValue(agency), record = parsed.GetValue(record),
                    kinds = parsed.GetValue(kinds) is { Length: > 0 } named ? named : null, from = parsed.GetValue(from), to = parsed.GetValue(to), cursor,
                }, cancellation);
                foreach (var entry in page.GetProperty("entries").EnumerateArray())
                {
                    Console.WriteLine(entry.GetRawText());
                }

                cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
            }
            while (cursor is not null);
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateProof()
    {
        var id = new Argument<string>("id") { Description = "The entry's id." };
        var output = new Option<string?>("--out")
            { Description = "Write the entry to FILE.json and the proof to FILE.tlog-proof; left out: the proof to stdout." };
        var command = new Command("proof", "What proves that an entry is in the log, to be kept and checked without it.") { id, output };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var name = Uri.EscapeDataString(parsed.GetValue(id)!);
            var proof = await client.GetBytesAsync($"{Entries}/{name}.tlog-proof", cancellation)
                ?? throw new CommandException(ExitCodes.Failed, "There is no such entry, or it is not for you to see.");
            if (parsed.GetValue(output) is { } file)
            {
                var entry = await client.GetAsync<AuditEntryAnswer>($"{Entries}/{name}", cancellation);
                await File.WriteAllBytesAsync(file + ".json", Convert.FromBase64String(entry.Leaf!), cancellation);
                await File.WriteAllBytesAsync(file + ".tlog-proof", proof, cancellation);
            }
            else
            {
                Console.Write(System.Text.Encoding.UTF8.GetString(proof));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateErase()
    {
        var agency = new Option<string>("--agency") { Description = "Whose entries.", Required = true };
        var period = new Option<string>("--period") { Description = "A month that is over, for example 2026-03.", Required = true };
        var confirm = new Option<long?>("--confirm") { Description = "The number of entries that the command says without it." };
        var command = new Command(
            "erase", "Say how many entries an agency's month has; with --confirm, propose to destroy its key, and by a second operator's key, destroy it: who and why is gone "
            + "for good, the log stays provable.")
            { agency, period, confirm };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var body = new EraseAuditKeyBody { Agency = parsed.GetValue(agency), Period = parsed.GetValue(period), Confirm = parsed.GetValue(confirm) };
            Console.WriteLine((await client.PostAsync("v1/audit/keys:erase", body, cancellation)).GetRawText());
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static async Task<string> KeyAsync(CPortClient client, CancellationToken cancellation) =>
        System.Text.Encoding.UTF8.GetString(await client.GetBytesAsync("v1/audit/log/key", cancellation) ?? []).Trim();

    /// <summary>The tree at the witnessed size was part of the check: what is left is who cosigned, and that the log has not become smaller since.</summary>
    private static int TellWitnesses(string note, LogVerdict verdict, CosignatureVerifier[] witnesses)
    {
        if (!Checkpoint.TryParse(NoteText.Of(note), out var tree) || tree.Size > verdict.Size)
        {
            Console.WriteLine($"{LogFaultKind.Rewritten}: Witnesses have seen a larger log than is there now.");
            return ExitCodes.Failed;
        }

        var code = ExitCodes.Ok;
        foreach (var witness in witnesses)
        {
            var at = witness.TimeOf(note);
            Console.WriteLine(at is { } time
                ? string.Create(CultureInfo.InvariantCulture, $"{witness.Name} has seen {tree.Size} entries at {time:u}.")
                : $"{witness.Name} has not cosigned the log's newest witnessed checkpoint.");
            code = at is null ? ExitCodes.Failed : code;
        }

        return code;
    }

    private static int Tell(AuditVerdictAnswer verdict)
    {
        if (verdict.Intact)
        {
            Console.WriteLine($"The log is as it was signed: {verdict.Size.ToString(CultureInfo.InvariantCulture)} entries, root {verdict.Root}.");
            return ExitCodes.Ok;
        }

        Console.WriteLine($"{verdict.Fault}: {verdict.Text}");
        return ExitCodes.Failed;
    }
}
