using System.CommandLine;
using CPort.Actors.Persistence;
using CPort.Bench.Load;

namespace CPort.Bench.Feed;

/// <summary>
/// <c>feed</c>: fifty agencies read their feeds, each as a stream and by a webhook, while hotlines send as fast as they are answered; how late news are, and
/// what intake loses by it. Turns with and without readers alternate on one node, so that the machine's moods meet both.
/// </summary>
internal static class FeedCommand
{
    public static Command Create()
    {
        var database = new Option<string>("--database") { Description = "sqlite or postgres.", DefaultValueFactory = _ => "postgres" };
        var reports = new Option<int>("--reports") { Description = "Reports of each turn (about 3.4 items each).", DefaultValueFactory = _ => 1_500 };
        var agencies = new Option<int>("--agencies") { Description = "Agencies that read, 17 to 200.", DefaultValueFactory = _ => 50 };
        var rounds = new Option<int>("--rounds") { Description = "Turns of each kind, after one that does not count.", DefaultValueFactory = _ => 3 };
        var connections = new Option<int>("--connections") { Description = "Streams of reports open at once.", DefaultValueFactory = _ => 8 };
        var rate = new Option<int>("--rate") { Description = "Lines a second over all streams; 0: as fast as answered.", DefaultValueFactory = _ => 0 };
        var batch = new Option<int>("--batch")
        {
            Description = "Events a POST of the webhooks, 1 to 100. Above 1 a turn with readers that have them by one, and one by so many, follow each other.",
            DefaultValueFactory = _ => 1,
        };
        database.AcceptOnlyFromAmong("sqlite", "postgres");
        foreach (var (option, least, most) in new[]
        {
            (reports, 10, 1_000_000), (agencies, 17, 200), (rounds, 1, 50), (connections, 1, 64), (rate, 0, 100_000), (batch, 1, 100),
        })
        {
            option.Validators.Add(r =>
            {
                if (r.GetValueOrDefault<int>() is var value && (value < least || value > most))
                {
                    r.AddError($"{option.Name} must be {least} to {most}.");
                }
            });
        }

        var command = new Command("feed", "Intake with and without agencies that read their feeds and have webhooks: how late news are, and what intake loses.")
            { database, reports, agencies, rounds, connections, rate, batch };
        command.SetAction(async (parsed, cancellation) =>
        {
            var provider = parsed.GetValue(database) == "postgres" ? DatabaseProvider.PostgreSql : DatabaseProvider.Sqlite;
            await new FeedRun(
                new DatabaseUnderTest(provider, SqliteSynchronous.Full), parsed.GetValue(reports), parsed.GetValue(agencies), parsed.GetValue(connections),
                parsed.GetValue(rate), parsed.GetValue(batch)).RunAsync(parsed.GetValue(rounds), cancellation);
            return 0;
        });
        return command;
    }
}
