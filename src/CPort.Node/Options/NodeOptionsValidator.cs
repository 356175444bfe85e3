using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace CPort.Node.Options;

/// <summary>
/// One line for every wrong setting, each beginning with its key as the environment names it, and all at once. What one setting may be stands at the setting,
/// as attributes; here is what settings say of each other. Never shows a secret.
/// </summary>
public sealed class NodeOptionsValidator : IValidateOptions<NodeOptions>
{
    public ValidateOptionsResult Validate(string? name, NodeOptions options)
    {
        string[] problems =
        [
            .. ByThemselves(options, "CPORT"), .. Database(options), .. Http(options), .. Cluster(options.Cluster),
                .. Tls(options.Cluster),
            .. Operator(options.Operator, options.Http), .. Mail(options.Mail), .. Iccam(options.Iccam, options.Http),
            .. Others(options),
        ];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    /// <summary>By the attributes of the settings, in all sections; an enumeration's value must be one of it.</summary>
    private static IEnumerable<string> ByThemselves(object section, string key)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(section, new ValidationContext(section), results, validateAllProperties: true);
        foreach (var result in results)
        {
            yield return $"{key}__{result.MemberNames.First()}: {result.ErrorMessage}";
        }

        foreach (var property in section.GetType().GetProperties())
        {
            if (property.PropertyType.IsEnum && !Enum.IsDefined(property.PropertyType, property.GetValue(section)!))
            {
                yield return $"{key}__{property.Name}: {NodeConfiguration.Needed(property.PropertyType)}";
            }

            foreach (var problem in NodeConfiguration.IsSection(property.PropertyType)
                ? ByThemselves(property.GetValue(section)!, $"{key}__{property.Name}") : [])
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<string> Database(NodeOptions options)
    {
        var (provider, connectionString) = (options.Database.Provider, options.Database.ConnectionString);
        if (provider == DatabaseProvider.PostgreSql && string.IsNullOrWhiteSpace(connectionString))
        {
            yield return "CPORT__Database__ConnectionString: PostgreSQL needs one, for example "
                + "Host=db.example;Username=cport;Password=…;Database=cport.";
        }
        else if (!string.IsNullOrWhiteSpace(connectionString) && !Parses(provider, connectionString))
        {
            yield return $"CPORT__Database__ConnectionString: not a connection string of {provider}.";
        }

        if (provider == DatabaseProvider.Sqlite && options.Cluster.Seeds.Length > 0)
        {
            yield return "CPORT__Cluster__Seeds: a cluster needs PostgreSQL (CPORT__Database__Provider); SQLite serves one node.";
        }
    }

    private static IEnumerable<string> Http(NodeOptions options)
    {
        var http = options.Http;
        foreach (var (key, url) in new[]
        {
            ("Http__Url", http.Url), ("Http__Http2Url", http.Http2Url), ("Telemetry__Url", options.Telemetry.Url), ("Http__PublicUrl", http.PublicUrl),
        })
        {
            if (url is null)
            {
                continue;
            }

            if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            {
                yield return $"CPORT__{key}: an address like http://127.0.0.1:5080 is needed.";
            }
            else if (key == "Http__PublicUrl")
            {
                // Only told.
            }
            else if (uri.Scheme == "https" && http.CertificatePath is null && !http.MakeCertificate)
            {
                yield return $"CPORT__Http__CertificatePath: https in CPORT__{key} needs a certificate; CPORT__Http__MakeCertificate=true makes one.";
            }
            else if (uri.Scheme == "http" && !http.AllowPlainHttp && !IsLoopback(uri.DnsSafeHost))
            {
                yield return $"CPORT__{key}: on other addresses than loopback ({uri.Host}) keys, URLs and memos would go in clear: give https and a certificate "
                    + "(CPORT__Http__CertificatePath, or CPORT__Http__MakeCertificate=true), or CPORT__Http__AllowPlainHttp=true behind a proxy that speaks TLS.";
            }
        }
    }

    private static IEnumerable<string> Iccam(IccamOptions iccam, HttpOptions http)
    {
        foreach (var url in iccam.Urls)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != "https" || uri.PathAndQuery != "/")
            {
                yield return "CPORT__Iccam__Urls: addresses like https://0.0.0.0:443 are needed: who connects there shows a certificate of its own.";
            }
        }

        if (iccam.Urls.Length > 0 && iccam.CertificatePath is null && http.CertificatePath is null && !http.MakeCertificate)
        {
            yield return "CPORT__Iccam__CertificatePath: the listener needs a certificate, its own or the API's (CPORT__Http__CertificatePath).";
        }
    }

    private static IEnumerable<string> Cluster(ClusterOptions cluster)
    {
        if (cluster.Host is "0.0.0.0" or "::")
        {
            yield return "CPORT__Cluster__Host: other nodes cannot call this address; it stands in CPORT__Cluster__BindHost, "
                + "and here what this node is reached by.";
        }

        foreach (var role in cluster.Roles.Where(r => !ClusterRoles.All.Contains(r)))
        {
            yield return $"CPORT__Cluster__Roles: '{role}' is no role; roles are {string.Join(", ", ClusterRoles.All)}.";
        }

        foreach (var seed in cluster.Seeds.Where(s => ClusterSeed.Parse(s) is null))
        {
            yield return $"CPORT__Cluster__Seeds: '{seed}' is neither host:port nor dns:name:port.";
        }

        if (cluster.DrainSeconds >= cluster.StopSeconds)
        {
            yield return "CPORT__Cluster__DrainSeconds: less than CPORT__Cluster__StopSeconds, which it is a part of.";
        }

        if (cluster.SplitBrain == SplitBrainStrategy.StaticQuorum && cluster.QuorumSize < 1)
        {
            yield return "CPORT__Cluster__QuorumSize: StaticQuorum needs the number of nodes that must be together, "
                + "more than half of all.";
        }
    }

    private static IEnumerable<string> Tls(ClusterOptions cluster)
    {
        if (cluster.Tls.Enabled)
        {
            if (string.IsNullOrEmpty(cluster.Tls.CaPath))
            {
                yield return "CPORT__Cluster__Tls__CaPath: the authority's certificate is needed, "
                    + "or no other node could be told from a stranger.";
            }
        }
        else if (cluster.Tls.CaPath is not null || cluster.Tls.KeyPath is not null)
        {
            yield return "CPORT__Cluster__Tls__CertificatePath: a certificate is needed as well.";
        }
        else if (!cluster.AllowPlainTcp && (!IsLoopback(cluster.Host) || !IsLoopback(cluster.BindHost ?? cluster.Host)))
        {
            yield return "CPORT__Cluster__Tls__CertificatePath: nodes on other addresses than loopback "
                + $"({cluster.BindHost ?? cluster.Host}) speak TLS; give certificates (docker/dev-ca.sh makes some to try), "
                + "or CPORT__Cluster__AllowPlainTcp=true where the network is trusted.";
        }
    }

    private static IEnumerable<string> Operator(OperatorOptions endpoint, HttpOptions http)
    {
        if (endpoint.Address is null)
        {
            yield return $"CPORT__Operator__Host: '{endpoint.Host}' is no IP address; localhost and * are understood too.";
        }

        if (endpoint.Enabled && endpoint.UsesTls && http.CertificatePath is null && !http.MakeCertificate)
        {
            yield return endpoint.Tls is null
                ? "CPORT__Operator__Host: off loopback the operator endpoint needs TLS: give CPORT__Http__CertificatePath, "
                    + "or allow plain HTTP with CPORT__Operator__Tls=false."
                : "CPORT__Operator__Tls: needs a certificate, CPORT__Http__CertificatePath.";
        }

        if (endpoint.ClientCaPath is not null && !endpoint.UsesTls)
        {
            yield return "CPORT__Operator__ClientCaPath: client certificates need TLS (CPORT__Operator__Tls=true).";
        }
    }

    private static IEnumerable<string> Mail(MailOptions mail)
    {
        if (mail.IsOn && string.IsNullOrEmpty(mail.From))
        {
            yield return "CPORT__Mail__From: mails need a sender, for example cport@hotline.example.";
        }

        if (mail.IsOn && mail.Security == MailSecurity.None && !IsLoopback(mail.Host!))
        {
            yield return "CPORT__Mail__Security: None only to a mail server on this machine; else StartTls or Tls.";
        }
    }

    private static IEnumerable<string> Others(NodeOptions options)
    {
        if (!string.IsNullOrEmpty(options.Keys.MasterKey) && !string.IsNullOrEmpty(options.Keys.MasterKeyFile))
        {
            yield return "CPORT__Keys__MasterKey: give the key or CPORT__Keys__MasterKeyFile, not both.";
        }

        foreach (var rule in options.Policy.RulesOff.Where(r => !PolicyOptions.Switchable.Contains(r)))
        {
            yield return $"CPORT__Policy__RulesOff: '{rule}' cannot be switched off; "
                + $"{string.Join(", ", PolicyOptions.Switchable)} can.";
        }

        if (options.Portal.Url is { } portal && !(Uri.TryCreate(portal, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && IsLoopback(url.Host)))))
        {
            yield return "CPORT__Portal__Url: an address like https://cport.example is needed; plain http only for localhost.";
        }

        if (options.Portal.WithoutCodes.Any(a => !AgencyId.TryParse(a, out _)))
        {
            yield return "CPORT__Portal__WithoutCodes: ids of agencies are needed.";
        }

        if (!string.IsNullOrEmpty(options.Telemetry.OtlpEndpoint) && !Uri.TryCreate(options.Telemetry.OtlpEndpoint, UriKind.Absolute, out _))
        {
            yield return "CPORT__Telemetry__OtlpEndpoint: an address like http://127.0.0.1:4317 is needed.";
        }
    }

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static bool Parses(DatabaseProvider provider, string connectionString)
    {
        try
        {
            _ = Actors.Persistence.Database.Create(provider, connectionString);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return false;
        }
    }
}
