using System.Text.Json;

namespace CPort.Domain.Iwol;

/// <summary>In which form the list is written.</summary>
public enum IwolFormat
{
    /// <summary>A domain a line.</summary>
    Txt = 1,
    Csv,
    Json,

    /// <summary>A response policy zone for resolvers.</summary>
    Rpz,
}

/// <summary>
/// Writes a version of the list as a file: the same bytes whenever and wherever it is asked for, because a signature stands for them. No reasons, no
/// references, no agencies.
/// </summary>
public static class IwolFile
{
    public static byte[] Write(
        IwolFormat format, int version, DateTimeOffset at, IwolPublication publication, IEnumerable<(string Name, DateTimeOffset Since)> domains)
    {
        // Whatever came into the list: what is no name would break the zone, or block more than itself.
        var sorted = domains.Where(d => ListedName.Fits(d.Name)).OrderBy(d => d.Name, StringComparer.Ordinal).ToArray();
        var text = new StringBuilder();
        switch (format)
        {
            case IwolFormat.Txt:
                text.Append($"# version {version}, {Day(at)}, {sorted.Length} domains\n");
                foreach (var (name, _) in sorted)
                {
                    text.Append(name).Append('\n');
                }

                return Encoding.UTF8.GetBytes(text.ToString());
            case IwolFormat.Csv:
                text.Append("domain;listed;version\n");
                foreach (var (name, since) in sorted)
                {
                    text.Append($"{name};{Day(since)};{version}\n");
                }

                return Encoding.UTF8.GetBytes(text.ToString());
            case IwolFormat.Json:
                return JsonSerializer.SerializeToUtf8Bytes(new
                {
                    version, at = Day(at), count = sorted.Length, domains = sorted.Select(d => new { domain = d.Name, listed = Day(d.Since) }),
                });
            default:
                return RpzZone.Write(version, publication, [.. sorted.Select(d => d.Name)]);
        }
    }

    /// <summary>The longest domain that every form has a place for.</summary>
    public const int LongestDomain = RpzZone.LongestDomain;

    /// <summary>What the format is called in addresses.</summary>
    public static string Extension(IwolFormat format) => format.ToString().ToLowerInvariant();

    public static string MediaType(IwolFormat format) => format switch
    {
        IwolFormat.Txt => "text/plain; charset=utf-8",
        IwolFormat.Csv => "text/csv; charset=utf-8",
        IwolFormat.Json => "application/json",
        _ => "text/dns",
    };

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
