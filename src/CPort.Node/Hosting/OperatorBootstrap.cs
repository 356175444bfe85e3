using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;

namespace CPort.Node.Hosting;

/// <summary>
/// At the very first start there is nobody who could register agencies: makes the agency <c>operator</c> with one key and writes the key, which is shown
/// nowhere else, to <c>operator.key</c> in the data folder, readable by its owner only. A key that an operator's key makes is of the same hand
/// (<see cref="AgencyRules.HandOf"/>); who administers the machine has others made here (<see cref="OperatorOptions.Hands"/>), for second persons:
/// <c>operator-2.key</c> and so on.
/// </summary>
internal sealed partial class OperatorBootstrap(
    NodeOptions options, NodeState state, AgencyDirectoryFeed directory, IServiceProvider services, TimeProvider time,
    ILogger<OperatorBootstrap> log)
    : BackgroundService
{
    public const string FileName = "operator.key";

    /// <summary>The name of a hand's file.</summary>
    public static string FileOf(int hand) => hand == 1 ? FileName : string.Create(CultureInfo.InvariantCulture, $"operator-{hand}.key");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.Running.WaitAsync(stoppingToken);
            await directory.WhenReady.WaitAsync(stoppingToken);
            for (var hand = 1; hand <= options.Operator.Hands; hand++)
            {
                if (File.Exists(KeyFile(hand) + ".new"))
                {
                    // The node died in between the last time.
                    Publish(hand);
                }

                while (Hands < hand && !await TryMakeAsync(hand, stoppingToken))
                {
                    await Task.Delay(TimeSpan.FromSeconds(2), time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    /// <summary>How many were made, by whichever node.</summary>
    private int Hands => directory.Current.Agencies.Where(a => a.Kind == AgencyKind.Operator)
        .Sum(a => directory.Current.KeysOf(a.Id).Count(k => k.IssuedBy == Caller.System.KeyId));

    private string KeyFile(int hand) => Path.Combine(options.Data, FileOf(hand));

    private void Publish(int hand)
    {
        try
        {
            File.Move(KeyFile(hand) + ".new", KeyFile(hand), overwrite: true);
        }
        catch (FileNotFoundException) when (File.Exists(KeyFile(hand)))
        {
            // Another node on the same folder was faster: it takes the file for what this one left behind.
        }

        Made(log, Path.GetFullPath(KeyFile(hand)));
    }

    private async Task<bool> TryMakeAsync(int hand, CancellationToken cancellation)
    {
        var region = services.GetRequiredService<ActorRegistry>().Get<AgencyRegion>();
        var agency = AgencyId.Parse("operator");
        CommandContext Context(string command) => new() { CommandId = CommandId.Parse(command), Caller = Caller.System, OccurredAt = time.GetUtcNow() };
        try
        {
            var patience = TimeSpan.FromSeconds(20);
            await region.Ask<object>(
                new RegisterAgency
                {
                    Context = Context("bootstrap-operator"), Agency = agency, Name = "Operators of this installation",
                    Kind = AgencyKind.Operator,
                },
                patience, cancellation);
            var answer = await region.Ask<object>(
                new IssueKey
                {
                    Context = Context(hand == 1 ? "bootstrap-operator-key" : $"bootstrap-operator-key-{hand}"), Agency = agency,
                    Roles = Roles.Operator, Tenant = Tenant.Live,
                },
                patience, cancellation);
            if (answer is not ApiKeyShown { ApiKey: { } key } shown)
            {
                return answer is ApiKeyShown;
            }

            // Kept at once, because it is shown this once; under its name only when it works, because others wait for the file.
            await WriteAsync(KeyFile(hand) + ".new", key, cancellation);
            await directory.WaitForAsync(shown.SequenceNr, cancellation);
            Publish(hand);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    /// <summary>Writes a text that only the file's owner may read.</summary>
    public static async Task WriteAsync(string file, string key, CancellationToken cancellation)
    {
        var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write }.ForOwner();
        await using var writer = new StreamWriter(file, create);
        await writer.WriteLineAsync(key.AsMemory(), cancellation);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "An operator's key is in {File}; it registers agencies and is shown nowhere else")]
    private static partial void Made(ILogger logger, string file);
}
