using System.Net;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.EndToEnd;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Audit;

/// <summary>
/// The audit log as others check it: Go's golang.org/x/mod/sumdb (Debian: golang-go, golang-golang-x-mod-dev) reads all of it, npm's @sigstore/verify a proof
/// that somebody kept. Their programs are in tests/ForeignVerifiers; where something is missing the test is skipped and says what.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class ForeignVerifierTests(EndToEndNodes nodes) : IDisposable
{
    private const string GoPath = "/usr/share/gocode";

    private readonly string _work = Directory.CreateTempSubdirectory("cport-verifier-").FullName;

    public void Dispose() => TestFolders.Remove(_work);

    [SkippableFact]
    public async Task Gos_own_package_accepts_every_entry_and_that_the_log_goes_on()
    {
        Skip.IfNot(Directory.Exists(Path.Combine(GoPath, "src/golang.org/x/mod/sumdb")), "golang-golang-x-mod-dev is not installed.");
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        File.Copy(Repository.PathOf("tests", "ForeignVerifiers", "go", "main.go"), Path.Combine(_work, "main.go"));
        await RunAsync("go build -o verify main.go");
        var (key, seen) = ((await node.GetAsync("supervisor", "v1/audit/log/key")).Is(HttpStatusCode.OK).Text.Trim(), Path.Combine(_work, "seen"));
        await LookAsync(node, 300);
        var before = await RunAsync("./verify", node.Url.ToString().TrimEnd('/'), node.KeyOf("supervisor"), key, seen);
        Assert.EndsWith("from 0 on\n", before, StringComparison.Ordinal);
        await LookAsync(node, 40);
        var after = await RunAsync("./verify", node.Url.ToString().TrimEnd('/'), node.KeyOf("supervisor"), key, seen);
        Assert.DoesNotContain("from 0 on", after, StringComparison.Ordinal);
        Assert.True(Entries(before) >= 300 && Entries(after) > Entries(before), $"{before}{after}");
    }

    [SkippableFact]
    public async Task Sigstores_verifier_accepts_a_kept_proof()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        foreach (var file in new[] { "package.json", "package-lock.json", "verify.cjs" })
        {
            File.Copy(Repository.PathOf("tests", "ForeignVerifiers", "npm", file), Path.Combine(_work, file));
        }

        await RunAsync("npm ci --ignore-scripts --no-audit --no-fund --prefer-offline");
        await LookAsync(node, 3);
        var found = await EndToEndNode.UntilAsync(
            () => node.PostAsync("supervisor", "v1/audit/entries:search", new JsonObject { ["agency"] = "hotline-nl", ["maxResults"] = 1 }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength() == 1);
        var id = found.Json.GetProperty("entries")[0].GetProperty("id").GetString();
        var proof = await EndToEndNode.UntilAsync(() => node.GetAsync("supervisor", $"v1/audit/entries/{id}.tlog-proof"), r => r.Status == HttpStatusCode.OK);
        var entry = (await node.GetAsync("supervisor", $"v1/audit/entries/{id}")).Is(HttpStatusCode.OK).Json.GetProperty("leaf").GetBytesFromBase64();
        await File.WriteAllBytesAsync(Path.Combine(_work, "entry.json"), entry);
        await File.WriteAllTextAsync(Path.Combine(_work, "entry.tlog-proof"), proof.Text);
        await File.WriteAllTextAsync(Path.Combine(_work, "vkey"), (await node.GetAsync("supervisor", "v1/audit/log/key")).Text);
        Assert.StartsWith("entry ", await RunAsync("node", "verify.cjs", "."), StringComparison.Ordinal);
    }

    private static async Task LookAsync(EndToEndNode node, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await EndToEndNode.UntilAsync(() => node.GetAsync("nl", "v1/queues"), r => r.Status == HttpStatusCode.OK);
        }

        // Signed in a moment.
        await Task.Delay(TimeSpan.FromSeconds(2.5));
    }

    private static long Entries(string said) => long.Parse(said.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    private Task<string> RunAsync(string command, params string[] arguments) => ForeignProgram.RunAsync(
        _work, command, needsNetwork: true,
        [("GO111MODULE", "off"), ("GOPATH", GoPath), ("GOCACHE", Path.Combine(_work, "cache")), ("GOFLAGS", "")], arguments);
}
