using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>
/// The OpenAPI document as others read it: two linters find no fault in it, and the clients that three generators make of it compile, submit, read and look up.
/// What they need is in tests/ForeignClients, pinned; it is installed from the registries of npm and NuGet, once for each state of those pins.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class ForeignClientTests(EndToEndNodes nodes) : IDisposable
{
    private readonly string _work = Directory.CreateTempSubdirectory("cport-foreign-").FullName;

    [SkippableFact]
    public async Task Linters_find_nothing_and_the_client_of_openapi_typescript_compiles_and_works()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var packages = await PackagesAsync();
        await PutAsync(node);
        foreach (var file in new[] { "redocly.yaml", ".spectral.yaml", "tsconfig.json", "client.ts", "package.json" })
        {
            File.Copy(Source(file), Path.Combine(_work, file));
        }

        Directory.CreateSymbolicLink(Path.Combine(_work, "node_modules"), packages);
        await Task.WhenAll(
            RunAsync(_work, "npx --no-install redocly lint openapi.json"),
            RunAsync(_work, "npx --no-install spectral lint --fail-severity=warn openapi.json"));
        await RunAsync(_work, "npx --no-install openapi-typescript openapi.json -o cport.d.ts");
        await RunAsync(_work, "npx --no-install tsc -p tsconfig.json");
        await RunAsync(_work, $"node out/client.js {Arguments(node)} FOREIGN-TS {Bodies.Hash("foreign", 32)}");
    }

    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task Clients_of_NSwag_and_Kiota_compile_and_work()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        await PutAsync(node);
        Directory.CreateDirectory(Path.Combine(_work, ".config"));
        foreach (var file in new[] { ".config/dotnet-tools.json", "ForeignClients.csproj", "Program.cs", "packages.lock.json" })
        {
            File.Copy(Source("csharp/" + file), Path.Combine(_work, file));
        }

        await RunAsync(_work, "dotnet tool restore", needsNetwork: true);
        await Task.WhenAll(
            RunAsync(_work, "dotnet nswag openapi2csclient /input:openapi.json /output:NSwagClient.cs /namespace:Foreign.NSwag /classname:NSwagClient "
                + "/jsonLibrary:SystemTextJson /generateNullableReferenceTypes:true /generateOptionalPropertiesAsNullable:true"),
            RunAsync(_work, "dotnet kiota generate -l CSharp -d openapi.json -o kiota -n Foreign.Kiota -c KiotaClient"));
        await RunAsync(_work, "dotnet build ForeignClients.csproj -o out -c Release -nologo -v q -nr:false -p:UseSharedCompilation=false", needsNetwork: true);
        await RunAsync(_work, $"dotnet out/ForeignClients.dll {Arguments(node)} FOREIGN {Bodies.Hash("foreign", 32)}");
    }

    public void Dispose() => TestFolders.Remove(_work);

    private static string Arguments(EndToEndNode node) => $"{node.Url.ToString().TrimEnd('/')} {node.KeyOf("gb")}";

    private static string Source(string file) => Repository.PathOf("tests", "ForeignClients", file);

    private async Task PutAsync(EndToEndNode node) =>
        await File.WriteAllTextAsync(Path.Combine(_work, "openapi.json"), (await node.GetAsync(null, "openapi/v1.json")).Text);

    /// <summary>npm's packages, kept for the next run.</summary>
    private static async Task<string> PackagesAsync()
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Source("package-lock.json"))))[..16];
        var folder = Path.Combine(Path.GetTempPath(), $"cport-foreign-npm-{name}");
        if (!Directory.Exists(folder))
        {
            // Two that come together each make one; who is second keeps to the first.
            var making = Directory.CreateTempSubdirectory("cport-foreign-").FullName;
            foreach (var file in new[] { "package.json", "package-lock.json" })
            {
                File.Copy(Source(file), Path.Combine(making, file));
            }

            await RunAsync(making, "npm ci --ignore-scripts --no-audit --no-fund --prefer-offline", needsNetwork: true);
            try
            {
                Directory.Move(making, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                TestFolders.Remove(making);
            }
        }

        return Path.Combine(folder, "node_modules");
    }

    /// <summary>Runs it to its good end. Skips where the program, or the network that it needs, is missing.</summary>
    private static Task RunAsync(string folder, string command, bool needsNetwork = false) => ForeignProgram.RunAsync(
        folder, command, needsNetwork,
        [
            ("REDOCLY_TELEMETRY", "off"), ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"), ("KIOTA_CLI_TELEMETRY_OPTOUT", "true"), ("KIOTA_OFFLINE_ENABLED", "true"),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "true"), ("DOTNET_NOLOGO", "true"),

            // What the test's own build and runner said to their children.
            .. Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase))
                .Select(k => (k, (string?)null)),
        ]);
}
