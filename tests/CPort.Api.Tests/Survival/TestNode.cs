using System.Net.Http.Headers;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Node.Commands;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>
/// A node process on a database of the test's own, with the keys of agencies registered through it. Disposing removes its data.
/// </summary>
public sealed class TestNode : NodeProcess
{
    private readonly Dictionary<AgencyId, string> _keys = [];

    /// <param name="database">Where it keeps its data; removed when the node is disposed.</param>
    /// <param name="settings">More settings, as <c>Limits__LineBytes</c>.</param>
    public TestNode(NodeDatabase database, IReadOnlyDictionary<string, string>? settings = null)
        : base(new Dictionary<string, string>(database.Settings) { ["Http__Url"] = FreeUrl().ToString() }
            .Where(s => settings?.ContainsKey(s.Key) != true).Concat(settings ?? new Dictionary<string, string>()))
    {
        Database = database;
        if (settings?.TryGetValue("Keys__MasterKey", out var masters) == true)
        {
            JournalKeys.Note(database.Database, () => masters);
        }
    }

    public NodeDatabase Database { get; }

    /// <summary>Takes over the keys of agencies that were registered through another node of the same cluster.</summary>
    public void UseKeysOf(TestNode other)
    {
        foreach (var (agency, key) in other._keys)
        {
            _keys[agency] = key;
        }
    }

    /// <summary>Registers the example agencies as <c>cport demo</c> does and keeps their keys.</summary>
    public async Task RegisterAsync(IEnumerable<SampleAgency> agencies)
    {
        using var client = new CPortClient(Url, await OperatorKeyAsync());
        var all = agencies.ToList();
        await AgenciesCommand.RegisterAllAsync(client, all, _ => TrustLevel.Trusted, default);
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (agency, cancellation) =>
        {
            var (key, _) = await AgenciesCommand.IssueKeyAsync(client, agency.Id, AgenciesCommand.DefaultRoles(agency.Kind), cancellation);
            lock (_keys)
            {
                _keys[agency.Id] = key;
            }
        });
    }

    public string KeyOf(AgencyId agency) => _keys[agency];

    public string KeyOf(string agency) => _keys[AgencyId.Parse(agency)];

    /// <summary>An HTTP client of its own that speaks with <paramref name="key"/>.</summary>
    public HttpClient Http(string? key, TimeSpan? timeout = null)
    {
        var http = new HttpClient { BaseAddress = Url, Timeout = timeout ?? TimeSpan.FromSeconds(60) };
        if (key is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return http;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Database.Delete();

        // For looking at a failure afterwards.
        if (System.Environment.GetEnvironmentVariable("CPORT_TEST_LOGS") is { Length: > 0 } folder)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, $"node-{DateTime.UtcNow:HHmmss}-{Url.Port}.log"), Log);
        }
    }
}
