using System.Net;
using System.Text;
using CPort.Actors.Persistence;
using CPort.Api.Tests.EndToEnd;
using CPort.Domain.Audit;
using CPort.Node.Commands;
using CPort.Node.Commands.Audit;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Audit;

/// <summary>
/// A node with three witnesses, of which one is dead: what they have seen is shown and published, they refuse another history, and they remember. Go's
/// golang.org/x/mod/sumdb/note checks log's and witnesses' signatures (tests/ForeignVerifiers/go-witness).
/// </summary>
public sealed class WitnessTests : IAsyncLifetime
{
    private const string GoPath = "/usr/share/gocode";
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-witness-").FullName;
    private readonly List<WitnessState> _states = [];
    private readonly List<WitnessServer> _servers = [];
    private EndToEndNode _node = null!;

    public async Task InitializeAsync()
    {
        // The log's key is known once the node has started, so the witnesses learn of it then; until that they know no log, and the node asks again.
        var (one, two) = (Open("w1"), Open("w2"));
        var dead = new Cosigner("witness.example/w3", new byte[32]).Verifier;
        var (first, second) = (NodeProcess.FreePort(), NodeProcess.FreePort());
        _node = await EndToEndNode.StartAsync(DatabaseProvider.Sqlite, null!, o =>
        {
            o.Audit.Witnesses =
            [
                $"{one.Cosigner.Verifier} http://127.0.0.1:{first}", $"{dead} http://127.0.0.1:9", $"{two.Cosigner.Verifier} http://127.0.0.1:{second}/",
            ];
            (o.Audit.WitnessEverySeconds, o.Audit.WitnessSeconds) = (1, 5);
        });
        var log = await KeyAsync();
        await StartAsync(one, first, log);
        await StartAsync(two, second, log);
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _states.ForEach(s => s.Dispose());
        TestFolders.Remove(_folder);
    }

    [SkippableFact]
    public async Task Their_cosignatures_are_published_shown_and_accepted_by_Go_and_a_dead_one_delays_nothing()
    {
        var seen = await SeenByAsync(2, atLeast: 1);
        Assert.Equal(3, seen.Json.GetProperty("witnesses").GetInt32());
        Assert.Equal(
            ["witness.example/w1 Cosigned", "witness.example/w3 NoAnswer", "witness.example/w2 Cosigned"],
            seen.Json.GetProperty("each").EnumerateArray().Select(w => $"{w.GetProperty("name").GetString()} {w.GetProperty("outcome").GetString()}"));
        var (note, log) = (seen.Json.GetProperty("note").GetString()!, await KeyAsync());
        Assert.NotNull(log.Open(note));
        var now = DateTimeOffset.UtcNow;
        Assert.All(_states, s => Assert.InRange(s.Cosigner.Verifier.TimeOf(note)!.Value, now.AddMinutes(-10), now.AddMinutes(1)));

        // It goes on: what comes is witnessed as well, each time by a proof from where the witness is.
        var before = seen.Json.GetProperty("size").GetInt64();
        await LookAsync(20);
        seen = await SeenByAsync(2, atLeast: before + 20);
        note = seen.Json.GetProperty("note").GetString()!;

        // A witness tells it as well to who asks it.
        using var http = new HttpClient();
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(log.Name)));
        Assert.NotNull(_states[0].Cosigner.Verifier.TimeOf(await http.GetStringAsync(new Uri(_servers[0].Url, $"{hash}/checkpoint"))));
        using var unknown = await http.GetAsync(new Uri(_servers[0].Url, $"{new string('0', 64)}/checkpoint"));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        // Our own command checks it, and misses the dead one's.
        string[] of = ["--url", _node.Url.ToString(), "--key", _node.KeyOf("supervisor"), "--vkey", log.ToString()];
        Assert.Equal(0, await VerifyAsync([.. of, "--witness", $"{_states[0].Cosigner.Verifier}", "--witness", $"{_states[1].Cosigner.Verifier}"]));
        Assert.NotEqual(0, await VerifyAsync([.. of, "--witness", $"{new Cosigner("witness.example/w3", new byte[32]).Verifier}"]));

        Skip.IfNot(Directory.Exists(Path.Combine(GoPath, "src/golang.org/x/mod/sumdb")), "golang-golang-x-mod-dev is not installed.");
        var work = Directory.CreateDirectory(Path.Combine(_folder, "go")).FullName;
        File.Copy(Repository.PathOf("tests", "ForeignVerifiers", "go-witness", "main.go"), Path.Combine(work, "main.go"));
        await File.WriteAllTextAsync(Path.Combine(work, "note"), note);
        await GoAsync("go build -o cosigned main.go");
        var said = await GoAsync("./cosigned", "note", log.ToString(), _states[0].Cosigner.Verifier.ToString(), _states[1].Cosigner.Verifier.ToString());
        Assert.Equal("the log and 2 witnesses\n", said);

        Task<string> GoAsync(string command, params string[] arguments) => ForeignProgram.RunAsync(
            work, command, needsNetwork: true,
            [("GO111MODULE", "off"), ("GOPATH", GoPath), ("GOCACHE", Path.Combine(_folder, "cache")), ("GOFLAGS", "")], arguments);
    }

    [Fact]
    public async Task Another_history_is_refused_also_after_a_restart_and_a_changed_memory_is_none()
    {
        var note = (await SeenByAsync(2, atLeast: 1)).Json.GetProperty("note").GetString()!;
        var log = await KeyAsync();
        Assert.True(Checkpoint.TryParse(log.Open(note), out var tree));
        using var http = new HttpClient();
        var forged = note.Replace($"\n{tree.Size}\n", $"\n{tree.Size + 1}\n", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await AddAsync(_servers[0].Url, new AddCheckpoint(tree.Size, [], forged))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(_servers[0].Url, "nonsense")).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(_servers[0].Url, new string('x', AddCheckpoint.MaxLength + 1))).Status);

        // A log whose operator has two histories: the witness goes on with the one that it saw first, whatever it has been through.
        var twice = new NoteSigner("twice.example/log", new byte[32]);
        var path = Path.Combine(_folder, "w4");
        var (one, other) = (Merkle.LeafHash("one"u8), Merkle.LeafHash("other"u8));
        string vkey;
        using (var state = WitnessState.Open(path, "witness.example/w4"))
        {
            vkey = state.Cosigner.Verifier.ToString();
            await using var server = await WitnessServer.StartAsync(new Uri("http://127.0.0.1:0"), state, [twice.Verifier], TimeProvider.System, default);
            Assert.Equal(HttpStatusCode.OK, (await AddAsync(server.Url, new AddCheckpoint(0, [], Signed(1, one)))).Status);
            Assert.Throws<CommandException>(() => WitnessState.Open(path, "witness.example/w4"));
        }

        using (var state = WitnessState.Open(path, "witness.example/w4"))
        {
            Assert.Equal(vkey, state.Cosigner.Verifier.ToString());
            await using var server = await WitnessServer.StartAsync(new Uri("http://127.0.0.1:0"), state, [twice.Verifier], TimeProvider.System, default);
            var conflict = await AddAsync(server.Url, new AddCheckpoint(0, [], Signed(1, other)));
            Assert.Equal((HttpStatusCode.Conflict, "1\n", "text/x.tlog.size"), (conflict.Status, conflict.Text, conflict.Type));
            Assert.Equal(HttpStatusCode.Conflict, (await AddAsync(server.Url, new AddCheckpoint(1, [], Signed(1, other)))).Status);
            Assert.Equal(
                HttpStatusCode.UnprocessableEntity,
                (await AddAsync(server.Url, new AddCheckpoint(1, [one], Signed(2, Merkle.NodeHash(other, one))))).Status);
            Assert.Equal(HttpStatusCode.OK, (await AddAsync(server.Url, new AddCheckpoint(1, [other], Signed(2, Merkle.NodeHash(one, other))))).Status);
        }

        // Nor is anything signed on top of what somebody else wrote, or under another name.
        Assert.Throws<CommandException>(() => WitnessState.Open(path, "witness.example/w5"));
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("twice.example", "thrice.example", StringComparison.Ordinal));
        Assert.Throws<CommandException>(() => WitnessState.Open(path, "witness.example/w4"));

        string Signed(long size, byte[] root) => twice.Sign(new Checkpoint(twice.Verifier.Name, size, root).ToString());

        Task<(HttpStatusCode Status, string Text, string? Type)> AddAsync(Uri at, AddCheckpoint request) => PostAsync(at, request.ToString());

        async Task<(HttpStatusCode Status, string Text, string? Type)> PostAsync(Uri at, string body)
        {
            using var content = new StringContent(body);
            using var response = await http.PostAsync(new Uri(at, "add-checkpoint"), content);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType);
        }
    }

    private static Task<int> VerifyAsync(string[] arguments) => AuditCommand.Create().Parse(["verify", .. arguments]).InvokeAsync();

    private WitnessState Open(string name)
    {
        var state = WitnessState.Open(Path.Combine(_folder, name), $"witness.example/{name}");
        _states.Add(state);
        return state;
    }

    private async Task StartAsync(WitnessState state, int port, NoteVerifier log) =>
        _servers.Add(await WitnessServer.StartAsync(new Uri($"http://127.0.0.1:{port}"), state, [log], TimeProvider.System, default));

    private async Task<NoteVerifier> KeyAsync()
    {
        var text = (await _node.GetAsync("supervisor", "v1/audit/log/key")).Is(HttpStatusCode.OK).Text.Trim();
        Assert.True(NoteVerifier.TryParse(text, out var key));
        return key;
    }

    private async Task LookAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            (await _node.GetAsync("nl", "v1/queues")).Is(HttpStatusCode.OK);
        }
    }

    private Task<Reply> SeenByAsync(int witnesses, long atLeast) => EndToEndNode.UntilAsync(
        () => _node.GetAsync("nl", "v1/audit/checkpoint"),
        r => r.Is(HttpStatusCode.OK).Json.GetProperty("seenBy").GetInt32() == witnesses && r.Json.GetProperty("size").GetInt64() >= atLeast
            && r.Json.GetProperty("each").EnumerateArray().All(w => w.TryGetProperty("outcome", out var outcome) && outcome.GetString() != "Unknown"));
}
