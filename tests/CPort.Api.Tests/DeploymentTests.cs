using System.Text.RegularExpressions;
using CPort.Tests.Shared;

namespace CPort.Api.Tests;

/// <summary>What the files under <c>docker/</c> promise of a node that runs by them. Read as text: no daemon runs where the tests do.</summary>
public sealed partial class DeploymentTests
{
    private static readonly string Dockerfile = Read("docker", "Dockerfile");
    private static readonly string Compose = Read("docker", "compose.yaml");
    private static readonly string[] Kubernetes = Read("docker", "kubernetes", "cport.yaml").Split("\n---\n");

    [Fact]
    public void The_image_runs_as_nobody_in_particular_speaks_HTTPS_and_restores_what_is_locked()
    {
        Assert.Contains("CPORT__Http__Url=https://0.0.0.0:5080", Dockerfile, StringComparison.Ordinal);
        Assert.Contains("CPORT__Http__MakeCertificate=true", Dockerfile, StringComparison.Ordinal);
        Assert.Contains("\nUSER 1654\n", Dockerfile, StringComparison.Ordinal);
        Assert.Contains("\nARG RUNTIME=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled\n", Dockerfile, StringComparison.Ordinal);
        Assert.Contains("--locked-mode", Dockerfile, StringComparison.Ordinal);
        Assert.DoesNotMatch("http://|ADD http|curl|wget", Dockerfile);
    }

    [Fact]
    public void Every_container_of_compose_has_no_more_rights_than_it_needs()
    {
        var (node, watcher) = (Block(Compose, "x-node: &node", 0), Block(Compose, "x-watcher: &watcher", 0));
        Assert.Contains("  read_only: true\n", node, StringComparison.Ordinal);
        foreach (var template in new[] { node, watcher })
        {
            Assert.Contains("  cap_drop: [ALL]\n", template, StringComparison.Ordinal);
            Assert.Contains("  security_opt: [\"no-new-privileges:true\"]\n", template, StringComparison.Ordinal);
        }

        var services = Services();
        Assert.Equal(["postgres", "node1", "node2", "node3", "collector", "prometheus", "grafana"], services.Keys);
        Assert.All(services, s =>
        {
            var inherits = s.Key.StartsWith("node", StringComparison.Ordinal) ? "    <<: *node\n" : "    <<: *watcher\n";
            Assert.True(s.Value.Contains(inherits, StringComparison.Ordinal)
                || (s.Value.Contains("    cap_drop: [ALL]\n", StringComparison.Ordinal)
                    && s.Value.Contains("no-new-privileges:true", StringComparison.Ordinal)), s.Key);
            Assert.DoesNotMatch("privileged|cap_add: \\[ALL|docker\\.sock|network_mode|pid: ", s.Value);
        });
        Assert.DoesNotContain("cap_add", node + watcher, StringComparison.Ordinal);
    }

    [Fact]
    public void Compose_publishes_on_this_machine_alone_speaks_TLS_and_has_no_password_of_its_own()
    {
        Assert.All(Ports().Matches(Compose), p => Assert.StartsWith("\"127.0.0.1:", p.Groups[1].Value, StringComparison.Ordinal));
        Assert.True(Ports().Count(Compose) >= 5);
        Assert.Contains("CPORT__Http__Url: https://", Compose, StringComparison.Ordinal);
        Assert.Contains("CPORT__Telemetry__Url: https://", Compose, StringComparison.Ordinal);
        Assert.All(new[] { "Cluster__Tls__CertificatePath", "Cluster__Tls__KeyPath", "Cluster__Tls__CaPath" }, tls =>
            Assert.Contains($"CPORT__{tls}: /run/secrets/", Compose, StringComparison.Ordinal));
        var passwords = Password().Matches(Compose);
        Assert.True(passwords.Count >= 3);
        Assert.All(passwords, p => Assert.Matches(@"^\$\{\w+:\?\}", p.Groups[1].Value));

        // A third party's image by its version, never by what is newest.
        var images = Image().Matches(Compose).Select(m => m.Groups[1].Value).ToArray();
        Assert.True(images.Length >= 5);
        Assert.All(images, i => Assert.Matches(@":(\d|v\d|dev$)", i));
    }

    [Fact]
    public void Each_node_of_compose_is_given_its_own_secrets_and_no_other_nodes()
    {
        foreach (var (name, service) in Services().Where(s => s.Key.StartsWith("node", StringComparison.Ordinal)))
        {
            Assert.Equal(["authority", $"{name}-certificate", $"{name}-key"], Secret().Matches(service).Select(m => m.Groups[1].Value));
        }

        Assert.DoesNotContain("ca.key", string.Join('\n', Compose.Split('\n').Where(l => !l.StartsWith('#'))), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_pod_of_Kubernetes_is_restricted_has_its_own_key_and_no_token()
    {
        var sets = Kubernetes.Where(d => d.Contains("\nkind: StatefulSet\n", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, sets.Length);
        for (var n = 0; n < sets.Length; n++)
        {
            Assert.All(new[]
            {
                "automountServiceAccountToken: false", "runAsNonRoot: true", "runAsUser: 1654", "seccompProfile: { type: RuntimeDefault }",
                "allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true", "capabilities: { drop: [ALL] }",
                $"secret: {{ secretName: cport-{n}, defaultMode: 0440 }}", "value: \"https://0.0.0.0:9464\"", "secretKeyRef: { name: cport-database,",
                "secretKeyRef: { name: cport-master-key,", "CPORT__Cluster__Tls__CaPath",
            }, line => Assert.Contains(line, sets[n], StringComparison.Ordinal));
            Assert.Equal(3, sets[n].Split("httpGet:").Length - 1);
            Assert.Equal(3, sets[n].Split("scheme: HTTPS }").Length - 1);
            Assert.Equal(1, sets[n].Split("secretName:").Length - 1);
            Assert.DoesNotMatch("hostNetwork|hostPath|hostPID|privileged: true|Password=|http://", sets[n]);
        }

        // Nobody reaches more than the API, and a node no more than its like, names and the database.
        var policy = Assert.Single(Kubernetes, d => d.Contains("\nkind: NetworkPolicy\n", StringComparison.Ordinal));
        Assert.Contains("policyTypes: [Ingress, Egress]", policy, StringComparison.Ordinal);
        Assert.Contains("- ports: [{ port: 5080 }]", policy, StringComparison.Ordinal);
        Assert.Equal(["4053", "4053", "5080", "53", "53", "5432", "9464"],
            PolicyPort().Matches(policy).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
        Assert.DoesNotMatch("kind: (Cluster)?Role", string.Join('\n', Kubernetes));
    }

    private static Dictionary<string, string> Services()
    {
        var services = Block(Compose, "services:", 0);
        return Regex.Matches(services, @"^  (\w+):$", RegexOptions.Multiline)
            .ToDictionary(m => m.Groups[1].Value, m => Block(services, $"  {m.Groups[1].Value}:", 2));
    }

    /// <summary>What stands under a line of this indent, up to the next one.</summary>
    private static string Block(string text, string head, int indent)
    {
        var lines = text.Split('\n').SkipWhile(l => l != head).Skip(1)
            .TakeWhile(l => l.Length == 0 || l.TakeWhile(c => c == ' ').Count() > indent);
        return string.Concat(lines.Select(l => l + "\n"));
    }

    private static string Read(params string[] parts) => File.ReadAllText(Repository.PathOf(parts)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"^ +ports: \[(.*)\]$", RegexOptions.Multiline)]
    private static partial Regex Ports();

    [GeneratedRegex(@"(?:PASSWORD: |Password=)([^;\n]*)")]
    private static partial Regex Password();

    [GeneratedRegex(@"^ +image: (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Image();

    [GeneratedRegex(@"^      - (?:\{ source: )?([\w-]+)(?:, target: \w+ \})?$", RegexOptions.Multiline)]
    private static partial Regex Secret();

    [GeneratedRegex(@"port: (\d+)")]
    private static partial Regex PolicyPort();
}
