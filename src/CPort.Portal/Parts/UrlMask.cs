using System.Text;

namespace CPort.Portal.Parts;

/// <summary>
/// A closed URL: its scheme, how its host ends, and how long its parts are. What is closed is not in the page's source at all.
/// </summary>
public static class UrlMask
{
    private const char Block = '█';

    /// <summary>Blocks stand for at most so many characters, so that a length tells nothing of a known URL.</summary>
    private const int Longest = 8;

    public static string Of(string url, bool showHost = false)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed))
        {
            return new string(Block, Longest);
        }

        var text = new StringBuilder(parsed.Scheme).Append("://").Append(showHost ? parsed.Host : Host(parsed.Host));
        foreach (var part in parsed.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append('/').Append(Block, Math.Min(part.Length, Longest));
        }

        return parsed.Query.Length > 0 ? text.Append('?').Append(Block, Math.Min(parsed.Query.Length, Longest)).ToString() : text.ToString();
    }

    /// <summary>The host alone, as closed as the URL.</summary>
    public static string HostOf(string url, bool showHost = false) =>
        !Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? new string(Block, Longest) : showHost ? parsed.Host : Host(parsed.Host);

    /// <summary>The runs of a closed text, each with whether it stands for what is closed.</summary>
    public static IEnumerable<(string Text, bool Shut)> Runs(string closed)
    {
        for (var (from, to) = (0, 0); from < closed.Length; from = to)
        {
            var shut = closed[from] == Block;
            while (to < closed.Length && closed[to] == Block == shut)
            {
                to++;
            }

            yield return (closed[from..to], shut);
        }
    }

    /// <summary>A URL that no program follows by itself.</summary>
    public static string Defanged(string url) => url.Replace("http", "hxxp", StringComparison.OrdinalIgnoreCase).Replace(".", "[.]", StringComparison.Ordinal);

    // The first two letters and the last label: enough to tell rows apart.
    private static string Host(string host)
    {
        var last = host.LastIndexOf('.');
        return last <= 0 || host.Length < 6 ? new string(Block, Math.Min(host.Length, Longest))
            : host[..2] + new string(Block, Math.Min(last - 2 > 0 ? last - 2 : 1, Longest)) + host[last..];
    }
}
